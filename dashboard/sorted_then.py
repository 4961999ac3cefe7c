"""The categories under which tickets stood at a pass: by the rules that sorted it, not by today's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from remediation.core.rules import RuleFacts
from remediation.core.trend import Point
from remediation.models import Category, Project, Ticket
from remediation.rulebook import Rulebook


def categories_at(project: Project, point: Point, tickets: Iterable[Ticket]) -> Mapping[int, Category]:
    """Ticket id to its category. What a person sorted by hand, and what today's rules sorted, stands where it stands.

    No query for a pass that the current rules sorted, else three.
    """
    now = {ticket.pk: ticket.category for ticket in tickets}
    if point.rules is None or point.rules == project.rules_version:
        return now
    book = Rulebook(project)
    book.use(point.rules)
    then = {
        ticket.pk: book.sort_facts(RuleFacts(**ticket.rule_facts))
        for ticket in tickets
        if ticket.rule_facts and not ticket.category_by_hand
    }
    return now | then
