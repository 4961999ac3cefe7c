"""Tokens of the API: made by a person, revoked, recognised, and what each was last used for."""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta

from django.db import models, transaction

from remediation import audit
from remediation.core.text import clean_line
from remediation.models import ApiToken, Project, TokenUse, User
from remediation.refusals import Refused
from remediation.tokens import api_prefix, digest_of, new_api_token

__all__ = [
    "DAYS",
    "MOST",
    "REACH",
    "USES",
    "Refused",
    "holding",
    "make",
    "note_use",
    "revoke",
    "revoke_all",
    "token_of",
]

DAYS = (30, 90, 365)
MOST = 20  # of a person at a time
USES = 20  # kept of each token
REACH = {"read": 1, "trigger": 2, "write": 3}  # a scope reaches all that a lower one does


def make(owner: User, *, name: str, scope: str, project: Project | None, days: int, now: datetime) -> str:
    """Make a token for one project of the owner's, or (None) for all of theirs; it is returned and not kept.

    Raises Refused.
    """
    said = clean_line(name, 60)
    if not said:
        raise Refused("name", "Say where it will be used, so that you know what revoking it breaks.")
    if scope not in REACH:
        raise Refused("scope", "Choose what it may do.")
    if days not in DAYS:
        raise Refused("days", "Choose how long it holds.")
    if project is not None and not Project.objects.visible_to(owner).filter(pk=project.pk).exists():
        raise Refused("project", "Choose one of your projects.")
    token, prefix = new_api_token()
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=owner.pk)  # two requests at once cannot pass the limit
        if holding(now).filter(owner=owner).count() >= MOST:
            raise Refused("", f"You have {MOST} tokens, and nobody has more. Revoke one first.")
        made = ApiToken.objects.create(
            owner=owner, project=project, name=said, scope=scope, prefix=prefix, digest=digest_of(token), made_at=now,
            expires_at=now + timedelta(days=days),
        )  # fmt: skip
        changes = {"scope": (None, scope), "expires": (None, made.expires_at)}
        audit.write("made", _called(made), project=project, changes=changes, by=owner)
    return token


def revoke(token: ApiToken, by: User, now: datetime) -> bool:
    """End a token at once; False where it was over already."""
    with transaction.atomic():
        ended = holding(now).filter(pk=token.pk).update(revoked_at=now, revoked_by=by) == 1
        if ended:
            audit.write("revoked", f"{_called(token)} of {token.owner.username}", project=token.project, by=by)
    return ended


def revoke_all(owner: User, by: User, now: datetime) -> None:
    """End every token of an account that is closed, so that none comes back when it is opened again."""
    for token in holding(now).filter(owner=owner).select_related("owner", "project"):
        revoke(token, by, now)


def token_of(text: str, now: datetime) -> ApiToken | None:
    """The token as it was sent, while it holds and its owner's account is open; None for anything else. One query.

    Found by its prefix, which is no secret; the rest is compared in a time that says nothing of it.
    """
    prefix = api_prefix(text)
    if not prefix:
        return None
    found = holding(now).filter(prefix=prefix, owner__is_active=True).select_related("owner", "project").first()
    if found is None or (found.project is not None and found.project.deleted_at is not None):
        return None
    return found if hmac.compare_digest(found.digest, digest_of(text)) else None


def note_use(token: ApiToken, *, now: datetime, address: str, method: str, route: str, status: int) -> None:
    """Remember what a token was used for: of each route the first call of a minute. One query, five for that one."""
    minute = now.replace(second=0, microsecond=0)
    said = {"at": now, "address": address, "status": status}
    _, first = TokenUse.objects.get_or_create(token=token, minute=minute, method=method, route=route, defaults=said)
    if first:
        kept = TokenUse.objects.filter(token=token).values("pk")[:USES]
        TokenUse.objects.filter(token=token).exclude(pk__in=kept).delete()
        ApiToken.objects.filter(pk=token.pk).update(used_at=now)


def holding(now: datetime) -> models.QuerySet[ApiToken]:
    """Neither revoked nor expired."""
    return ApiToken.objects.filter(revoked_at=None, expires_at__gt=now)


def _called(token: ApiToken) -> str:
    return f"API token “{token.name}” ({token.prefix})"
