"""Who calls: the token of the Authorization header, and nothing else."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils import timezone

from dashboard import rates
from dashboard.acting import address_of
from dashboard.api.problems import Problem
from remediation import api_tokens
from remediation.models import ApiToken
from remediation.tokens import holds_api_token

PER_MINUTE = 120  # calls of one token
UNKNOWN_PER_MINUTE = 60  # of one address without a token that holds

_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="Remediation Dashboard"'}
_IN_ADDRESS = "Send the token in the Authorization header, and revoke this one: addresses are kept in logs."
_MISSING = "Send a token as “Authorization: Bearer rtd_…”. A session of the site is none; make one in your profile."
_OVER = "This token is not known, has expired or was revoked, or its account is closed. Make one in your profile."


def caller(request: HttpRequest) -> ApiToken:
    """The token that a call bears. Raises Problem where there is none that holds, and for too many calls."""
    if holds_api_token(request.get_full_path()):
        raise Problem("token-in-address", _IN_ADDRESS)
    scheme, _, sent = request.headers.get("Authorization", "").partition(" ")
    token = api_tokens.token_of(sent.strip(), timezone.now()) if scheme.lower() == "bearer" else None
    if token is not None:
        _count(f"api:{token.pk}", PER_MINUTE)
        return token
    _count(f"api:unknown:{address_of(request)}", UNKNOWN_PER_MINUTE)
    raise Problem("no-token", _OVER if scheme else _MISSING, headers=_CHALLENGE)


def _count(name: str, per_minute: int) -> None:
    if not rates.allowed(name, per_minute):
        detail = f"At most {per_minute} calls a minute. The next minute takes new ones."
        raise Problem("too-many", detail, headers={"Retry-After": str(rates.seconds_left())})
