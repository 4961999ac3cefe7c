"""What merging or splitting would do, as sums, before anybody says it."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Q

from dashboard.ticket_causes import CauseRow, causes_of
from dashboard.ticket_like import Like, known_causes_of, similar_to
from remediation import grouping
from remediation.models import Occurrence, Ticket

MOST = 12  # tickets offered for words that were typed
_LABEL = re.compile(r"(?:[A-Za-z]{2,6}-)?([1-9][0-9]{0,8})")


@dataclass(frozen=True, slots=True)
class MergeView:
    """``into``: the ticket that was named, None while it must be chosen; then from ``found`` and ``similar``.

    ``errors``, ``hidden``: what it will have; ``total``: the errors of all tickets, which stay as many; ``pair``: both.
    """

    asked: str
    into: Ticket | None
    found: tuple[Ticket, ...] = ()
    similar: tuple[Like, ...] = ()
    errors: int = 0
    hidden: int = 0
    total: int = 0
    pair: tuple[Ticket, ...] = ()


def merging(ticket: Ticket, asked: str) -> MergeView:
    """At most five queries. A label of a merged ticket stands for the one that it is part of."""
    asked = asked.strip()
    into = _named(ticket, asked)
    if into is None:
        return MergeView(
            asked, None, tuple(_matching(ticket, asked)), tuple(similar_to(ticket, known_causes_of(ticket)))
        )
    return MergeView(
        asked,
        into,
        errors=ticket.errors + into.errors,
        hidden=ticket.hidden_errors + into.hidden_errors,
        total=_total(ticket),
        pair=(ticket, into),
    )


def _named(ticket: Ticket, asked: str) -> Ticket | None:
    match = _LABEL.fullmatch(asked)
    if match is None or ("-" in asked and not asked.upper().startswith(f"{ticket.project.key}-")):
        return None
    rows = ticket.project.tickets.select_related("category", "claimed_by", "merged_into")
    found = rows.filter(number=int(match[1])).first()
    if found is not None and found.merged_into_id:
        found = rows.get(pk=found.merged_into_id)
    if found is None or found.pk == ticket.pk:
        return None
    found.project = ticket.project
    return found


def _matching(ticket: Ticket, asked: str) -> list[Ticket]:
    """Tickets whose title or root cause has every word."""
    words = Q()
    for word in asked.split()[:8]:
        words &= Q(title__icontains=word) | Q(fingerprints__readable__icontains=word)
    if not asked:
        return []
    rows = ticket.project.tickets.filter(words, merged_into=None).exclude(pk=ticket.pk)
    found = list(rows.select_related("category", "claimed_by").distinct().order_by("-errors", "number")[:MOST])
    for row in found:
        row.project = ticket.project
    return found


def _total(ticket: Ticket) -> int:
    return sum(ticket.project.tickets.filter(merged_into=None).values_list("errors", flat=True))


@dataclass(frozen=True, slots=True)
class SplitView:
    """``go``: the chosen root causes, ``stay`` the others, with the errors of each side.

    ``returns``: the merged ticket that stands again, None where a new one is opened.
    """

    rows: tuple[CauseRow, ...]
    go: tuple[CauseRow, ...]
    stay: tuple[CauseRow, ...]
    returns: Ticket | None
    total: int

    @property
    def possible(self) -> bool:
        """Whether some were chosen, and not all."""
        return bool(self.go and self.stay)

    @property
    def go_errors(self) -> int:
        """Errors that go."""
        return sum(row.errors for row in self.go)

    @property
    def stay_errors(self) -> int:
        """Errors that stay."""
        return sum(row.errors for row in self.stay)


def splitting(ticket: Ticket, chosen: Collection[int]) -> SplitView:
    """At most nine queries; ``chosen``: ids of fingerprints."""
    occurrences = Occurrence.objects.filter(fingerprint__ticket=ticket)
    columns = ("file_id", "fingerprint__readable", "closed_pass_id", "close_reason", "settlement")
    rows = causes_of(ticket, known_causes_of(ticket), occurrences.values(*columns)).rows
    go = tuple(row for row in rows if row.pk in chosen)
    stay = tuple(row for row in rows if row.pk not in chosen)
    returns = grouping.returns_to(ticket, [row.pk for row in go]) if go and stay else None
    if returns is not None:
        returns.project = ticket.project
    return SplitView(rows, go, stay, returns, _total(ticket))
