"""What the report of a week and the list of weeks show."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dashboard import drawing
from dashboard.history import history_of
from dashboard.reports import report_of
from dashboard.scene import compose
from remediation.core import report_words as words
from remediation.core.pace import Pace, pace
from remediation.core.period import Period, Weeks
from remediation.core.report import Report
from remediation.core.report_numbers import Answers
from remediation.core.summary import summary
from remediation.exporters import FORMATS
from remediation.models import Project
from remediation.reporting import weeks_of

MOST_WEEKS = 200  # of the list


@dataclass(frozen=True, slots=True)
class Week:
    """One line of the list."""

    period: Period
    pace: Pace


def build(project: Project, period: Period, now: datetime) -> dict[str, Any]:
    """The context of one report. Raises ArithmeticError rather than show one that does not add up."""
    report = report_of(project, period, now)
    weeks, answers = weeks_of(project), Answers(report)
    picture = report.facts.picture
    return {
        "drawing": drawing.draw(compose(picture)) if picture else None,
        "summary": summary(report.trend),
        "report": report,
        "title": words.title(report),
        "lead": words.lead(report),
        "days": words.days(report),
        "earlier": weeks.before(period).label,
        "later": weeks.after(period).label if period.end <= now else "",
        "formats": [(code, format.name) for code, format in FORMATS.items()],
        "terms": drawing.terms(report.ledger) if report.ledger and report.now else [],
        "since_base": words.ledger(report.since_base) if report.since_base else "",
        "reductions": words.reductions(report),
        "bases": _bases(report),
        "columns": [(point, report.facts.tickets.get(point.number), _run(report, point)) for point in report.columns],
        "categories": [(line, answers.to(line.impact, line.layer.name)) for line in report.categories],
        "resolved": [
            (row, answers.to(row.solution, row.label), answers.to(row.value, row.label))
            for row in report.facts.resolved
        ],
        "categories_sum": words.total([line.now for line in report.categories]),
        "groups": [(name, slot, rows, sum(row.errors for row in rows)) for name, slot, rows in report.groups],
        "remaining_sum": words.total([sum(row.errors for row in rows) for _, _, rows in report.groups]),
        "muted": words.muted(report),
        "resorted": words.resorted(report) if report.resorted else "",
        "not_said": words.not_said(report),
    }


def listed(project: Project, now: datetime) -> dict[str, Any]:
    """The context of the list of weeks."""
    return {
        "weeks": ended(project, weeks_of(project), now),
        "slot": slot(weeks_of(project)),
        "formats": [format.name for format in FORMATS.values()],
    }


def slot(weeks: Weeks) -> str:
    """ "Monday 00:00"."""
    return f"{calendar.day_name[weeks.weekday]} {weeks.at:%H:%M}"


def ended(project: Project, cut: Weeks, now: datetime) -> list[Week]:
    """Every week since the first pass, the latest first; the newest MOST_WEEKS of them."""
    trend = history_of(project, whole=True).trend
    if not trend.points:
        return []
    first, week = trend.points[0].at, cut.of(now)
    found: list[Week] = []
    rows = {row.label: row for row in pace(trend, week, cut, MOST_WEEKS)}
    while week.end > first and len(found) < MOST_WEEKS:
        if week.label in rows:
            found.append(Week(week, rows[week.label]))
        week = cut.before(week)
    return found


def _bases(report: Report) -> list[str]:
    said = [words.basis(report, report.base)]
    if report.before is not report.base:
        said.append(words.basis(report, report.before))
    return [text for text in said if text]


def _run(report: Report, point: Any) -> str:
    return report.facts.environment.get(point.number, "")
