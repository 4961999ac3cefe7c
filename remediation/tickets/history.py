"""The lines that people write into a ticket's history, and the ticket as it is afterwards."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Max
from django.utils import timezone

from remediation.models import Ticket, Transition, User

_CHANGED = ("status", "marked_fixed_in", "claimed_by", "claimed_at", "category", "category_by_hand", "merged_into")


def record(
    ticket: Ticket, verb: str, *, actor: User, at: datetime | None = None, data: dict[str, Any] | None = None
) -> Transition:
    """Append to the history. The caller's UPDATE or SELECT .. FOR UPDATE holds the ticket's row lock until its
    transaction ends, so no one else can take the same sequence."""
    last = ticket.transitions.aggregate(last=Max("sequence"))["last"] or 0
    return Transition.objects.create(
        ticket=ticket, sequence=last + 1, at=at or timezone.now(), verb=verb, actor=actor, data=data or {}
    )


def lock(ticket: Ticket, *related: str) -> Ticket:
    """The ticket as it is, held until the caller's transaction ends. A pass that is being recorded holds this lock
    too: what is said meanwhile is said after it."""
    return Ticket.objects.select_for_update(of=("self",)).select_related(*related).get(pk=ticket.pk)


def refresh(ticket: Ticket) -> None:
    """Read again what others may have changed; the project stays the loaded one, with the asker's rights."""
    ticket.refresh_from_db(fields=_CHANGED)
