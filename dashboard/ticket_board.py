"""The tickets in columns: open, claimed, awaiting a pass, verified this week."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from dashboard.ticket_filter import Filter
from dashboard.ticket_lines import Line, Lines
from remediation.core.impact import Impact
from remediation.models import CollectionPass, Project, Ticket

CARDS = 25  # of one column; the list has the rest
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its cards, and how many there are with those that are not shown. ``rest``: where those are."""

    key: str
    name: str
    note: str
    cards: list[Ticket]
    count: int
    errors: int
    rest: str


def build(project: Project, listed: Lines, as_of: CollectionPass | None, chosen: Filter) -> dict[str, Any]:
    """The context of the board. Two queries."""
    verified = _verified_lately(project, as_of)
    places = {line.pk: _column(line, verified) for line in listed.lines}
    orders = {key: listed.ordered(Filter(tab=tab), {}) for key, (_, _, tab) in _COLUMNS.items()}
    by_column = {key: [line for line in orders[key] if places[line.pk] == key] for key in _COLUMNS}
    shown = [line.pk for lines in by_column.values() for line in lines[:CARDS]]
    tickets = {ticket.pk: ticket for ticket in project.tickets.listed().filter(pk__in=shown)}
    for pk, ticket in tickets.items():
        ticket.project = project
        ticket.impact = listed.impacts.get(pk, Impact())
    columns = [
        Column(
            key,
            name,
            note,
            [tickets[line.pk] for line in by_column[key][:CARDS] if line.pk in tickets],
            len(by_column[key]),
            sum(line.errors for line in by_column[key]),
            chosen.query(view="list", tab=tab),
        )
        for key, (name, note, tab) in _COLUMNS.items()
    ]
    muted = [line for line in listed.lines if line.muted]
    return {
        "columns": columns,
        "on_board": sum(column.count for column in columns) + len(muted),
        "muted_cards": len(muted),
        "muted_errors": sum(line.errors for line in muted),
        "muted_list": chosen.query(view="list", tab="muted"),
    }


_COLUMNS = {
    "open": ("Open", "Nobody has it. Claim moves it on.", "unclaimed"),
    "claimed": ("Claimed", "Somebody works on it. Release moves it back.", "open"),
    "awaiting": ("Awaiting pass", "A fix is named; the next pass that contains it decides.", "awaiting"),
    "verified": (
        "Verified this week",
        "Nothing can be moved here: only a pass that no longer sees it does.",
        "verified",
    ),
}


def _column(line: Line, verified: set[int]) -> str:
    if not line.standing:
        return "verified" if line.pk in verified else ""
    if line.muted:
        return ""
    if line.status == "awaiting":
        return "awaiting"
    return "open" if line.owner is None else "claimed"


def _verified_lately(project: Project, as_of: CollectionPass | None) -> set[int]:
    """Tickets verified in the seven days up to the last counted pass."""
    if as_of is None or as_of.effective_at is None:
        return set()
    rows = project.tickets.filter(status="verified", verified_pass__effective_at__gt=as_of.effective_at - WEEK)
    return set(rows.values_list("pk", flat=True))
