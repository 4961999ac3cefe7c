"""The lines that passes write into tickets' histories, and their order among those of people."""

from __future__ import annotations

from collections import defaultdict

from django.db.models import Max

from remediation.models import CollectionPass, Project, Ticket, Transition


def write_line(ticket: Ticket, verb: str, collection_pass: CollectionPass, data: dict[str, object]) -> None:
    """Append what a pass did to a ticket; the caller holds the ticket's row lock."""
    last = ticket.transitions.aggregate(last=Max("sequence"))["last"] or 0
    Transition.objects.create(
        ticket=ticket,
        sequence=last + 1,
        at=collection_pass.observed_at or collection_pass.queued_at,
        verb=verb,
        collection_pass=collection_pass,
        data=data,
    )


def renumber(project: Project) -> None:
    """Put every ticket's history in the order of time again, people's lines among those of passes."""
    rows = Transition.objects.filter(ticket__project=project).order_by("ticket_id", "at", "sequence")
    by_ticket: dict[int, list[Transition]] = defaultdict(list)
    for row in rows:
        by_ticket[row.ticket_id].append(row)
    changed = [
        (row, number)
        for lines in by_ticket.values()
        for number, row in enumerate(lines, start=1)
        if row.sequence != number
    ]
    # Two steps, because (ticket, sequence) is unique at every moment.
    for shift in (1_000_000, 0):
        for row, number in changed:
            Transition.objects.filter(pk=row.pk).update(sequence=number + shift)
