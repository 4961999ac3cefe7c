"""Tickets: listed, and one of them with its history."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from dashboard.api import shapes
from dashboard.api.operation import Call, operation
from dashboard.api.paging import part_of
from dashboard.history_words import Line
from dashboard.ticket_history import lines_of
from remediation.models import Project, Ticket, User

LINES = 100  # of a ticket's history


@operation("read", query=shapes.TicketFilter, gives=shapes.Tickets)
def list_tickets(call: Call, slug: str) -> shapes.Tickets:
    """Tickets by their numbers, the lowest first; those that were merged into another one are left out."""
    project, wanted = call.project(slug), call.query
    found = project.tickets.listed().order_by("number")
    if wanted.status == "standing":
        found = found.standing()
    elif wanted.status:
        found = found.filter(status=wanted.status)
    if wanted.category is not None:
        found = found.filter(category__name=wanted.category.replace("\0", ""))
    if wanted.claimed_by:
        owner = {"me": call.user.pk, "nobody": None}.get(wanted.claimed_by, wanted.claimed_by)
        found = found.filter(claimed_by=owner) if owner else found.filter(claimed_by=None)
    if wanted.after:
        found = found.filter(number__gt=wanted.after)
    shown, following = part_of(call, found, "after")
    lines = [shapes.TicketLine(**_facts(call, project, row)) for row in shown]
    return shapes.Tickets(tickets=lines, next=following)


@operation("read", gives=shapes.Ticket)
def show_ticket(call: Call, slug: str, label: str) -> shapes.Ticket:
    """A ticket with its history; also one that was merged into another, which it then names."""
    return ticket_of(call, call.ticket(slug, label))


def ticket_of(call: Call, ticket: Ticket) -> shapes.Ticket:
    """A ticket with all that is said of it."""
    told = lines_of(ticket, LINES)
    into = ticket.merged_into
    return shapes.Ticket(
        **_facts(call, ticket.project, ticket),
        merged_into=f"{ticket.project.key}-{into.number}" if into else None,
        fixed_in=ticket.marked_fixed_in or None,
        history=[_line(ticket, line) for line in told.lines],
        older_lines=told.older,
    )


def person(user: User) -> shapes.Person:
    """An account as others see it."""
    return shapes.Person(id=user.pk, name=user.label)


def _facts(call: Call, project: Project, row: Ticket) -> dict[str, Any]:
    row.project = project
    passes = {name: getattr(row, name) for name in ("first_pass", "verified_pass", "regressed_pass")}
    return {
        "label": row.label,
        "page": call.request.build_absolute_uri(reverse("ticket", args=[project.slug, row.label])),
        "title": row.title,
        "kind": row.kind,
        "category": row.category.name,
        "environment": row.environment,
        "status": row.status,
        "errors": None if row.blocking == "all" else row.errors,
        "hidden_errors": row.hidden_errors,
        "claimed_by": person(row.claimed_by) if row.claimed_by else None,
        "claimed_at": row.claimed_at,
        **{name: found.number if found else None for name, found in passes.items()},
    }


def _line(ticket: Ticket, line: Line) -> shapes.HistoryLine:
    """``details``: what the line holds beside a note's text, without ids of rows."""
    withdrawn = line.verb == "note" and line.withdrawn
    kept = {name: value for name, value in line.data.items() if name not in {"text", "note"} and name[-3:] != "_id"}
    return shapes.HistoryLine(
        at=line.at,
        did=line.verb,
        by=line.actor or None,
        collection_pass=line.number,
        ticket=line.label if line.ticket_pk != ticket.pk else "",
        text=line.data.get("text") if line.verb == "note" and not withdrawn else None,
        details=kept,
    )
