"""The profile: everything about one's own account on one page."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.forms import Form
from django.http import HttpRequest
from django.utils import timezone

from dashboard.people_forms import EmailForm, GitAddressForm, PasswordForm, PersonForm
from dashboard.sessions import devices_of
from remediation import api_tokens, people


def build(request: HttpRequest, **bound: Form) -> dict[str, Any]:
    """The context of the page. ``bound``: a form that was sent and refused, instead of the fresh one of its name."""
    from allauth.account.models import EmailAddress
    from allauth.mfa.models import Authenticator
    from allauth.socialaccount.models import SocialAccount

    user: Any = request.user
    addresses = list(EmailAddress.objects.filter(user=user))
    codes = {each.type: each for each in Authenticator.objects.filter(user=user)}
    recovery = codes.get(Authenticator.Type.RECOVERY_CODES)
    return {
        "person": bound.get("person") or PersonForm.of(user),
        "address": bound.get("address") or EmailForm(),
        "word": bound.get("word") or PasswordForm(user),
        "git": bound.get("git") or GitAddressForm(),
        "verified": next((each.email for each in addresses if each.verified), ""),
        "pending": next((each.email for each in addresses if not each.verified), ""),
        "has_password": user.has_usable_password(),
        "second_factor": codes.get(Authenticator.Type.TOTP),
        "codes_left": len(recovery.wrap().get_unused_codes()) if recovery else 0,
        "connected": SocialAccount.objects.filter(user=user).first() if settings.SSO else None,
        "sso": settings.SSO and settings.OIDC_NAME,
        "mail": settings.MAIL,
        "devices": devices_of(user, request.session.session_key or ""),
        "identities": list(user.git_identities.all()),
        "authors": people.seen_authors(user),
        "tokens": api_tokens.holding(timezone.now()).filter(owner=user).count(),
    }
