"""What the report of a week shows: its own words, and the frame around them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dashboard import drawing
from remediation.core import report_columns
from remediation.core import report_words as words
from remediation.core.period import Period
from remediation.core.report import Report
from remediation.core.report_numbers import Answers
from remediation.core.summary import summary
from remediation.core.week_facts import measure
from remediation.exporters import FORMATS
from remediation.models import Project
from remediation.reporting import weeks_of


def frame(project: Project, period: Period, now: datetime) -> dict[str, Any]:
    """What stands around a report, whatever it says: where one goes from here, and the files."""
    weeks = weeks_of(project)
    return {
        "label": period.label,
        "earlier": weeks.before(period).label,
        "later": weeks.after(period).label if period.end <= now else "",
        "formats": [(code, format.name) for code, format in FORMATS.items()],
    }


def body(report: Report) -> dict[str, Any]:
    """The context of a report's own words."""
    picture, answers = report.facts.picture, Answers(report)
    return {
        "drawing": drawing.drawing_of(picture) if picture else None,
        "summary": summary(report.trend),
        "report": report,
        "title": words.title(report),
        "lead": words.lead(report),
        "days": words.days(report),
        "terms": drawing.terms(report.ledger) if report.ledger and report.now else [],
        "since_base": words.ledger(report.since_base) if report.since_base else "",
        "reductions": words.reductions(report),
        "bases": _bases(report),
        "columns": report_columns.columns(report),
        "change": report_columns.change(report),
        "categories": [(line, answers.to(line.impact, line.layer.name)) for line in report.categories],
        "resolved": [
            (row, answers.to(row.solution, row.label), answers.to(row.value, row.label), row.credit.said(row.number))
            for row in report.facts.resolved
        ],
        "categories_sum": words.total([line.now for line in report.categories]),
        "groups": [(name, slot, rows, sum(row.errors for row in rows)) for name, slot, rows in report.groups],
        "remaining_sum": words.total([sum(row.errors for row in rows) for _, _, rows in report.groups]),
        "muted": words.muted(report),
        "resorted": words.resorted(report) if report.resorted else "",
        "statements": [(row, measure(report, row, answers)) for row in report.facts.statements],
        "statements_note": words.STATEMENTS,
        "not_said": words.not_said(report),
    }


def _bases(report: Report) -> list[str]:
    said = [words.basis(report, report.base)]
    if report.before is not report.base:
        said.append(words.basis(report, report.before))
    return [text for text in said if text]
