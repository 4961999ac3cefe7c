"""The second factor: switched on with a code, asked at sign-in, and got past only by what is meant for it."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.conf import settings
from django.db import connection
from django.test import Client

from dashboard.first_link import issue_link
from remediation.models import AuditLine, Session, User
from tests import factories
from tests.dashboard.cast import words

RIGHT = "pass-phrase-7"


@pytest.fixture
def mei(db: None) -> User:
    return factories.user("mei.lin")


def _code(secret: str, step: int = 0) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + step))


def _switch_on(user: User) -> tuple[Client, str, list[str]]:
    """Through the pages; the browser, the secret and the recovery codes."""
    client = Client()
    client.force_login(user)
    assert client.get("/me/profile/second-factor/").url.startswith("/login/again/?next=")
    again = client.post("/login/again/", {"password": RIGHT, "next": "/me/profile/second-factor/"})
    page = client.get(again.url).content.decode()
    secret = re.search(r'id="secret">([A-Z2-7]{32})<', page)[1]
    assert 'src="data:image/svg+xml;base64,' in page
    answer = client.post("/me/profile/second-factor/", {"code": _code(secret, -1)})
    assert answer.url == "/me/profile/recovery-codes/"
    codes = re.findall(r"\b[0-9]{8}\b", re.search(r'id="codes">([^<]*)<', client.get(answer.url).content.decode())[1])
    assert len(set(codes)) == 10
    return client, secret, codes


def _lines() -> list[str]:
    return [f"{line.verb} {line.object}" for line in AuditLine.objects.order_by("pk")]


def _password(client: Client) -> str:
    return client.post("/login/", {"login": "mei.lin", "password": RIGHT, "next": "/find/"}).url


def test_a_password_alone_opens_nothing_any_more(mei: User) -> None:
    _, secret, codes = _switch_on(mei)
    client = Client()
    assert _password(client) == "/login/code/"
    assert client.get("/find/").url == "/login/?next=/find/"
    page = words(client.post("/login/code/", {"code": "000000"}).content.decode())
    assert "This code is wrong or was used." in page
    assert client.post("/login/code/", {"code": _code(secret)}).url == "/find/"
    assert client.get("/find/").status_code == 200
    for code in (_code(secret), codes[0]):  # the app's code was used; a recovery code works in its place, once
        late = Client()
        _password(late)
        let_in = late.post("/login/code/", {"code": code}).status_code == 302
        assert let_in == (code == codes[0])
    late = Client()
    _password(late)
    assert late.post("/login/code/", {"code": codes[0]}).status_code == 200
    assert _lines() == ["added second factor"]
    assert "9 recovery codes left" in words(client.get("/me/profile/").content.decode())


def test_codes_cannot_be_guessed_at_leisure(mei: User) -> None:
    _, secret, _ = _switch_on(mei)
    for _ in range(5):
        client = Client()  # a new browser each time, as a script would
        _password(client)
        assert client.post("/login/code/", {"code": "000000"}).status_code == 200
    client = Client()
    _password(client)
    page = words(client.post("/login/code/", {"code": _code(secret)}).content.decode())
    assert "Too many tries. Try again in 5 minutes." in page


def test_the_code_page_needs_the_password_first(mei: User) -> None:
    _, secret, _ = _switch_on(mei)
    assert Client().get("/login/code/").url == "/login/"
    assert Client().post("/login/code/", {"code": _code(secret)}).url == "/login/"


def test_recovery_codes_are_shown_once_and_new_ones_end_the_old(mei: User) -> None:
    client, _, codes = _switch_on(mei)
    page = client.get("/me/profile/recovery-codes/").content.decode()
    assert "They have been shown already; 10 of 10 are unused." in words(page) and codes[0] not in page
    assert client.post("/me/profile/recovery-codes/new/").url == "/me/profile/recovery-codes/"
    fresh = client.get("/me/profile/recovery-codes/").content.decode()
    assert "Shown this once." in words(fresh) and codes[0] not in fresh
    late = Client()
    _password(late)
    assert late.post("/login/code/", {"code": codes[0]}).status_code == 200
    assert _lines() == ["added second factor", "changed recovery codes"]


def test_switching_off_needs_the_password_again(mei: User) -> None:
    _, secret, _ = _switch_on(mei)
    thief = Client()  # has the session, and nothing else
    _password(thief)
    thief.post("/login/code/", {"code": _code(secret)})
    assert thief.post("/me/profile/second-factor/off/").url.startswith("/login/again/")
    assert thief.post("/me/profile/recovery-codes/new/").url.startswith("/login/again/")
    assert Authenticator.objects.filter(user=mei).count() == 2
    wrong = thief.post("/login/again/", {"password": "guess", "next": "/me/profile/second-factor/off/"})
    assert "The password is wrong." in words(wrong.content.decode())
    thief.post("/login/again/", {"password": RIGHT, "next": "/me/profile/second-factor/off/"})
    assert thief.post("/me/profile/second-factor/off/").url == "/me/profile/"
    assert not Authenticator.objects.filter(user=mei).exists()
    assert _password(Client()) == "/find/"
    assert _lines() == ["added second factor", "removed second factor"]


def test_a_copy_of_the_database_holds_no_secret(mei: User) -> None:
    client, secret, codes = _switch_on(mei)
    with connection.cursor() as cursor:
        cursor.execute("SELECT data::text FROM mfa_authenticator")
        stored = " ".join(row[0] for row in cursor.fetchall())
    assert "secret" in stored and secret not in stored and codes[0] not in stored
    assert secret not in str(client.session.items())  # nor does the session that made it


def test_the_link_of_the_machine_gets_an_administrator_past_a_lost_phone(mei: User) -> None:
    User.objects.filter(pk=mei.pk).update(is_superuser=True)
    _switch_on(mei)
    link, client = f"/welcome/{issue_link(Path(settings.DATA_DIR))}/", Client()
    assert "takes the second factor away" in words(client.get(link).content.decode())
    assert client.post(link, {"name": "mei.lin", "password": "correct horse battery"}).url == "/"
    assert not Authenticator.objects.exists()
    said = "changed administrator mei.lin, by the one-time link, which took the second factor away"
    assert _lines() == ["added second factor", said]
    assert Session.objects.filter(user=mei).count() == 1  # every other session has ended


def test_pages_of_what_is_off_lead_to_the_profile(mei: User) -> None:
    client = Client()
    client.force_login(mei)
    for path in ("second-factor/off/", "recovery-codes/"):
        assert client.get(f"/me/profile/{path}").url == "/me/profile/"
