"""A ticket's one list of people and passes, newest first, with its notes rendered and the withdrawn ones named."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Case, Q, QuerySet, When
from django.db.models.functions import Coalesce

from dashboard.history_words import words
from dashboard.markdown import render
from remediation.models import Ticket, Transition

MOST = 100  # lines shown
_SHOWN = (
    "verb", "at", "data", "ticket__number", "collection_pass__number", "collection_pass__commit", "actor__username",
    "actor__first_name", "actor__last_name",
)  # fmt: skip


def build(ticket: Ticket) -> dict[str, Any]:
    """The context of the history. One query, one more to count the lines that are not shown."""
    rows = _lines(ticket)
    found = _with_tickets(rows[: MOST + 1], ticket)
    lines = found[:MOST]
    # Whoever withdraws a note does it later, so of a shown note the withdrawal is shown, too.
    withdrawn = {line.data["note"]: line for line in lines if line.verb == "withdrawn"}
    for line in lines:
        if line.verb == "note":
            line.withdrawn = withdrawn.get(line.pk)
            line.html = "" if line.withdrawn else render(line.data["text"])
            continue
        if line.verb == "withdrawn":
            line.of = next((one for one in lines if one.pk == line.data["note"]), None)
        line.words = words(line)
    return {"history": lines, "older": rows.count() - MOST if len(found) > MOST else 0}


def _lines(ticket: Ticket) -> QuerySet[Transition]:
    """Its history, the last line first, with what people did on tickets that were merged into it.

    A person's line stands after the pass that it knew, as in the history of one ticket.
    """
    theirs = Q(ticket__merged_into=ticket, collection_pass=None) & ~Q(verb="merged")  # which stands in its own, too
    place = (
        Coalesce(f"collection_pass__{field}", f"after__{field}").desc(nulls_last=True)
        for field in ("position", "number")
    )
    said = Case(When(collection_pass=None, then=1), default=0)
    rows = Transition.objects.filter(Q(ticket=ticket) | theirs).order_by(*place, said.desc(), "-at", "-sequence")
    return rows.select_related("actor", "collection_pass", "ticket").only(*_SHOWN)


def _with_tickets(lines: Iterable[Transition], ticket: Ticket) -> list[Transition]:
    """The lines, each knowing its project: a label is made of its key."""
    found = list(lines)
    for line in found:
        line.ticket.project = ticket.project
    return found
