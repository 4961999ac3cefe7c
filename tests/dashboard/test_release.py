"""Releasing a ticket on the site."""

from __future__ import annotations

import pytest
from django.test import Client

from remediation import tickets
from tests import factories
from tests.dashboard.cast import Cast

URL = "/p/atlas/t/ATL-1/release/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def cast(db: None) -> Cast:
    made = Cast.make()
    tickets.claim(made.ticket(), made.engineer)
    return made


def test_it_works(cast: Cast) -> None:
    answer = cast.client("engineer").post(URL, follow=True)
    assert "ATL-1 is free again." in answer.content.decode()
    assert cast.ticket().claimed_by is None


def test_htmx_gets_a_row_that_can_be_claimed(cast: Cast) -> None:
    page = cast.client("engineer").post(URL, headers=HTMX).content.decode()
    assert "/p/atlas/t/ATL-1/claim/" in page
    assert '<span class="n" id="n-mine" hx-swap-oob="true">0</span>' in page


def test_a_lead_may_release_anyones(cast: Cast) -> None:
    assert cast.client("lead").post(URL).status_code == 302
    assert cast.ticket().claimed_by is None
    assert cast.ticket().transitions.first().data == {"owner": "Mei Lin", "owner_id": cast.engineer.pk}


def test_an_engineer_may_not_release_anothers(cast: Cast) -> None:
    colleague = factories.member(cast.project, "engineer", "jonas.weber")
    client = Client()
    client.force_login(colleague)
    answer = client.post(URL, headers=HTMX)
    assert answer.status_code == 409
    assert "ATL-1 belongs to Mei Lin." in answer.content.decode()
    assert cast.ticket().claimed_by == cast.engineer


def test_a_free_ticket_cannot_be_released(cast: Cast) -> None:
    answer = cast.client("engineer").post("/p/atlas/t/ATL-2/release/", headers=HTMX)
    assert answer.status_code == 409
    assert "ATL-2 is not claimed." in answer.content.decode()


def test_a_viewer_may_not_and_a_stranger_sees_nothing(cast: Cast) -> None:
    assert cast.client("viewer").post(URL).status_code == 403
    assert cast.client("stranger").post(URL).status_code == 404
    assert cast.ticket().claimed_by == cast.engineer


def test_anonymous_is_asked_to_sign_in(cast: Cast) -> None:
    assert Client().post(URL).url.startswith("/login/?next=")
    assert cast.ticket().claimed_by == cast.engineer


def test_a_bad_id_is_not_there(cast: Cast) -> None:
    assert cast.client("engineer").post("/p/atlas/t/ATL-99/release/").status_code == 404
