"""The mail that brings a final report: its words as they were when it became final."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse

from remediation.core import report_columns
from remediation.core import report_words as words
from remediation.core.report import Report
from remediation.models import Recipient, WeeklyReport
from remediation.telling import stopping
from remediation.telling.links import absolute, report_path

MOST = 40  # rows of a list; the page and the attachments have all
_SALT = "remediation.reports.stop"


def mail_of(row: WeeklyReport, report: Report, recipient: Recipient) -> dict[str, Any]:
    """The payload of one mail: subject, text, html and headers."""
    stop = absolute(reverse("report-stop", args=[stop_token(recipient)]))
    context = _said(report) | {
        "row": row,
        "project": row.project.name,
        "address": absolute(report_path(row.project, row.label)),
        "stop": stop,
    }
    return {
        "subject": f"[{row.project.name}] {row.label}{', late' if row.late else ''}: {row.title}",
        "text": render_to_string("email/report.txt", context),
        "html": render_to_string("email/report.html", context),
        "headers": stopping.headers(stop),
    }


def stop_token(recipient: Recipient) -> str:
    """What the link at a mail's end bears: it takes this recipient off the list, and can do nothing else."""
    return stopping.token_of(_SALT, recipient.pk)


def recipient_of_token(token: str) -> Recipient | None:
    """Whom a link takes off the list; None for a link that we did not make, and for who left already."""
    rows = Recipient.objects.select_related("project", "user").filter(project__deleted_at=None)
    return rows.filter(pk=stopping.pk_of(_SALT, token)).first()


def _said(report: Report) -> dict[str, Any]:
    facts, before, now = report.facts, report.before, report.now
    moved = words.ledger(report.ledger) if report.ledger and before and now else ""
    return {
        "report": report,
        "days": words.days(report),
        "lead": words.lead(report),
        "columns": report_columns.columns(report),
        "change": report_columns.change(report),
        "moved": moved,
        "since_base": words.ledger(report.since_base) if report.since_base and report.base is not before else "",
        "reductions": words.reductions(report),
        "resolved": facts.resolved[:MOST],
        "came_back": facts.came_back[:MOST],
        "remaining": facts.remaining[:MOST],
        "more": {
            name: max(0, len(rows) - MOST)
            for name, rows in (
                ("resolved", facts.resolved),
                ("came_back", facts.came_back),
                ("remaining", facts.remaining),
            )
        },
        "sum": words.total([line.now for line in report.categories]) if report.last else "",
    }
