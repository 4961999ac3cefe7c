"""The questions asked of notices: which of them a person sees, and how many are unread."""

from __future__ import annotations

from typing import Any, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q

from remediation.querysets import LONG_TEXTS


class NoticeQuerySet(models.QuerySet[Any]):
    """What people are told."""

    def seen_by(self, user: Any) -> Self:
        """Those that a person, or the account of an outer query, sees: shown, and of a project they may still see."""
        memberships = self.model._meta.get_field("user").related_model._meta.get_field("memberships").related_model
        member = Exists(memberships.objects.filter(user=OuterRef("user"), project=OuterRef("project")))
        return self.filter(Q(user__is_superuser=True) | member, user=user, shown=True)

    def unread(self) -> Self:
        """Not read yet."""
        return self.filter(read_at__isnull=True)

    def counted(self) -> Self:
        """How many, as a value of an outer query that asks with :meth:`seen_by`; null for none."""
        return self.order_by().values("user").annotate(number=models.Count("pk")).values("number")

    def listed(self) -> Self:
        """With what their lines name."""
        long = (f"collection_pass__{text}" for text in LONG_TEXTS)
        return self.select_related("project", "ticket", "collection_pass").defer("ticket__rule_facts", *long)
