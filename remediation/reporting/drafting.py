"""A week that has ended gets its draft: each one, oldest first, however long nobody looked."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from remediation.models import Project, ReportPlan, WeeklyReport
from remediation.reporting.slots import next_week
from remediation.telling import people

LATE = timedelta(hours=1)  # after the week's end; what is drafted later says so


def draft_due(now: datetime) -> int:
    """Draft the report of every week that has ended; returns how many. Any number may run at once."""
    plans = ReportPlan.objects.filter(since__isnull=False, project__deleted_at=None)
    return sum(_draft(pk, now) for pk in plans.values_list("project", flat=True))


def _draft(project_id: int, now: datetime) -> int:
    with transaction.atomic():
        project = Project.objects.select_for_update(no_key=True, skip_locked=True).filter(pk=project_id).first()
        return draft_missed(project, now) if project is not None else 0


def draft_missed(project: Project, now: datetime) -> int:
    """Draft what is missing of one project, in the caller's transaction, which holds the project's row."""
    plan = ReportPlan.objects.select_related("project").get(project=project)
    last = project.weekly_reports.order_by("-end").first()
    made = []
    while (week := next_week(plan, last)) is not None and week.end <= now:
        last = WeeklyReport.objects.create(
            project=project, label=week.label, start=week.start, end=week.end, zone=str(week.zone), drafted_at=now,
            late=now - week.end > LATE,
        )  # fmt: skip
        made.append(last)
    people.of_drafts(project, made, plan.release_after)
    return len(made)
