"""The people of a project: the page for leads, invitations by link and by mail, and joining."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client

from remediation import people, tickets
from remediation.models import AuditLine, Invitation, User
from tests.dashboard.cast import Cast, words

URL = "/p/atlas/settings/people/"


@pytest.fixture
def cast(db: None) -> Cast:
    return Cast.make()


def _link(page: str) -> str:
    return re.search(r'id="invitation-link">http://testserver(/invitation/[^<]+)<', page)[1]


def test_a_lead_invites_by_a_link_that_is_shown_once(cast: Cast) -> None:
    lead = cast.client("lead")
    page = lead.post(URL, {"role": "engineer", "email": ""})
    assert page["Cache-Control"].startswith("max-age=0")
    link = _link(page.content.decode())
    listed = lead.get(URL).content.decode()
    assert "invitation-link" not in listed and "Open invitations" in listed
    guest = Client()
    assert "Ines Duarte invites you as an engineer." in words(guest.get(link).content.decode())
    form = {"username": "ada", "display": "Ada Lovelace", "password": "correct horse battery"}
    assert guest.post(link, form).url == "/p/atlas/"
    page = words(guest.get("/p/atlas/").content.decode())
    assert "You are a member of atlas now." in page and "Engineer of atlas" in page
    assert Client().get(link).status_code == 410
    assert Client().post(link, {**form, "username": "eve"}).status_code == 410
    assert not User.objects.filter(username="eve").exists()
    assert Client().post("/login/", {"login": "ada", "password": "correct horse battery"}).url == "/"
    lines = [(line.verb, line.object, line.project) for line in AuditLine.objects.order_by("pk")]
    assert lines[-2:] == [("invited", "somebody as engineer", "atlas"), ("joined", "ada as engineer", "atlas")]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"username": "Mei.Lin"}, "That name is taken."),
        ({"username": "a b!"}, "valid username"),
        ({"password": "short"}, "too short"),
        ({"username": "adalovelace", "password": "adalovelace1"}, "too similar"),
    ],
)
def test_what_is_wrong_is_said_and_keeps_the_link(cast: Cast, change: dict[str, str], said: str) -> None:
    _, token = people.invite(cast.project, "viewer", cast.lead)
    answer = Client().post(f"/invitation/{token}/", {"username": "ada", "password": "correct horse battery", **change})
    assert answer.status_code == 422 and said in words(answer.content.decode())
    assert people.find(token) is not None and User.objects.count() == 5


def test_who_is_signed_in_joins_by_a_click(cast: Cast) -> None:
    _, token = people.invite(cast.project, "viewer", cast.lead)
    client = cast.client("stranger")
    assert "You are signed in as Tom Okafor." in words(client.get(f"/invitation/{token}/").content.decode())
    assert client.get("/p/atlas/").status_code == 404
    assert client.post(f"/invitation/{token}/").url == "/p/atlas/"
    assert client.get("/p/atlas/").status_code == 200


def test_signing_in_on_the_way_comes_back_to_the_invitation(cast: Cast) -> None:
    _, token = people.invite(cast.project, "viewer", cast.lead)
    page = Client().get(f"/invitation/{token}/").content.decode()
    there = re.search(r'href="(/login/\?next=[^"]+)"', page)[1]
    form = {"login": "tom.okafor", "password": "pass-phrase-7", "next": f"/invitation/{token}/"}
    assert f'value="/invitation/{token}/"' in Client().get(there).content.decode()
    assert Client().post("/login/", form).url == f"/invitation/{token}/"


def test_taking_back_kills_the_link(cast: Cast) -> None:
    made, token = people.invite(cast.project, "viewer", cast.lead)
    cast.client("lead").post(URL + "revoke/", {"invitation": made.pk})
    assert Client().get(f"/invitation/{token}/").status_code == 410


def test_with_mail_the_link_goes_to_the_address_and_confirms_it(cast: Cast, settings: Any) -> None:
    settings.MAIL, settings.SITE_URL = True, "https://dashboard.example.org"
    page = cast.client("lead").post(URL, {"role": "viewer", "email": "Ada@Example.org"}).content.decode()
    assert "The invitation was mailed to ada@example.org." in page and "/invitation/" not in page
    sent = mail.outbox[0]
    assert (sent.to, sent.subject) == (["ada@example.org"], "Ines Duarte invites you to atlas")
    link = re.search(r"https://dashboard\.example\.org(/invitation/\S+)", sent.body)[1]
    Client().post(link, {"username": "ada", "password": "correct horse battery"})
    address = EmailAddress.objects.get()
    assert (address.user.username, address.email, address.verified) == ("ada", "ada@example.org", True)


def test_mail_that_cannot_be_sent_shows_the_link_and_confirms_nothing(cast: Cast, settings: Any) -> None:
    settings.MAIL, settings.EMAIL_BACKEND = True, "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9  # nobody listens there
    page = cast.client("lead").post(URL, {"role": "viewer", "email": "ada@example.org"}).content.decode()
    assert "The mail could not be sent. Hand the link over yourself." in page
    Client().post(_link(page), {"username": "ada", "password": "correct horse battery"})
    assert User.objects.filter(username="ada").exists() and not EmailAddress.objects.exists()


def test_a_projects_name_adds_no_header_to_the_mail(cast: Cast, settings: Any) -> None:
    settings.MAIL = True
    User.objects.filter(pk=cast.lead.pk).update(first_name="Ines\r\nBcc: eve@evil.example", last_name="")
    cast.client("lead").post(URL, {"role": "viewer", "email": "ada@example.org"})
    assert mail.outbox[0].recipients() == ["ada@example.org"]


def test_roles_change_and_members_go(cast: Cast) -> None:
    tickets.claim(cast.ticket(), cast.engineer)
    lead, engineer = cast.client("lead"), cast.client("engineer")
    own = cast.project.memberships.get(user=cast.engineer)
    lead.post(URL + "member/", {"member": own.pk, "do": "role", "role": "viewer"})
    assert engineer.post("/p/atlas/passes/run/").status_code == 403
    lead.post(URL + "member/", {"member": own.pk, "do": "remove"})
    assert "Mei Lin is no longer a member. 1 claim released." in words(lead.get(URL).content.decode())
    assert engineer.get("/p/atlas/").status_code == 404
    assert cast.ticket().claimed_by is None
    lead.post(URL + "member/", {"member": own.pk, "do": "remove"})
    assert "This person is no longer a member." in words(lead.get(URL).content.decode())


def test_a_lead_who_steps_down_is_led_away(cast: Cast) -> None:
    own = cast.project.memberships.get(user=cast.lead)
    client = cast.client("lead")
    assert client.post(URL + "member/", {"member": own.pk, "do": "role", "role": "viewer"}).url == "/"
    assert client.get(URL).status_code == 403


def test_another_projects_members_and_invitations_are_out_of_reach(cast: Cast) -> None:
    theirs = cast.other.memberships.get(user=cast.stranger)
    made, token = people.invite(cast.other, "viewer", cast.stranger)
    lead = cast.client("lead")
    for do in ("remove", "role"):
        lead.post(URL + "member/", {"member": theirs.pk, "do": do, "role": "viewer"})
    for pk in (made.pk, "x", "9" * 30):
        lead.post(URL + "revoke/", {"invitation": pk})
    theirs.refresh_from_db()
    assert theirs.role == "lead" and people.find(token) is not None


def test_a_bad_invitation_says_why(cast: Cast) -> None:
    lead = cast.client("lead")
    for form, said in (({"role": "owner"}, "valid choice"), ({"role": "lead", "email": "x"}, "not an e-mail address")):
        answer = lead.post(URL, form)
        assert answer.status_code == 422 and said in words(answer.content.decode())
    assert not Invitation.objects.exists()


def test_the_list_costs_the_same_for_any_number(cast: Cast, django_assert_num_queries: Any) -> None:
    lead = cast.client("lead")
    for _ in range(8):
        made, _ = people.invite(cast.project, "viewer", cast.lead)
        people.accept(made, User.objects.create_user(f"person-{made.pk}"))
        people.invite(cast.project, "viewer", cast.lead)
    lead.get(URL)
    with django_assert_num_queries(5):  # session, person, project, members, invitations
        page = lead.get(URL).content.decode()
    assert "11 members" in page and "never" in page
