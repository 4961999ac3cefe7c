"""The account of a request, with what the frame of every page shows of it."""

from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.db.models import OuterRef, Subquery
from django.db.models.functions import Coalesce

from remediation.models import Notice, User


class SignedIn(AuthenticationBackend):  # type: ignore[misc]
    """allauth's own, but the query that loads the account of a request counts its unread notices along."""

    def get_user(self, user_id: Any) -> User | None:
        """The account with ``unread_notices``; None where it is closed or gone."""
        unread = Notice.objects.seen_by(OuterRef("pk")).unread().counted()
        person = User.objects.annotate(unread_notices=Coalesce(Subquery(unread), 0)).filter(pk=user_id).first()
        return person if person is not None and self.user_can_authenticate(person) else None
