"""Single sign-on against a real issuer on loopback: who comes in, and which answers prove nothing."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from dashboard import doctor
from dashboard.environment import sso_provider
from remediation import people
from remediation.models import Membership, User
from tests import factories, oidc
from tests.dashboard.cast import words

ADA = {"sub": "u-1", "email": "Ada@example.org", "email_verified": True, "name": "Ada Lovelace",
       "preferred_username": "ada"}  # fmt: skip


@pytest.fixture
def issuer(db: None, settings: Any) -> Iterator[oidc.Issuer]:
    with oidc.issuer() as made:
        settings.SSO, settings.OIDC_ISSUER, settings.OIDC_NAME = True, made.url, "Example ID"
        settings.SOCIALACCOUNT_PROVIDERS = sso_provider(made.url, "Example ID", oidc.CLIENT, oidc.SECRET)
        made.person = dict(ADA)
        yield made


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def _there_and_back(client: Client, **form: str) -> str:
    """Press the button, sign in at the issuer, and give the address that it sends the browser back to."""
    page = client.post("/login/sso/", form)
    assert page.status_code == 200, page.get("Location")
    assert f'http-equiv="refresh" content="0; url={oidc_address(page)}"'.replace("&", "&amp;") in page.content.decode()
    try:
        urllib.request.build_opener(_Stay).open(oidc_address(page), timeout=5)
    except urllib.error.HTTPError as answer:
        back = urlsplit(answer.headers["Location"])
        return f"{back.path}?{back.query}"
    raise AssertionError


def oidc_address(page: Any) -> str:
    return str(page.context["address"])


def _sign_in(client: Client, **form: str) -> Any:
    return client.get(_there_and_back(client, **form))


def _who(client: Client) -> str:
    key = client.session.get("_auth_user_id")
    return User.objects.get(pk=key).username if key else ""


def _known(name: str = "ada.l", *, verified: bool = True, **values: Any) -> User:
    user = factories.user(name, **values)
    EmailAddress.objects.create(user=user, email="ada@example.org", verified=verified, primary=True)
    return user


def test_a_verified_address_links_to_the_account_that_has_confirmed_it(issuer: oidc.Issuer) -> None:
    ada, client = _known(), Client()
    assert "Sign in with Example ID" in client.get("/login/").content.decode()
    answer = _sign_in(client, next="/p/atlas/")
    assert (answer.url, _who(client)) == ("/p/atlas/", "ada.l")
    assert ada.check_password("pass-phrase-7")  # linking takes nothing away
    issuer.person["email"] = "renamed@example.org"  # from now on the issuer's own id counts
    again = Client()
    _sign_in(again)
    assert _who(again) == "ada.l"
    assert (User.objects.count(), SocialAccount.objects.count()) == (1, 1)


def test_it_leads_nowhere_but_into_this_site(issuer: oidc.Issuer) -> None:
    _known()
    assert _sign_in(Client(), next="https://evil.example/").url == "/"


@pytest.mark.parametrize(
    ("known_verified", "said"),
    [(True, False), (False, True), (False, False)],
    ids=["the issuer does not vouch", "only claimed here", "neither"],
)
def test_an_address_that_is_not_proved_on_both_sides_links_nothing(
    issuer: oidc.Issuer, known_verified: bool, said: bool
) -> None:
    _known(verified=known_verified)
    issuer.person["email_verified"] = said
    client = Client()
    assert _sign_in(client).url == "/login/"
    page = words(client.get("/login/").content.decode())
    assert ("not verified there" if said else "There is no account for") in page
    assert (_who(client), SocialAccount.objects.count(), User.objects.count()) == ("", 0, 1)


def test_a_stranger_gets_no_account(issuer: oidc.Issuer) -> None:
    client = Client()
    assert _sign_in(client).url == "/login/"
    assert "There is no account for ada@example.org here. Ask for an invitation." in words(
        client.get("/login/").content.decode()
    )
    assert not User.objects.exists()


def test_a_domain_of_the_settings_lets_its_people_in(issuer: oidc.Issuer, settings: Any) -> None:
    settings.OIDC_DOMAINS = ["example.org"]
    client = Client()
    assert _sign_in(client).url == "/"
    ada = User.objects.get()
    assert (ada.username, ada.label, ada.email, ada.is_superuser) == ("ada", "Ada Lovelace", "ada@example.org", False)
    assert not ada.has_usable_password() and not Membership.objects.exists()
    issuer.person = {**ADA, "sub": "u-2", "email": "eve@other.example"}
    assert _sign_in(Client()).url == "/login/"
    issuer.person = {**ADA, "sub": "u-3", "email": "eve@example.org", "email_verified": False}
    assert _sign_in(Client()).url == "/login/"
    assert User.objects.count() == 1


def test_the_invited_join_in_one_step(issuer: oidc.Issuer) -> None:
    project = factories.project("atlas")
    lead = factories.member(project, "lead")
    _, token = people.invite(project, "engineer", lead)
    client = Client()
    assert "Join with Example ID" in client.get(f"/invitation/{token}/").content.decode()
    assert _sign_in(client, next="/p/atlas/").url == "/p/atlas/"
    assert client.get("/p/atlas/").status_code == 200
    assert project.memberships.get(user__username="ada").role == "engineer"
    issuer.person = {**ADA, "sub": "u-2", "email": "eve@example.org"}
    late = Client()
    assert late.get(f"/invitation/{token}/").status_code == 410
    assert _sign_in(late).url == "/login/"


def test_a_second_factor_is_asked_after_it_too(issuer: oidc.Issuer) -> None:
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

    TOTP.activate(_known(), generate_totp_secret())
    client = Client()
    assert _sign_in(client).url == "/login/code/"
    assert _who(client) == ""


def test_a_closed_account_stays_closed(issuer: oidc.Issuer) -> None:
    ada, client = _known(), Client()
    _sign_in(client)
    User.objects.filter(pk=ada.pk).update(is_active=False)
    late = Client()
    assert _sign_in(late).url == "/login/"
    assert "This account is closed." in words(late.get("/login/").content.decode())
    assert _who(late) == ""


SPOILT = {
    "another audience": {"spoil": {"aud": "somebody-else"}},
    "another issuer": {"spoil": {"iss": "https://evil.example"}},
    "another login's nonce": {"spoil": {"nonce": "x"}},
    "no nonce": {"spoil": {"nonce": None}},
    "expired": {"spoil": {"exp": 1_000}},
    "no subject": {"spoil": {"sub": None}},
    "a key that is not published": {"foreign_key": True},
    "userinfo of another person": {"userinfo": {"sub": "u-9"}},
}


@pytest.mark.parametrize("how", SPOILT)
def test_an_answer_that_proves_nothing_signs_nobody_in(issuer: oidc.Issuer, how: str) -> None:
    _known()
    client = Client()
    back = _there_and_back(client)
    for name, value in SPOILT[how].items():
        setattr(issuer, name, value)
    assert client.get(back).url == "/login/"
    assert "Single sign-on did not work." in words(client.get("/login/").content.decode())
    assert (_who(client), SocialAccount.objects.count()) == ("", 0)


def test_state_and_code_are_good_once_and_in_one_browser(issuer: oidc.Issuer) -> None:
    _known()
    client, other = Client(), Client()
    back = _there_and_back(client)
    assert other.get(back).url == "/login/" and _who(other) == ""  # its state is the first one's
    assert client.get(back.replace("state=", "state=x")).url == "/login/" and _who(client) == ""
    assert client.get(back).url == "/" and _who(client) == "ada.l"
    client.post("/logout/")
    assert client.get(back).url == "/login/" and _who(client) == ""


def test_cancelling_and_an_issuer_that_is_down_are_said(issuer: oidc.Issuer) -> None:
    client = Client()
    state = dict(part.split("=") for part in urlsplit(_there_and_back(client)).query.split("&"))["state"]
    assert client.get(f"/login/sso/back/?error=access_denied&state={state}").url == "/login/"
    assert "Single sign-on was cancelled." in words(client.get("/login/").content.decode())
    back = _there_and_back(client)
    issuer.broken = True
    for ask in (lambda: client.get(back), lambda: client.post("/login/sso/")):
        assert ask().url == "/login/"
        assert "Single sign-on did not work." in words(client.get("/login/").content.decode())


def test_connecting_needs_the_password_and_the_button(issuer: oidc.Issuer) -> None:
    mei, client = factories.user("mei.lin"), Client()
    client.force_login(mei)
    assert client.get("/login/sso/").status_code == 405  # no foreign page can start it
    assert "Connect Example ID" in client.get("/me/profile/").content.decode()
    assert _sign_in(client, next="/me/profile/").url == "/login/again/"
    assert not SocialAccount.objects.exists()
    assert client.post("/login/again/", {"password": "pass-phrase-7"}).url == "/me/profile/"
    assert SocialAccount.objects.get().user == mei
    assert "Connected with Example ID" in client.get("/me/profile/").content.decode()
    late = Client()
    _sign_in(late)
    assert _who(late) == "mei.lin"
    assert client.post("/me/profile/sso/").url == "/me/profile/"
    assert not SocialAccount.objects.exists()


def test_who_has_no_password_stays_connected(issuer: oidc.Issuer, settings: Any) -> None:
    settings.OIDC_DOMAINS = ["example.org"]
    client = Client()
    _sign_in(client)
    page = words(client.get("/me/profile/").content.decode())
    assert "You sign in with Example ID, and have no password here." in page
    client.post("/me/profile/sso/")
    assert SocialAccount.objects.count() == 1
    assert "without it you could not sign in" in words(client.get("/me/profile/").content.decode())


def test_the_doctor_asks_the_issuer_and_tells_no_secret(issuer: oidc.Issuer, settings: Any) -> None:
    found = doctor.sign_in()
    assert (found.state, found.text) == ("ok", f"by password and by {issuer.url}, accounts by invitation")
    settings.OIDC_ISSUER = issuer.url.replace("127.0.0.1", "localhost")
    assert (doctor.sign_in().state, doctor.sign_in().remedy) == ("FAIL", "set OIDC_ISSUER to that")
    issuer.broken = True
    assert doctor.sign_in().state == "warn" and oidc.SECRET not in doctor.sign_in().line()
    settings.SSO = False
    assert doctor.sign_in().line().startswith("ok   sign-in: by password; single sign-on is not configured")


def test_without_an_issuer_there_is_no_button_and_no_address(db: None) -> None:
    assert "/login/sso/" not in Client().get("/login/").content.decode()
    assert Client().post("/login/sso/").status_code == 404
    assert Client().get("/login/sso/back/?code=1&state=2").status_code == 404


@pytest.mark.parametrize(
    ("issuer", "client", "secret"),
    [("http://id.example.org", "c", "hush"), ("https://id", "", "hush"), ("id", "c", "hush")],
)
def test_an_unusable_configuration_is_refused_without_the_secret(issuer: str, client: str, secret: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="OIDC_") as caught:
        sso_provider(issuer, "x", client, secret)
    assert "hush" not in str(caught.value)
    assert sso_provider("", "x", "", "") == {}
