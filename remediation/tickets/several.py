"""One thing done to several tickets, to each for itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from remediation.models import Category, Ticket, User
from remediation.refusals import Refused
from remediation.tickets.claims import Claim, assign, claim, release
from remediation.tickets.sorting import set_category


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
    return [_each(ticket, lambda ticket: _told(ticket, claim(ticket, user), user)) for ticket in tickets]


def assign_each(tickets: Iterable[Ticket], to: User, by: User) -> list[Outcome]:
    """Give several free tickets to one person. What somebody has stays theirs: handing over names the owner."""
    return [_each(ticket, lambda ticket: _told(ticket, assign(ticket, to, by), to)) for ticket in tickets]


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


def _told(ticket: Ticket, ended: Claim, wanted: User) -> Outcome:
    if ended.owner == wanted:
        return Outcome(ticket, True)
    return Outcome(ticket, False, owner=ended.owner, at=ended.at)
