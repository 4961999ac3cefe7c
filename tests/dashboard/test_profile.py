"""One's own account: name, keys, address, password, sessions, commits; and a forgotten password."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core import mail
from django.template import TemplateDoesNotExist
from django.template.loader import get_template
from django.test import Client
from django.utils import timezone

from dashboard.sessions import describe
from remediation import outbox, people
from remediation.models import AuditLine, Outbox, Session, User
from tests import factories
from tests.dashboard.cast import words

URL = "/me/profile/"
RIGHT = "pass-phrase-7"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"


@pytest.fixture
def mei(db: None) -> User:
    return factories.user("mei.lin")


def _signed_in(name: str = "mei.lin", **headers: Any) -> Client:
    client = Client(**headers)
    assert client.post("/login/", {"login": name, "password": RIGHT}).status_code == 302
    return client


def _page(client: Client) -> str:
    return words(client.get(URL).content.decode())


# --- name and keys ------------------------------------------------------------


def test_the_name_that_others_see(mei: User) -> None:
    client = _signed_in()
    assert client.post(URL, {"display": " Mei  <b>Lin</b> ", "single_keys": "on"}).url == URL
    page = client.get(URL).content.decode()
    assert "Mei &lt;b&gt;Lin&lt;/b&gt;" in page and "<b>Lin" not in page
    client.post(URL, {"display": "", "single_keys": "on"})
    mei.refresh_from_db()
    assert mei.label == "mei.lin"
    assert client.post(URL, {"display": "x" * 151}).status_code == 422


def test_single_keys_are_switched_off_for_the_account_in_every_browser(mei: User) -> None:
    client = _signed_in()
    assert "data-keys=" not in client.get("/find/").content.decode().split(">", 3)[1]
    client.post(URL, {"display": "Mei"})
    assert '<html lang="en" data-keys="off">' in _signed_in().get("/find/").content.decode()
    assert '<html lang="en">' in Client().get("/login/").content.decode()


# --- sessions -----------------------------------------------------------------


def test_sessions_are_listed_and_ended_one_by_one(mei: User) -> None:
    here = _signed_in(HTTP_USER_AGENT=FIREFOX, REMOTE_ADDR="203.0.113.7")
    phone = _signed_in(HTTP_USER_AGENT="Mozilla/5.0 (Linux; Android 14) Chrome/126 Mobile", REMOTE_ADDR="2001:db8::1")
    text, page = _page(here), here.get(URL).content.decode()
    assert "Firefox on Linux this one 203.0.113.7, since" in text and "Chrome on Android 2001:db8::1" in text
    handles = re.findall(r'name="session" value="([0-9a-f]{24})"', page)
    assert len(handles) == 1 and here.session.session_key not in page and phone.session.session_key not in page
    here.post(URL + "sessions/", {"session": handles[0]})
    assert phone.get("/find/").url == "/login/?next=/find/"
    assert here.get("/find/").status_code == 200
    here.post(URL + "sessions/", {"session": handles[0]})
    assert "That session had ended already." in _page(here)


def test_nobody_ends_another_persons_session(mei: User) -> None:
    factories.user("eve")
    mine, eve = _signed_in(), _signed_in("eve")
    second = _signed_in()
    handle = re.search(r'name="session" value="([0-9a-f]{24})"', mine.get(URL).content.decode())[1]
    eve.post(URL + "sessions/", {"session": handle})
    eve.post(URL + "sessions/", {"do": "others"})
    assert mine.get("/find/").status_code == second.get("/find/").status_code == 200


def test_last_used_is_true_to_five_minutes_and_costs_no_write_in_between(mei: User) -> None:
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        client = _signed_in()
        clock.shift(timedelta(minutes=4))
        client.get("/find/")
        assert Session.objects.get(user=mei).last_used_at == start
        clock.shift(timedelta(minutes=2))
        client.get("/find/")
        assert Session.objects.get(user=mei).last_used_at == start + timedelta(minutes=6)


def test_a_closed_account_is_signed_out_everywhere_at_once(mei: User) -> None:
    clients = [_signed_in() for _ in range(2)]
    people.deactivate(mei, factories.user("root", is_superuser=True))
    assert [client.get("/find/").url for client in clients] == ["/login/?next=/find/"] * 2
    assert not Session.objects.filter(user=mei).exists()
    page = Client().post("/login/", {"login": "mei.lin", "password": RIGHT}).content.decode()
    assert "Name or password is wrong." in page


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (FIREFOX, "Firefox on Linux"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605 Version/17.5 Safari/605", "Safari on macOS"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/126.0 Safari/537 Edg/126.0", "Edge on Windows"),
        ("curl/8.5.0", "Unknown browser"),
        ("", "Unknown browser"),
    ],
)
def test_a_browser_is_named_in_words(agent: str, name: str) -> None:
    assert describe(agent) == name


# --- password -----------------------------------------------------------------


def test_a_new_password_ends_every_other_session(mei: User) -> None:
    here, other = _signed_in(), _signed_in()
    form = {"old": RIGHT, "password": "correct horse battery"}
    for change, said in (({"old": "guess"}, "The password is wrong."), ({"password": "short"}, "too short")):
        refused = here.post(URL + "password/", {**form, **change})
        assert refused.status_code == 422 and said in words(refused.content.decode())
    assert here.post(URL + "password/", form).url == URL
    assert here.get(URL).status_code == 200 and other.get(URL).status_code == 302
    mei.refresh_from_db()
    assert mei.check_password("correct horse battery") and mei.sessions.count() == 1


def test_a_stolen_session_cannot_guess_the_password(mei: User) -> None:
    client = _signed_in()
    form = {"old": "guess", "password": "correct horse battery"}
    for _ in range(5):
        client.post(URL + "password/", form)
    page = words(client.post(URL + "password/", {**form, "old": RIGHT}).content.decode())
    assert "Too many tries. Try again in 5 minutes." in page
    mei.refresh_from_db()
    assert mei.check_password(RIGHT)


# --- address, and a forgotten password -------------------------------------------


def _mailed_link(pattern: str) -> str:
    outbox.deliver()
    return re.search(rf"http://testserver({pattern}\S+)", mail.outbox[-1].body)[1]


def test_an_address_counts_once_its_link_was_followed_and_the_button_pressed(mei: User, settings: Any) -> None:
    settings.MAIL = True
    client = _signed_in()
    refused = client.post(URL + "e-mail/", {"email": "no address"})
    assert refused.status_code == 422 and 'id="id_email_error"' in refused.content.decode()
    client.post(URL + "e-mail/", {"email": "Mei@example.org"})
    assert "mei@example.org is not confirmed yet." in _page(client)
    link = _mailed_link("/confirm/")
    Client().get(link)  # as a mail scanner does
    assert not EmailAddress.objects.get().verified
    Client().post(link)
    assert "mei@example.org , confirmed." in _page(client) or "mei@example.org, confirmed." in _page(client)
    mei.refresh_from_db()
    assert mei.email == "mei@example.org"
    client.post(URL + "e-mail/", {"email": "new@example.org"})
    assert EmailAddress.objects.filter(verified=True).get().email == "mei@example.org"  # until the new one is confirmed
    Client().post(_mailed_link("/confirm/"))
    assert [each.email for each in EmailAddress.objects.all()] == ["new@example.org"]
    assert Client().post("/confirm/no-such-key/").status_code == 410


def test_a_confirmed_address_is_one_persons(mei: User, settings: Any) -> None:
    settings.MAIL = True
    EmailAddress.objects.create(user=factories.user("ada"), email="ada@example.org", verified=True, primary=True)
    client = _signed_in()
    client.post(URL + "e-mail/", {"email": "ada@example.org"})
    link = _mailed_link("/confirm/")
    assert "Another account has this address" in Client().get(link).content.decode()
    Client().post(link)
    assert EmailAddress.objects.get(verified=True).user.username == "ada"


def test_without_mail_no_address_is_asked_for_and_no_reset_is_offered(mei: User) -> None:
    client = _signed_in()
    assert "This dashboard sends no mail, so no address can be confirmed here." in _page(client)
    client.post(URL + "e-mail/", {"email": "mei@example.org"})
    assert not EmailAddress.objects.exists()
    assert "/password/" not in Client().get("/login/").content.decode()
    for answer in (Client().get("/password/"), Client().post("/password/", {"email": "mei@example.org"})):
        assert "This dashboard sends no mail." in answer.content.decode()
    assert not Outbox.objects.exists()


@pytest.fixture
def confirmed(mei: User, settings: Any) -> User:
    settings.MAIL = True
    EmailAddress.objects.create(user=mei, email="mei@example.org", verified=True, primary=True)
    return mei


def test_a_forgotten_password_is_set_anew_by_a_link_that_works_once(confirmed: User) -> None:
    signed_in = _signed_in()
    assert "Forgotten your password?" in Client().get("/login/").content.decode()
    assert Client().post("/password/", {"email": "MEI@example.org"}).url == "/password/sent/"
    link, guest = _mailed_link("/password/"), Client()
    assert "for mei.lin on testserver" in mail.outbox[0].body
    form_page = guest.get(link).url  # the key leaves the address at once
    assert form_page.endswith("-set-password/")
    assert "too short" in words(guest.post(form_page, {"password": "short"}).content.decode())
    assert guest.post(form_page, {"password": "correct horse battery"}).url == "/login/"
    assert signed_in.get(URL).status_code == 302
    assert AuditLine.objects.get().object == "password of mei.lin, by a mailed link"
    confirmed.refresh_from_db()
    assert confirmed.check_password("correct horse battery")
    assert "has been used or has expired" in Client().get(link).content.decode()


@pytest.mark.parametrize("who", ["nobody", "only claimed", "closed"])
def test_the_answer_is_the_same_whoever_is_asked_for(confirmed: User, who: str) -> None:
    if who == "only claimed":
        EmailAddress.objects.create(user=factories.user("eve"), email="eve@example.org", verified=False)
    if who == "closed":
        User.objects.filter(pk=confirmed.pk).update(is_active=False)
    address = {"closed": "mei@example.org", "only claimed": "eve@example.org"}.get(who, "nobody@example.org")
    answer = Client().post("/password/", {"email": address})
    assert (answer.status_code, answer.url, Outbox.objects.count()) == (302, "/password/sent/", 0)


def test_no_mail_server_is_asked_while_the_browser_waits(confirmed: User, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9  # nobody listens there
    assert Client().post("/password/", {"email": "mei@example.org"}).url == "/password/sent/"
    assert Outbox.objects.get().payload["to"] == "mei@example.org"  # it leaves as soon as one answers


def test_resets_are_limited(confirmed: User) -> None:
    with time_machine.travel(timezone.now(), tick=False):
        answers = [Client().post("/password/", {"email": "mei@example.org"}).status_code for _ in range(6)]
    assert answers == [302] * 5 + [429]


# --- commits ------------------------------------------------------------------


def test_addresses_in_commits_are_added_proposed_and_removed(mei: User) -> None:
    project = factories.project("atlas")
    project.memberships.create(user=mei, role="engineer")
    factories.counted_pass(project, 1, [])
    client = _signed_in()
    assert '<option value="sample@example.org">' in client.get(URL).content.decode()
    client.post(URL + "commits/", {"git_email": "Sample@example.org"})
    page = client.get(URL).content.decode()
    assert "<code>sample@example.org</code>" in page and "<option value=" not in page
    factories.user("eve")
    refused = _signed_in("eve").post(URL + "commits/", {"git_email": "sample@example.org"})
    assert refused.status_code == 422 and "another account" in refused.content.decode()
    client.post(URL + "commits/", {"git_email": "sample@example.org", "do": "remove"})
    assert not mei.git_identities.exists()


# --- whose pages ---------------------------------------------------------------


@pytest.mark.parametrize("name", ["account/login.html", "account/signup.html", "mfa/index.html", "admin/login.html"])
def test_no_page_of_a_library_can_appear(name: str) -> None:
    with pytest.raises(TemplateDoesNotExist):
        get_template(name)


@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/signup/", "/signup/", "/accounts/", "/admin/"])
def test_what_is_not_ours_is_not_there(mei: User, path: str) -> None:
    assert _signed_in().get(path).status_code == 404


def test_the_page_costs_a_constant_number_of_queries(mei: User, django_assert_num_queries: Any) -> None:
    client = _signed_in()
    for _ in range(4):
        _signed_in()
    client.get(URL)
    with django_assert_num_queries(8):  # session, person, addresses, codes, sessions, identities, authors, tokens
        client.get(URL)
