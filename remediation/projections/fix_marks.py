"""What people said is fixed, as the passes meet it in commit order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from remediation.core.fix_marks import Mark, Place, entering, in_force, said_before, unheard, without
from remediation.models import CollectionPass, FixMark, Project, Ticket


class MarkBook:
    """The marks of one project's tickets, kept in step with the fold. Two queries."""

    def __init__(self, project: Project) -> None:
        rows = FixMark.objects.filter(ticket__project=project, ticket__merged_into=None).order_by("pk")
        self.said: dict[int, list[Mark]] = defaultdict(list)
        places = ("after__position", "after__number", "known_after__position", "known_after__number")
        for ticket, named, contained_from, *place in rows.values_list("ticket", "named", "contained_from", *places):
            self.said[ticket].append(Mark(named, _place(*place[:2]), contained_from, _place(*place[2:])))
        verified = Ticket.objects.filter(pk__in=self.said, verified_pass__isnull=False)
        places_of = verified.values_list("pk", "verified_pass__position", "verified_pass__number")
        self.verified_at: dict[int, Place | None] = {pk: _place(*place) for pk, *place in places_of}

    def meet(self, tickets: Mapping[int, Ticket], collection_pass: CollectionPass) -> list[Ticket]:
        """Give the tickets that were marked the status in which they meet this pass; return those that wait for it."""
        if not self.said:
            return []
        earlier = collection_pass.project.passes.counted().before(collection_pass).in_commit_order()
        before = earlier.values_list("position", "number").last()
        waiting = []
        for pk in self.said.keys() & tickets.keys():
            ticket, mark = tickets[pk], self._in_force(pk, collection_pass)
            status = entering(ticket.status, mark, before, came_back=ticket.regressed_pass_id is not None)
            said = said_before(self.said[pk], _of(collection_pass))
            # One that a pass has used up stands beside "verified" as what was said to be the fix.
            named = said.named if mark or (said and not said.named) else ticket.marked_fixed_in
            if (status, named) != (ticket.status, ticket.marked_fixed_in) or status == "awaiting":
                ticket.status, ticket.marked_fixed_in = status, named
                waiting.append(ticket)
        return waiting

    def contained(self, ticket: Ticket, collection_pass: CollectionPass) -> bool | None:
        """Whether the pass contains the commit that is said to repair the ticket; None where none is named."""
        mark = self._in_force(ticket.pk, collection_pass)
        return mark.contained_in(_of(collection_pass)) if mark else None

    def used_up(self, ticket: Ticket, collection_pass: CollectionPass) -> None:
        """A pass verified the ticket."""
        if ticket.pk in self.said:
            self.verified_at[ticket.pk] = _of(collection_pass)

    def after_all(self, tickets: Mapping[int, Ticket], last: Place | None) -> None:
        """What was said after the last pass holds already, though no pass has met it."""
        for pk in self.said.keys() & tickets.keys():
            ticket, mark = tickets[pk], unheard(self.said[pk], last)
            if mark is None or ticket.status == "verified":
                continue
            ticket.marked_fixed_in = mark.named
            back = ticket.regressed_pass_id is not None
            ticket.status = "awaiting" if mark.named else without(came_back=back)
            ticket.save(update_fields=["status", "marked_fixed_in"], force_update=True)

    def _in_force(self, pk: int, collection_pass: CollectionPass) -> Mark | None:
        if pk not in self.said:
            return None
        return in_force(self.said[pk], _of(collection_pass), self.verified_at.get(pk))


def _place(position: int | None, number: int | None) -> Place | None:
    return None if position is None or number is None else (position, number)


def _of(collection_pass: CollectionPass) -> Place:
    return collection_pass.position or 0, collection_pass.number
