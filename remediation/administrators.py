"""Who administers the site: made and dismissed, never the last one."""

from __future__ import annotations

from django.db import transaction

from remediation import audit
from remediation.models import User
from remediation.refusals import Refused

__all__ = ["Refused", "appoint", "dismiss"]


def appoint(user: User, by: User) -> None:
    """Make an account an administrator: it sees and may do everything. Raises Refused for a closed one."""
    with transaction.atomic():
        locked = User.objects.select_for_update().get(pk=user.pk)
        if not locked.is_active:
            raise Refused("", f"The account of {locked.label} is closed. Open it first.")
        if not locked.is_superuser:
            _store(locked, by, administrator=True)
    user.refresh_from_db(fields=["is_superuser", "is_staff"])


def dismiss(user: User, by: User) -> None:
    """Take an administrator's rights away; roles in projects stay. Raises Refused for the last one.

    Two who dismiss each other at once come one after the other, so one of them stays.
    """
    with transaction.atomic():
        open_ones = User.objects.select_for_update().filter(is_superuser=True, is_active=True).order_by("pk")
        if [each.pk for each in open_ones] == [user.pk]:
            raise Refused("", "This is the last administrator. Make somebody else one first.")
        locked = User.objects.select_for_update().get(pk=user.pk)
        if locked.is_superuser:
            _store(locked, by, administrator=False)
    user.refresh_from_db(fields=["is_superuser", "is_staff"])


def _store(user: User, by: User, *, administrator: bool) -> None:
    said = {"administrator": (user.is_superuser, administrator)}
    user.is_superuser = user.is_staff = administrator
    user.save(update_fields=["is_superuser", "is_staff"], force_update=True)
    audit.write("changed", f"account {user.username}", changes=said, by=by)
