"""Notices on the site: the list, the badge, what a person chooses, and the link that stops mail."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from remediation import telling, tickets
from remediation.core.notices import KINDS
from remediation.models import Membership, Notice, NoticeChoice, Ticket
from tests import factories
from tests.dashboard.cast import WORKING, Cast, words

URL, CHOICES = "/me/notices/", "/me/notices/settings/"


@pytest.fixture
def cast(db: None) -> Cast:
    return Cast.make()


def _assigned(cast: Cast, *numbers: int) -> None:
    for number in numbers:
        tickets.assign(cast.ticket(number), cast.engineer, cast.lead)


def _form(**changes: Any) -> dict[str, Any]:
    kinds = {f"{code}_site": "on" for code in KINDS} | {f"{code}_mail": "now" for code in KINDS}
    return {**kinds, "digest_hour": "7", "time_zone": "Europe/Berlin", **changes}


def test_the_list_says_what_happened_and_where(cast: Cast) -> None:
    _assigned(cast, 1)
    factories.counted_pass(cast.project, 2, [], WORKING | {"tests/test_c.py": 1})
    factories.blocked_pass(cast.project, 3)
    page = cast.client("engineer").get(URL).content.decode()
    assert "2 unread" in page and page.index("is verified by pass #2") < page.index("Ines Duarte gave ATL-1 to you")
    assert page.count('href="/p/atlas/t/ATL-1/"') == 2 and "Module atlas.core.registry does not exist" in page
    page = cast.client("lead").get(URL).content.decode()
    assert "1 unread" in page and "Pass #3 is blocked" in page and 'href="/p/atlas/passes/3/"' in page
    assert "Nothing unread" in cast.client("viewer").get(URL).content.decode()


def test_one_or_all_are_read_and_nobody_elses(cast: Cast) -> None:
    _assigned(cast, 1, 2)
    client, first = cast.client("engineer"), Notice.objects.order_by("pk")[0]
    for wrong in ("x", "-1", "9" * 40):
        assert client.post(URL, {"notice": wrong}).status_code == 302
    cast.client("lead").post(URL, {"notice": first.pk})
    cast.client("lead").post(URL)
    assert Notice.objects.unread().count() == 2
    assert client.post(URL, {"notice": first.pk}).url == URL
    page = client.get(URL).content.decode()
    assert "1 unread" in page and page.count('name="notice"') == 1
    client.post(URL)
    page = client.get(URL).content.decode()
    assert "Nothing unread" in page and 'name="notice"' not in page and page.count("gave ATL-") == 2


def test_every_page_shows_how_many_are_unread_without_a_question_more(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = cast.client("engineer")
    with django_assert_num_queries(3):  # session, account with its unread notices, projects
        page = client.get("/projects/menu/")
    page = client.get("/find/?q=zzz").content.decode()
    assert 'aria-label="Signed in as Mei Lin"' in page and '<span class="n">' not in page
    _assigned(cast, 1, 2)
    with django_assert_num_queries(3):
        client.get("/projects/menu/")
    page = client.get("/find/?q=zzz").content.decode()
    assert 'aria-label="Signed in as Mei Lin, 2 unread notices"' in page
    assert page.count('<span class="n">2</span>') == 2  # at the account's button, and in its menu
    with django_assert_num_queries(4):
        client.get(URL)


def test_who_left_a_project_sees_nothing_of_it(cast: Cast) -> None:
    _assigned(cast, 1)
    Membership.objects.filter(user=cast.engineer).delete()
    page = cast.client("engineer").get(URL).content.decode()
    assert "Nothing unread" in page and "ATL-1" not in page and "unread notice" not in page


def test_titles_from_strangers_are_text(cast: Cast) -> None:
    Ticket.objects.filter(pk=cast.ticket().pk).update(title="<img src=x onerror=alert(1)>")
    _assigned(cast, 1)
    page = cast.client("engineer").get(URL).content.decode()
    assert "<img" not in page and "&lt;img src=x" in page


def test_choices_are_stored_kind_by_kind(cast: Cast) -> None:
    client = cast.client("engineer")
    form = _form(verified_mail="digest", note_mail="off")
    del form["note_site"]
    answer = client.post(CHOICES, form, follow=True)
    assert "Saved." in words(answer.content.decode())
    row = NoticeChoice.objects.get(user=cast.engineer)
    assert (row.digest_hour, row.time_zone) == (7, "Europe/Berlin")
    assert row.kinds["note"] == {"site": False, "mail": "off"} and row.kinds["verified"] == {
        "site": True,
        "mail": "digest",
    }
    page = answer.content.decode()
    assert re.search(r'name="verified_mail".*?value="digest" selected', page, re.S)
    assert not re.search(r'name="note_site"[^>]*checked', page)
    assert NoticeChoice.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"time_zone": "Mars/Olympus"}, "There is no time zone"),
        ({"digest_hour": "24"}, "valid choice"),
        ({"digest_hour": "x"}, "valid choice"),
        ({"assigned_mail": "hourly"}, ""),
    ],
)
def test_what_cannot_work_is_refused(cast: Cast, changes: dict[str, str], text: str) -> None:
    answer = cast.client("engineer").post(CHOICES, _form(**changes))
    assert answer.status_code == 422 and text in words(answer.content.decode())
    assert "Nothing was saved." in answer.content.decode() and not NoticeChoice.objects.exists()


def test_the_page_says_whether_mail_comes_at_all(cast: Cast, settings: Any) -> None:
    client = cast.client("engineer")
    assert "This site sends no mail" in client.get(CHOICES).content.decode()
    settings.MAIL = True
    assert "Your account has no e-mail address" in client.get(CHOICES).content.decode()
    cast.engineer.email = "mei@example.org"
    cast.engineer.save()
    assert "Mail goes to mei@example.org" in client.get(CHOICES).content.decode()


def test_the_link_of_a_mail_stops_it_by_a_post_without_signing_in(cast: Cast) -> None:
    stop = f"/me/notices/stop/{telling.stop_token(cast.engineer)}/"
    guest = Client(enforce_csrf_checks=True)
    page = guest.get(stop).content.decode()
    assert "No more mail?" in page and "Mei Lin then gets no notices by mail" in page
    assert not NoticeChoice.objects.exists()  # looking changes nothing
    answer = guest.post(stop, "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 200 and "Mei Lin gets no notices by mail any more" in answer.content.decode()
    assert telling.preference(cast.engineer, "assigned") == telling.PersonChoice(site=True, mail="off")
    assert not NoticeChoice.objects.filter(user=cast.lead).exists()
    wrong = guest.post(f"/me/notices/stop/{cast.lead.pk}~forged/")
    assert wrong.status_code == 404 and "not one of ours" in wrong.content.decode()


def test_anonymous_is_asked_to_sign_in(db: None) -> None:
    for url in (URL, CHOICES):
        assert Client().get(url).url == f"/login/?next={url}"
