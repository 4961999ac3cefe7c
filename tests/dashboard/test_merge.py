"""Merging one ticket into another on the site: the sums first, then the word, and where it leads."""

from __future__ import annotations

import pytest
from django.test import Client

from remediation import grouping, tickets
from remediation.models import Rebuild, Regrouping
from tests import factories
from tests.dashboard.cast import WORKING, Cast, errors, words

pytestmark = pytest.mark.django_db
TWO, ONE = "/p/atlas/t/ATL-2/", "/p/atlas/t/ATL-1/"


@pytest.fixture
def cast() -> Cast:
    return Cast.make()


def get(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return words(answer.content.decode())


def merge(client: Client, reason: str = "The name lives in that module.", into: str = "ATL-1") -> str:
    answer = client.post(f"{TWO}merge/", {"into": into, "reason": reason}, follow=True)
    assert answer.status_code == 200
    return words(answer.content.decode())


def test_the_sums_stand_there_before_anything_happens(cast: Cast) -> None:
    tickets.claim(cast.ticket(2), cast.engineer)
    tickets.mark_fixed(cast.ticket(2), cast.engineer, "e7710ab")
    page = get(cast.client("lead"), f"{TWO}merge/?into=ATL-1")
    assert "ATL-2 has 1 error, ATL-1 has 2: ATL-1 will have 3. The total stays 3." in page
    assert "Mei Lin has ATL-2, and will have ATL-1." in page
    assert f"move from {cast.ticket(2).category.name} to {cast.ticket(1).category.name}, in every pass" in page
    assert "fixed in e7710ab is not said of ATL-1" in page
    assert not Regrouping.objects.exists()


def test_it_is_said_and_leads_to_the_other_ticket(cast: Cast) -> None:
    client = cast.client("engineer")
    page = merge(client)
    assert "ATL-2 is part of ATL-1 now, which has 3 errors. The total stays 3." in page
    assert "Why these are one ticket" in page
    assert "Same missing module: atlas.core.registry. 2 errors, 2 files" in page
    assert "Same missing name CacheKey in the same module atlas.cache.keys. 1 error, 1 file Came with ATL-2." in page
    assert "Mei Lin merged ATL-2 into ATL-1" in page and "The name lives in that module. Undo" in page
    assert client.get(TWO).url == ONE
    assert client.get("/find/?in=atlas&q=ATL-2").url.endswith(ONE)
    assert Rebuild.objects.count() == 1, "the history is computed again"


def test_what_people_did_on_it_stays_readable(cast: Cast) -> None:
    tickets.claim(cast.ticket(2), cast.lead)
    page = merge(cast.client("engineer"))
    assert "Ines Duarte claimed it" in page and "on ATL-2" in page
    assert "Mei Lin merged ATL-2 into it, with the claim of Ines Duarte: The name lives in that module." in page
    assert page.count("The name lives in that module.") == 2  # once in the history, once beside the causes


def test_undo(cast: Cast) -> None:
    client = cast.client("engineer")
    merge(client)
    said = Regrouping.objects.get()
    answer = client.post(f"{ONE}undo/", {"said": said.pk}, follow=True)
    page = words(answer.content.decode())
    assert answer.redirect_chain == [(TWO, 302)]
    assert "Taken back. ATL-2 has 1 error now, and ATL-1 2. The total stays as it was." in page
    assert "Mei Lin took the merge with ATL-1 back" in page
    assert "Why these are one ticket" not in page
    again = words(client.post(f"{ONE}undo/", {"said": said.pk}, follow=True).content.decode())
    assert "It was taken back already." in again


@pytest.mark.parametrize("said", ["", "0", "x", "9" * 30])
def test_there_may_be_nothing_to_undo(cast: Cast, said: str) -> None:
    page = cast.client("engineer").post(f"{ONE}undo/", {"said": said}, follow=True).content.decode()
    assert "There is nothing to take back." in page


def test_another_projects_word_is_not_there(cast: Cast) -> None:
    one, two = cast.other.tickets.select_related("project").order_by("number")
    foreign = grouping.merge(two, one, cast.stranger, "same")
    page = cast.client("lead").post(f"{ONE}undo/", {"said": foreign.pk}, follow=True).content.decode()
    assert "There is nothing to take back." in page
    assert not Regrouping.objects.filter(verb="undo").exists()


@pytest.mark.parametrize("asked", ["registry", "module atlas", "ATL-77", "BOR-1", "ATL-2", "2", "%", ""])
def test_words_find_it_and_what_is_no_ticket_is_said(cast: Cast, asked: str) -> None:
    page = get(cast.client("engineer"), f"{TWO}merge/?into={asked}")
    assert "Merge ATL-2 into which ticket?" in page
    if asked in {"registry", "module atlas"}:
        assert "ATL-1 Module atlas.core.registry does not exist 2 errors" in page
    elif asked:
        assert "No other ticket of atlas has that label or these words." in page


@pytest.mark.parametrize("asked", ["ATL-1", "atl-1", "1"])
def test_a_label_is_understood(cast: Cast, asked: str) -> None:
    assert "Merge ATL-2 into ATL-1?" in get(cast.client("engineer"), f"{TWO}merge/?into={asked}")


def test_a_label_of_a_merged_ticket_stands_for_where_it_went(cast: Cast) -> None:
    factories.counted_pass(cast.project, 2, [*errors(), factories.unknown_marker("tests/test_m.py")])
    merge(cast.client("engineer"))
    page = get(cast.client("engineer"), "/p/atlas/t/ATL-3/merge/?into=ATL-2")
    assert "Merge ATL-3 into ATL-1?" in page and "ATL-3 has 1 error, ATL-1 has 3" in page
    assert cast.client("engineer").get(f"{TWO}merge/").url == TWO


def test_without_a_reason_nothing_happens_and_what_was_typed_stays(cast: Cast) -> None:
    assert "Say why they have one root cause." in merge(cast.client("engineer"), " ")
    page = merge(cast.client("engineer"), "x" * 501)
    assert "longer than 500 characters" in page and "x" * 501 in page
    assert not Regrouping.objects.exists() and not Rebuild.objects.exists()


def test_a_reason_is_only_text(cast: Cast) -> None:
    cast.client("engineer").post(f"{TWO}merge/", {"into": "ATL-1", "reason": "<script>alert(1)</script>"})
    page = cast.client("viewer").get(ONE).content.decode()
    assert "<script>alert" not in page and "&lt;script&gt;alert" in page


def test_a_verified_ticket_can_be_merged_and_the_other_stays_open(cast: Cast) -> None:
    factories.counted_pass(cast.project, 2, errors()[2:], WORKING)
    page = merge(cast.client("engineer"))
    assert "ATL-2 is part of ATL-1 now, which has 1 error." in page
    assert cast.ticket(1).status == "open"


def test_who_may(cast: Cast) -> None:
    viewer = cast.client("viewer")
    page = viewer.get(ONE).content.decode()
    assert "Merge into" not in page and "cannot be split" not in page
    assert viewer.get(f"{TWO}merge/?into=ATL-1").status_code == 403
    assert viewer.post(f"{TWO}merge/", {"into": "ATL-1", "reason": "same"}).status_code == 403
    merge(cast.client("engineer"))
    page = viewer.get(ONE).content.decode()
    assert "Why these are one ticket" in page and ">Undo<" not in page
    assert viewer.post(f"{ONE}undo/", {"said": Regrouping.objects.get().pk}).status_code == 403
    assert Regrouping.objects.count() == 1


def test_what_is_like_any_of_its_causes_says_how_it_was_fixed(cast: Cast) -> None:
    marks = [factories.unknown_marker(f"tests/test_{name}.py", name) for name in ("load", "slow")]
    factories.counted_pass(cast.project, 2, [*errors(), *marks])
    slow = cast.project.tickets.get(title="Marker slow is not registered")
    tickets.mark_fixed(slow, cast.engineer, "e7710ab")
    cast.project.tickets.filter(pk=slow.pk).update(solution="Registered in pyproject.toml.")
    factories.counted_pass(cast.project, 3, [*errors(), marks[0]], {"tests/test_slow.py": 2, "tests/test_h.py": 5})
    assert "Similar tickets" not in get(cast.client("viewer"), ONE)
    load = cast.project.tickets.select_related("project").get(title="Marker load is not registered")
    grouping.merge(load, cast.ticket(1), cast.lead, "Both came with one commit.")
    page = get(cast.client("viewer"), ONE)
    assert f"Similar tickets {slow.label} Marker slow is not registered Verified at #3, 000000000" in page
    assert "the fix named was e7710ab Solution: Registered in pyproject.toml." in page
