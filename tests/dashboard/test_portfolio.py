"""The list of projects."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests import factories
from tests.dashboard.cast import WORKING, Cast, errors, words


@pytest.fixture
def cast(db: None) -> Cast:
    return Cast.make()


def page(client: Client) -> str:
    return words(client.get("/").content.decode())


def test_a_single_project_is_shown_at_once(cast: Cast) -> None:
    assert cast.client("viewer").get("/").url == "/p/atlas/"
    assert "1 project" in words(cast.client("viewer").get("/?all").content.decode())


def test_only_the_projects_one_may_see(cast: Cast) -> None:
    factories.project("zephyr")
    said = page(cast.client("admin"))
    assert "3 projects, 6 errors left" in said
    assert "nothing counted yet" in said
    assert "zephyr" not in words(cast.client("viewer").get("/?all").content.decode())


def test_no_project_yet(db: None) -> None:
    client = Client()
    client.force_login(factories.user("mei", is_superuser=True))
    assert "Add a repository to count its collection errors" in page(client)
    client.force_login(factories.user("tom"))
    said = page(client)
    assert "Ask a lead to add you." in said
    assert "Add a repository" not in said


def test_a_blocked_project_keeps_its_last_count_and_comes_first(cast: Cast) -> None:
    factories.blocked_pass(cast.other)
    said = page(cast.client("admin"))
    assert said.index("borealis") < said.index("atlas")
    assert "last counted 3 at #1" in said


def test_what_came_back_comes_first_of_all(cast: Cast) -> None:
    factories.counted_pass(cast.other, 2, [], WORKING | {"tests/test_c.py": 2})
    factories.counted_pass(cast.other, 3, errors(), {"tests/test_healthy.py": 5})
    factories.blocked_pass(cast.project)
    said = page(cast.client("admin"))
    assert said.index("borealis") < said.index("atlas")


def test_a_rise_is_said_in_words(cast: Cast) -> None:
    more = [factories.unknown_marker(f"tests/test_more_{i}.py") for i in range(4)]
    factories.counted_pass(cast.project, 2, [*errors(), *more], at=timezone.now() - timedelta(days=1))
    assert "atlas rose by 4 this week." in page(cast.client("admin"))


def test_no_rise_is_said_where_the_scope_changed(cast: Cast) -> None:
    more = [factories.unknown_marker(f"tests/test_more_{i}.py") for i in range(4)]
    other = dataclasses.replace(factories.SESSION, python="3.13.0")
    factories.counted_pass(cast.project, 2, [*errors(), *more], session=other)
    said = page(cast.client("admin"))
    assert "rose by" not in said
    assert "not comparable" in said


def test_anonymous_is_asked_to_sign_in(db: None) -> None:
    assert Client().get("/").url == "/login/?next=/"


def test_the_number_of_queries_does_not_grow(cast: Cast, django_assert_num_queries: object) -> None:
    client = cast.client("admin")
    for _ in range(2):
        with django_assert_num_queries(5):  # type: ignore[operator]
            client.get("/")
        for _ in range(8):
            factories.counted_pass(factories.project(), 1, errors())
