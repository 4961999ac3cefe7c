"""What an address without an account shows: a badge, a trend, or the report of the last week."""

from __future__ import annotations

from datetime import datetime

from dashboard import badge, still
from dashboard.history import History, history_of, is_stale
from dashboard.plot import picture_of
from dashboard.report_files import render
from dashboard.report_state import file_of
from dashboard.reports import report_of
from remediation.core.summary import summary
from remediation.models import Project, ShareLink
from remediation.reporting import weeks_of

SVG, HTML = "image/svg+xml; charset=utf-8", "text/html; charset=utf-8"


def content_of(project: Project, link: ShareLink, now: datetime) -> tuple[bytes, str]:
    """The bytes and their content type; of a final report those that were kept.

    Raises ArithmeticError rather than show what does not add up.
    """
    if link.report is not None:
        return bytes(file_of(link.report, "html").content), HTML
    history = history_of(project)
    if link.shows == "report":
        return _report(project, history, now), HTML
    said = badge.words(history.trend, stale=is_stale(project, history.last, now))
    return (badge.svg(said) if link.shows == "badge" else _trend(project, history, said, now)).encode(), SVG


def _trend(project: Project, history: History, said: str, now: datetime) -> str:
    picture = picture_of(project, history.trend, now)
    if picture is None:  # an empty plot would look like zero
        return badge.svg(said)
    heading = f"{project.name}: {said}"
    return still.svg(picture, still.in_both_themes(), f"{heading}. {summary(history.trend)}", heading)


def _report(project: Project, history: History, now: datetime) -> bytes:
    """Of the week of the last pass; before the first one, of this week."""
    points = history.trend.points
    week = weeks_of(project).of(points[-1].at if points else now)
    row = project.weekly_reports.filter(label=week.label).first()
    if row is not None and row.final:
        return bytes(file_of(row, "html").content)
    return render(report_of(project, week, now, history), "html")
