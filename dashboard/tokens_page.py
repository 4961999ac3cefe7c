"""What the pages of API tokens show: one's own, one of them with its last uses, and everybody's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Q

from dashboard.token_form import TokenForm
from remediation import api_tokens
from remediation.models import ApiToken, User

MOST_ENDED = 20  # of one's own that hold no more
PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class Row:
    """One token. ``state``: holds, expired or revoked; "closed" where its owner's account is, so that it does not."""

    token: ApiToken
    state: str


def build(user: User, form: TokenForm, now: datetime) -> dict[str, Any]:
    """The context of one's own tokens: those that hold, and the last of those that do no more. Two queries."""
    mine = user.api_tokens.select_related("project")
    holding = [Row(token, "holds") for token in mine.filter(pk__in=api_tokens.holding(now))]
    ended = [row_of(token, now) for token in mine.exclude(pk__in=api_tokens.holding(now))[:MOST_ENDED]]
    return {"form": form, "holding": holding, "ended": ended}


def of_one(token: ApiToken, now: datetime) -> dict[str, Any]:
    """The context of one token. One query."""
    return {"row": row_of(token, now), "uses": list(token.uses.all()), "kept": api_tokens.USES}


def of_all(query: Mapping[str, str], now: datetime) -> dict[str, Any]:
    """The context of everybody's; ``?q=`` looks in names of tokens and of their owners. Three queries."""
    q = query.get("q", "").replace("\0", "").strip()[:100]
    found = ApiToken.objects.select_related("owner", "project")
    if q:
        names = ("name", "prefix", "owner__username", "owner__first_name", "owner__last_name")
        wanted = Q()
        for name in names:
            wanted |= Q(**{f"{name}__icontains": q.removeprefix("rtd_")})
        found = found.filter(wanted)
    tokens = Paginator(found, PER_PAGE).get_page(query.get("page"))
    holding = api_tokens.holding(now).filter(owner__is_active=True).count()
    return {"tokens": tokens, "rows": [row_of(token, now) for token in tokens], "holding": holding, "q": q}


def row_of(token: ApiToken, now: datetime) -> Row:
    """A token and what has become of it."""
    if token.revoked_at is not None:
        return Row(token, "revoked")
    if token.expires_at <= now:
        return Row(token, "expired")
    return Row(token, "holds" if token.owner.is_active else "closed")
