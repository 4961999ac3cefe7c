"""Claims that stand still, on the site: what the flag says, and "Still on it"."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from remediation import tickets
from remediation.models import Project, Ticket
from tests.dashboard.cast import Cast, words

ADDRESS = "/p/atlas/t/ATL-1/"
SILENT, FLAGGED = datetime(2026, 3, 9, 6, tzinfo=UTC), datetime(2026, 3, 15, 6, tzinfo=UTC)


@pytest.fixture
def cast(db: None) -> Cast:
    made = Cast.make()
    tickets.claim(made.ticket(), made.engineer)
    Ticket.objects.filter(number=1, project=made.project).update(silent_since=SILENT, flagged_at=FLAGGED)
    return made


def page(cast: Cast, role: str) -> str:
    return words(cast.client(role).get(ADDRESS).content.decode())


def test_it_works(cast: Cast) -> None:
    said = page(cast, "engineer")
    assert "Are you still on it? There is no commit on its files and no note since 9 Mar." in said
    assert "Without one it is released, on 17 Mar at the earliest. Still on it" in said
    answer = cast.client("engineer").post(f"{ADDRESS}renew/", follow=True)
    said = words(answer.content.decode())
    assert "Noted: you are still on ATL-1." in said and "Mei Lin is still on it" in said
    assert "Are you still on it?" not in said
    assert (cast.ticket().flagged_at, cast.ticket().claimed_by) == (None, cast.engineer)


def test_others_read_it_and_have_no_button(cast: Cast) -> None:
    for role in ("viewer", "lead"):
        said = page(cast, role)
        assert "Mei Lin has it, and there is no sign of life since 9 Mar." in said
        assert "Still on it" not in said


def test_where_nothing_is_released_no_date_is_told(cast: Cast) -> None:
    Project.objects.update(release_claims_after=0)
    assert "is released" not in page(cast, "viewer")


def test_the_list_says_it_and_has_a_tab_of_what_needs_a_decision(cast: Cast) -> None:
    answer = cast.client("viewer").get("/p/atlas/tickets/?tab=decide").content.decode()
    said = words(answer)
    assert "No sign of life since 9 Mar" in said and "ATL-1" in said
    assert 'id="n-decide">2<' in answer, "the other one was free for longer than three days"
    Project.objects.update(unclaimed_after=0)
    answer = cast.client("viewer").get("/p/atlas/tickets/?tab=decide").content.decode()
    assert 'id="n-decide">1<' in answer and "ATL-2" not in words(answer)


@pytest.mark.parametrize(("role", "status"), [("lead", 409), ("viewer", 403), ("stranger", 404)])
def test_only_its_owner_renews_a_claim(cast: Cast, role: str, status: int) -> None:
    answer = cast.client(role).post(f"{ADDRESS}renew/", headers={"HX-Request": "true"})
    assert answer.status_code == status
    if status == 409:
        assert "ATL-1 is not yours." in answer.content.decode()
    assert cast.ticket().flagged_at == FLAGGED


def test_a_free_ticket_and_a_bad_label(cast: Cast) -> None:
    client = cast.client("engineer")
    assert client.post("/p/atlas/t/ATL-2/renew/").status_code == 302
    assert cast.ticket(2).claimed_by is None
    assert client.post("/p/atlas/t/ATL-99/renew/").status_code == 404
    assert client.get(f"{ADDRESS}renew/").status_code == 405
    assert Client().post(f"{ADDRESS}renew/").url.startswith("/login/")


def test_the_history_says_who_had_it_and_for_how_long_nothing_came(cast: Cast) -> None:
    when = datetime(2026, 3, 20, tzinfo=UTC)
    ticket = cast.ticket()
    facts = {"owner": "Mei Lin", "owner_id": cast.engineer.pk, "days": 7}
    for sequence, (verb, data) in enumerate(
        [(tickets.CLAIM_FLAGGED, {**facts, "days": 1}), ("released", {**facts, "idle": True})], start=50
    ):
        ticket.transitions.create(sequence=sequence, at=when + timedelta(hours=sequence), verb=verb, data=data)
    said = page(cast, "viewer")
    assert "Claim of Mei Lin flagged: no commit on the blamed files and no note for 1 day " in said
    assert "Released from Mei Lin: no commit on the blamed files and no note for 7 days " in said
