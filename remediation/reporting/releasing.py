"""A draft becomes final: its files, its hash and everything that is to be sent are stored at once, or nothing is."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from remediation import audit, outbox
from remediation.core.report import Report
from remediation.core.text import clean_line
from remediation.models import Rebuild, ReportFile, User, WeeklyReport
from remediation.refusals import Refused
from remediation.reporting.delivering import messages
from remediation.reporting.slots import plan_of
from remediation.telling import people

AGAIN = timedelta(minutes=10)  # until a report that could not be made is tried again


@dataclass(frozen=True, slots=True)
class File:
    """One format of a report. ``format``: as ``exporters.FORMATS`` has it, or "page"."""

    format: str
    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Made:
    """A report as it is to be kept: the value, its title, the hash that all its files bear, and the files."""

    report: Report
    title: str
    content_hash: str
    files: Sequence[File]


class Unmade(Exception):
    """The report cannot be made as things are; the text says why."""


Make = Callable[[WeeklyReport], Made]


def to_release(now: datetime) -> list[WeeklyReport]:
    """Drafts that become final by themselves now, oldest first; none while its project's history is computed again."""
    drafts = WeeklyReport.objects.filter(state="draft", project__deleted_at=None).exclude(again_at__gt=now)
    planned = drafts.filter(
        project__report_plan__since__isnull=False, project__report_plan__release_after__isnull=False
    )
    waiting = planned.exclude(project__in=Rebuild.objects.exclude(state="failed").values("project"))
    rows = waiting.select_related("project__report_plan").order_by("end")
    return [row for row in rows if (due := due_at(row)) is not None and due <= now]


def due_at(draft: WeeklyReport) -> datetime | None:
    """When a draft becomes final by itself; None for never."""
    plan = plan_of(draft.project)
    if plan.since is None or plan.release_after is None:
        return None
    return draft.drafted_at + timedelta(hours=plan.release_after)


def release(report: WeeklyReport, make: Make, by: User | None, now: datetime) -> WeeklyReport | None:
    """Make a draft final; ``by`` None: by itself. Raises Refused where it is final already, Unmade where ``make`` does.

    The draft's row is held while it is made, so nothing can be stated in it meanwhile. None where somebody else holds
    it just now and nobody waits for the answer. A worker that dies here leaves a draft, as before.
    """
    with transaction.atomic():
        rows = WeeklyReport.objects.select_for_update(of=("self",), skip_locked=by is None)
        row = rows.select_related("project").filter(pk=report.pk).first()
        if row is None:
            return None
        if row.final:
            raise Refused("", f"The report of {row.label} is final already.")
        made = make(row)
        files = ReportFile.objects.bulk_create(_file(row, file) for file in made.files)
        row.state, row.final_at, row.content_hash = WeeklyReport.State.FINAL, now, made.content_hash
        row.title, row.released_by, row.trouble, row.again_at = (
            made.title[:300],
            audit.named(by) if by else "",
            "",
            None,
        )
        line = made.report.line
        row.counted, row.ran, row.net, row.errors = line.counted, line.ran, line.net, line.end
        row.save(force_update=True)
        hashes = {"content hash": (None, made.content_hash)}
        audit.write("released", f"report {row.label}", project=row.project, changes=hashes, by=by)
        outbox.put(messages(row, made.report, files))
    return row


def hold(report: WeeklyReport, why: str, now: datetime) -> None:
    """Note why a draft could not be made final, for all to see, and tell the leads when that is new."""
    text = clean_line(why, 300)
    with transaction.atomic():
        row = WeeklyReport.objects.select_for_update(of=("self",)).select_related("project").get(pk=report.pk)
        if row.final:
            return
        if row.trouble != text:
            people.of_trouble(row.project, row, text, now)
        WeeklyReport.objects.filter(pk=row.pk).update(trouble=text, again_at=now + AGAIN)


def _file(row: WeeklyReport, file: File) -> ReportFile:
    digest = hashlib.sha256(file.content).hexdigest()
    return ReportFile(
        report=row, format=file.format, name=file.name[:120], content_type=file.content_type, content=file.content,
        digest=digest,
    )  # fmt: skip
