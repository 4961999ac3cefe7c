"""How allauth behaves here: nobody signs up, tries are limited and say until when, secrets are stored encrypted."""

from __future__ import annotations

import base64
import hashlib
import math
import time
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.core.internal import ratelimit
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.contrib.sites.shortcuts import get_current_site
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

from dashboard.acting import address_of
from dashboard.sessions import sign_in
from remediation import audit, outbox
from remediation.models import User

WRONG = "Name or password is wrong."


class AccountAdapter(DefaultAccountAdapter):
    """Signing in by name and password."""

    error_messages = {  # noqa: RUF012  # allauth's own attribute
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": WRONG,
        "incorrect_password": "The password is wrong.",
        "too_many_login_attempts": "Too many tries. Try again in 5 minutes.",  # the longest that it can take
        "rate_limited": "Too many tries. Try again in 5 minutes.",
        "invalid_password_reset": "This link is wrong, was used or has expired.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts come from an invitation, the one-time link or single sign-on, each of which decides for itself."""
        return False

    def is_safe_url(self, url: str) -> bool:
        """Only addresses of the host that was asked, as everywhere else on the site."""
        request = context.request
        return url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure())

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count the try. Raises ValidationError that says when one may try again, where there were too many."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            key = self._get_login_attempts_cache_key(request, **credentials)
            raise ValidationError(too_many(_wait(request, key))) from None

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """The account, if name and password are right and it is open: a closed one answers like a wrong password."""
        user = super().authenticate(request, **credentials)
        return user if user is not None and user.is_active else None

    def get_client_ip(self, request: HttpRequest) -> str:
        """As everywhere: what a client writes of itself counts nowhere."""
        return address_of(request) or "unknown"

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """The try after which a name is held up leaves a line, once for each time."""
        if _wait(request, self._get_login_attempts_cache_key(request, **credentials)):
            audit.write("held up", f"signing in as {credentials.get('username', '')}")

    def login(self, request: HttpRequest, user: User) -> None:
        """Sign in after every stage has been passed."""
        sign_in(request, user)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Into the outbox: an answer takes as long, and says as much, whether or not there is somebody to write to."""
        found = self.render_mail(template_prefix, email, {"current_site": get_current_site(self.request), **context})
        payload = {"to": email, "subject": found.subject, "text": found.body}
        key = f"{template_prefix.rpartition('/')[2]}-{hashlib.sha256(found.body.encode()).hexdigest()[:24]}"
        outbox.put([outbox.message(key, "mail", payload)])

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        # By name alone: allauth's own has the host in it, and each of our hosts would give five tries more.
        return str(credentials.get("username", "")).casefold()


class SecondFactorAdapter(DefaultMFAAdapter):
    """Codes from an app. A copy of the database alone gives nobody a second factor."""

    error_messages = {**DefaultMFAAdapter.error_messages, "incorrect_code": "This code is wrong or was used."}  # noqa: RUF012

    def encrypt(self, text: str) -> str:
        """With a key made of SECRET_KEY."""
        return str(_cipher().encrypt(text.encode()).decode())

    def decrypt(self, encrypted_text: str) -> str:
        """Raises cryptography.fernet.InvalidToken where SECRET_KEY is another one now."""
        return str(_cipher().decrypt(encrypted_text.encode()).decode())

    def get_totp_issuer(self) -> str:
        """What the app calls us."""
        return f"Remediation ({context.request.get_host()})"


def confirm_address(user: User, address: str) -> None:
    """Note an address as the person's, who has proved it; one that is another's by proof stays there."""
    from allauth.account.models import EmailAddress

    if not EmailAddress.objects.filter(email__iexact=address, verified=True).exclude(user=user).exists():
        EmailAddress.objects.filter(user=user).delete()
        EmailAddress.objects.create(user=user, email=address.lower(), verified=True, primary=True)
        User.objects.filter(pk=user.pk).update(email=address.lower())


def forget_second_factor(user: User) -> bool:
    """Take the account's codes and recovery codes away; False where it had none."""
    from allauth.mfa.models import Authenticator

    return Authenticator.objects.filter(user=user).delete()[0] > 0


def too_many(seconds: float) -> str:
    """The refusal, with the time in whole minutes, rounded up."""
    minutes = max(1, math.ceil(seconds / 60))
    return f"Too many tries. Try again in {minutes} minute{'' if minutes == 1 else 's'}."


def _wait(request: HttpRequest, key: str) -> float:
    """Seconds until each limit of failed sign-ins lets one more try through; 0.0 where none holds."""
    waits = [0.0]
    for rate in ratelimit.get_rates(app="allauth.account", action="login_failed"):
        cache_key = ratelimit.get_cache_key(request, app="allauth.account", action="login_failed", rate=rate, key=key)
        tries = sorted(cache.get(cache_key, []), reverse=True)
        if len(tries) >= rate.amount:
            waits.append(tries[rate.amount - 1] + rate.duration - time.time())
    return max(waits)


def _cipher() -> Any:
    from cryptography.fernet import Fernet  # 4 MB that only a second factor needs

    key = hashlib.sha256(b"second factor:" + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))
