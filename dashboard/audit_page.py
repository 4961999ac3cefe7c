"""What the audit log shows: a filter, a page of lines newest first, and all that match as CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.http import urlencode

from remediation.exporters.csv import safe
from remediation.models import AuditLine, Project

PER_PAGE = 50
COLUMNS = ("at", "who", "from", "action", "object", "project", "changes")
_TEXT = 100  # characters of a filter's text


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the address asks for; a value that cannot be read is none. ``before``: lines older than that one."""

    who: str = ""
    project: str = ""
    verb: str = ""
    since: date | None = None
    until: date | None = None
    before: int | None = None

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Chosen:
        """Read the query of an address."""
        who, project, verb = (query.get(name, "").replace("\0", "").strip() for name in ("who", "project", "verb"))
        before = query.get("before", "")
        return cls(
            who=who[:_TEXT],
            project=project[:_TEXT],
            verb=verb[:_TEXT],
            since=_day(query.get("since", "")),
            until=_day(query.get("until", "")),
            before=int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None,
        )

    def __bool__(self) -> bool:
        return bool(self.who or self.project or self.verb or self.since or self.until)

    @property
    def query(self) -> str:
        """The filter, and the place in the list, as an address has them."""
        said = {name: getattr(self, name) for name in ("who", "project", "verb", "since", "until", "before")}
        return urlencode({name: value for name, value in said.items() if value})

    def narrow(self, lines: QuerySet[Any]) -> QuerySet[Any]:
        """The lines that match; days are whole days in UTC."""
        wanted = Q()
        if self.who:
            wanted &= Q(actor__icontains=self.who)
        if self.project:
            wanted &= Q(project=self.project)
        if self.verb:
            wanted &= Q(verb=self.verb)
        if self.since:
            wanted &= Q(at__gte=datetime.combine(self.since, time.min, UTC))
        if self.until:
            wanted &= Q(at__lt=datetime.combine(self.until + timedelta(days=1), time.min, UTC))
        if self.before is not None:
            wanted &= Q(pk__lt=self.before)
        return lines.filter(wanted)


def lines_of(project: Project | None) -> QuerySet[Any]:
    """One project's lines, or everybody's, newest first."""
    lines = AuditLine.objects.order_by("-pk")
    return lines.filter(project_id=project.pk) if project else lines


def build(query: Mapping[str, str], project: Project | None = None) -> dict[str, Any]:
    """The context of the page: of one project, or of all. Two queries."""
    chosen, lines = Chosen.of(query), lines_of(project)
    found = list(chosen.narrow(lines)[: PER_PAGE + 1])
    more = len(found) > PER_PAGE
    shown = found[:PER_PAGE]
    return {
        "chosen": chosen,
        "lines": [(line, _said(line)) for line in shown],
        "verbs": sorted(lines.order_by().values_list("verb", flat=True).distinct()),
        "older": replace(chosen, before=shown[-1].pk).query if more else "",
        "newest": replace(chosen, before=None).query if chosen.before is not None else None,
        "export": replace(chosen, before=None).query,
    }


def csv_of(query: Mapping[str, str], project: Project | None = None) -> Iterator[str]:
    """The lines that match as CSV, row by row; no cell is a formula. Times are ISO, in UTC."""
    writer = csv.writer(_Echo(), lineterminator="\r\n")
    yield writer.writerow(COLUMNS)
    for line in replace(Chosen.of(query), before=None).narrow(lines_of(project)).iterator(chunk_size=500):
        changes = "; ".join(f"{name}: {old} -> {new}" for name, old, new in _said(line))
        at = line.at.astimezone(UTC).isoformat(timespec="seconds")
        cells = (at, line.actor, line.address, line.verb, line.object, line.project, changes)
        yield writer.writerow([safe(cell) for cell in cells])


class _Echo:
    """Hands what is written straight back, so that a log of any length needs the room of one row."""

    def write(self, text: str) -> str:
        return text


def _said(line: AuditLine) -> list[tuple[str, str, str]]:
    """Setting, before and after, in words."""
    return [(name.replace("_", " "), _words(old), _words(new)) for name, (old, new) in line.changes.items()]


def _words(value: Any) -> str:
    if value is None or value == "":
        return "none"
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 2000 <= found.year <= 2999 else None
