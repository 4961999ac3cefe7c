"""The lines that passes write into tickets' histories, and their order among those of people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Max
from django.utils import timezone

from remediation.models import CollectionPass, Project, Ticket, Transition, User

_ORDERING = (
    "ticket_id", "sequence", "collection_pass__position", "collection_pass__number", "after__position", "after__number",
)  # fmt: skip

Line = tuple[Ticket, str, Mapping[str, object]]  # ticket, verb, data


def write_lines(lines: Sequence[Line], collection_pass: CollectionPass) -> None:
    """Append what a pass did to tickets, one line each; the caller holds their row locks. Two queries."""
    if not lines:
        return
    rows = Transition.objects.filter(ticket__in=[ticket for ticket, _, _ in lines]).values_list("ticket")
    last = dict(rows.annotate(last=Max("sequence")).order_by())
    Transition.objects.bulk_create(
        Transition(
            ticket=ticket,
            sequence=last.get(ticket.pk, 0) + 1,
            at=collection_pass.observed_at or collection_pass.queued_at,
            verb=verb,
            collection_pass=collection_pass,
            data=dict(data),
        )
        for ticket, verb, data in lines
    )


def append_line(
    ticket: Ticket,
    verb: str,
    *,
    actor: User | None = None,
    at: datetime | None = None,
    data: Mapping[str, Any] | None = None,
) -> Transition:
    """Append what a person did, or what happened once and is a fact. The caller's UPDATE or SELECT .. FOR UPDATE holds
    the ticket's row lock until its transaction ends, so no one else can take the same sequence.

    What a person does is a sign of life: it takes the flag from a claim that stood still.
    """
    if actor is not None:
        Ticket.objects.filter(pk=ticket.pk, flagged_at__isnull=False).update(flagged_at=None, silent_since=None)
    last = ticket.transitions.aggregate(last=Max("sequence"))["last"] or 0
    return Transition.objects.create(
        ticket=ticket, sequence=last + 1, at=at or timezone.now(), verb=verb, actor=actor, data=dict(data or {})
    )


def renumber(project: Project) -> None:
    """Put every ticket's history in order again: passes by their commits, people's lines after the pass they knew."""
    rows = Transition.objects.filter(ticket__project=project).order_by("ticket_id", "sequence")
    by_ticket: dict[int, list[Transition]] = defaultdict(list)
    for row in rows.select_related("collection_pass", "after").only(*_ORDERING):
        by_ticket[row.ticket_id].append(row)
    changed = [
        (row, number)
        for lines in by_ticket.values()
        for number, row in enumerate(sorted(lines, key=_place), start=1)
        if row.sequence != number
    ]
    # Two steps, because (ticket, sequence) is unique at every moment.
    for shift in (1_000_000, 0):
        for row, number in changed:
            Transition.objects.filter(pk=row.pk).update(sequence=number + shift)


def _place(row: Transition) -> tuple[int, int, bool, int]:
    """Where a line stands. Time does not tell: a replayed pass has its committer's, a person's line today's."""
    known = row.collection_pass or row.after
    if known is None or known.position is None:
        return -1, 0, True, row.sequence
    return known.position, known.number, row.collection_pass is None, row.sequence
