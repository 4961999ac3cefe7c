"""The tickets in columns."""

from __future__ import annotations

import re

import pytest
from pytest_django import DjangoAssertNumQueries

from remediation import tickets
from remediation.models import Ticket
from tests import factories
from tests.dashboard.cast import WORKING, Cast, words

URL = "/p/atlas/tickets/?view=board"


@pytest.fixture
def cast(db: None) -> Cast:
    return Cast.make()


def _columns(cast: Cast, query: str = "", role: str = "engineer") -> dict[str, list[str]]:
    page = cast.client(role).get(URL + query).content.decode()
    sections = re.findall(r'<section aria-labelledby="column-(\w+)">(.*?)</section>', page, re.DOTALL)
    return {key: re.findall(r"/t/(ATL-\d+)/\">", text) for key, text in sections}


def test_it_works(cast: Cast) -> None:
    factories.counted_pass(cast.project, 2, [*_errors(), factories.unknown_marker("tests/test_d.py")])
    Ticket.objects.filter(number=3).update(status="awaiting", marked_fixed_in="e7710ab")
    tickets.claim(cast.ticket(2), cast.lead)
    assert _columns(cast) == {"open": ["ATL-1"], "claimed": ["ATL-2"], "awaiting": ["ATL-3"], "verified": []}
    factories.counted_pass(
        cast.project, 3, [factories.missing_name("tests/test_c.py")], {**WORKING, "tests/test_d.py": 1}
    )
    assert _columns(cast) == {"open": [], "claimed": ["ATL-2"], "awaiting": [], "verified": ["ATL-3", "ATL-1"]}


def _errors() -> list[factories.CollectionError]:
    return [factories.missing_module("tests/test_a.py"), factories.missing_name("tests/test_c.py")]


def test_nothing_can_be_moved_to_verified_and_the_text_says_why(cast: Cast) -> None:
    page = cast.client("lead").get(URL).content.decode()
    assert "Nothing can be moved here: only a pass that no longer sees it does." in words(page)
    assert {*re.findall(r'action="/p/atlas/t/[^/]*/(\w+)/"', page)} == {"claim"}


def test_a_button_moves_a_card_and_comes_back_to_the_board(cast: Cast) -> None:
    answer = cast.client("engineer").post("/p/atlas/t/ATL-1/claim/", {"next": URL}, follow=True)
    assert answer.redirect_chain == [(URL, 302)]
    assert _columns(cast)["claimed"] == ["ATL-1"]


def test_only_what_would_be_accepted_is_offered(cast: Cast) -> None:
    tickets.claim(cast.ticket(1), cast.engineer)
    assert "/claim/" not in cast.client("viewer").get(URL).content.decode()
    assert "/release/" in cast.client("engineer").get(URL).content.decode()
    assert "/release/" in cast.client("lead").get(URL).content.decode()
    tickets.release(cast.ticket(1), cast.engineer)
    tickets.claim(cast.ticket(1), cast.lead)
    assert "/release/" not in cast.client("engineer").get(URL).content.decode()


def test_filters_hold_and_tabs_do_not(cast: Cast) -> None:
    assert _columns(cast, "&kind=missing-name")["open"] == ["ATL-2"]
    assert _columns(cast, "&tab=verified&q=registry")["open"] == ["ATL-1"]
    page = words(cast.client("engineer").get(URL + "&q=nothing").content.decode())
    assert "No ticket matches." in page


def test_what_was_verified_longer_ago_is_left_to_the_list(cast: Cast) -> None:
    still = [factories.missing_name("tests/test_c.py")]
    factories.counted_pass(cast.project, 2, still, WORKING)
    factories.counted_pass(cast.project, 20, still, WORKING)
    assert _columns(cast)["verified"] == []


def test_without_a_pass_it_says_so(db: None, client: object) -> None:
    project = factories.project("atlas", key="ATL")
    lead = factories.member(project, "lead")
    client.force_login(lead)  # type: ignore[attr-defined]
    text = words(client.get(URL).content.decode())  # type: ignore[attr-defined]
    assert "No ticket yet. Tickets appear after the first counted pass." in text


def test_it_asks_the_same_number_of_questions_whatever_the_number(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = cast.client("engineer")
    for position, count in ((2, 5), (3, 120)):
        many = [factories.missing_module(f"tests/test_{n}.py", f"atlas.part{n}") for n in range(count)]
        factories.counted_pass(cast.project, position, many)
        with django_assert_num_queries(10):
            page = client.get(URL).content.decode()
    assert "All 120 in the list" in words(page)
