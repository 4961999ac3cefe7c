"""What people write into a ticket's history. A note is never changed; who wrote it, or a lead, can withdraw it."""

from __future__ import annotations

from django.db import transaction

from remediation.core.text import clean_text
from remediation.models import Ticket, Transition, User
from remediation.refusals import Refused
from remediation.tickets.history import lock, record

LONGEST = 10_000  # characters


def note(ticket: Ticket, user: User, text: str) -> Transition:
    """Append a note, in Markdown, in whatever state the ticket is. Raises Refused for an empty or too long one, and
    for a merged ticket."""
    written = text.replace("\r\n", "\n").strip()
    if len(written) > LONGEST:
        raise Refused("text", f"A note has at most {LONGEST:,} characters; this one has {len(written):,}.")
    cleaned = clean_text(written, LONGEST).strip()
    if not cleaned:
        raise Refused("text", "Write something first.")
    with transaction.atomic():
        locked = lock(ticket, "project", "merged_into")
        if locked.merged_into:
            raise Refused("", f"{locked.label} was merged into {locked.merged_into.label}. Write it there.")
        return record(locked, "note", actor=user, data={"text": cleaned})


def withdraw(ticket: Ticket, line: Transition, user: User) -> bool:
    """Withdraw a note of this ticket: the line stays, and says who did. False: it was withdrawn already."""
    with transaction.atomic():
        locked = lock(ticket, "project")
        if locked.transitions.filter(verb="withdrawn", data__note=line.pk).exists():
            return False
        record(locked, "withdrawn", actor=user, data={"note": line.pk})
        return True
