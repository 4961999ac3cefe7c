"""Doing one thing to several tickets of the list at once."""

from __future__ import annotations

import pytest
from django.test import Client

from remediation import tickets
from tests import factories
from tests.dashboard.cast import Cast, words

URL = "/p/atlas/tickets/together/"
BACK = "/p/atlas/tickets/?tab=all"


@pytest.fixture
def cast(db: None) -> Cast:
    return Cast.make()


def _post(cast: Cast, role: str = "engineer", **data: object) -> str:
    answer = cast.client(role).post(URL, {"next": BACK, **data}, follow=True)
    assert answer.redirect_chain == [(BACK, 302)]
    return words(answer.content.decode())


def test_it_works(cast: Cast) -> None:
    assert "2 claimed." in _post(cast, ticket=[1, 2], do="claim")
    assert [cast.ticket(number).claimed_by for number in (1, 2)] == [cast.engineer] * 2
    assert "2 released." in _post(cast, ticket=[1, 2], do="release")
    assert cast.ticket(1).claimed_by is None


def test_who_was_first_with_one_is_told_and_the_others_are_claimed(cast: Cast) -> None:
    tickets.claim(cast.ticket(2), cast.lead)
    text = _post(cast, ticket=[1, 2], do="claim")
    assert "1 claimed. ATL-2 was claimed by Ines Duarte 0 seconds ago." in text
    assert (cast.ticket(1).claimed_by, cast.ticket(2).claimed_by) == (cast.engineer, cast.lead)


def test_only_a_lead_releases_what_others_have(cast: Cast) -> None:
    tickets.claim(cast.ticket(1), cast.engineer)
    tickets.claim(cast.ticket(2), cast.lead)
    text = _post(cast, ticket=[1, 2], do="release")
    assert "1 released. ATL-2 belongs to Ines Duarte." in text
    tickets.claim(cast.ticket(1), cast.engineer)
    assert "2 released." in _post(cast, "lead", ticket=[1, 2], do="release")


def test_a_category_is_set_by_hand_and_the_history_is_sorted_again(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    rebuilt: list[str] = []
    monkeypatch.setattr("dashboard.together.rebuild_soon", lambda project: rebuilt.append(project.slug))
    category = cast.project.categories.get(name="Test infrastructure")
    assert "2 moved to Test infrastructure." in _post(cast, ticket=[1, 2], do="category", category=category.pk)
    assert rebuilt == ["atlas"]
    assert cast.ticket(1).category == category and cast.ticket(1).category_by_hand
    assert "0 moved to Test infrastructure. ATL-1 was there" in _post(
        cast, ticket=[1, 2], do="category", category=category.pk
    )
    assert rebuilt == ["atlas"]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"do": "claim"}, "Select at least one ticket first."),
        ({"ticket": [999], "do": "claim"}, "Select at least one ticket first."),
        ({"ticket": ["x", "9" * 30], "do": "claim"}, "Select at least one ticket first."),
        ({"ticket": [1], "do": "verify"}, "Choose what to do with them."),
        ({"ticket": [1], "do": "category"}, "Choose what to do with them."),
        ({"ticket": [1], "do": "category", "category": 0}, "Choose what to do with them."),
    ],
)
def test_what_cannot_be_done_is_said(cast: Cast, data: dict[str, object], text: str) -> None:
    assert text in _post(cast, **data)
    assert cast.ticket(1).claimed_by is None


def test_another_projects_category_is_not_taken(cast: Cast) -> None:
    foreign = cast.other.categories.first()
    assert "Choose what to do with them." in _post(cast, ticket=[1], do="category", category=foreign.pk)


def test_of_many_that_did_not_work_a_few_are_named(cast: Cast) -> None:
    many = [factories.missing_module(f"tests/test_{n}.py", f"atlas.part{n}") for n in range(9)]
    factories.counted_pass(cast.project, 2, many)
    numbers = list(cast.project.tickets.standing().order_by("number").values_list("number", flat=True))
    tickets.claim_each(list(cast.project.tickets.standing().select_related("project")), cast.lead)
    text = _post(cast, ticket=numbers, do="claim")
    assert "0 claimed." in text and text.count("was claimed by Ines Duarte") == 5
    assert f"{len(numbers) - 5} more were not claimed." in text


def test_a_foreign_next_is_not_followed(cast: Cast) -> None:
    answer = cast.client("engineer").post(URL, {"next": "https://evil.example/", "ticket": [1], "do": "claim"})
    assert answer.url == "/p/atlas/tickets/"


def test_a_viewer_may_not_and_sees_no_boxes(cast: Cast) -> None:
    assert cast.client("viewer").post(URL, {"ticket": [1], "do": "claim"}).status_code == 403
    assert 'form="together"' not in cast.client("viewer").get("/p/atlas/tickets/").content.decode()
    assert 'form="together"' in cast.client("engineer").get("/p/atlas/tickets/").content.decode()


def test_another_project_is_not_there(cast: Cast) -> None:
    assert cast.client("stranger").post(URL).status_code == 404
    assert Client().post(URL).status_code == 302
