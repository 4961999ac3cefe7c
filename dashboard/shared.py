"""What an address without an account shows: a badge, a trend, or the report of the last week."""

from __future__ import annotations

from datetime import datetime

from dashboard import badge, still
from dashboard.history import History, history_of, is_stale
from dashboard.plot import picture_of
from dashboard.report_files import render
from dashboard.reports import report_of
from remediation.core.summary import summary
from remediation.models import Project
from remediation.reporting import weeks_of

SVG, HTML = "image/svg+xml; charset=utf-8", "text/html; charset=utf-8"


def content_of(project: Project, shows: str, now: datetime) -> tuple[bytes, str]:
    """The bytes and their content type. Raises ArithmeticError rather than show what does not add up."""
    history = history_of(project)
    if shows == "report":
        return _report(project, history, now), HTML
    said = badge.words(history.trend, stale=is_stale(project, history.last, now))
    return (badge.svg(said) if shows == "badge" else _trend(project, history, said, now)).encode(), SVG


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
    return render(report_of(project, week, now, history), "html")
