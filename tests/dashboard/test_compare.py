"""Two passes compared on one page: ``?with=24`` of a pass."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from remediation import passes
from remediation.core.records import SessionFacts
from remediation.core.whereabouts import TreeChange
from remediation.models import Rename
from tests import factories
from tests.dashboard.cast import WORKING, Cast, errors, words

URL = "/p/atlas/passes/{}/?with={}"


@pytest.fixture
def cast(db: None) -> Cast:
    return Cast.make()


def said(cast: Cast, number: int, other: object) -> str:
    answer = cast.client("viewer").get(URL.format(number, other))
    assert answer.status_code == 200
    return words(answer.content.decode())


def test_net_and_step_by_step(cast: Cast) -> None:
    passing_by = factories.unknown_marker("tests/test_m.py")
    factories.counted_pass(cast.project, 2, [*errors(), passing_by])
    factories.counted_pass(cast.project, 3, [*errors()[1:], factories.missing_name("tests/test_n.py")], WORKING)
    page = said(cast, 3, 1)
    assert "From #1 to #3: 3 errors each" not in page
    assert "#1 and #3: 3 errors each" in page
    assert "#1 3 cleared −1 new +1 #3 3" in page
    assert "#1 3 cleared −2 new +2 #3 3" in page  # the marker came and went in between
    assert "2 errors in both." in page
    assert "What came and went again in the 1 counted pass between them is in no term." in page
    assert (
        "Cleared, net: 1 error Module atlas.core.registry does not exist ATL-1, Missing core modules: repaired" in page
    )
    assert "Marker load" not in page


def test_the_order_of_the_two_does_not_matter(cast: Cast) -> None:
    factories.counted_pass(cast.project, 2, errors()[:1], WORKING | {"tests/test_c.py": 1})
    one, other = said(cast, 2, 1), said(cast, 1, 2)
    heading = "From #1 to #2: 3 errors became 1"
    assert heading in one and heading in other
    assert one.split("Net ")[1].split("Compare")[0] == other.split("Net ")[1].split("Compare")[0]
    assert "#1 3 cleared −2 #2 1" in one


def test_commit_order_decides_and_not_the_number(cast: Cast) -> None:
    factories.counted_pass(cast.project, 9, errors()[:1], WORKING)
    factories.counted_pass(cast.project, 5, errors())
    assert "From #3 to #2: 3 errors became 1" in said(cast, 3, 2)


def test_a_rename_in_between_is_no_change(cast: Cast) -> None:
    moved = [factories.missing_module("tests/sub/test_a.py"), *errors()[1:]]
    renames = {"tests/test_a.py": "tests/sub/test_a.py"}
    factories.counted_pass(cast.project, 2, moved, renames=lambda before, after: TreeChange(renames))
    # The factory asks nobody, so the stored fact is told here.
    first, second = cast.project.passes.order_by("number")
    Rename.objects.get_or_create(project=cast.project, before=first.commit, after=second.commit, pairs=renames)
    assert "Both saw the same errors." in said(cast, 2, 1)


def test_another_scope_is_not_comparable(cast: Cast) -> None:
    other = SessionFacts(pytest="9.1.0", python="3.13.0", rootdir=".", inipath="pyproject.toml")
    factories.counted_pass(cast.project, 2, errors()[:1], WORKING, session=other)
    page = said(cast, 2, 1)
    assert "#1 and #2: not comparable, the scope changed" in page
    assert "Python: 3.12 became 3.13" in page
    assert "became 1" not in page


@pytest.mark.parametrize("kind", ["blocked", "failed"])
def test_a_pass_without_a_count_is_refused_and_the_nearest_are_offered(cast: Cast, kind: str) -> None:
    make = factories.blocked_pass if kind == "blocked" else factories.failed_pass
    make(cast.project)
    factories.counted_pass(cast.project, None, errors()[:1], WORKING)
    factories.counted_pass(cast.project, None, errors()[:1], WORKING)
    page = cast.client("viewer").get(URL.format(4, 2)).content.decode()
    assert "Pass #2 has no number to compare" in words(page)
    assert f"Pass #2 is {kind}, not counted. Its number is unknown, not zero." in words(page)
    assert [n for n in (1, 3) if f'href="/p/atlas/passes/4/?with={n}"' in page] == [1, 3]
    assert "Net" not in words(page)
    turned = cast.client("viewer").get(URL.format(2, 4)).content.decode()
    assert [n for n in (1, 3) if f'href="/p/atlas/passes/{n}/?with=4"' in turned] == [1, 3]


def test_with_itself_and_with_one_that_runs(cast: Cast) -> None:
    assert "A pass cannot be compared with itself" in said(cast, 1, 1)
    passes.queue(cast.project, trigger="manual")
    assert "Pass #2 has not ended." in said(cast, 1, 2)


def test_off_the_ref_it_is_compared_all_the_same(cast: Cast) -> None:
    factories.off_ref(cast.project, [*errors()[1:], factories.missing_module("tests/test_x.py", "atlas.<b>only")])
    page = said(cast, 1, 2)
    assert "#2 is not on HEAD." in page
    assert "Module atlas.<b>only does not exist no ticket" in page
    assert "<b>only" not in cast.client("viewer").get(URL.format(1, 2)).content.decode()


@pytest.mark.parametrize("other", ["99", "0", "x", "-1", "1e3", "²", "9" * 30, "1; drop"])
def test_bad_numbers(cast: Cast, other: str) -> None:
    assert cast.client("viewer").get("/p/atlas/passes/1/", {"with": other}).status_code == 404


def test_a_pass_of_another_project_is_not_there(cast: Cast) -> None:
    factories.counted_pass(cast.other, 2, errors())
    assert cast.client("viewer").get(URL.format(1, 2)).status_code == 404
    assert cast.client("stranger").get(URL.format(1, 1)).status_code == 404
    assert Client().get(URL.format(1, 1)).status_code == 302


def test_the_number_of_queries_does_not_grow(cast: Cast, django_assert_num_queries: Any) -> None:
    client = cast.client("viewer")
    many = [factories.missing_module(f"tests/test_{i}.py", f"atlas.core.part{i}") for i in range(30)]
    for position in (2, 3, 4):
        factories.counted_pass(cast.project, position, [*errors(), *many[: position * 6]])
    for other in (1, 3):
        with django_assert_num_queries(14):
            client.get(URL.format(4, other))
