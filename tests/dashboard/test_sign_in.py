"""Signing in and out, and the one-time link of the first administrator."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import Client

from dashboard.first_link import check, issue_link
from remediation.models import User
from tests import factories
from tests.dashboard.cast import words

PASSWORD = "pass-phrase-7"  # of factories.user


@pytest.fixture
def mei(db: None) -> User:
    return factories.user("mei.lin")


@pytest.fixture
def link(db: None) -> str:
    return f"/welcome/{issue_link(Path(settings.DATA_DIR))}/"


def _sign_in(name: str, password: str, **values: str) -> object:
    return Client().post("/login/", {"login": name, "password": password, **values})


def test_it_works_and_goes_where_the_person_wanted(mei: User) -> None:
    assert _sign_in("mei.lin", PASSWORD).url == "/"
    assert _sign_in("mei.lin", PASSWORD, next="/p/atlas/tickets/?tab=mine").url == "/p/atlas/tickets/?tab=mine"


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "/\\evil.example"]
)
def test_another_site_is_no_place_to_go(mei: User, elsewhere: str) -> None:
    assert _sign_in("mei.lin", PASSWORD, next=elsewhere).url == "/"


@pytest.mark.parametrize(("name", "password"), [("mei.lin", "wrong"), ("nobody", PASSWORD), ("closed", PASSWORD)])
def test_one_answer_for_every_failure(mei: User, name: str, password: str) -> None:
    factories.user("closed", is_active=False)
    answer = _sign_in(name, password)
    assert "Name or password is wrong." in words(answer.content.decode())
    assert "_auth_user_id" not in answer.client.session


def test_the_form_works_with_a_password_manager_and_without_javascript(db: None) -> None:
    page = Client().get("/login/").content.decode()
    assert 'autocomplete="username"' in page and 'autocomplete="current-password"' in page
    assert "hidden>Show</button>" in page  # shown by the script that makes it work


def test_signing_out_needs_a_post(mei: User) -> None:
    client = Client()
    client.force_login(mei)
    assert client.get("/logout/").status_code == 405
    assert client.post("/logout/").url == "/"
    assert client.get("/").url == "/login/?next=/"


def test_the_link_makes_the_first_administrator_in_one_step(link: str) -> None:
    client = Client()
    page = client.get(link)
    assert page.status_code == 200
    assert 'value="admin"' in page.content.decode() and "autofocus" in page.content.decode()
    assert page["Cache-Control"].startswith("max-age=0")
    answer = client.post(link, {"name": "admin", "password": "correct horse battery"})
    assert answer.url == "/"
    admin = User.objects.get()
    assert (admin.username, admin.is_superuser, admin.is_staff) == ("admin", True, True)
    assert admin.check_password("correct horse battery")
    assert client.session["_auth_user_id"] == str(admin.pk)


def test_a_used_link_says_how_to_get_another(link: str) -> None:
    assert Client().post(link, {"name": "admin", "password": "correct horse battery"}).status_code == 302
    for answer in (Client().get(link), Client().post(link, {"name": "eve", "password": "correct horse battery"})):
        assert answer.status_code == 410
        assert "manage.py sign_in_link" in answer.content.decode()
    assert User.objects.count() == 1


def test_a_wrong_link_is_like_a_used_one(link: str) -> None:
    assert Client().get("/welcome/x/").status_code == 410
    assert (
        Client().post("/welcome/" + "A" * 43 + "/", {"name": "eve", "password": "correct horse battery"}).status_code
        == 410
    )
    assert not User.objects.exists()


@pytest.mark.parametrize(
    ("name", "password", "text"),
    [
        ("admin", "short", "too short"),
        ("admin", "password", "too common"),
        ("administrator", "administrator1", "too similar"),
        ("ad min!", "correct horse battery", "valid username"),
        ("", "correct horse battery", "required"),
    ],
)
def test_a_refused_password_keeps_the_link(link: str, name: str, password: str, text: str) -> None:
    answer = Client().post(link, {"name": name, "password": password})
    assert answer.status_code == 422
    assert text in words(answer.content.decode())
    assert not User.objects.exists()
    assert check(Path(settings.DATA_DIR), link.split("/")[2])


def test_the_link_lets_a_locked_out_administrator_back_in(link: str) -> None:
    admin = factories.user("root.admin", is_superuser=True, is_active=False)
    assert Client().post(link, {"name": "root.admin", "password": "correct horse battery"}).url == "/"
    admin.refresh_from_db()
    assert admin.is_active and admin.check_password("correct horse battery")
    assert User.objects.count() == 1


def test_the_link_gives_an_ordinary_account_no_rights(link: str, mei: User) -> None:
    answer = Client().post(link, {"name": "mei.lin", "password": "correct horse battery"})
    assert "not an administrator" in words(answer.content.decode())
    mei.refresh_from_db()
    assert not mei.is_superuser and mei.check_password(PASSWORD)


def test_the_command_prints_a_fresh_link_and_nothing_else(link: str) -> None:
    out, err = io.StringIO(), io.StringIO()
    call_command("sign_in_link", url="https://dashboard.example.org/", stdout=out, stderr=err)
    fresh = out.getvalue().strip()
    assert fresh.startswith("https://dashboard.example.org/welcome/")
    assert Client().get(fresh.removeprefix("https://dashboard.example.org")).status_code == 200
    assert Client().get(link).status_code == 410  # the older one stopped working
    with pytest.raises(CommandError, match="http://"):
        call_command("sign_in_link", url="dashboard.example.org", stdout=out, stderr=err)


def test_there_is_no_account_and_no_password_from_the_start(db: None) -> None:
    assert not User.objects.exists()
