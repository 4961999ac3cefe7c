"""Single sign-on by OpenID Connect: who may come in by it, and what its answer must prove."""

from __future__ import annotations

import logging
import secrets
from typing import Any, NoReturn
from urllib.parse import urlsplit

from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.signals import social_account_added
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.db.models import Q
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from remediation import audit, people
from remediation.models import Invitation, User

log = logging.getLogger("dashboard.sso")
INVITED = "invitation"  # where the session keeps the token of the invitation that was opened
FAILED = "Single sign-on did not work. Try again, or sign in with a password."


class SingleSignOn(DefaultSocialAccountAdapter):
    """An account that is linked, a verified address, an invitation, or a domain of the settings: nobody else."""

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Link to the account whose verified address the issuer vouches for; refuse who may not come in."""
        if sociallogin.state.get("process") == "connect":
            return
        address = verified_address(sociallogin)
        if not sociallogin.is_existing and address:
            known = EmailAddress.objects.filter(email__iexact=address, verified=True).select_related("user").first()
            if known is not None and known.user.is_active:
                sociallogin.connect(request, known.user)
        if not sociallogin.is_existing:
            self._refuse_unless_open(request, sociallogin, address)
        elif not sociallogin.user.is_active:
            _refuse(request, "This account is closed. Ask an administrator.")
        elif (invitation := invited(request)) is not None:
            _join(request, invitation, sociallogin.user)

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """For the invited, and for a verified address of a domain that the settings name."""
        _, _, domain = verified_address(sociallogin).rpartition("@")
        return invited(request) is not None or domain in settings.OIDC_DOMAINS

    def save_user(self, request: HttpRequest, sociallogin: Any, form: Any = None) -> User:
        """The new account and its membership, or neither. An address that nobody vouches for is not kept."""
        if not verified_address(sociallogin):
            sociallogin.email_addresses, sociallogin.user.email = [], ""
        with transaction.atomic():
            user: User = super().save_user(request, sociallogin, form)
            audit.write("added", f"account {user.username}, by single sign-on", by=user)
            if (invitation := invited(request)) is not None:
                _join(request, invitation, user)
        return user

    def on_authentication_error(
        self, request: HttpRequest, provider: Any, error: Any = None, exception: Any = None, extra_context: Any = None
    ) -> NoReturn:
        """Back to the sign-in page, in words; the reason goes to the log."""
        if error == "cancelled":
            _refuse(request, "Single sign-on was cancelled.")
        log.warning("Single sign-on failed: %s %s", error, " ".join(str(exception).split())[:300])
        _refuse(request, FAILED)

    def get_connect_redirect_url(self, request: HttpRequest, socialaccount: Any) -> str:
        """Back to where it was asked for."""
        return reverse("profile")

    def _refuse_unless_open(self, request: HttpRequest, sociallogin: Any, address: str) -> None:
        claimed = address or sociallogin.user.email
        taken = Q(email__iexact=claimed) | Q(emailaddress__email__iexact=claimed)
        if address and User.objects.filter(taken).exists():
            _refuse(
                request,
                f"An account here names {address}, but the address is not verified there. "
                "Sign in with its password, then connect it on your profile.",
            )
        if not self.is_open_for_signup(request, sociallogin):
            _refuse(request, f"There is no account for {claimed or 'you'} here. Ask for an invitation.")


@receiver(social_account_added)
def _note_link(sociallogin: Any, **_: Any) -> None:
    audit.write("connected", f"account {sociallogin.user.username} with single sign-on", by=sociallogin.user)


def verified_address(sociallogin: Any) -> str:
    """The address in small letters, if the issuer says that it is verified; else ""."""
    found = [each.email.strip().lower() for each in sociallogin.email_addresses if each.verified and each.email]
    return found[0] if found else ""


def invited(request: HttpRequest) -> Invitation | None:
    """The invitation that was opened in this browser, while it can be accepted."""
    token = request.session.get(INVITED, "")
    return people.find(token) if token else None


def start(request: HttpRequest, process: str, after: str) -> str:
    """Where to send the browser; state, PKCE and a nonce are kept in the session. Raises LookupError without an issuer.

    Raises one of :func:`unreachable` where the issuer cannot be asked.
    """
    from allauth.socialaccount.adapter import get_adapter

    if not settings.SSO:
        raise LookupError
    provider = get_adapter(request).get_provider(request, "sso")
    provider.oauth2_adapter_class = _checked()
    nonce = secrets.token_urlsafe(24)
    answer = provider.redirect(request, process, after, auth_params={"nonce": nonce}, nonce=nonce)
    if urlsplit(answer["Location"]).scheme not in {"https", "http"}:  # allauth caught it, and leads back to us
        raise unreachable()[-1]("The issuer's configuration cannot be used.")
    return str(answer["Location"])


def finish(request: HttpRequest) -> HttpResponse:
    """The issuer's answer: signed in, connected, or back to the sign-in page with words. Raises as :func:`start`."""
    from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView

    if not settings.SSO:
        raise LookupError

    class Callback(OAuth2CallbackView):  # type: ignore[misc]
        def _get_state(self, request: HttpRequest, provider: Any) -> Any:
            state, answer = super()._get_state(request, provider)
            self.adapter.nonce = (state or {}).get("nonce", "")
            return state, answer

    answer: HttpResponse = Callback.adapter_view(_checked()(request, "sso"))(request)
    return answer


def unreachable() -> tuple[type[Exception], ...]:
    """What is raised where the issuer does not answer, or not as it should."""
    from allauth.socialaccount.providers.oauth2.client import OAuth2Error
    from requests import RequestException

    return (RequestException, OAuth2Error)


def note(error: Exception) -> None:
    """One line in the log; no secret stands in it."""
    log.warning("Single sign-on: the issuer cannot be asked: %s", " ".join(str(error).split())[:300])


def disconnect(user: User) -> None:
    """Take the account's link to the issuer away."""
    from allauth.socialaccount.models import SocialAccount

    with transaction.atomic():
        if SocialAccount.objects.filter(user=user).delete()[0]:
            audit.write("disconnected", f"account {user.username} from single sign-on", by=user)


def _checked() -> Any:
    """allauth's client of the issuer, with the checks that it leaves to the transport."""
    from allauth.socialaccount.internal import jwtkit
    from allauth.socialaccount.providers.oauth2.client import OAuth2Error
    from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter

    class Checked(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
        nonce = ""

        @property
        def openid_config(self) -> dict[str, Any]:
            found: dict[str, Any] = super().openid_config
            named = found.get("issuer", "") if isinstance(found, dict) else ""
            if str(named).rstrip("/") != settings.OIDC_ISSUER.rstrip("/"):
                raise OAuth2Error("The issuer's configuration names another issuer.")
            return found

        def get_callback_url(self, request: HttpRequest, app: Any) -> str:
            return request.build_absolute_uri(reverse("sso-back"))

        def complete_login(self, request: HttpRequest, app: Any, token: Any, **kwargs: Any) -> Any:
            try:
                login = super().complete_login(request, app, token, **kwargs)
                claims, said = (login.account.extra_data.get(part) or {} for part in ("id_token", "userinfo"))
                same = said.get("sub", claims["sub"]) == claims["sub"] and claims["nonce"] == self.nonce
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise OAuth2Error(f"The issuer's answer lacks {error}.") from error
            if not same or not self.nonce:
                raise OAuth2Error("The id_token is another login's, or another person's.")
            return login

        def _decode_id_token(self, app: Any, id_token: str) -> dict[str, Any]:
            # The signature, too: allauth trusts the TLS connection that brought it.
            found: dict[str, Any] = jwtkit.verify_and_decode(
                credential=id_token, keys_url=self.openid_config["jwks_uri"], audience=app.client_id,
                issuer=self.openid_config["issuer"], lookup_kid=jwtkit.lookup_kid_jwk,
            )  # fmt: skip
            return found

    return Checked


def _join(request: HttpRequest, invitation: Invitation, user: User) -> None:
    try:
        people.accept(invitation, user)
    except people.Refused as refused:
        _refuse(request, refused.text)
    request.session.pop(INVITED, None)


def _refuse(request: HttpRequest, text: str) -> NoReturn:
    messages.error(request, text, extra_tags="bad")
    raise ImmediateHttpResponse(redirect("account_login"))
