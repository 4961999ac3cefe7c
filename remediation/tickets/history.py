"""The lines that people write into a ticket's history, and the ticket as it is afterwards."""

from __future__ import annotations

from remediation.models import Ticket
from remediation.projections.lines import append_line as record

__all__ = ["lock", "record", "refresh"]

_CHANGED = (
    "status",
    "beneath",
    "marked_fixed_in",
    "claimed_by",
    "claimed_at",
    "category",
    "category_by_hand",
    "merged_into",
)


def lock(ticket: Ticket, *related: str) -> Ticket:
    """The ticket as it is, held until the caller's transaction ends. A pass that is being recorded holds this lock
    too: what is said meanwhile is said after it."""
    return Ticket.objects.select_for_update(of=("self",)).select_related(*related).get(pk=ticket.pk)


def refresh(ticket: Ticket) -> None:
    """Read again what others may have changed; the project stays the loaded one, with the asker's rights."""
    ticket.refresh_from_db(fields=_CHANGED)
