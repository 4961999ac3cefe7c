"""Saying in which commit or branch a ticket is fixed. It closes nothing: a pass decides."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from remediation.collection.source import SourceError, check_ref
from remediation.core.lifecycle import State, after
from remediation.models import FixMark, Ticket, User
from remediation.refusals import Refused
from remediation.tickets.history import lock, record, refresh


def mark_fixed(ticket: Ticket, user: User, named: str) -> None:
    """Note the commit or branch in which the ticket is said to be fixed.

    ``named`` "" takes the last word back. The next counted pass decides: one that no longer sees the ticket verifies
    it, one that contains the commit and sees it says so. Raises Refused for a name that git would not take, and for
    a verified or merged ticket. ``ticket`` is refreshed.
    """
    named = named.strip()
    if named:
        try:
            check_ref(named)
        except SourceError as error:
            raise Refused("named", "Name a commit, as in e7710ab, or a branch.") from error
    with transaction.atomic():
        locked = lock(ticket, "project")
        undone = "fix-taken-back" if locked.regressed_pass_id is None else "fix-taken-back-2"
        now = after(State(locked.status, locked.beneath), "fix-named" if named else undone)
        if locked.merged_into_id or now is None:
            raise Refused("", f"{ticket.label} is closed already: a pass no longer sees it.")
        if named == locked.marked_fixed_in:
            return
        last = locked.project.passes.deciding().in_commit_order().only("pk").last()
        FixMark.objects.create(ticket=locked, at=timezone.now(), actor=user, named=named, after=last)
        locked.marked_fixed_in, locked.status, locked.beneath = named, now.status, now.beneath
        locked.save(update_fields=["marked_fixed_in", "status", "beneath"], force_update=True)
        record(locked, "marked-fixed" if named else "unmarked", actor=user, data={"named": named} if named else {})
    refresh(ticket)
