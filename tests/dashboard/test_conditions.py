"""Why our number is not the CI's: one pass beside a pasted log, or beside another pass."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from django.test import Client

from remediation.models import CollectionPass
from tests import factories
from tests.dashboard.cast import Cast, errors, words

URL = "/p/atlas/passes/2/conditions/"
HEALTHY = {"tests/test_healthy.py": 5}
SESSION = dataclasses.replace(
    factories.SESSION,
    plugins=("pytest-cov 5.0.0", "xdist 3.8.0"),
    packages=("numpy 2.1.0", "pytest_cov 5.0.0"),
    platform="linux",
    testpaths=("tests",),
)
LOG = """$ python -m pytest -x --ignore=tests/load
platform linux -- Python 3.11.7, pytest-9.1.0, pluggy-1.6.0
rootdir: /home/ci/atlas
configfile: pyproject.toml
testpaths: tests
plugins: cov-5.0.0, mock-3.14.0
collected 3100 items / 1 error
ERROR tests/test_a.py - ModuleNotFoundError: <script>alert(1)</script>
!!!!!!!!!! stopping after 1 failures !!!!!!!!!!
=== 1 error in 3.13s ===
"""


@pytest.fixture
def cast(db: None) -> Cast:
    cast = Cast.make()
    values: dict[str, Any] = {"network": False, "interpreter": "built", "source_roots": ("src",)}
    factories.counted_pass(cast.project, 2, errors(), HEALTHY, session=SESSION, **values)
    return cast


def ask(cast: Cast, log: str = "", packages: str = "", role: str = "viewer") -> tuple[int, str]:
    answer = cast.client(role).post(URL, {"log": log, "packages": packages})
    return answer.status_code, words(answer.content.decode())


def see(cast: Cast, path: str = URL) -> str:
    answer = cast.client("viewer").get(path)
    assert answer.status_code == 200
    return words(answer.content.decode())


def test_without_a_log_our_conditions_stand_alone(cast: Cast) -> None:
    page = see(cast)
    assert "Pass #2 counts 3 errors and 5 tests." in page
    assert "Nothing is stored" in page
    for said in ("Python 3.12.1", "Platform linux", "cov 5.0.0, xdist 3.8.0", "numpy 2.1.0", "Network off", "level 3",
                 "built from what the commit declares", "Folders on the import path src"):  # fmt: skip
        assert said in page
    assert "Differs" not in page


def test_a_log_stands_beside_it_and_the_answer_comes_first(cast: Cast) -> None:
    status, page = ask(cast, LOG, "numpy==1.26.4\npytest-cov==5.0.0\n")
    assert status == 200
    assert "We count 3 errors and 5 tests; the CI log says 1 error and 3,100 tests." in page
    assert "5 things differ that can explain it: an early end, arguments, Python, plugins and packages." in page
    assert "--ignore leaves files out, and their errors with them." in page
    assert "Plugins only there" in page and "mock 3.14.0" in page
    assert "Packages in another version" in page and "numpy 1.26.4" in page
    assert "Only here 2 tests/test_b.py tests/test_c.py" in page
    assert "In both 1 tests/test_a.py" in page


def test_what_the_log_does_not_say_is_said_to_be_unknown(cast: Cast) -> None:
    _, page = ask(cast, "collected 5 items / 3 errors\n")
    assert "We count 3 errors and 5 tests, and so does the CI log." in page
    assert "Nothing that both say differs." in page
    assert "Python 3.12.1 not said" in page
    _, page = ask(cast, "platform linux -- Python 3.12.1, pytest-9.1.0")
    assert "the CI log gives no number" in page
    assert "Nothing that both say differs." in page
    assert "0 errors" not in page
    _, page = ask(cast, "collected 5 items / 9 errors\n")
    assert "Nothing that both say explains it. What only one side says stands below:" in page


def test_a_list_of_packages_alone_is_enough(cast: Cast) -> None:
    status, page = ask(cast, packages="numpy==1.26.4\n")
    assert status == 200
    assert "your list of packages gives no number" in page
    assert "Packages in another version" in page


def test_several_runs_in_one_log_are_told(cast: Cast) -> None:
    assert "The log holds 2 runs of pytest; this is the last one." in ask(cast, LOG + LOG)[1]


def test_pytests_own_count_is_compared_where_ours_is_another(cast: Cast) -> None:
    CollectionPass.objects.filter(project=cast.project, number=2).update(pytest_errors=2)
    page = ask(cast, "collected 5 items / 2 errors\n")[1]
    assert "We count 3 errors and 5 tests; the CI log says 2 errors and 5 tests." in page
    assert "Collection errors, as pytest counts 2 2" in page


def test_another_pass_stands_beside_it(cast: Cast) -> None:
    later = dataclasses.replace(SESSION, python="3.13.0")
    factories.counted_pass(cast.project, 3, errors()[:2], HEALTHY, session=later, network=True)
    page = see(cast, "/p/atlas/passes/3/conditions/?with=2")
    assert "Pass #3 counts 2 errors" in page and "#2 counts 3 errors" in page
    assert "Python" in page and "3.13.0 3.12.1" in page
    assert "Only in #2 1 tests/test_c.py" in page


def test_equal_counts_are_said_to_be_equal_and_what_differs_all_the_same(cast: Cast) -> None:
    factories.counted_pass(cast.project, 3, errors(), HEALTHY, session=dataclasses.replace(SESSION, python="3.13.0"))
    page = see(cast, "/p/atlas/passes/3/conditions/?with=2")
    assert "Pass #3 counts 3 errors and 5 tests, and so does #2." in page
    assert "2 things differ, though the counts are equal: commit and Python." in page


def test_the_banner_of_a_pass_that_is_not_comparable_leads_there(cast: Cast) -> None:
    page = cast.client("viewer").get("/p/atlas/passes/2/").content.decode()
    assert f'href="{URL}?with=1"' in page
    assert f'href="{URL}"' in page


def test_a_pass_that_was_not_counted_has_conditions_and_no_number(cast: Cast) -> None:
    factories.blocked_pass(cast.project, 3, interpreter="built")
    page = see(cast, "/p/atlas/passes/3/conditions/")
    assert "Pass #3 was not counted: it has no number to compare." in page
    assert "Interpreter built from what the commit declares" in page
    assert "0 errors" not in page
    assert "that can explain it" not in page
    beside = see(cast, URL + "?with=3")
    assert "#3 was not counted" in beside and "0 errors" not in beside


def test_a_pass_from_before_conditions_were_kept_tells_its_scope(cast: Cast) -> None:
    CollectionPass.objects.filter(project=cast.project).update(conditions=None)
    page = see(cast)
    assert "Python 3.12.1" in page and "Test file patterns" in page
    assert "Plugins" not in page


@pytest.mark.parametrize(
    ("log", "packages", "status", "said"),
    [
        ("", "", 422, "Paste a log, or a list of packages."),
        ("   \n", "\n", 422, "Paste a log, or a list of packages."),
        ("make: nothing to be done", "", 422, "No line of pytest was found in this text."),
        ("", "no package in here", 422, "No package was found in this text."),
        ("x" * 1_000_001, "", 422, "This text has 1000001 characters; at most 1,000,000 (1 MB) are read."),
        (LOG, "x" * 1_000_001, 422, "This text has 1000001 characters; at most 1,000,000 (1 MB) are read."),
        (LOG + "\0" * 50, "", 200, "5 things"),
        (LOG + "é" * 900_000, "", 200, "things"),
    ],
)
def test_what_cannot_be_compared_is_refused_with_a_reason(
    cast: Cast, log: str, packages: str, status: int, said: str
) -> None:
    found, page = ask(cast, log, packages)
    assert found == status
    assert said.replace("5 things", "4 things") in page


def test_more_than_is_read_at_all_is_refused_in_words(cast: Cast) -> None:
    answer = cast.client("viewer").post(URL, {"log": "x" * 3_000_000})
    assert answer.status_code == 400
    assert "1,000,000 characters (1 MB)" in answer.content.decode()


def test_nothing_is_stored(cast: Cast, django_assert_num_queries: Any) -> None:
    client = cast.client("viewer")
    client.get(URL)
    with django_assert_num_queries(6) as queries:
        client.post(URL, {"log": LOG})
    assert {query["sql"].split()[0] for query in queries} == {"SELECT"}


def test_markup_in_a_log_stays_text(cast: Cast) -> None:
    hostile = LOG.replace("/home/ci/atlas", "<img src=x onerror=alert(2)>").replace("mock-", "<b>mock-")
    answer = cast.client("viewer").post(URL, {"log": hostile, "packages": "<i>==1"}).content.decode()
    for raw in ("<script>alert(1)", "<img src=x", "<b>mock"):
        assert raw not in answer
    assert "&lt;img src=x onerror=alert(2)&gt;" in answer


@pytest.mark.parametrize("wanted", ["0", "99", "x", "-1", "", "2" * 30, "²", "1&with=99"])
def test_a_pass_that_is_not_there_cannot_stand_beside_it(cast: Cast, wanted: str) -> None:
    assert cast.client("viewer").get(f"{URL}?with={wanted}").status_code == 404


def test_another_project_is_not_there(cast: Cast) -> None:
    for send in ("get", "post"):
        assert getattr(cast.client("stranger"), send)(URL).status_code == 404
        assert getattr(cast.client("engineer"), send)("/p/borealis/passes/1/conditions/").status_code == 404
    assert cast.client("viewer").get("/p/atlas/passes/77/conditions/").status_code == 404


def test_anonymous_is_asked_to_sign_in(cast: Cast) -> None:
    assert Client().get(URL).url == f"/login/?next={URL}"
    assert Client().post(URL, {"log": LOG}).url.startswith("/login/")


def test_other_methods_are_refused(cast: Cast) -> None:
    assert cast.client("admin").put(URL).status_code == 405
