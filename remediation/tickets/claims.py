"""Who has a ticket: claim it, assign it, release it. Of any number who ask at once exactly one wins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from remediation.core.lifecycle import accepting
from remediation.models import Membership, Project, Ticket, User
from remediation.refusals import Refused
from remediation.tickets.history import record, refresh

_CLAIMABLE = accepting("claim")


@dataclass(frozen=True, slots=True)
class Claim:
    """How a claim or an assignment ended. ``won``: it was as expected, and went to the one who was to have it.

    ``owner`` and ``at``: whose it is now, since when.
    """

    won: bool
    owner: User
    at: datetime


def claim(ticket: Ticket, user: User) -> Claim:
    """Give the ticket to ``user`` if nobody has it; of any number who ask at once exactly one wins.

    A loser gets the winner's name and time. Asking again for one's own ticket changes nothing. Raises Refused for
    a verified or merged ticket. ``ticket`` is refreshed.
    """
    won = _give(ticket, user, user, None)
    if won:  # whatever became of it since: a lead may have released it already
        return Claim(True, user, ticket.claimed_at or timezone.now())
    if ticket.claimed_by is None or ticket.claimed_at is None:
        # Released by its owner between our attempt and our look: it is free again, so this is no refusal.
        return claim(ticket, user)
    return Claim(False, ticket.claimed_by, ticket.claimed_at)


def assign(ticket: Ticket, to: User, by: User, *, owner: User | None = None) -> Claim:
    """Give the ticket to one of the project's people: a free one, or that of the named ``owner``.

    Who has it by now is the answer when that is no longer so; nothing is changed then. Giving it to who has it
    already changes nothing either. Raises Refused for somebody who cannot work in the project, for a verified or
    merged ticket, and when the named owner has just released it. ``ticket`` is refreshed.
    """
    if to != by and not assignable(ticket.project).filter(pk=to.pk).exists():
        raise Refused("to", f"{to.label} does not work in {ticket.project.name}.")
    won = _give(ticket, to, by, owner)
    if ticket.claimed_by is None or ticket.claimed_at is None:
        raise Refused("", f"{ticket.label} was released meanwhile. Nothing was assigned.")
    return Claim(won, ticket.claimed_by, ticket.claimed_at)


def assignable(project: Project) -> QuerySet[User]:
    """Who can be given a ticket of this project: its engineers and leads, by name."""
    working = [Membership.Role.ENGINEER, Membership.Role.LEAD]
    members = Membership.objects.filter(project=project, role__in=working).values("user")
    return User.objects.filter(is_active=True, pk__in=members).order_by("first_name", "last_name", "username")


def release(ticket: Ticket, user: User, *, from_anyone: bool = False) -> None:
    """Free the ticket again. Own claims only, unless ``from_anyone`` (a lead). ``ticket`` is refreshed.

    Raises Refused when nobody has it, or somebody else does.
    """
    refresh(ticket)
    owner = ticket.claimed_by
    if owner is None:
        raise Refused("", f"{ticket.label} is not claimed.")
    if owner != user and not from_anyone:
        raise Refused("", f"{ticket.label} belongs to {owner.label}. Only they or a lead can release it.")
    with transaction.atomic():
        # Compare-and-set again: only the claim that was looked at, never one that began meanwhile.
        held = Ticket.objects.filter(pk=ticket.pk, claimed_by=owner, claimed_at=ticket.claimed_at)
        released = held.update(claimed_by=None, claimed_at=None) == 1
        if released:
            record(ticket, "released", actor=user, data=_owner(owner) if owner != user else {})
    refresh(ticket)
    if not released:
        raise Refused("", f"{ticket.label} changed hands meanwhile. Nothing was released.")


def _give(ticket: Ticket, to: User, by: User, owner: User | None) -> bool:
    """Whether it went from ``owner`` (None: from nobody) to ``to``. Raises Refused where no one can have it."""
    now = timezone.now()
    with transaction.atomic():
        # Compare-and-set: the condition and the write are one statement, so no one can come between them.
        theirs = Ticket.objects.filter(pk=ticket.pk, claimed_by=owner, merged_into=None, status__in=_CLAIMABLE)
        won = to != owner and theirs.update(claimed_by=to, claimed_at=now) == 1
        if won and to == by and owner is None:
            record(ticket, "claimed", actor=by, at=now)
        elif won:
            before = {"from": owner.label, "from_id": owner.pk} if owner else {}
            record(ticket, "assigned", actor=by, at=now, data={"to": to.label, "to_id": to.pk} | before)
    refresh(ticket)
    if not won and (ticket.status not in _CLAIMABLE or ticket.merged_into_id):
        raise Refused("", _no_one_can(ticket))
    return won


def _owner(owner: User) -> dict[str, Any]:
    return {"owner": owner.label, "owner_id": owner.pk}


def _no_one_can(ticket: Ticket) -> str:
    if ticket.merged_into:
        return f"{ticket.label} was merged into {ticket.merged_into.label}."
    return f"{ticket.label} is verified: a pass no longer sees it. There is nothing left to claim."
