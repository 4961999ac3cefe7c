"""Pausing a project's schedule for a reason, and going on with it."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from remediation import audit
from remediation.core.text import clean_line
from remediation.models import Project, User
from remediation.refusals import Refused
from remediation.schedule import BadSchedule, next_due

__all__ = ["Refused", "pause", "resume"]


def pause(project: Project, user: User, reason: str) -> None:
    """Nothing is due from now on and no push starts a pass, until somebody resumes. Raises Refused without a reason.

    A person or a command can still start a pass.
    """
    text = clean_line(reason, 300)
    if not text:
        raise Refused("reason", "Say why: everybody who wonders about missing passes reads it.")
    with transaction.atomic():
        paused = Project.objects.filter(pk=project.pk, paused_at=None).update(
            paused_at=timezone.now(), paused_by=user, paused_reason=text, next_pass_at=None
        )
        if paused:
            audit.write("paused", "schedule", project=project, changes={"reason": ("", text)}, by=user)
    project.refresh_from_db(fields=["paused_at", "paused_by", "paused_reason", "next_pass_at"])


def resume(project: Project) -> None:
    """Go on with the first due time from now; those that were missed stay missed."""
    with transaction.atomic():
        locked = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        if locked.paused_at is None:
            return
        audit.write("resumed", "schedule", project=project, changes={"reason": (locked.paused_reason, "")})
        locked.paused_at, locked.paused_by, locked.paused_reason = None, None, ""
        locked.resumed_at = timezone.now()
        try:
            locked.next_pass_at = next_due(locked.schedule, locked.time_zone, timezone.now())
        except BadSchedule:  # zone data can change; the schedule page says it
            locked.next_pass_at = None
        names = ["paused_at", "paused_by", "paused_reason", "resumed_at", "next_pass_at"]
        locked.save(update_fields=names, force_update=True)
    project.refresh_from_db(fields=names)
