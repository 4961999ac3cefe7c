"""What is kept, by which rule and how much it is: what administrators can set, what is fixed, and what never goes."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from django import forms
from django.conf import settings
from django.db import connection

from dashboard.forms import AccessibleForm
from remediation.api_tokens import USES
from remediation.models import Retention
from remediation.operations import DAYS
from remediation.outbox import LOGGED

LOOKING = 0.5  # seconds for all folders; a page must not wait for a disk

_SET = {
    "output": ("Output of passes", "The end of what pytest printed, and the log of the installation."),
    "notices": ("Notices", "What people were told on the site and by mail."),
    "sent": ("Messages that arrived", "Mail, chat messages and webhooks."),
    "lost": ("Messages that never arrived", "They can be tried again while they are kept."),
    "checks": ("Tests of connections", "Step by step, and what they brought to the worker's disk."),
    "backup": ("Days without a backup", ""),
}
_TABLES = {"notices": "notice", "sent": "outbox", "checks": "connectioncheck"}
_FIXED = (
    ("Progress of a pass that runs", "until it ends", ""),
    ("Deliveries", f"the last {LOGGED} of each receiver", "delivery"),
    ("Uses of API tokens", f"the last {USES} of each token", "tokenuse"),
    (
        "Sessions",
        f"{settings.SESSION_COOKIE_AGE // 86_400} days after their last renewal, or until they are ended",
        "session",
    ),
    ("Counted tries and used codes", "until they expire", "remembered"),
    ("Calls of a push address that were refused", "not at all: nothing of them is stored", ""),
)
_FOR_EVER = (
    ("Passes and their results", ("collectionpass", "result", "scope", "rename")),
    ("Counts", ("categorycount", "filestate", "occurrence")),
    ("Tickets and causes", ("ticket", "fingerprint", "testfile")),
    ("Histories of tickets", ("transition", "fixmark", "mute", "regrouping")),
    ("Categories and rules, in every version", ("category", "categoryrule", "ruleset")),
    ("Weekly reports, final ones as they were", ("weeklyreport", "reportfile")),
    ("Audit log", ("auditline",)),
)
_FOLDERS = (
    ("Mirrors, trees and environments", "projects", "as long as the project; environments of its last 30 passes"),
    ("Of tests of connections", "checks", "until the test is forgotten"),
    ("Logs", "logs", "until somebody removes them"),
)


class RetentionForm(AccessibleForm):
    """Days, each within its limits."""

    @classmethod
    def of(cls, row: Retention, data: Any = None) -> Self:
        """The form with what holds now."""
        form = cls(data, initial={name: getattr(row, name) for name in DAYS})
        for name in DAYS:
            column = Retention._meta.get_field(name)
            least, most = (limit.limit_value for limit in column.validators[:2])
            form.fields[name] = forms.IntegerField(
                label=_SET[name][0], min_value=least, max_value=most, required=True,
                help_text=f"{column.help_text} {least:,} to {most:,} days; usually {column.default:,}.",
                widget=forms.NumberInput({"class": "field", "inputmode": "numeric"}),
            )  # fmt: skip
        return form


@dataclass(frozen=True, slots=True)
class Kept:
    """One kind of thing. ``rows`` and ``bytes`` None: not known. ``least``: there is more than was looked at.

    ``exact``: the rows were counted, not estimated.
    """

    what: str
    rule: str
    rows: int | None = None
    bytes: int | None = None
    least: bool = False
    exact: bool = False


def build(form: RetentionForm) -> dict[str, Any]:
    """The context of the page. Two queries of estimates, and half a second of looking at folders."""
    sizes = _tables()
    until = time.monotonic() + LOOKING
    passes, output = _output()
    by_days = {
        name: Kept(what, rule, *sizes.get(_TABLES.get(name, ""), (None, None))) for name, (what, rule) in _SET.items()
    }
    by_days["output"] = Kept(*_SET["output"], passes, output, exact=True)
    return {
        "form": form,
        "by_days": [(by_days[name], form[name]) for name in DAYS],
        "fixed": [Kept(what, rule, *sizes.get(table, (None, None))) for what, rule, table in _FIXED],
        "folders": [Kept(what, rule, None, *_folder(settings.DATA_DIR / name, until)) for what, name, rule in _FOLDERS],
        "for_ever": [Kept(what, "", *_sum(sizes[t] for t in tables if t in sizes)) for what, tables in _FOR_EVER],
    }


def _tables() -> dict[str, tuple[int | None, int]]:
    """Of each table what the server estimates: rows (None before it first looked), and bytes with all that belongs."""
    statement = """
        SELECT substr(c.relname, 13), c.reltuples::bigint, pg_total_relation_size(c.oid)
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = current_schema() AND c.relkind = 'r' AND c.relname LIKE 'remediation\\_%%'
    """
    with connection.cursor() as cursor:
        cursor.execute(statement, [])
        return {name: (rows if rows >= 0 else None, size) for name, rows, size in cursor.fetchall()}


def _output() -> tuple[int, int]:
    """Passes that still have their output, and what it takes; the lengths are known without reading it."""
    statement = """
        SELECT count(*), coalesce(sum(pg_column_size(output_tail) + pg_column_size(install_log)), 0)
        FROM remediation_collectionpass WHERE output_tail <> '' OR install_log <> ''
    """
    with connection.cursor() as cursor:
        cursor.execute(statement)
        rows, size = cursor.fetchone()
    return int(rows), int(size)


def _sum(found: Iterable[tuple[int | None, int]]) -> tuple[int | None, int | None]:
    """Unknown makes the sum unknown."""
    rows, sizes = zip(*found, strict=True)
    return (None if None in rows else sum(rows)), sum(sizes)


def _folder(place: Path, until: float) -> tuple[int, bool]:
    """Bytes below a folder, each file once however many names it has; whether the time was over before the end."""
    total, seen, waiting = 0, set[tuple[int, int]](), [place]
    while waiting:
        try:
            entries = list(os.scandir(waiting.pop()))
        except OSError:  # gone meanwhile, or not ours
            continue
        for entry in entries:
            if time.monotonic() > until:
                return total, True
            if entry.is_dir(follow_symlinks=False):
                waiting.append(Path(entry.path))
                continue
            found = entry.stat(follow_symlinks=False)
            if (found.st_dev, found.st_ino) not in seen:
                seen.add((found.st_dev, found.st_ino))
                total += found.st_size
    return total, False
