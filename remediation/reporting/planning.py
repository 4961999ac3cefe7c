"""A lead says when a project's week ends, and whether its report is drafted and becomes final by itself."""

from __future__ import annotations

from datetime import datetime, time

from django.db import transaction

from remediation import audit
from remediation.models import Project, ReportPlan, User
from remediation.refusals import Refused
from remediation.reporting.drafting import draft_missed

LONGEST = 168  # hours from a draft to its final: before the next draft


def change(
    project: Project, by: User, *, on: bool, weekday: int, at: time, release_after: int | None, now: datetime
) -> ReportPlan:
    """Store a plan. Raises Refused.

    What the old one still owed is drafted before; then the first report is that of the week in which it was switched
    on, or of the time since the last one.
    """
    if weekday not in range(7):
        raise Refused("weekday", "Choose a day of the week.")
    if release_after is not None and not 0 <= release_after <= LONGEST:
        raise Refused("release_after", f"Choose 0 to {LONGEST} hours: a draft is final before the next one is made.")
    with transaction.atomic():
        locked = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        plan, _ = ReportPlan.objects.get_or_create(project=locked)
        draft_missed(locked, now)
        before = _said(plan)
        plan.weekday, plan.at, plan.release_after = (
            weekday,
            at.replace(second=0, microsecond=0, tzinfo=None),
            release_after,
        )
        plan.since = (plan.since or now) if on else None
        plan.save()
        if changes := audit.differences(before, _said(plan)):
            audit.write("changed", "weekly report", project=locked, changes=changes, by=by)
    return plan


def _said(plan: ReportPlan) -> dict[str, object]:
    return {
        "drafted": plan.since is not None,
        "weekday": plan.weekday,
        "time": f"{plan.at:%H:%M}",
        "final after hours": plan.release_after,
    }
