"""What people do with a ticket: claim it, release it, sort it by hand. Closing is not among them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from remediation.collection.source import SourceError, check_ref
from remediation.models import Category, FixMark, Ticket, Transition, User
from remediation.refusals import Refused

__all__ = [
    "Claim",
    "Outcome",
    "Refused",
    "claim",
    "claim_each",
    "mark_fixed",
    "release",
    "release_each",
    "set_category",
    "sort_each",
]


@dataclass(frozen=True, slots=True)
class Claim:
    """How a claim ended. ``won``: it was free and is the asker's now. ``owner`` and ``at``: whose it is, since when."""

    won: bool
    owner: User
    at: datetime


def claim(ticket: Ticket, user: User) -> Claim:
    """Give the ticket to ``user`` if nobody has it; of any number who ask at once exactly one wins.

    A loser gets the winner's name and time. Asking again for one's own ticket changes nothing. Raises Refused for
    a verified or merged ticket. ``ticket`` is refreshed.
    """
    now = timezone.now()
    with transaction.atomic():
        # Compare-and-set: the condition and the write are one statement, so no one can come between them.
        free = Ticket.objects.filter(pk=ticket.pk, claimed_by=None, merged_into=None).exclude(status="verified")
        won = free.update(claimed_by=user, claimed_at=now) == 1
        if won:
            _record(ticket, "claimed", actor=user, at=now)
    _refresh(ticket)
    if not won and (ticket.status == "verified" or ticket.merged_into_id):
        raise Refused("", _cannot_be_claimed(ticket))
    if ticket.claimed_by is None or ticket.claimed_at is None:
        # Released by its owner between our attempt and our look: it is free again, so this is no refusal.
        return claim(ticket, user)
    return Claim(won, ticket.claimed_by, ticket.claimed_at)


def release(ticket: Ticket, user: User, *, from_anyone: bool = False) -> None:
    """Free the ticket again. Own claims only, unless ``from_anyone`` (a lead). ``ticket`` is refreshed.

    Raises Refused when nobody has it, or somebody else does.
    """
    _refresh(ticket)
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
            _record(ticket, "released", actor=user, data={} if owner == user else {"owner": owner.label})
    _refresh(ticket)
    if not released:
        raise Refused("", f"{ticket.label} changed hands meanwhile. Nothing was released.")


def mark_fixed(ticket: Ticket, user: User, named: str) -> None:
    """Note the commit or branch in which the ticket is said to be fixed. It closes nothing: a pass decides.

    ``named`` "" takes the last word back. The next counted pass decides: one that no longer sees the ticket verifies
    it, one that contains the commit and sees it says so. Raises Refused for a name that git would not take, and for
    a verified or merged ticket. ``ticket`` is refreshed.
    """
    named = named.strip()
    if named:
        try:
            check_ref(named)
        except SourceError as error:
            raise Refused("named", "Name a commit, as in e7710ab, or a branch.") from error
    with transaction.atomic():
        # A pass that is being recorded holds this lock: what is said meanwhile is said after it.
        locked = Ticket.objects.select_for_update(of=("self",)).select_related("project").get(pk=ticket.pk)
        if locked.merged_into_id or locked.status == "verified":
            raise Refused("", f"{ticket.label} is closed already: a pass no longer sees it.")
        if named == locked.marked_fixed_in:
            return
        last = locked.project.passes.deciding().in_commit_order().only("pk").last()
        FixMark.objects.create(ticket=locked, at=timezone.now(), actor=user, named=named, after=last)
        locked.marked_fixed_in = named
        if locked.status != "muted":
            locked.status = "awaiting" if named else "open"
        locked.save(update_fields=["marked_fixed_in", "status"], force_update=True)
        _record(locked, "marked-fixed" if named else "unmarked", actor=user, data={"named": named} if named else {})
    _refresh(ticket)


def set_category(ticket: Ticket, category: Category, user: User) -> bool:
    """Sort the ticket by hand; it stays there when rules are applied again. False: it was there by hand already.

    The counts of earlier passes move with it: the caller schedules a rebuild of the project when True. Raises
    Refused for another project's or an archived category.
    """
    if category.project_id != ticket.project_id:
        raise Refused("", "That category belongs to another project.")
    if category.archived:
        raise Refused("", f"{category.name} is archived.")
    with transaction.atomic():
        locked = Ticket.objects.select_for_update(of=("self",)).select_related("category").get(pk=ticket.pk)
        if locked.category_id == category.pk and locked.category_by_hand:
            return False
        before = locked.category.name
        Ticket.objects.filter(pk=ticket.pk).update(category=category, category_by_hand=True)
        _record(ticket, "category", actor=user, data={"from": before, "to": category.name})
    _refresh(ticket)
    return True


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one of several tickets: ``done``, or ``why`` not; ``owner`` was first with it, ``at`` when."""

    ticket: Ticket
    done: bool
    why: str = ""
    owner: User | None = None
    at: datetime | None = None


def claim_each(tickets: Iterable[Ticket], user: User) -> list[Outcome]:
    """Claim several tickets, each for itself: what somebody else was first with does not stop the others."""

    def one(ticket: Ticket) -> Outcome:
        claimed = claim(ticket, user)
        if claimed.owner == user:
            return Outcome(ticket, True)
        return Outcome(ticket, False, owner=claimed.owner, at=claimed.at)

    return [_each(ticket, one) for ticket in tickets]


def release_each(tickets: Iterable[Ticket], user: User, *, from_anyone: bool = False) -> list[Outcome]:
    """Release several tickets, each for itself; ``from_anyone`` as for :func:`release`."""

    def one(ticket: Ticket) -> Outcome:
        release(ticket, user, from_anyone=from_anyone)
        return Outcome(ticket, True)

    return [_each(ticket, one) for ticket in tickets]


def sort_each(tickets: Iterable[Ticket], category: Category, user: User) -> list[Outcome]:
    """Sort several tickets by hand. The caller schedules one rebuild when any outcome is done."""

    def one(ticket: Ticket) -> Outcome:
        moved = set_category(ticket, category, user)
        return Outcome(ticket, moved, "" if moved else f"{ticket.label} was there by hand already.")

    return [_each(ticket, one) for ticket in tickets]


def _each(ticket: Ticket, one: Callable[[Ticket], Outcome]) -> Outcome:
    try:
        return one(ticket)
    except Refused as refused:
        return Outcome(ticket, False, refused.text)


def _record(
    ticket: Ticket, verb: str, *, actor: User, at: datetime | None = None, data: dict[str, Any] | None = None
) -> None:
    """Append to the history. The caller's UPDATE or SELECT .. FOR UPDATE holds the ticket's row lock until its
    transaction ends, so no one else can take the same sequence."""
    last = ticket.transitions.aggregate(last=Max("sequence"))["last"] or 0
    Transition.objects.create(
        ticket=ticket, sequence=last + 1, at=at or timezone.now(), verb=verb, actor=actor, data=data or {}
    )


def _refresh(ticket: Ticket) -> None:
    """Read again what others may have changed; the project stays the loaded one, with the asker's rights."""
    fields = ["status", "marked_fixed_in", "claimed_by", "claimed_at", "category", "category_by_hand", "merged_into"]
    ticket.refresh_from_db(fields=fields)


def _cannot_be_claimed(ticket: Ticket) -> str:
    if ticket.merged_into:
        return f"{ticket.label} was merged into {ticket.merged_into.label}."
    return f"{ticket.label} is verified: a pass no longer sees it. There is nothing left to claim."
