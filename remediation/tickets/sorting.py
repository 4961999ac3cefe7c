"""The category of a ticket by hand: it beats the rules."""

from __future__ import annotations

from django.db import transaction

from remediation.models import Category, Ticket, User
from remediation.refusals import Refused
from remediation.tickets.history import lock, record, refresh


def set_category(ticket: Ticket, category: Category, user: User) -> bool:
    """Sort the ticket by hand; it stays there when rules are applied again. False: it was there by hand already.

    The counts of earlier passes move with it: the caller schedules a rebuild of the project when True. Raises
    Refused for another project's or an archived category.
    """
    if category.project_id != ticket.project_id:
        raise Refused("", "That category belongs to another project.")
    if category.archived:
        raise Refused("", f"{category.name} is archived.")
    with transaction.atomic():
        locked = lock(ticket, "category")
        if locked.category_id == category.pk and locked.category_by_hand:
            return False
        before = locked.category.name
        Ticket.objects.filter(pk=ticket.pk).update(category=category, category_by_hand=True)
        record(ticket, "category", actor=user, data={"from": before, "to": category.name})
    refresh(ticket)
    return True
