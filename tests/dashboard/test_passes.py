"""The list of passes: what ran, what waits, what moved."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dashboard import passes_page
from remediation import passes
from tests import factories
from tests.dashboard.cast import WORKING, Cast, errors, words
from tests.dashboard.long_history import lengthen

URL = "/p/atlas/passes/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def cast(db: None) -> Cast:
    return Cast.make()


def test_it_works(cast: Cast) -> None:
    factories.blocked_pass(cast.project)
    factories.counted_pass(cast.project, None, errors()[:1], WORKING)
    said = words(cast.client("viewer").get(URL).content.decode())
    assert said.index("#3 Thu") < said.index("#2 Wed") < said.index("#1 Tue")
    assert "Counted 1 error −2" in said
    assert "Blocked not counted: pytest stopped while loading tests/conftest.py" in said


def test_a_pass_that_was_not_counted_has_no_digit_in_its_row(cast: Cast) -> None:
    factories.blocked_pass(cast.project)
    page = cast.client("viewer").get(URL).content.decode()
    row = page[page.index('<a href="/p/atlas/passes/2/">#2</a>') :].split("</tr>")[0]
    assert 'colspan="7"' in row
    assert "<b>0</b>" not in row
    strip = page[page.index('aria-label="#2: blocked, not counted"') :].split("</a>")[0]
    assert 'class="gap"' in strip


def test_what_is_at_work_stands_on_top(cast: Cast) -> None:
    for commit in ("a" * 40, "b" * 40):
        passes.queue(cast.project, trigger="manual", commit=commit)
    passes.claim(cast.project.passes.get(number=2).pk)
    said = words(cast.client("viewer").get(URL).content.decode())
    assert said.index("#2") < said.index("Running") < said.index("Waits") < said.index("#1 Tue")


def test_no_pass_yet(cast: Cast) -> None:
    project = factories.project("zephyr", schedule="0 6 * * *")
    said = words(cast.client("admin").get(f"/p/{project.slug}/passes/").content.decode())
    assert "No pass yet. The next one is due" in said


def a_pass(number: int, total: int | None, outcome: str = "counted") -> passes_page.Group:
    """A bar of its own."""
    ended = {word: number if outcome == word else None for word in ("blocked", "failed")}
    return passes_page.Group(number, number, 1, **ended, highest=None if total is None else (total, number))


def test_the_strip_fills_its_width_whatever_the_number_of_passes() -> None:
    for count in (1, 2, 16, 150):
        strip = passes_page.bars([a_pass(number, 3) for number in range(1, count + 1)])
        step = 100 / len(strip)
        assert [round(bar.x - i * step, 2) for i, bar in enumerate(strip)] == [0] * len(strip)
        assert 0.7 * step < strip[-1].width < step
    assert passes_page.bars([a_pass(1, 0)])[0].height == 0
    assert passes_page.bars([a_pass(1, None, "failed")])[0].words == "#1: failed, not counted"


def test_passes_that_share_a_bar_hide_no_gap_and_no_peak(cast: Cast) -> None:
    lengthen(cast.project, 600)
    one = cast.project.passes
    one.filter(number__in=[201, 202]).update(outcome="failed", total=None, result=None)
    one.filter(number=203).update(outcome="blocked", total=None, result=None)
    one.filter(number__in=[403, 404]).update(total=900)
    cast.project.refresh_from_db()
    with CaptureQueriesContext(connection) as asked:
        groups = passes_page.groups_of(cast.project)
    strip = passes_page.bars(groups)
    assert (len(asked), len(strip)) == (1, passes_page.MOST)
    assert sum(group.passes for group in groups) == 600
    assert [bar.words for bar in strip if bar.height is None] == [
        "#203: blocked, not counted (#201 to #204 share this bar)"
    ]
    assert [bar.words for bar in strip if bar.height == 100] == ["#404: 900 errors (#401 to #404 share this bar)"]
    page = cast.client("viewer").get(URL).content.decode()
    assert "highest 900" in words(page) and "600 passes share 150 bars." in words(page)
    assert f'<a href="{URL}404/" tabindex="-1"' in page


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ({"result": "blocked"}, [2]),
        ({"result": "counted", "trigger": "command"}, [3, 1]),
        ({"trigger": "schedule"}, []),
        ({"q": f"{3:040x}"}, [3]),
        ({"q": "number 1"}, [1]),
        ({"q": "#2"}, [2]),
        ({"q": "sample AUTHOR"}, [3, 2, 1]),
        ({"q": "100%_"}, []),
        ({"result": "<b>", "trigger": "x", "page": "y"}, [3, 2, 1]),
    ],
)
def test_a_filter_is_an_address(cast: Cast, query: dict[str, str], shown: list[int]) -> None:
    factories.blocked_pass(cast.project)
    factories.counted_pass(cast.project, None, errors()[:1], WORKING)
    page = cast.client("viewer").get(URL, query).content.decode()
    assert [int(number) for number in re.findall(r'<th scope="row"><a [^>]*>#(\d+)', page)] == shown
    assert ("None of 3 passes matches." in words(page)) == (not shown)


def test_the_pages_of_a_filter_keep_it(cast: Cast) -> None:
    for _ in range(52):
        factories.failed_pass(cast.project)
    page = cast.client("viewer").get(URL, {"result": "failed", "q": "a&b=1"}).content.decode()
    assert "None of 53 passes matches." in words(page)
    page = cast.client("viewer").get(URL, {"result": "failed"}).content.decode()
    assert 'rel="next" href="?result=failed&amp;page=2"' in page


def test_htmx_gets_the_part(cast: Cast) -> None:
    page = cast.client("viewer").get(URL, headers=HTMX).content.decode()
    assert page.lstrip().startswith('<div id="passes"')
    assert "<html" not in page


def test_pages(cast: Cast) -> None:
    for _ in range(55):
        factories.failed_pass(cast.project)
    client = cast.client("viewer")
    first, second = (words(client.get(URL, {"page": page}).content.decode()) for page in ("1", "2"))
    assert "Page 1 of 2, 56 passes" in first
    assert "Older" in first and "Newer" not in first
    assert "#1 Tue" in second
    for bad in ("0", "99", "x", "-1"):
        assert client.get(URL, {"page": bad}).status_code == 200


def test_another_project_is_not_there(cast: Cast) -> None:
    assert cast.client("stranger").get(URL).status_code == 404
    assert cast.client("engineer").get("/p/borealis/passes/").status_code == 404


def test_anonymous_is_asked_to_sign_in(cast: Cast) -> None:
    assert Client().get(URL).url == "/login/?next=/p/atlas/passes/"


def test_the_number_of_queries_does_not_grow(cast: Cast, django_assert_num_queries: object) -> None:
    client = cast.client("viewer")
    for number in (10, 60):
        while cast.project.passes.count() < number:
            factories.failed_pass(cast.project)
        with django_assert_num_queries(5):  # type: ignore[operator]
            client.get(URL)
