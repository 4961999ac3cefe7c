"""What an administrator sees of accounts: who they are, what they may do where, and when they were last here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from remediation.models import Membership, User

PER_PAGE = 50


def build(query: Mapping[str, str]) -> dict[str, Any]:
    """The context of the page; ``?q=`` looks in names and addresses. Three queries, however many accounts."""
    q = query.get("q", "").replace("\0", "").strip()[:100]
    roles = Membership.objects.filter(project__deleted_at=None).select_related("project").order_by("project__name")
    people = User.objects.order_by("username").prefetch_related(Prefetch("memberships", roles))
    people = people.annotate(second_factor=Exists(_codes()))
    if q:
        names = ("username", "first_name", "last_name", "email")
        people = people.filter(*[_any(names, word) for word in q.split()])
    return {"people": Paginator(people, PER_PAGE).get_page(query.get("page")), "q": q}


def _codes() -> QuerySet[Any]:
    """The second factor of the account that is asked about."""
    from allauth.mfa.models import Authenticator

    return Authenticator.objects.filter(user=OuterRef("pk"), type=Authenticator.Type.TOTP)


def _any(names: tuple[str, ...], word: str) -> Q:
    found = Q()
    for name in names:
        found |= Q(**{f"{name}__icontains": word})
    return found
