"""The list of tickets."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from remediation import passes, tickets
from remediation.core.records import Cause, CollectionError
from tests import factories
from tests.dashboard.cast import WORKING, Cast, errors, words

URL = "/p/atlas/tickets/"
QUERIES = 10


@pytest.fixture
def cast(db: None) -> Cast:
    return Cast.make()


def _page(cast: Cast, query: str = "", role: str = "engineer", **headers: str) -> str:
    answer = cast.client(role).get(URL + query, headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def _rows(page: str) -> list[str]:
    return re.findall(r'<div class="id"><span>([A-Z]+-\d+)</span>', page)


def test_it_works(cast: Cast) -> None:
    page = _page(cast)
    assert _rows(page) == ["ATL-1", "ATL-2"]
    text = words(page)
    assert "2 of 3" in text and "3 of 3" in text  # the running sum
    assert "2 tickets, 3 errors." in text
    assert "As of pass #1," in text
    assert "Collected does not mean passing" in text


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("?tab=unclaimed", ["ATL-2"]),
        ("?tab=mine", ["ATL-1"]),
        ("?tab=verified", []),
        ("?tab=all", ["ATL-1", "ATL-2"]),
        ("?kind=missing-name", ["ATL-2"]),
        ("?kind=missing-module&order=newest", ["ATL-1"]),
        ("?order=newest", ["ATL-2", "ATL-1"]),
        ("?tab=nonsense&kind=%00&order=x&category=%27&page=-3", ["ATL-1", "ATL-2"]),
        ("?category=99999999999999999999", ["ATL-1", "ATL-2"]),
    ],
)
def test_tabs_filters_and_order(cast: Cast, query: str, rows: list[str]) -> None:
    tickets.claim(cast.ticket(), cast.engineer)
    assert _rows(_page(cast, query)) == rows


def test_a_category_shows_only_its_tickets_and_can_be_taken_off_again(cast: Cast) -> None:
    category = cast.ticket(2).category
    page = _page(cast, f"?category={category.pk}")
    assert _rows(page) == [t.label for t in cast.project.tickets.filter(category=category).order_by("number")]
    assert f'id="chip-{category.pk}" href="?"' in page
    assert category.pk != cast.ticket(1).category_id


def test_htmx_gets_the_part_and_history_gets_the_page(cast: Cast) -> None:
    part = cast.client("engineer").get(URL, headers={"HX-Request": "true"})
    assert "<html" not in part.content.decode() and _rows(part.content.decode()) == ["ATL-1", "ATL-2"]
    assert "HX-Request" in part["Vary"]
    assert "<html" in _page(cast, **{"HX-Request": "true", "HX-History-Restore-Request": "true"})


def test_verified_tickets_say_which_pass_no_longer_sees_them(cast: Cast) -> None:
    factories.counted_pass(cast.project, 2, [factories.missing_name("tests/test_c.py")], WORKING)
    page = _page(cast, "?tab=verified")
    assert _rows(page) == ["ATL-1"]
    assert "#2" in page and "Gone since" in page
    assert "1 ticket, 1 error." in words(_page(cast))


def test_environment_errors_are_marked_and_counted_apart(cast: Cast) -> None:
    missing = factories.missing_module("tests/test_d.py", "numpy")
    factories.counted_pass(cast.project, 2, [*errors(), missing])
    text = words(_page(cast))
    assert "3 tickets, 4 errors: 3 in the repository, 1 in the environment." in text
    assert "environment" in text


def test_hidden_errors_are_named_and_are_no_progress(cast: Cast) -> None:
    factories.counted_pass(
        cast.project,
        2,
        [],
        {"tests/test_healthy.py": 5, "tests/test_a.py": ("skipped", 0), "tests/test_b.py": ("skipped", 0)},
    )
    text = words(_page(cast))
    assert "0 visible, 2 hidden" in text
    assert "hidden: no longer visible, though not repaired." in text


def test_an_empty_list_says_why(db: None) -> None:
    project = factories.project("atlas", key="ATL")
    lead = factories.member(project, "lead")
    client = Client()
    client.force_login(lead)

    def text(query: str = "") -> str:
        return words(client.get(URL + query).content.decode())

    assert "No ticket yet. Tickets appear after the first counted pass." in text()
    factories.blocked_pass(project, 1)
    assert "No ticket yet. Tickets appear after the first counted pass." in text()
    factories.counted_pass(project, 2, errors())
    assert "You have no ticket. 2 are free." in text("?tab=mine")
    assert "No ticket is verified yet." in text("?tab=verified")
    assert "No ticket matches. The filter hides 2 tickets" in text("?kind=circular-import")
    for ticket in project.tickets.all():
        tickets.claim(ticket, lead)
    assert "Every open ticket has an owner." in text("?tab=unclaimed")
    factories.counted_pass(project, 3, [], {**WORKING, "tests/test_c.py": 1})
    assert "All 2 tickets are verified." in text()


def test_only_what_would_be_accepted_is_offered(cast: Cast) -> None:
    assert "/claim/" in _page(cast, role="engineer")
    assert "/claim/" not in _page(cast, role="viewer")
    tickets.claim(cast.ticket(), cast.engineer)
    assert "/release/" in _page(cast, role="engineer")
    assert "/release/" not in _page(cast, role="viewer")


def test_hostile_text_is_shown_as_text(cast: Cast) -> None:
    factories.counted_pass(
        cast.project, 2, [factories.missing_name("tests/test_x.py", "atlas.x", "<script>alert(1)</script>")]
    )
    page = _page(cast)
    assert "<script>alert" not in page and "&lt;script&gt;alert(1)" in page


def test_a_pass_that_is_not_counted_draws_a_gap_and_no_zero(cast: Cast) -> None:
    factories.blocked_pass(cast.project, 2)
    factories.counted_pass(cast.project, 3, errors())
    page = _page(cast)
    line = re.findall(r'<svg class="spark.*?<path d="([^"]*)"', page)[0]
    assert line == "M0.0,3.0H32.0M64.0,3.0H96.0"  # two runs at the top; nothing between them, and no zero at y=20
    assert '<rect class="gap" x="32.0" y="2" width="32.0"' in page


def test_it_asks_the_same_number_of_questions_for_10_and_for_200(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = cast.client("engineer")
    for position, tickets_wanted in ((2, 10), (3, 200)):
        many = [factories.missing_module(f"tests/test_{n}.py", f"atlas.part{n}") for n in range(tickets_wanted)]
        factories.counted_pass(cast.project, position, many)
        with django_assert_num_queries(QUERIES):
            page = client.get(URL).content.decode()
    assert len(_rows(page)) == 50
    assert "Page 1 of" in page
    second = client.get(URL + "?page=2").content.decode()
    assert "51 of" in words(second)  # the running sum goes on


def test_what_fixing_the_best_few_clears_is_said_with_what_it_frees(cast: Cast) -> None:
    many = [
        factories.missing_module("tests/test_a.py"), factories.missing_module("tests/test_b.py"),
        factories.missing_name("tests/test_c.py"), factories.unknown_marker("tests/test_d.py"),
        factories.missing_name("tests/test_e.py", name="Other"), factories.missing_name("tests/test_b.py"),
    ]  # fmt: skip
    written = {"tests/test_a.py": 10, "tests/test_b.py": 5, "tests/test_d.py": 7}
    factories.counted_pass(cast.project, 2, many, written=written)
    text = words(_page(cast))
    # test_b.py has two causes, and both are among the three.
    assert (
        "Fixing ATL-1, ATL-2 and ATL-3 clears 5 of 6 errors and frees 4 files, ≈22 tests. More may be unmasked." in text
    )
    assert "4 tickets, 6 errors." in text


def test_tests_hidden_are_an_estimate_with_its_basis_and_shared_files_count_once(cast: Cast) -> None:
    many = [*errors(), factories.missing_name("tests/test_b.py")]
    factories.counted_pass(cast.project, 2, many, written={"tests/test_a.py": 10, "tests/test_b.py": 5})
    text = words(_page(cast))
    assert "2 of 4 1 file waits ≈15 1 file shared" in text and "4 of 4 ≈5 1 unknown 1 file shared" in text
    basis = "2 files counted from source, parametrised cases once; 1 file unknown. A shared file counts once in the sum"
    assert f"Tests hidden ≈15: {basis}" in text


def test_unknown_is_no_zero(cast: Cast) -> None:
    page = words(_page(cast))
    assert "2 of 3 unknown" in page and "≈0" not in page
    assert "Tests hidden: unknown." in page


@pytest.mark.parametrize(
    ("query", "groups"),
    [
        ("?group=kind", ["missing module 1 ticket, 2 errors", "missing name 1 ticket, 1 error"]),
        ("?group=category", ["Missing core modules 1 ticket, 2 errors", "Monitoring & caching 1 ticket, 1 error"]),
        ("?group=directory&tab=all", ["tests 2 tickets, 3 errors"]),
        ("?group=nonsense", []),
    ],
)
def test_groups_have_their_own_sums(cast: Cast, query: str, groups: list[str]) -> None:
    page = _page(cast, query)
    found = [words(group) for group in re.findall(r'<tr class="group">(.*?)</tr>', page)]
    assert [group.partition(", tests hidden")[0] for group in found] == groups
    assert _rows(page) == ["ATL-1", "ATL-2"]


def test_a_ticket_stands_in_the_directory_of_most_of_its_files(cast: Cast) -> None:
    paths = ["tests/unit/deep/test_a.py", "tests/unit/test_b.py", "tests/gui/test_c.py", "test_top.py"]
    many = [factories.missing_module(path) for path in paths[:3]] + [factories.missing_name(paths[3])]
    factories.counted_pass(cast.project, 2, many)
    page = words(_page(cast, "?group=directory"))
    assert "tests/unit 1 ticket, 3 errors" in page and "top of the repository 1 ticket, 1 error" in page


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("registry", ["ATL-1"]),
        ("ATLAS.CACHE", ["ATL-2"]),
        ("cachekey", ["ATL-2"]),
        ("atl-2", ["ATL-2"]),
        ("1", ["ATL-1"]),
        ("%", []),
        ("no such thing", []),
        ("%00%20", ["ATL-1", "ATL-2"]),
    ],
)
def test_a_text_is_looked_for_in_title_module_and_id(cast: Cast, text: str, rows: list[str]) -> None:
    assert _rows(_page(cast, f"?q={text}")) == rows


def test_the_filter_that_hides_everything_can_be_cleared(cast: Cast) -> None:
    page = _page(cast, "?tab=all&q=nothing&order=newest")
    assert "The filter hides 2 tickets of this tab." in words(page)
    assert 'href="?tab=all&amp;order=newest">Clear filter' in page


def test_htmx_pushes_the_short_address(cast: Cast) -> None:
    answer = cast.client("engineer").get(URL + "?q=&kind=&group=&order=newest&tab=all", headers={"HX-Request": "true"})
    assert answer["HX-Push-Url"] == "/p/atlas/tickets/?tab=all&order=newest"
    usual = cast.client("engineer").get(URL + "?q=&order=errors", headers={"HX-Request": "true"})
    assert usual["HX-Push-Url"] == "/p/atlas/tickets/"
    assert "HX-Push-Url" not in cast.client("engineer").get(URL)


def test_most_tests_hidden_first_with_the_unknown_last(cast: Cast) -> None:
    many = [*errors(), factories.unknown_marker("tests/test_d.py")]
    written = {"tests/test_a.py": 1, "tests/test_d.py": 90}
    factories.counted_pass(cast.project, 2, many, written=written)
    assert _rows(_page(cast, "?order=tests")) == ["ATL-3", "ATL-1", "ATL-2"]


def test_the_last_verified_stand_below_the_open_ones(cast: Cast) -> None:
    factories.counted_pass(cast.project, 2, [factories.missing_name("tests/test_c.py")], WORKING)
    text = words(_page(cast))
    assert "Last verified All 1" in text and "gone since #2" in text
    assert "Last verified" not in words(_page(cast, "?tab=all"))


def test_a_pass_that_runs_or_was_not_counted_is_told_and_changes_nothing(cast: Cast) -> None:
    factories.blocked_pass(cast.project, 2)
    assert "blocks everything" not in words(_page(cast))  # by what is unknown, so it has no ticket
    assert "Pass #2 was not counted, so it is in no number here; this list shows #1." in words(_page(cast))
    passes.claim(passes.queue(cast.project, trigger="manual").pk)
    assert "Pass #3 is running; this list shows #1." in words(_page(cast))


def test_what_blocks_everything_is_named_before_what_could_be_counted(cast: Cast) -> None:
    cause = Cause("ModuleNotFoundError", "No module named 'db'", name="db")
    factories.blocked_pass(cast.project, 2, blocker=CollectionError("tests/conftest.py", "", cause))
    page = _page(cast)
    assert "ATL-3 blocks everything: until it is fixed, no pass can count what another fix clears." in words(page)
    assert _rows(page) == ["ATL-3", "ATL-1", "ATL-2"]


def test_another_project_is_not_there(cast: Cast) -> None:
    assert cast.client("stranger").get(URL).status_code == 404
    assert cast.client("engineer").get("/p/no-such/tickets/").status_code == 404


def test_anonymous_is_asked_to_sign_in(cast: Cast) -> None:
    assert Client().get(URL + "?tab=mine").url == "/login/?next=/p/atlas/tickets/%3Ftab%3Dmine"
