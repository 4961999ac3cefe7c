"""Setting a ticket aside for a reason. Its errors still count, and passes go on deciding beneath the mute.

A mute ends as its day begins in the project's zone, when a pass of its number (or, where that one is not counted, the
first later one) is counted, when a pass verifies the ticket, or by hand. The clock is read in :func:`end_mutes` alone,
and the end is stored as a fact, so a history that is computed again ends no mute earlier or later.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from remediation.core.lifecycle import State, after
from remediation.core.mutes import Until
from remediation.core.text import clean_line
from remediation.models import Mute, Project, Ticket, User
from remediation.refusals import Refused
from remediation.schedule import zone_or_utc
from remediation.tickets.history import lock, record, refresh

_EAST = timedelta(hours=14)  # where a day begins first


def mute(ticket: Ticket, user: User, reason: str, until: Until) -> None:
    """Set the ticket aside. Raises Refused without a reason, for an end that is past or too far away, and for a
    ticket that is verified, merged or muted already. ``ticket`` is refreshed."""
    why = clean_line(reason, 300).strip()
    if not why:
        raise Refused("reason", "Say why: everybody who wonders about the ticket reads it.")
    with transaction.atomic():
        # A pass that is being recorded holds the project's lock: it meets the ticket as it was.
        project = Project.objects.select_for_update(no_key=True).get(pk=ticket.project_id)
        far = until.refusal(_today(project, timezone.now()), project.last_pass_number)
        if far:
            raise Refused("until", far)
        locked = lock(ticket, "project", "merged_into")
        now = _becomes(locked, "mute")
        last = project.passes.deciding().in_commit_order().only("pk").last()
        # One that a verification used up, or that covers nothing for another reason, ends here without a word.
        locked.mutes.filter(ended_at=None).update(ended_at=timezone.now())
        Mute.objects.create(
            ticket=locked, at=timezone.now(), actor=user, reason=why, until_date=until.day, until_number=until.number,
            after=last,
        )  # fmt: skip
        _set(locked, now)
        ends = {"until": until.day.isoformat()} if until.day else {"number": until.number} if until.number else {}
        record(locked, "muted", actor=user, data={"reason": why, **ends})
    refresh(ticket)


def unmute(ticket: Ticket, user: User) -> None:
    """End the mute by hand: the ticket is what passes and people made of it meanwhile. Raises Refused for one that
    is not muted. ``ticket`` is refreshed."""
    with transaction.atomic():
        Project.objects.select_for_update(no_key=True).get(pk=ticket.project_id)
        locked = lock(ticket, "project", "merged_into")
        now = _becomes(locked, "mute-ends")
        locked.mutes.filter(ended_at=None).update(ended_at=timezone.now(), ended_by=user)
        _set(locked, now)
        record(locked, "unmuted", actor=user)
    refresh(ticket)


def end_mutes(now: datetime) -> int:
    """End the mutes whose day has begun; returns how many tickets they covered. A project whose pass is being
    recorded is left to the next tick."""
    latest = (now.astimezone(UTC) + _EAST).date()
    due = Mute.objects.filter(ended_at=None, until_date__lte=latest).values_list("pk", "ticket__project")
    return sum(_end_by_day(pk, project, now) for pk, project in due)


@transaction.atomic
def _end_by_day(pk: int, project_id: int, now: datetime) -> bool:
    project = Project.objects.select_for_update(no_key=True, skip_locked=True).filter(pk=project_id).first()
    due = Mute.objects.filter(pk=pk, ended_at=None).select_related("ticket").first() if project else None
    if project is None or due is None or not due.until.reached(_today(project, now)):
        return False
    locked = lock(due.ticket, "project")
    Mute.objects.filter(pk=pk).update(ended_at=now)
    if locked.status != "muted":
        return False
    _set(locked, _becomes(locked, "mute-ends"))
    record(locked, "unmuted", data={"until": due.until_date.isoformat()})
    return True


def _today(project: Project, now: datetime) -> date:
    return now.astimezone(zone_or_utc(project.time_zone)).date()


def _becomes(ticket: Ticket, event: str) -> State:
    found = None if ticket.merged_into_id else after(State(ticket.status, ticket.beneath), event)
    if found is None:
        raise Refused("", _why_not(ticket, event))
    return found


def _set(ticket: Ticket, state: State) -> None:
    ticket.status, ticket.beneath = state.status, state.beneath
    ticket.save(update_fields=["status", "beneath"], force_update=True)


def _why_not(ticket: Ticket, event: str) -> str:
    if ticket.merged_into:
        return f"{ticket.label} was merged into {ticket.merged_into.label}."
    if event == "mute-ends":
        return f"{ticket.label} is not muted."
    if ticket.status == "muted":
        return f"{ticket.label} is muted already. Unmute it first."
    return f"{ticket.label} is verified: a pass no longer sees it. There is nothing to mute."
