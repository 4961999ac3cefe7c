"""The lines that people write into a ticket's history, and the ticket as it is afterwards."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from remediation import telling
from remediation.models import Ticket, Transition, User
from remediation.projections.lines import append_line

__all__ = ["lock", "record", "refresh"]

_CHANGED = (
    "status", "beneath", "marked_fixed_in", "claimed_by", "claimed_at", "category", "category_by_hand", "merged_into",
    "solution", "business_value",
)  # fmt: skip


def record(
    ticket: Ticket,
    verb: str,
    *,
    actor: User | None = None,
    at: datetime | None = None,
    data: dict[str, Any] | None = None,
) -> Transition:
    """Append to the history as :func:`append_line` does, and tell whom it concerns."""
    line = append_line(ticket, verb, actor=actor, at=at, data=data)
    telling.of_line(ticket, line)
    return line


def lock(ticket: Ticket, *related: str) -> Ticket:
    """The ticket as it is, held until the caller's transaction ends. A pass that is being recorded holds this lock
    too: what is said meanwhile is said after it."""
    return Ticket.objects.select_for_update(no_key=True, of=("self",)).select_related(*related).get(pk=ticket.pk)


def refresh(ticket: Ticket) -> None:
    """Read again what others may have changed; the project stays the loaded one, with the asker's rights."""
    ticket.refresh_from_db(fields=_CHANGED)
