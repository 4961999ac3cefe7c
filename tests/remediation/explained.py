"""The oracle of every test with people and passes: a ticket's history, told from nothing, arrives at its row."""

from __future__ import annotations

from remediation.core.retold import Line, Told, retell
from remediation.models import Project, Ticket

__all__ = ["assert_explained", "lines_of", "told"]


def lines_of(ticket: Ticket) -> list[Line]:
    """The history in its order."""
    rows = ticket.transitions.order_by("sequence").values_list("verb", "at", "actor", "collection_pass", "data")
    return [Line(*row) for row in rows]


def told(ticket: Ticket) -> Told:
    """What the history makes of the ticket. Raises Unexplained."""
    return retell(lines_of(ticket))


def assert_explained(project: Project) -> int:
    """Every ticket of the project is what its history says; returns how many lines that took."""
    lines = 0
    for ticket in project.tickets.filter(merged_into=None).order_by("number"):
        story = lines_of(ticket)
        found = retell(story)
        row = (
            ticket.beneath or ticket.status,
            ticket.status == "muted",
            ticket.claimed_by_id,
            ticket.claimed_at,
            ticket.marked_fixed_in,
        )
        assert (found.status, found.muted, found.owner, found.since, found.named) == row, (ticket.number, story)
        assert (found.errors, found.hidden) == (ticket.errors, ticket.hidden_errors), (ticket.number, story)
        assert (found.fixes[-1].at_pass if found.fixes else None) == ticket.verified_pass_id, (ticket.number, story)
        sequences = list(ticket.transitions.order_by("sequence").values_list("sequence", flat=True))
        assert sequences == list(range(1, len(story) + 1))
        lines += len(story)
    return lines
