"""What leaves when a report becomes final: one mail for each recipient, and events for the project's receivers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from remediation import outbox
from remediation.core import report_words as words
from remediation.core.report import Report
from remediation.core.webhook_events import body, report_of
from remediation.models import Membership, Outbox, Project, Receiver, Recipient, ReportFile, WeeklyReport
from remediation.reporting.mail import mail_of
from remediation.telling.links import absolute, report_path

EVENT = "report.released"


def recipients_of(project: Project) -> list[Recipient]:
    """Who gets the next final report: outside addresses, and accounts that are still the project's people."""
    members = Membership.objects.filter(project=project).values("user")
    people = Q(user__is_active=True) & (Q(user__is_superuser=True) | Q(user__in=members)) & ~Q(user__email="")
    rows = Recipient.objects.filter(Q(user__isnull=True) | people, project=project)
    return list(rows.select_related("user").order_by("pk"))


def listeners_of(project: Project) -> list[Receiver]:
    """The project's chat and webhooks that chose to be told."""
    return list(Receiver.objects.filter(project=project, events__contains=[EVENT]))


def topic_of(recipient: Recipient) -> str:
    """Of one recipient's mails: they leave in the order of their weeks, and who is taken off the list gets none."""
    return f"report recipient {recipient.pk}"


def messages(row: WeeklyReport, report: Report, files: Sequence[ReportFile]) -> list[Outbox]:
    """One for each recipient and receiver, each under its own key, so that none is put in twice."""
    facts = _facts(row, report)
    found = [_mail(row, report, files, recipient) for recipient in _mailed(row.project)]
    for receiver in listeners_of(row.project):
        found.append(
            outbox.message(
                f"{EVENT}-{row.pk}-{receiver.pk}", receiver.kind, _told(receiver, row, facts), receiver=receiver
            )
        )
    return found


def _mailed(project: Project) -> list[Recipient]:
    return recipients_of(project) if settings.MAIL else []


def _mail(row: WeeklyReport, report: Report, files: Sequence[ReportFile], recipient: Recipient) -> Outbox:
    attached = [file.pk for file in files if file.format in recipient.formats]
    payload = mail_of(row, report, recipient) | {"attachments": attached}
    if recipient.user is None:
        payload["to"] = recipient.address
    key, topic = f"report-{row.pk}-{recipient.pk}", topic_of(recipient)
    return outbox.message(key, "mail", payload, user=recipient.user, topic=topic)


def _told(receiver: Receiver, row: WeeklyReport, facts: dict[str, Any]) -> dict[str, Any]:
    if receiver.kind == "chat":
        return {**report_of({**facts, "project": row.project.name}), "type": EVENT}
    project = {"slug": row.project.slug, "name": row.project.name}
    told = {name: value for name, value in facts.items() if name != "ledger_words"}
    return body(EVENT, timezone.now().isoformat(), project, report=told)


def _facts(row: WeeklyReport, report: Report) -> dict[str, Any]:
    """A report as receivers get it. What was not counted is null, never 0."""
    moved = report.ledger if report.now else None
    return {
        "label": row.label,
        "start": row.start.isoformat(),
        "end": row.end.isoformat(),
        "late": row.late,
        "title": row.title,
        "total": report.now.total if report.now else None,
        "ledger": asdict(moved) if moved else None,
        "ledger_words": words.ledger(moved) if moved else "",
        "content_hash": row.content_hash,
        "url": absolute(report_path(row.project, row.label)),
    }
