"""Giving a ticket to somebody on the site."""

from __future__ import annotations

import pytest
from django.test import Client

from remediation import tickets
from tests import factories
from tests.dashboard.cast import WORKING, Cast, words

URL = "/p/atlas/t/ATL-1/assign/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def cast(db: None) -> Cast:
    return Cast.make()


def test_a_lead_gives_a_free_ticket_to_an_engineer_and_the_history_says_so(cast: Cast) -> None:
    answer = cast.client("lead").post(URL, {"to": cast.engineer.pk, "owner": ""}, follow=True)
    assert answer.redirect_chain == [("/p/atlas/t/ATL-1/", 302)]
    text = words(answer.content.decode())
    assert "Mei Lin has ATL-1 now." in text
    assert "Ines Duarte assigned it to Mei Lin" in text
    assert cast.ticket().claimed_by == cast.engineer
    line = cast.ticket().transitions.first()
    assert (line.verb, line.actor, line.data) == ("assigned", cast.lead, {"to": "Mei Lin", "to_id": cast.engineer.pk})


def test_a_ticket_is_handed_over_from_who_has_it(cast: Cast) -> None:
    tickets.claim(cast.ticket(), cast.engineer)
    page = cast.client("lead").get("/p/atlas/t/ATL-1/").content.decode()
    assert f'<input type="hidden" name="owner" value="{cast.engineer.pk}"' in page and "Hand over to…" in page
    answer = cast.client("lead").post(URL, {"to": cast.lead.pk, "owner": cast.engineer.pk}, follow=True)
    assert "Ines Duarte assigned it to Ines Duarte, who takes over from Mei Lin" in words(answer.content.decode())
    assert cast.ticket().claimed_by == cast.lead


def test_who_comes_second_is_told_who_has_it(cast: Cast) -> None:
    tickets.claim(cast.ticket(), cast.engineer)
    answer = cast.client("lead").post(URL, {"to": cast.lead.pk, "owner": ""}, headers=HTMX)
    assert answer.status_code == 409
    assert "Mei Lin has had it for 0 seconds. Nothing was assigned." in answer.content.decode()
    other = factories.member(cast.project, "lead", "ada.holm")
    stale = {"to": cast.lead.pk, "owner": other.pk}
    assert "Mei Lin has had it for" in cast.client("lead").post(URL, stale, follow=True).content.decode()
    assert cast.ticket().claimed_by == cast.engineer
    tickets.release(cast.ticket(), cast.engineer)
    released = {"to": cast.lead.pk, "owner": cast.engineer.pk}
    answer = cast.client("lead").post(URL, released, headers=HTMX)
    assert answer.status_code == 409 and "ATL-1 was released meanwhile." in answer.content.decode()
    assert cast.ticket().claimed_by is None


def test_an_engineer_takes_what_is_free_and_nothing_else(cast: Cast) -> None:
    client = cast.client("engineer")
    assert "Assign to…" not in client.get("/p/atlas/t/ATL-1/").content.decode()
    answer = client.post(URL, {"to": cast.lead.pk})
    assert answer.status_code == 403 and "This needs a lead." in answer.content.decode()
    tickets.claim(cast.ticket(), cast.lead)
    assert client.post(URL, {"to": cast.engineer.pk, "owner": cast.lead.pk}).status_code == 403
    assert cast.ticket().claimed_by == cast.lead
    tickets.release(cast.ticket(), cast.lead)
    assert client.post(URL, {"to": cast.engineer.pk}).status_code == 302
    assert cast.ticket().claimed_by == cast.engineer
    assert cast.ticket().transitions.first().verb == "claimed"


def test_only_who_works_in_the_project_can_be_given_it(cast: Cast) -> None:
    client, gone = cast.client("lead"), factories.member(cast.project, "engineer", "old.hand")
    gone.is_active = False
    gone.save()
    for to in (cast.viewer.pk, cast.stranger.pk, gone.pk, 0, "x", ""):
        answer = client.post(URL, {"to": to}, headers=HTMX)
        assert answer.status_code == 422, to
        assert "Choose somebody who works in this project." in answer.content.decode()
    with pytest.raises(tickets.Refused, match="Tom Okafor does not work in atlas"):
        tickets.assign(cast.ticket(), cast.stranger, cast.lead)
    assert cast.ticket().claimed_by is None
    assert cast.client("admin").post(URL, {"to": cast.admin.pk}).status_code == 302  # who may work here anyway
    assert cast.ticket().claimed_by == cast.admin


def test_a_verified_ticket_is_given_to_nobody(cast: Cast) -> None:
    factories.counted_pass(cast.project, 2, [], WORKING)
    client = cast.client("lead")
    assert "Assign to…" not in client.get("/p/atlas/t/ATL-1/").content.decode()
    answer = client.post(URL, {"to": cast.engineer.pk}, headers=HTMX)
    assert answer.status_code == 409 and "ATL-1 is verified" in answer.content.decode()


def test_who_may_not(cast: Cast) -> None:
    data = {"to": cast.engineer.pk}
    assert cast.client("viewer").post(URL, data).status_code == 403
    assert cast.client("stranger").post(URL, data).status_code == 404
    assert Client().post(URL, data).url.startswith("/login/")
    assert cast.client("lead").post("/p/atlas/t/ATL-99/assign/", data).status_code == 404
    assert cast.client("lead").get(URL).status_code == 405
    assert cast.ticket().claimed_by is None


def test_several_free_ones_at_once_and_what_somebody_has_stays_theirs(cast: Cast) -> None:
    tickets.claim(cast.ticket(2), cast.lead)
    url, data = "/p/atlas/tickets/together/", {"ticket": [1, 2], "do": "assign", "person": cast.engineer.pk}
    text = words(cast.client("lead").post(url, data, follow=True).content.decode())
    assert "1 assigned to Mei Lin. ATL-2 was claimed by Ines Duarte 0 seconds ago." in text
    assert (cast.ticket(1).claimed_by, cast.ticket(2).claimed_by) == (cast.engineer, cast.lead)
    assert cast.client("engineer").post(url, data | {"person": cast.lead.pk}).status_code == 403
    nobody = cast.client("lead").post(url, {"ticket": [1], "do": "assign"}, follow=True)
    assert "Choose what to do with them." in nobody.content.decode()
    assert "together-person" in cast.client("lead").get("/p/atlas/tickets/").content.decode()
    assert "together-person" not in cast.client("engineer").get("/p/atlas/tickets/").content.decode()
