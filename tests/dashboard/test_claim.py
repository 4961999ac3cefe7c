"""Claiming a ticket on the site."""

from __future__ import annotations

import pytest
from django.test import Client

from remediation import tickets
from tests import factories
from tests.dashboard.cast import WORKING, Cast

URL = "/p/atlas/t/ATL-1/claim/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def cast(db: None) -> Cast:
    return Cast.make()


def test_it_works(cast: Cast) -> None:
    answer = cast.client("engineer").post(URL, {"next": "/p/atlas/tickets/?tab=unclaimed"}, follow=True)
    assert answer.redirect_chain == [("/p/atlas/tickets/?tab=unclaimed", 302)]
    assert "You have ATL-1. It closes when a pass no longer sees it." in answer.content.decode()
    assert cast.ticket().claimed_by == cast.engineer


def test_htmx_gets_the_changed_cells_and_the_counts(cast: Cast) -> None:
    page = cast.client("engineer").post(URL, headers=HTMX).content.decode()
    assert page.count('id="own-1"') == 1
    assert 'id="state-1" hx-swap-oob="true"' in page
    assert '<span class="n" id="n-unclaimed" hx-swap-oob="true">1</span>' in page
    assert '<span class="n" id="n-mine" hx-swap-oob="true">1</span>' in page
    assert "You have ATL-1." in page
    assert "<html" not in page


def test_the_second_is_told_who_has_it_and_since_when(cast: Cast) -> None:
    tickets.claim(cast.ticket(), cast.engineer)
    answer = cast.client("lead").post(URL, headers=HTMX)
    assert answer.status_code == 409
    assert "Mei Lin claimed it 0 seconds ago." in answer.content.decode()
    assert cast.ticket().claimed_by == cast.engineer


def test_the_second_without_javascript_is_told_on_the_page(cast: Cast) -> None:
    tickets.claim(cast.ticket(), cast.engineer)
    answer = cast.client("lead").post(URL, follow=True)
    assert answer.redirect_chain == [("/p/atlas/t/ATL-1/", 302)]
    assert "Mei Lin claimed it" in answer.content.decode()


def test_a_verified_ticket_has_nothing_left_to_claim(cast: Cast) -> None:
    factories.counted_pass(cast.project, 2, [], WORKING)
    answer = cast.client("engineer").post(URL, headers=HTMX)
    assert answer.status_code == 409
    assert "ATL-1 is verified" in answer.content.decode()
    assert cast.ticket().claimed_by is None


def test_a_foreign_next_is_not_followed(cast: Cast) -> None:
    answer = cast.client("engineer").post(URL, {"next": "https://evil.example/p/atlas/"})
    assert answer.url == "/p/atlas/t/ATL-1/"


def test_a_viewer_may_not(cast: Cast) -> None:
    answer = cast.client("viewer").post(URL)
    assert answer.status_code == 403
    assert "This needs an engineer" in answer.content.decode()
    assert cast.ticket().claimed_by is None


def test_another_project_is_not_there(cast: Cast) -> None:
    assert cast.client("stranger").post(URL).status_code == 404
    assert cast.client("engineer").post("/p/borealis/t/BOR-1/claim/").status_code == 404
    assert cast.ticket().claimed_by is None


def test_anonymous_is_asked_to_sign_in(cast: Cast) -> None:
    answer = Client().post(URL, headers={"Referer": "http://testserver/p/atlas/tickets/?tab=mine"})
    assert answer.url == "/login/?next=/p/atlas/tickets/%3Ftab%3Dmine"
    fragment = Client().post(URL, headers={**HTMX, "HX-Current-URL": "http://testserver/p/atlas/t/ATL-1/"})
    assert (fragment.status_code, fragment["HX-Redirect"]) == (204, "/login/?next=/p/atlas/t/ATL-1/")
    assert cast.ticket().claimed_by is None


@pytest.mark.parametrize("label", ["ATL-99", "ATL-0", "ATL-01", "atl-1", "BOR-1", "ATL-99999999999", "x", "ATL-1'"])
def test_a_bad_id_is_not_there(cast: Cast, label: str) -> None:
    assert cast.client("engineer").post(f"/p/atlas/t/{label}/claim/").status_code == 404


def test_get_changes_nothing(cast: Cast) -> None:
    assert cast.client("engineer").get(URL).status_code == 405
    assert cast.ticket().claimed_by is None
