"""Opens tickets for root causes, and gives each its name and category by its first occurrence in commit order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from django.db.models import F

from remediation.core import fingerprint
from remediation.core.blocker import is_blocker, title_of_blocker
from remediation.core.fingerprint import Identified
from remediation.core.rules import RuleFacts
from remediation.models import CollectionPass, Project, Ticket
from remediation.rulebook import Rulebook


class Opening:
    """Opens and names the tickets of one project; ``tickets`` by id, which it adds to.

    A ticket that others were merged into is named by a cause of its own, also where a pass saw theirs before. Until
    its own is seen it is sorted by what an earlier fold knew; ``unsure``: that turned out to be wrong, and only a
    fold from the start puts it right.
    """

    def __init__(self, project: Project, rules: Rulebook, tickets: dict[int, Ticket]) -> None:
        self.project = project
        self.rules = rules
        self.tickets = tickets
        self.lent: dict[int, RuleFacts] = {}
        self.unsure = False

    def create(self, firsts: Sequence[Identified], first_pass: CollectionPass | None = None) -> list[Ticket]:
        """A new ticket for each, numbered in this order. Two queries."""
        if not firsts:
            return []
        project = self.project
        Project.objects.filter(pk=project.pk).update(last_ticket_number=F("last_ticket_number") + len(firsts))
        project.refresh_from_db(fields=["last_ticket_number"])
        start = project.last_ticket_number - len(firsts) + 1
        tickets = [
            Ticket(project=project, number=number, category=self.rules.fallback, first_pass=first_pass)
            for number in range(start, start + len(firsts))
        ]
        for ticket, first in zip(tickets, firsts, strict=True):
            self._describe(ticket, first)
        self.tickets |= {ticket.pk: ticket for ticket in Ticket.objects.bulk_create(tickets)}
        return tickets

    def place(self, ticket: Ticket, first: Identified, collection_pass: CollectionPass, *, own: bool = True) -> None:
        """A pass sees a cause of the ticket for the first time. ``own``: it is no merged ticket's."""
        if ticket.first_pass_id is None:
            ticket.first_pass = collection_pass
            if own:
                self._describe(ticket, first)
            else:
                self._borrow(ticket, first)
        elif own and ticket.pk in self.lent:
            self._describe(ticket, first)
            self.unsure |= self.lent.pop(ticket.pk) != RuleFacts.of(first.error)
        else:
            return
        described = ["title", "kind", "environment", "rule_facts", "category"]
        ticket.save(update_fields=["first_pass", *described], force_update=True)

    def _borrow(self, ticket: Ticket, first: Identified) -> None:
        if ticket.rule_facts is None:
            self._describe(ticket, first)
        elif not ticket.category_by_hand:
            ticket.category = self.rules.sort_facts(RuleFacts(**ticket.rule_facts))
        self.lent[ticket.pk] = RuleFacts(**ticket.rule_facts)

    def _describe(self, ticket: Ticket, first: Identified) -> None:
        """Title, kind and category come from the first occurrence in commit order; a category by hand stays."""
        ticket.title = title_of_blocker(first.error) if is_blocker(first.key) else fingerprint.title_of(first.error)
        ticket.kind = first.error.kind
        ticket.environment = first.error.environment
        ticket.rule_facts = asdict(RuleFacts.of(first.error))
        if not ticket.category_by_hand:
            ticket.category = self.rules.sort(first.error)
