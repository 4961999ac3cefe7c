"""Muting a ticket on the site, and where muted errors are named."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from remediation import tickets
from remediation.core.mutes import Until
from remediation.models import Mute
from tests import factories
from tests.dashboard.cast import WORKING, Cast, errors, words

URL = "/p/atlas/t/ATL-1/mute/"
PAGE = "/p/atlas/t/ATL-1/"


@pytest.fixture
def cast(db: None) -> Cast:
    return Cast.make()


def _text(cast: Cast, url: str, role: str = "viewer") -> str:
    return words(cast.client(role).get(url).content.decode())


def test_an_engineer_mutes_until_a_pass_and_the_page_says_who_why_and_until_when(cast: Cast) -> None:
    data = {"reason": "Waits for the rewrite", "ends": "pass", "number": "4", "day": "2020-01-01"}
    answer = cast.client("engineer").post(URL, data, follow=True)
    assert answer.redirect_chain == [(PAGE, 302)]
    text = words(answer.content.decode())
    assert "ATL-1 is muted. Its errors still count." in text
    assert "Muted by Mei Lin until pass #4. Waits for the rewrite" in text
    assert "2 errors are muted and still count. Without the mute it is open." in text
    assert "Mei Lin muted it until pass #4: Waits for the rewrite" in text
    assert cast.ticket().status == "muted"
    answer = cast.client("engineer").post("/p/atlas/t/ATL-1/unmute/", follow=True)
    text = words(answer.content.decode())
    assert "ATL-1 is open again." in text and "Mei Lin unmuted it" in text
    assert cast.ticket().status == "open"


def test_until_a_day_and_what_comes_of_it(cast: Cast) -> None:
    day = timezone.now().date() + timedelta(days=40)
    cast.client("engineer").post(URL, {"reason": "Later", "ends": "day", "day": day.isoformat()})
    said = f"{day.day} {day:%b}" + ("" if day.year == timezone.now().year else f" {day.year}")
    assert f"Muted by Mei Lin until {said}." in _text(cast, PAGE)
    tickets.end_mutes(datetime.combine(day, datetime.min.time(), UTC))
    text = _text(cast, PAGE)
    assert f"The mute ended with {said}" in text and "Muted by" not in text


def test_the_pass_that_ended_it_is_named_with_its_commit(cast: Cast) -> None:
    tickets.mute(cast.ticket(), cast.engineer, "Later", Until(number=2))
    factories.counted_pass(cast.project, 2, errors())
    assert "The mute ended with pass #2, 0000000" in _text(cast, PAGE)


def test_for_good_is_a_leads(cast: Cast) -> None:
    data = {"reason": "Legacy, to be deleted", "ends": "good"}
    assert "For good" not in cast.client("engineer").get(PAGE).content.decode()
    answer = cast.client("engineer").post(URL, data)
    assert answer.status_code == 403 and "Muting for good needs a lead." in answer.content.decode()
    assert not Mute.objects.exists()
    assert cast.client("lead").post(URL, data).status_code == 302
    assert "Muted by Ines Duarte for good. Legacy, to be deleted" in _text(cast, PAGE)


REFUSED = [
    ({"ends": "pass", "number": "9"}, "Say why: everybody who wonders"),
    ({"reason": "x", "ends": "day"}, "Name the day on which it comes back."),
    ({"reason": "x", "ends": "day", "day": "soon"}, "Enter a valid date."),
    ({"reason": "x", "ends": "day", "day": "2020-01-01"}, "Name a day after today, within a year."),
    ({"reason": "x", "ends": "pass"}, "Name the number of the pass"),
    ({"reason": "x", "ends": "pass", "number": "1"}, "Name a pass after #1"),
    ({"reason": "x", "ends": "pass", "number": "9" * 30}, "less than or equal to"),
    ({"reason": "x" * 301, "ends": "pass", "number": "9"}, "at most 300 characters"),
    ({"reason": "x", "ends": "never"}, "Select a valid choice"),
]


def test_what_cannot_be_is_said_beside_the_form_and_nothing_typed_is_lost(cast: Cast) -> None:
    for data, said in REFUSED:
        answer = cast.client("engineer").post(URL, data)
        page = answer.content.decode()
        assert answer.status_code == 422
        assert said in page and '<details class="mark" id="mute" open>' in page
        assert data.get("reason", "") in page
    assert not Mute.objects.exists()


def test_in_the_wrong_state(cast: Cast) -> None:
    answer = cast.client("engineer").post("/p/atlas/t/ATL-1/unmute/", follow=True)
    assert "ATL-1 is not muted." in answer.content.decode()
    factories.counted_pass(cast.project, 2, [], WORKING)
    assert 'id="mute"' not in cast.client("engineer").get(PAGE).content.decode()
    answer = cast.client("engineer").post(URL, {"reason": "x", "ends": "pass", "number": "9"})
    assert answer.status_code == 422 and not Mute.objects.exists()


def test_who_may_not(cast: Cast) -> None:
    data = {"reason": "x", "ends": "pass", "number": "9"}
    for role, status in (("viewer", 403), ("stranger", 404)):
        assert cast.client(role).post(URL, data).status_code == status
        assert cast.client(role).post("/p/atlas/t/ATL-1/unmute/").status_code == status
    assert 'id="mute"' not in cast.client("viewer").get(PAGE).content.decode()
    assert Client().post(URL, data).url.startswith("/login/")
    assert cast.client("engineer").post("/p/atlas/t/ATL-99/mute/", data).status_code == 404
    assert not Mute.objects.exists()


def test_muted_errors_are_named_beside_every_total_and_taken_from_none(cast: Cast) -> None:
    named = "2 errors are muted and still count"
    for url in ("/p/atlas/", "/p/atlas/tickets/"):
        assert named not in _text(cast, url)
    tickets.mute(cast.ticket(), cast.engineer, "Later", Until(number=9))
    factories.counted_pass(cast.project, 2, errors())
    overview, listed = _text(cast, "/p/atlas/"), _text(cast, "/p/atlas/tickets/")
    assert named in overview and "3 collection errors, as many as at the first pass." in overview
    assert "2 tickets, 3 errors" in listed and named in listed
    report = _text(cast, "/p/atlas/reports/2026-W10/")
    assert "2 errors are in muted tickets, and in every total." in report and "Sum: 2 + 1 = 3" in report
    markdown = cast.client("viewer").get("/p/atlas/reports/2026-W10.md").content.decode()
    assert "2 errors are in muted tickets, and in every total." in markdown


def test_a_muted_ticket_is_nobodys_next_task(cast: Cast) -> None:
    client = cast.client("lead")

    def counts() -> tuple[object, ...]:
        page, portfolio = client.get("/p/atlas/tickets/"), client.get("/?all")
        tabs = {key: count for key, _, count, _ in page.context["tabs"]}
        (row,) = portfolio.context["rows"]
        return tabs["open"], tabs["unclaimed"], tabs["muted"], row.project.unclaimed

    assert counts() == (2, 2, 0, 2)
    tickets.mute(cast.ticket(), cast.engineer, "Later", Until(number=9))
    assert counts() == (2, 1, 1, 1)
    board = client.get("/p/atlas/tickets/?view=board")
    assert [(column.key, column.count) for column in board.context["columns"]][:3] == [
        ("open", 1), ("claimed", 0), ("awaiting", 0)
    ]  # fmt: skip
    assert "1 ticket is muted and in no column. 2 errors are muted and still count." in words(board.content.decode())
