"""The standing inventory: which test files exist and give no test, and why."""

from __future__ import annotations

import gzip

import pytest
from pytest_django import DjangoAssertNumQueries

from tests import factories
from tests.dashboard.cast import Cast, errors, words

URL = "/p/atlas/silenced/"
SILENT: dict[str, tuple[object, ...]] = {
    "tests/test_b.py": ("skipped", 0, "could not import 'redis'", "importorskip"),
    "tests/test_left.py": ("ignored", 0, "--ignore=tests/test_left.py", "by-option"),
    "tests/old/test_one.py": ("not-reached", 0, "pytest was given tests/unit", "outside"),
    "tests/old/test_two.py": ("not-reached", 0, "pytest was given tests/unit", "outside"),
    "tests/deep/test_below.py": ("masked", 0, "tests/deep/conftest.py"),
    "tests/test_lost.py": ("not-reached", 0),
}
WORKING = {"tests/test_healthy.py": 40, "tests/test_left.py": 14}


@pytest.fixture
def cast(db: None) -> Cast:
    return Cast.make()


def page(cast: Cast, query: str = "", role: str = "viewer") -> str:
    answer = cast.client(role).get(URL + query)
    assert answer.status_code == 200
    return answer.content.decode()


def silence(cast: Cast) -> None:
    """Pass #2: 14 tests in a file that #3 ignores, and three errors of which #3 sees one and a conftest's."""
    factories.counted_pass(cast.project, 2, errors(), WORKING)
    broken = [errors()[0], factories.missing_module("tests/deep/conftest.py")]
    files = {"tests/test_healthy.py": 40, "tests/test_c.py": 2, "src/model.py": 0, **SILENT}
    factories.counted_pass(cast.project, 3, broken, files)


def test_it_works(cast: Cast) -> None:
    silence(cast)
    text = words(page(cast))
    assert (
        "6 of 9 test files contribute no test: 1 skipped, 1 ignored, 2 outside the test paths, "
        "1 below a failing conftest or package, 1 not reached."
    ) in text
    assert "contribute tests 2 cannot be imported +1 contribute none +6 test files 9" in text
    assert "pytest.importorskip 1 1" in text  # one file, one hidden error
    assert "All 6 1" in text
    assert "As of pass #3, Thu 5 Mar 06:00, 000000000. 2 visible errors are not in this list" in text


def test_each_file_says_what_silences_it_since_when_and_what_it_hides(cast: Cast) -> None:
    silence(cast)
    text = words(page(cast))
    # On a phone since and before stand under the file; in a wide window they have columns.
    left = "tests/test_left.py --ignore or --ignore-glob: --ignore=tests/test_left.py since #3 gave 14 tests until #3"
    assert f"{left} #3 gave 14 tests until #3" in text
    told = "tests/test_b.py pytest.importorskip: could not import 'redis' since #3 no test under this name"
    assert f"{told} #3 no test under this name ATL-1" in text
    assert "tests/deep/test_below.py below a failing conftest or package: tests/deep/conftest.py since #3" in text
    assert "src/model.py" not in text  # collected for its doctests, and has none: no test file
    assert text.index("tests/deep/") < text.index("tests/old/test_one.py") < text.index("tests/test_b.py")


def test_one_mechanism(cast: Cast) -> None:
    silence(cast)
    text = words(page(cast, "?why=outside"))
    assert "2 of 6 files: outside the test paths Show all 6" in text
    assert "tests/old/test_two.py" in text and "tests/test_left.py" not in text
    assert "6 of 9 test files contribute no test" in text
    assert "No file is silenced in this way." in words(page(cast, "?why=skip"))
    for nonsense in ("?why=nonsense&page=x", "?why=%00", "?page=99"):
        assert "tests/test_left.py" in page(cast, nonsense)


def test_nothing_is_silenced(cast: Cast) -> None:
    text = words(page(cast))
    assert "Every test file that matches the pattern contributes tests." in text
    assert "But for the 3 that cannot be imported: their errors have tickets" in text
    factories.counted_pass(cast.project, 2, [], WORKING | {"tests/test_a.py": 1, "tests/test_b.py": 1})
    assert "cannot be imported" not in words(page(cast))


def test_nothing_counted_yet_is_not_zero(cast: Cast) -> None:
    factories.project("zephyr")
    text = words(cast.client("admin").get("/p/zephyr/silenced/").content.decode())
    assert "nothing counted yet" in text and "This is not zero files." in text
    assert "contributes tests" not in text


def test_the_last_pass_was_not_counted_so_the_list_is_of_the_one_before(cast: Cast) -> None:
    silence(cast)
    factories.blocked_pass(cast.project)
    text = words(page(cast))
    assert "Pass #4 could not count anything." in text
    assert "As of pass #3, Thu 5 Mar 06:00" in text and "6 of 9 test files" in text


def test_a_file_renamed_away_stays_listed(cast: Cast) -> None:
    factories.counted_pass(cast.project, 2, errors(), WORKING)

    def renamed(before: str, after: str) -> factories.TreeChange:
        return factories.TreeChange({"tests/test_left.py": "tests/left_disabled.py"}, frozenset())

    factories.counted_pass(cast.project, 3, errors(), {"tests/test_healthy.py": 40}, renames=renamed)
    factories.counted_pass(cast.project, 4, errors(), {"tests/test_healthy.py": 40}, renames=asked)
    text = words(page(cast))
    assert "1 of 5 test files contributes no test: 1 under no test file pattern." in text
    assert "tests/left_disabled.py renamed away from the pattern: was tests/test_left.py, 14 tests since #3" in text


def asked(before: str, after: str) -> factories.TreeChange:
    return factories.TreeChange(deleted=frozenset())


def test_pages(cast: Cast) -> None:
    files = {f"tests/old/test_{n:03}.py": ("skipped", 0, "no display", "skip") for n in range(120)}
    factories.counted_pass(cast.project, 2, errors(), {"tests/test_healthy.py": 40, **files})
    first, last = (words(page(cast, f"?why=skip&page={number}")) for number in (1, 3))
    assert "Page 1 of 3" in first and "test_049" in first and "test_050" not in first
    assert "Page 3 of 3" in last and "test_119" in last
    assert len(gzip.compress(page(cast).encode(), 6)) < 15_000


def test_another_project_is_not_there(cast: Cast) -> None:
    assert cast.client("stranger").get(URL).status_code == 404


def test_the_number_of_queries_does_not_grow(cast: Cast, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    silence(cast)
    client = cast.client("viewer")
    counts = []
    for position in (4, 24):
        for at in range(cast.project.passes.count() + 1, position + 1):
            files = {f"tests/old/test_{n}.py": ("skipped", 0, "", "skip") for n in range(2 * at)}
            factories.counted_pass(cast.project, at, errors(), {**files, "tests/test_left.py": at % 2 * 9})
        with django_assert_max_num_queries(10) as seen:
            client.get(URL)
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_a_lead_finds_it_from_the_overview_the_tickets_and_a_pass(cast: Cast) -> None:
    silence(cast)
    client = cast.client("lead")
    for address in ("/p/atlas/", "/p/atlas/tickets/"):
        said = client.get(address).content.decode()
        assert f'href="{URL}"' in said and "6 test files contribute no test" in words(said), address
    assert f'href="{URL}"' in client.get("/p/atlas/passes/3/").content.decode()
