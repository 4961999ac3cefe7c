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
from remediation.models import ApiToken, Project, User

MOST_ENDED = 20  # of one's own that hold no more
PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class Row:
    """One token. ``state``: holds, expired or revoked; "closed" where its owner's account is, so that it does not.

    ``where``: the project's name, as far as who looks may know it.
    """

    token: ApiToken
    state: str
    where: str


def build(user: User, form: TokenForm, now: datetime) -> dict[str, Any]:
    """The context of one's own tokens: those that hold, and the last of those that do no more. Three queries."""
    mine, names = user.api_tokens.select_related("owner"), _names(user)
    holding = mine.filter(pk__in=api_tokens.holding(now))
    ended = mine.exclude(pk__in=api_tokens.holding(now))[:MOST_ENDED]
    rows = [[row_of(token, names, now) for token in each] for each in (holding, ended)]
    return {"form": form, "holding": rows[0], "ended": rows[1]}


def of_one(token: ApiToken, asker: User, now: datetime) -> dict[str, Any]:
    """The context of one token. Two queries."""
    uses = list(token.uses.all())
    return {"row": row_of(token, _names(asker), now), "uses": uses, "kept": api_tokens.USES}


def of_all(query: Mapping[str, str], now: datetime) -> dict[str, Any]:
    """The context of everybody's; ``?q=`` looks in names of tokens and of their owners. Four queries."""
    q = query.get("q", "").replace("\0", "").strip()[:100]
    found = ApiToken.objects.select_related("owner")
    if q:
        names = ("name", "prefix", "owner__username", "owner__first_name", "owner__last_name")
        wanted = Q()
        for name in names:
            wanted |= Q(**{f"{name}__icontains": q.removeprefix("rtd_")})
        found = found.filter(wanted)
    tokens = Paginator(found, PER_PAGE).get_page(query.get("page"))
    holding = api_tokens.holding(now).filter(owner__is_active=True).count()
    names = dict(Project.objects.values_list("pk", "name"))
    return {"tokens": tokens, "rows": [row_of(token, names, now) for token in tokens], "holding": holding, "q": q}


def row_of(token: ApiToken, names: Mapping[int, str], now: datetime) -> Row:
    """A token and what has become of it; ``names``: of the projects that who looks may see."""
    state = "holds" if token.owner.is_active else "closed"
    if token.revoked_at is not None:
        state = "revoked"
    elif token.expires_at <= now:
        state = "expired"
    where = "all projects" if token.project_id is None else names.get(token.project_id, "a project out of reach")
    return Row(token, state, where)


def _names(user: User) -> dict[int, str]:
    """Whoever has left a project is not told what it is called by now."""
    return dict(Project.objects.visible_to(user).values_list("pk", "name"))
