"""Which checks wait, were lost, were stopped or are old: the row is the truth, as for passes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from remediation import audit, projects
from remediation.models import ConnectionCheck, Project, User
from remediation.passes.lease import LEASE
from remediation.passes.queueing import MAX_ATTEMPTS, nudge

# What a draft may hold; the names are those of projects.create.
DRAFT = ("name", "source", "ref", "key", "schedule", "time_zone", "interpreter", "install")
# Two drafts alike in these reach the same repository and build the same environment.
_DECIDING = ("source", "ref", "interpreter", "install")
_OF_CREDENTIAL = ("reach", "clone")  # what a credential can fail
ENDED_BY_HAND = {"code": "stopped", "state": "failed", "seconds": None, "said": "Stopped by hand."}
_LOST = {
    "code": "lost",
    "state": "failed",
    "seconds": None,
    "said": f"The worker died {MAX_ATTEMPTS} times. Look at its log and at the machine's memory.",
}


def start(user: User, draft: Mapping[str, str]) -> ConnectionCheck:
    """Queue a check of a draft, in the place of an earlier one of that person. Raises projects.Refused.

    Refused is what adding the project would refuse, so it is added and taken back; its source is not asked here.
    """
    values = {name: draft[name] for name in DRAFT if draft.get(name)}
    with transaction.atomic():
        project = projects.create(**values)
        stored = {name: getattr(project, name) for name in DRAFT} | {"key": values.get("key", "")}
        transaction.set_rollback(True)
    with transaction.atomic():
        for earlier in ConnectionCheck.objects.filter(requested_by=user).exclude(state="ended"):
            stop(earlier)
        audit.write("tested", f"connection to {stored['source']}", by=user)
        return ConnectionCheck.objects.create(requested_by=user, draft=stored, created_at=Now())


def test(project: Project, user: User) -> ConnectionCheck:
    """Queue a check of whether a project's source can be reached and cloned with what it has; nothing is built."""
    draft = {name: getattr(project, name) for name in DRAFT}
    with transaction.atomic():
        for earlier in ConnectionCheck.objects.filter(project=project).exclude(state="ended"):
            stop(earlier)
        audit.write("tested", f"connection to {project.source}", project=project, by=user)
        return ConnectionCheck.objects.create(requested_by=user, project=project, draft=draft, created_at=Now())


def steps_of(check: ConnectionCheck, steps: Iterable[str]) -> list[str]:
    """Those of the steps that this check takes. Before its end only one of a credential has a project."""
    return [code for code in steps if check.project_id is None or code in _OF_CREDENTIAL]


def claim(check_id: int) -> ConnectionCheck | None:
    """Make the calling worker the only one that may write to the check; None when another has it."""
    rows = ConnectionCheck.objects.filter(pk=check_id).filter(
        Q(state="queued") | Q(state="running", lease_until__lt=Now())
    )
    won = rows.update(
        state="running",
        fence=F("fence") + 1,
        attempts=F("attempts") + 1,
        lease_until=Now() + LEASE,
        started_at=Now(),
        steps=[],
        step="",
        step_since=0,
        live=None,
    )
    return ConnectionCheck.objects.select_related("project").filter(pk=check_id).first() if won else None


def waiting() -> list[int]:
    """Ids of queued checks that need a hint now, at most once a minute each."""
    return nudge(ConnectionCheck.objects.filter(state="queued"))


def reap() -> int:
    """Take back checks whose worker is gone: queued again, or failed after MAX_ATTEMPTS."""
    lost = ConnectionCheck.objects.filter(state="running", lease_until__lt=Now())
    failed = _end(lost.filter(attempts__gte=MAX_ATTEMPTS), _LOST)
    again = {"state": "queued", "step": "", "live": None, "nudged_at": None, "fence": F("fence") + 1}
    return failed + lost.filter(attempts__lt=MAX_ATTEMPTS).update(**again)


def stop(check: ConnectionCheck) -> bool:
    """End a check that waits or runs; False when it had ended already. Its worker notices within seconds."""
    with transaction.atomic():
        stopped = _end(ConnectionCheck.objects.filter(pk=check.pk).exclude(state="ended"), ENDED_BY_HAND)
        if stopped:
            audit.write("stopped", f"test of the connection to {check.draft['source']}")
    return bool(stopped)


def forget(kept: timedelta) -> int:
    """Delete checks that are older than this; returns how many. What they fetched goes with the next one."""
    gone, _ = ConnectionCheck.objects.filter(created_at__lt=Now() - kept).delete()
    return gone


def hand_over(check: ConnectionCheck | None, project: Project) -> bool:
    """Let a new project take over what its check fetched and built; False when the check was of something else.

    True says that the check has passed too: the source need not be asked again.
    """
    if check is None or check.state != "ended" or check.project_id is not None:
        return False
    if any(check.draft.get(name) != getattr(project, name) for name in _DECIDING):
        return False
    ConnectionCheck.objects.filter(pk=check.pk, project__isnull=True).update(project=project)
    return bool(check.passed)


def _end(rows: Any, last: Mapping[str, Any]) -> int:
    ended = 0
    for row in rows:
        ended += (
            ConnectionCheck.objects.filter(pk=row.pk, fence=row.fence)
            .exclude(state="ended")
            .update(
                state="ended",
                passed=False,
                steps=[*row.steps, dict(last)],
                step="",
                live=None,
                lease_until=None,
                ended_at=Now(),
                fence=F("fence") + 1,
            )
        )
    return ended
