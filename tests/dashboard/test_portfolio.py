"""The list of projects."""

from __future__ import annotations

import dataclasses
import gzip
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from dashboard.templatetags.figures import day
from remediation.models import CollectionPass, Project
from tests import factories
from tests.dashboard.cast import WORKING, Cast, errors, words


@pytest.fixture
def cast(db: None) -> Cast:
    return Cast.make()


def page(client: Client) -> str:
    return words(client.get("/").content.decode())


def rows(client: Client, url: str = "/") -> str:
    """What the table says, without the sentence above it."""
    return words(client.get(url).content.decode().partition("<tbody>")[2])


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


def test_a_pass_that_was_asked_for_another_commit_says_nothing_of_the_project(cast: Cast) -> None:
    failed = factories.failed_pass(cast.project)
    assert "Failed" in rows(cast.client("viewer"), "/?all")
    CollectionPass.objects.filter(pk=failed.pk).update(position=None, commit="", requested_commit="not-there")
    assert "Failed" not in rows(cast.client("viewer"), "/?all")
    assert "Counted" in rows(cast.client("viewer"), "/?all")


def test_a_blocked_project_keeps_its_last_count_and_comes_first(cast: Cast) -> None:
    factories.blocked_pass(cast.other)
    old = timezone.now() - timedelta(days=3, hours=1)
    CollectionPass.objects.filter(project=cast.other, outcome="counted").update(ended_at=old)
    said = rows(cast.client("admin"))
    assert said.index("borealis") < said.index("atlas")
    assert "Not counted. last counted 3 3 days ago" in said
    assert 'class="num left unknown"' in cast.client("admin").get("/").content.decode()


def test_what_came_back_comes_first_of_all(cast: Cast) -> None:
    factories.counted_pass(cast.other, 2, [], WORKING | {"tests/test_c.py": 2})
    factories.counted_pass(cast.other, 3, errors(), {"tests/test_healthy.py": 5})
    factories.blocked_pass(cast.project)
    said = rows(cast.client("admin"))
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


def test_the_sum_names_what_it_holds_and_what_it_does_not(cast: Cast) -> None:
    factories.project("zephyr")
    factories.blocked_pass(cast.other)
    said = page(cast.client("admin"))
    assert "3 projects, 6 errors left." in said
    assert "The last pass of borealis was not counted: the sum holds the count before it." in said
    assert "zephyr was never counted and is not in the sum." in said


def test_nothing_of_others_is_counted_or_said(cast: Cast) -> None:
    factories.project("zephyr")
    more = [factories.unknown_marker(f"tests/test_more_{i}.py") for i in range(4)]
    factories.counted_pass(cast.other, 2, [*errors(), *more], at=timezone.now() - timedelta(days=1))
    said = page_of_all(cast.client("viewer"))
    assert "1 project, 3 errors left." in said
    assert "borealis" not in said and "zephyr" not in said and "rose" not in said


def page_of_all(client: Client) -> str:
    return words(client.get("/?all").content.decode())


def test_a_forecast_or_what_it_lacks(cast: Cast) -> None:
    assert "no forecast: 1 counted pass, needs 8" in rows(cast.client("admin"))
    start = timezone.now() - timedelta(days=20)
    project = factories.project("zephyr", schedule="0 6 * * *")
    for n in range(10):
        broken = [factories.missing_module(f"tests/test_{i:02}.py") for i in range(30 - 3 * n)]
        works = {f"tests/test_{i:02}.py": 2 for i in range(30 - 3 * n, 40)}
        factories.counted_pass(project, None, broken, works, at=start + timedelta(days=2 * n))
    line = rows(cast.client("admin")).partition("zephyr")[2]
    assert "Zero:" in line and " to " in line.partition("Zero:")[2].partition("Counted")[0]


def test_zero_is_reached_only_where_it_is(cast: Cast) -> None:
    factories.counted_pass(cast.other, 2, [], WORKING | {"tests/test_c.py": 2})
    assert "Zero: reached" in rows(cast.client("admin")).partition("borealis")[2]
    hidden = dict.fromkeys(("tests/test_a.py", "tests/test_b.py", "tests/test_c.py"), ("skipped", 0))
    factories.counted_pass(cast.project, 2, [], {"tests/test_healthy.py": 9, **hidden})
    line = rows(cast.client("admin"), "/?sort=name").partition("atlas")[2].partition("borealis")[0]
    assert "and 3 hidden" in line
    assert "Zero: reached" not in line


@pytest.mark.parametrize(
    ("query", "order"),
    [
        ("", ["zephyr", "borealis", "atlas", "cirrus"]),
        ("?sort=attention", ["zephyr", "borealis", "atlas", "cirrus"]),
        ("?sort=name", ["atlas", "borealis", "cirrus", "zephyr"]),
        ("?sort=left", ["zephyr", "atlas", "borealis", "cirrus"]),
        ("?sort=%00&scale=%F0%9F", ["zephyr", "borealis", "atlas", "cirrus"]),
    ],
)
def test_orders(cast: Cast, query: str, order: list[str]) -> None:
    zephyr, _ = factories.project("zephyr"), factories.project("cirrus")
    for number in (4, 0, 4):
        broken = [factories.missing_module(f"tests/test_{i}.py") for i in range(number)]
        factories.counted_pass(zephyr, None, broken, {f"tests/test_{i}.py": 2 for i in range(number, 8)})
    factories.blocked_pass(cast.other)
    said = rows(cast.client("admin"), f"/{query}")
    assert sorted(order, key=said.index) == order


def test_one_scale_for_all_is_marked(cast: Cast) -> None:
    factories.counted_pass(cast.other, 2, [factories.missing_module(f"tests/test_{i}.py") for i in range(9)])
    own, same = rows(cast.client("admin")), rows(cast.client("admin"), "/?scale=same")
    assert "0 to 3" in own and "0 to 9" in own
    assert "0 to 3" not in same and same.count("0 to 9 for all") == 2


def test_the_time_axis_is_shared_and_no_longer_than_twelve_weeks(cast: Cast) -> None:
    now = timezone.now()
    CollectionPass.objects.filter(project=cast.project).update(effective_at=now - timedelta(weeks=40))
    CollectionPass.objects.filter(project=cast.other).update(effective_at=now - timedelta(weeks=6))
    drawn = cast.client("admin").get("/").content.decode()
    assert f"Trend, {day(now - timedelta(weeks=12))} to {day(now)}" in drawn
    lines = re.findall(r'class="spark.*?</svg>', drawn)
    starts = sorted(float(re.findall(r'<path d="M([\d.]+),', line)[0]) for line in lines)
    assert [round(start, -1) for start in starts] == [0, 60], "one at the edge, one in the middle"


def test_the_links_keep_what_was_chosen(cast: Cast) -> None:
    drawn = cast.client("viewer").get("/?all&sort=left").content.decode()
    assert 'href="?all&amp;sort=left&amp;scale=same"' in drawn
    assert 'href="?all&amp;sort=name"' in drawn
    assert 'href="?all"' in drawn, "back to the usual order"


def test_anonymous_is_asked_to_sign_in(db: None) -> None:
    assert Client().get("/").url == "/login/?next=/"


def test_fifty_projects_cost_no_more_queries_and_stay_light(cast: Cast, django_assert_num_queries: object) -> None:
    client = cast.client("admin")
    for number in (2, 50):
        for more in range(number - Project.objects.count()):
            project = factories.project(f"{more} {'long name of a service ' * 3}")
            for total in (9, 5, 7):
                factories.counted_pass(
                    project, None, [factories.unknown_marker(f"tests/t_{i}.py") for i in range(total)]
                )
        with django_assert_num_queries(5):  # type: ignore[operator]
            answer = client.get("/")
        assert len(gzip.compress(answer.content)) <= 15_000
