"""Splitting root causes off a ticket on the site."""

from __future__ import annotations

import pytest

from remediation import grouping, rebuilding
from remediation.models import Fingerprint, Regrouping
from tests import factories
from tests.dashboard.cast import Cast, errors, words

pytestmark = pytest.mark.django_db
ADDRESS = "/p/atlas/t/ATL-1/"
MODULE, NAME, MARKER = "missing:atlas.core.registry", "missing:atlas.cache.keys.CacheKey", "marker:load"


@pytest.fixture
def cast() -> Cast:
    """ATL-1 holds three causes: its own, and those of ATL-2 and ATL-3."""
    cast = Cast.make()
    factories.counted_pass(cast.project, 2, [*errors(), factories.unknown_marker("tests/test_m.py")])
    for number in (2, 3):
        grouping.merge(cast.ticket(number), cast.ticket(1), cast.lead, "same")
    rebuilding.run(cast.project.pk)
    return cast


def cause(key: str) -> int:
    return Fingerprint.objects.get(project__key="ATL", readable=key).pk


def see(cast: Cast, *keys: str, role: str = "engineer") -> str:
    answer = cast.client(role).get(f"{ADDRESS}split/", {"cause": [cause(key) for key in keys]})
    assert answer.status_code == 200
    return words(answer.content.decode())


def split(cast: Cast, *keys: str, reason: str = "Not the same at all.") -> str:
    sent = {"cause": [cause(key) for key in keys], "reason": reason}
    answer = cast.client("engineer").post(f"{ADDRESS}split/", sent, follow=True)
    assert answer.status_code == 200
    return words(answer.content.decode())


def test_each_cause_can_be_chosen_and_says_what_it_holds(cast: Cast) -> None:
    page = cast.client("engineer").get(ADDRESS).content.decode()
    for key in (MODULE, NAME, MARKER):
        assert f'name="cause" value="{cause(key)}"' in page
    assert "Same missing module: atlas.core.registry. 2 errors, 2 files" in words(page)
    assert "Same unregistered marker: load. 1 error, 1 file; came with ATL-3" in words(page)


def test_the_sums_stand_there_before_anything_happens(cast: Cast) -> None:
    page = see(cast, MODULE, NAME)
    assert "ATL-1 has 4 errors: 1 stays, 3 go to a ticket of their own. The total stays 4." in page
    assert "The new ticket is open and nobody's." in page
    page = see(cast, MARKER)
    assert "ATL-1 has 4 errors: 3 stay, 1 goes to ATL-3 again." in page
    assert "just what was merged, so ATL-3 stands again" in page
    assert Regrouping.objects.count() == 2


def test_a_new_ticket_is_opened(cast: Cast) -> None:
    page = split(cast, MODULE, NAME)
    assert "ATL-4 has 3 errors now, and ATL-1 1. The total stays 4." in page
    assert "Mei Lin split it off from ATL-1: Not the same at all." in page
    assert "Mei Lin split ATL-4 off from ATL-1" in page
    old = words(cast.client("engineer").get(ADDRESS).content.decode())
    assert "Mei Lin split 2 root causes off into ATL-4: Not the same at all." in old
    said = Regrouping.objects.get(verb="split")
    answer = cast.client("engineer").post("/p/atlas/t/ATL-4/undo/", {"said": said.pk}, follow=True)
    assert "ATL-1 has 4 errors now" in words(answer.content.decode())
    assert cast.client("engineer").get("/p/atlas/t/ATL-4/").url == ADDRESS


def test_what_was_merged_stands_again_under_its_old_number(cast: Cast) -> None:
    page = split(cast, MARKER)
    assert "ATL-3 has 1 error now, and ATL-1 3. The total stays 4." in page
    assert "Mei Lin took the merge with ATL-1 back: Not the same at all." in page
    assert cast.ticket(3).merged_into_id is None


@pytest.mark.parametrize("keys", [(), (MODULE, NAME, MARKER)])
def test_none_and_all_are_no_choice(cast: Cast, keys: tuple[str, ...]) -> None:
    assert "Which root causes leave ATL-1?" in see(cast, *keys)
    assert "Which root causes leave ATL-1?" in split(cast, *keys)
    assert Regrouping.objects.count() == 2


def test_a_reason_is_needed_and_bad_ids_are_none(cast: Cast) -> None:
    assert "Say why this is another root cause." in split(cast, MARKER, reason="")
    answer = cast.client("engineer").post(f"{ADDRESS}split/", {"cause": ["x", "9" * 30, "0"], "reason": "x"})
    assert "Which root causes leave ATL-1?" in words(answer.content.decode())
    assert Regrouping.objects.count() == 2


def test_one_cause_cannot_be_split_and_the_page_says_why(cast: Cast) -> None:
    other = factories.member(cast.other, "engineer")
    client = cast.client("stranger")
    client.force_login(other)
    why = "its errors have one root cause, and no pass could tell which part a later error belongs to"
    assert f"It cannot be split: {why}" in words(client.get("/p/borealis/t/BOR-1/").content.decode())
    assert f"cannot be split: {why}" in words(client.get("/p/borealis/t/BOR-1/split/").content.decode())


def test_who_may(cast: Cast) -> None:
    viewer = cast.client("viewer")
    assert "Split…" not in viewer.get(ADDRESS).content.decode()
    assert viewer.post(f"{ADDRESS}split/", {"cause": [cause(MARKER)], "reason": "x"}).status_code == 403
    assert cast.client("lead").get("/p/borealis/t/BOR-1/split/").status_code == 404
    assert Regrouping.objects.count() == 2
