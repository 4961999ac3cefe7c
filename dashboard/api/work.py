"""What a program does with a ticket in its owner's name: claim and release it, write a note, name a fix."""

from __future__ import annotations

from dashboard.api import shapes
from dashboard.api.operation import Call, operation
from dashboard.api.problems import Problem
from dashboard.api.tickets import person, ticket_of
from dashboard.templatetags.figures import age
from remediation import tickets


@operation("write", gives=shapes.Ticket, refuses=("conflict",))
def claim_ticket(call: Call, slug: str, label: str) -> shapes.Ticket:
    """Take a free ticket. Of any number who ask at once one wins; the others get 409 with who has it."""
    found = call.ticket(slug, label)
    outcome = tickets.claim(found, call.user)
    if outcome.owner != call.user:
        text = f"{outcome.owner.label} claimed it {age(outcome.at)} ago."
        raise Problem("conflict", text, claimed_by=person(outcome.owner), claimed_at=outcome.at)
    return ticket_of(call, found)


@operation("write", gives=shapes.Ticket, refuses=("conflict",))
def release_ticket(call: Call, slug: str, label: str) -> shapes.Ticket:
    """Give a ticket back: one's own, or anyone's for a lead."""
    found = call.ticket(slug, label)
    tickets.release(found, call.user, from_anyone=found.project.rights.lead)
    return ticket_of(call, found)


@operation("write", body=shapes.Note, gives=shapes.Noted, status=201, refuses=("conflict",))
def note_on_ticket(call: Call, slug: str, label: str) -> shapes.Noted:
    """Append a note to a ticket's history."""
    line = tickets.note(call.ticket(slug, label), call.user, call.body.text)
    return shapes.Noted(at=line.at, text=line.data["text"])


@operation("write", body=shapes.Fix, gives=shapes.Ticket, refuses=("conflict",))
def mark_fixed(call: Call, slug: str, label: str) -> shapes.Ticket:
    """Name the commit or the branch in which a ticket is fixed. It closes nothing: a pass decides."""
    found = call.ticket(slug, label)
    tickets.mark_fixed(found, call.user, call.body.commit)
    return ticket_of(call, found)
