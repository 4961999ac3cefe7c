"""What the team states of a ticket for the report: how it was solved, and what that is worth. Nothing measures it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from django.db import transaction

from remediation.core.text import clean_text
from remediation.models import Ticket, Transition, User
from remediation.refusals import Refused
from remediation.tickets.history import lock, record, refresh

LONGEST = 2_000  # characters of each


@dataclass(frozen=True, slots=True)
class Statement:
    """Two plain texts; "" says nothing."""

    solution: str = ""
    business_value: str = ""

    @classmethod
    def of(cls, ticket: Ticket) -> Statement:
        """What is stated of a ticket."""
        return cls(ticket.solution, ticket.business_value)

    @property
    def mark(self) -> str:
        """16 hex digits that tell this statement from another."""
        return hashlib.sha256(json.dumps([self.solution, self.business_value]).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Stated:
    """Whether it was stored. If not, somebody stated something else meanwhile: ``theirs`` is the line that says who."""

    done: bool
    theirs: Transition | None = None


def state(ticket: Ticket, user: User, said: Statement, read: str) -> Stated:
    """Store both texts, if the ticket still states what the person read: ``read`` is that statement's mark.

    Otherwise nothing is changed, and ``ticket`` has what others stated. The old texts stay in the history's line.
    Raises Refused for a text that is too long, naming its field, and for a merged ticket. ``ticket`` is refreshed.
    """
    said = Statement(_clean("solution", said.solution), _clean("business_value", said.business_value))
    with transaction.atomic():
        locked = lock(ticket, "project", "merged_into")
        if locked.merged_into:
            raise Refused("", f"{locked.label} was merged into {locked.merged_into.label}. State it there.")
        before = Statement.of(locked)
        done = said == before or read == before.mark
        if done and said != before:
            _store(locked, user, before, said)
        theirs = None if done else locked.transitions.filter(verb="stated").select_related("actor").first()
    refresh(ticket)
    return Stated(done, theirs)


def _store(ticket: Ticket, user: User, before: Statement, said: Statement) -> None:
    ticket.solution, ticket.business_value = said.solution, said.business_value
    ticket.save(update_fields=["solution", "business_value"], force_update=True)
    pairs = {name: (getattr(before, name), getattr(said, name)) for name in ("solution", "business_value")}
    changed = {name: {"before": old, "after": new} for name, (old, new) in pairs.items() if old != new}
    record(ticket, "stated", actor=user, data=changed)


def _clean(field: str, text: str) -> str:
    written = text.replace("\r\n", "\n").strip()
    if len(written) > LONGEST:
        raise Refused(field, f"At most {LONGEST:,} characters; this has {len(written):,}.")
    return clean_text(written, LONGEST).strip()
