"""The forecast of a project: its trend laid on the calendar of its schedule."""

from __future__ import annotations

from datetime import UTC, datetime, time

from dashboard.templatetags.figures import day
from remediation.core.forecast import Forecast, NoForecast, forecast, refusal
from remediation.core.simulation import HORIZON
from remediation.core.trend import Trend
from remediation.models import Project
from remediation.schedule import BadSchedule, next_times


def forecast_of(project: Project, trend: Trend, now: datetime) -> Forecast | NoForecast:
    """When zero may fall. No query; the last pass's id is the seed, so a reload says the same."""
    refused = refusal(trend)
    if refused or trend.last is None:
        return refused or NoForecast("")
    if project.paused_at:
        return NoForecast("passes are paused")
    try:
        due = next_times(project.schedule, project.time_zone, now, HORIZON)
    except BadSchedule:
        due = []
    return forecast(trend, due, trend.last.id, now, target_of(project))


def target_of(project: Project) -> datetime | None:
    """The begin of the target's day."""
    return datetime.combine(project.target_date, time(), UTC) if project.target_date else None


def in_short(made: Forecast | NoForecast) -> str:
    """For a row of a table: "17 Nov to 3 Dec", or why there is none; "" at zero."""
    if isinstance(made, NoForecast):
        return f"no forecast: {made.reason}" if made.reason else ""
    if made.earliest is None or made.latest is None:
        return "no date: at this pace zero is not reached"
    return f"{day(made.earliest)} to {day(made.latest)}"
