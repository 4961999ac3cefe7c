"""How a project's time is cut into weeks, and which week's report comes next."""

from __future__ import annotations

from dataclasses import replace

from remediation.core.period import Period, Weeks
from remediation.models import Project, ReportPlan, WeeklyReport
from remediation.schedule import zone_or_utc


def plan_of(project: Project) -> ReportPlan:
    """The project's plan; one that is not stored, with the defaults, where nobody has made one. At most one query."""
    try:
        return project.report_plan
    except ReportPlan.DoesNotExist:
        return ReportPlan(project=project)


def weeks_of(project: Project) -> Weeks:
    """How the project's time is cut into weeks. At most one query."""
    return cut(plan_of(project))


def cut(plan: ReportPlan) -> Weeks:
    """The weeks of a plan, in its project's zone; UTC where it has none that is known."""
    return Weeks(zone_or_utc(plan.project.time_zone), plan.weekday, plan.at)


def period_of(report: WeeklyReport) -> Period:
    """The week of a report, as the slot had it when it was drafted."""
    return Period(report.start, report.end, report.label, zone_or_utc(report.zone), week=True)


def next_week(plan: ReportPlan, last: WeeklyReport | None) -> Period | None:
    """The week whose report is to be drafted next, whether it has ended or not; None while nothing is drafted.

    ``last``: the project's last report. Where the slot was moved since, the week goes on from its end to the first new
    slot under whose name there is no report yet.
    """
    if plan.since is None:
        return None
    weeks = cut(plan)
    follows = last is not None and last.end >= plan.since
    week = weeks.of(last.end if last is not None and follows else plan.since)
    while last is not None and week.label <= last.label:
        week = weeks.after(week)
    return replace(week, start=last.end) if last is not None and follows else week
