"""A lead's word that tests which are gone are really gone."""

from __future__ import annotations

import pytest
from django.test import Client

from remediation import rebuilding
from tests import factories
from tests.dashboard.cast import Cast, errors, words

URL = "/p/atlas/passes/3/confirm/"


@pytest.fixture
def cast(db: None) -> Cast:
    """Pass #2 collects 60 tests, #3 only five and no longer two of the errors."""
    cast = Cast.make()
    many = {f"tests/test_more_{i}.py": 5 for i in range(12)}
    factories.counted_pass(cast.project, 2, errors(), many)
    factories.counted_pass(cast.project, 3, errors()[:1], {"tests/test_b.py": 4, "tests/test_c.py": 1})
    return cast


def test_it_works(cast: Cast) -> None:
    client = cast.client("lead")
    before = words(client.get("/p/atlas/passes/3/").content.decode())
    assert "Held." in before
    assert "cleared −0 hidden −2" in before
    said = client.post(URL, follow=True).content.decode()
    assert "Confirmed. What pass #3 cleared counts as soon as history is computed again." in words(said)
    assert 'hx-get="/p/atlas/work/" hx-trigger="load, every 2s"' in said
    rebuilding.run(cast.project.pk)
    after = words(client.get("/p/atlas/passes/3/").content.decode())
    assert "Held." not in after
    assert "cleared −2" in after
    assert cast.project.passes.get(number=3).confirmed_by == cast.lead


def test_a_pass_that_holds_nothing(cast: Cast) -> None:
    answer = cast.client("lead").post("/p/atlas/passes/2/confirm/", follow=True)
    assert "Pass #2 holds nothing back." in answer.content.decode()
    cast.client("lead").post(URL)
    assert "holds nothing back" in cast.client("lead").post(URL, follow=True).content.decode()


@pytest.mark.parametrize("role", ["viewer", "engineer"])
def test_only_a_lead_may(cast: Cast, role: str) -> None:
    assert cast.client(role).post(URL).status_code == 403
    assert cast.project.passes.get(number=3).confirmed_at is None


def test_another_project_anonymous_bad_id_and_get(cast: Cast) -> None:
    assert cast.client("stranger").post(URL).status_code == 404
    assert Client().post(URL).status_code == 302
    assert cast.client("lead").post("/p/atlas/passes/9/confirm/").status_code == 404
    assert cast.client("lead").get(URL).status_code == 405
