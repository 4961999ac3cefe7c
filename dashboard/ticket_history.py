"""A ticket's one list of people and passes, newest first, with its notes rendered and the withdrawn ones named."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.db.models import Case, Q, When
from django.db.models.functions import Coalesce

from dashboard.history_words import Line, words
from dashboard.markdown import render
from remediation.models import Ticket, Transition, User

SHOWN, MOST = 50, 1_000  # lines of a page, and of one that was asked for with all of them
_READ = (
    "pk", "verb", "at", "data", "ticket_id", "ticket__number", "actor_id", "actor__username", "actor__first_name",
    "actor__last_name", "collection_pass__number", "collection_pass__commit",
)  # fmt: skip


class Told(NamedTuple):
    """The newest lines, and how many there are before them."""

    lines: list[Line]
    older: int


def build(ticket: Ticket, *, whole: bool = False, joined: bool = True) -> dict[str, Any]:
    """The context of the history: its last lines, or as many as one page may have. ``joined``: as below."""
    told = lines_of(ticket, MOST if whole else SHOWN, joined=joined)
    for line in told.lines:
        if line.verb != "note":
            line.words = words(line)
        elif not line.withdrawn:
            line.html = render(line.data["text"])
    return {"history": told.lines, "older": told.older, "whole_history": whole}


def lines_of(ticket: Ticket, most: int, *, joined: bool = True) -> Told:
    """The last lines as they are stored. One query; one more where lines of several tickets are to be counted.

    With what people did on tickets that were merged into it. A person's line stands after the pass that it knew, as
    in the history of one ticket. ``joined``: False where it is known that none was: then its lines are in order.
    """
    if joined:
        theirs = Q(ticket__merged_into=ticket, collection_pass=None) & ~Q(verb="merged")  # which stands in its own, too
        place = (
            Coalesce(f"collection_pass__{field}", f"after__{field}").desc(nulls_last=True)
            for field in ("position", "number")
        )
        said = Case(When(collection_pass=None, then=1), default=0)
        rows = Transition.objects.filter(Q(ticket=ticket) | theirs).order_by(*place, said.desc(), "-at", "-sequence")
    else:
        rows = Transition.objects.filter(ticket=ticket).order_by("-sequence")
    read = list(rows.values_list("sequence", *_READ)[: most + 1])
    lines = [_line(ticket, *row) for _, *row in read[:most]]
    # Whoever withdraws a note does it later, so of a shown note the withdrawal is shown, too.
    notes, taken = {}, {}
    for line in lines:
        if line.verb == "note":
            notes[line.pk] = line
        elif line.verb == "withdrawn":
            taken[line.data["note"]] = line
    for pk, line in taken.items():
        line.of = notes.get(pk)
        if line.of:
            line.of.withdrawn = line
    if len(read) <= most:
        return Told(lines, 0)
    # The lines of one ticket are numbered from one on, without gaps.
    return Told(lines, rows.count() - most if joined else read[most][0])


def _line(
    ticket: Ticket, pk: int, verb: str, at: Any, data: Any, ticket_pk: int, number: int, actor_pk: int | None,
    username: str | None, first: str | None, last: str | None, pass_number: int | None, commit: str | None,
) -> Line:  # fmt: skip
    project = ticket.project
    who = User(username=username, first_name=first or "", last_name=last or "").label if username else ""
    label = f"{project.key}-{number}"
    return Line(pk, verb, at, data, ticket_pk, label, project.slug, who, actor_pk, pass_number, (commit or "")[:9])
