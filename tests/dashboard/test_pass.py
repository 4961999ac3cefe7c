"""One pass: its ledger, and what stands behind each term."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from remediation import passes
from remediation.collection.mirror import Commit, Mirror
from remediation.core.records import SessionFacts
from remediation.models import CollectionPass, Project
from tests import factories
from tests.dashboard.cast import WORKING, Cast, errors, words
from tests.repositories import Repository

HTMX = {"HX-Request": "true"}


@pytest.fixture
def cast(db: None) -> Cast:
    return Cast.make()


def url(number: int) -> str:
    return f"/p/atlas/passes/{number}/"


def said(cast: Cast, number: int, role: str = "viewer") -> str:
    answer = cast.client(role).get(url(number))
    assert answer.status_code == 200
    return words(answer.content.decode())


def test_the_baseline_has_no_ledger(cast: Cast) -> None:
    page = said(cast, 1)
    assert "Pass #1: 3 errors" in page
    assert "The first counted pass: the baseline." in page
    assert "Seen: 3 errors of 2 tickets" in page
    assert "cleared" not in page


def test_what_was_cleared_and_what_is_new_with_the_sum(cast: Cast) -> None:
    new = [factories.unknown_marker("tests/test_d.py"), factories.unknown_marker("tests/test_e.py")]
    factories.counted_pass(cast.project, 2, [*errors()[1:], *new], {"tests/test_a.py": 3})
    page = said(cast, 2)
    assert "Pass #2: 4 errors, up from 3" in page
    assert "#1 3 cleared −1 new +2 #2 4" in page
    assert "Cleared: 1 error of 1 ticket" in page
    assert "ATL-1, Missing core modules: repaired" in page
    assert "New: 2 errors of 1 ticket" in page
    assert "tests/test_a.py" in page


def test_what_is_hidden_says_why(cast: Cast) -> None:
    skipped = ("skipped", 0, "could not import 'redis'", "importorskip")
    factories.counted_pass(cast.project, 2, errors()[1:], {"tests/test_a.py": skipped})
    page = said(cast, 2)
    assert "#1 3 cleared −0 hidden −1 #2 2" in page
    assert "Hidden: 1 error of 1 ticket" in page
    assert "though not repaired: 1 silenced. Their tickets stay open." in page
    assert "ATL-1, Missing core modules: silenced" in page
    assert "tests/test_a.py pytest.importorskip: could not import 'redis'" in page


def test_silenced_masked_and_not_seen_are_told_apart(cast: Cast) -> None:
    files = {"tests/test_a.py": ("not-reached", 0, "", "outside"), "tests/test_b.py": ("masked", 0, "conftest.py")}
    factories.counted_pass(cast.project, 2, [], WORKING | {**files, "tests/test_c.py": ("not-reached", 0)})
    page = said(cast, 2)
    assert "Hidden: 3 errors of 2 tickets" in page
    assert "1 masked by a failure above it, 1 silenced, 1 not seen, for no known reason. Their tickets" in page
    assert "ATL-1, Missing core modules: 1 masked by a failure above it, 1 silenced" in page
    assert "tests/test_b.py below a failing conftest or package: conftest.py" in page


def test_what_came_back(cast: Cast) -> None:
    factories.counted_pass(cast.project, 2, errors()[:2], WORKING | {"tests/test_c.py": 2})
    factories.counted_pass(cast.project, 3, errors(), {"tests/test_healthy.py": 5})
    page = said(cast, 3)
    assert "regressed +1" in page
    assert "Regressed: 1 error of 1 ticket" in page


def test_the_terms_are_the_lists(cast: Cast) -> None:
    factories.counted_pass(cast.project, 2, [factories.unknown_marker("tests/test_a.py"), errors()[2]], WORKING)
    page = said(cast, 2)
    for term, sign in (("cleared", "−"), ("unmasked", r"\+"), ("new", r"\+")):
        shown = re.search(rf"{term} {sign}(\d+)", page)
        listed = re.search(rf"{term.capitalize()}: (\d+) error", page)
        assert (shown[1] if shown else "0") == (listed[1] if listed else "0")


def test_blocked_has_no_lists_and_is_not_zero(cast: Cast) -> None:
    factories.blocked_pass(cast.project)
    page = said(cast, 2)
    assert "Pass #2 could not count anything" in page
    assert "This is not zero errors." in page
    assert "ImportError: cannot import name 'db_engine'" in page
    assert "no ticket was closed by it" in page
    assert "Cleared:" not in page
    assert "0 errors" not in page


def test_failed_says_where_the_cause_lies(cast: Cast) -> None:
    factories.failed_pass(cast.project)
    page = said(cast, 2)
    assert "Pass #2 failed" in page
    assert "This is not zero errors." in page
    assert "The cause lies with the source, the environment or the worker" in page


def test_another_scope_says_what_differs(cast: Cast) -> None:
    other = SessionFacts(pytest="9.1.0", python="3.13.0", rootdir=".", inipath="pyproject.toml")
    factories.counted_pass(cast.project, 2, errors(), session=other)
    page = said(cast, 2)
    assert "Not comparable with #1: the scope changed." in page
    assert "Python: 3.12 became 3.13" in page


def test_what_changed_with_it_is_said_though_the_scope_is_the_same(cast: Cast) -> None:
    newer = SessionFacts(pytest="9.1.2", python="3.12.4", rootdir=".", inipath="pyproject.toml")
    factories.counted_pass(cast.project, 2, errors(), {"tests/test_x.py": 2}, session=newer)
    page = said(cast, 2)
    assert "Changed with it: Python: 3.12.1 became 3.12.4; pytest: 9.1.0 became 9.1.2. Side by side" in page
    assert "Not comparable" not in page
    factories.counted_pass(cast.project, 3, errors(), {"tests/test_x.py": 2}, session=newer)
    assert "Changed with it" not in said(cast, 3)


def test_a_commit_off_the_ref_draws_no_point(cast: Cast) -> None:
    factories.off_ref(cast.project, errors())
    page = said(cast, 2)
    assert "the pass is recorded and shown, draws no point and closes nothing" in page
    assert "baseline" not in page


def test_facts_of_the_environment(cast: Cast) -> None:
    factories.counted_pass(
        cast.project, 2, errors(), sandbox_level=1, exit_code=1, command="python -m pytest --collect-only -q",
        install_log="Installed 4 packages", output_tail="3 errors in 0.2s", seconds=72.0,
    )  # fmt: skip
    page = said(cast, 2)
    assert "level 1, trusted code only" in page
    assert "python -m pytest --collect-only -q" in page
    assert "Took 1 min 12 s" in page
    assert "Installed 4 packages" in page
    assert "3 errors in 0.2s" in page


def test_a_hostile_name_stays_text(cast: Cast) -> None:
    path = "tests/<script>alert(1)</script>/test_x.py"
    factories.counted_pass(cast.project, 2, [*errors(), factories.missing_module(path, "atlas.<b>x")])
    answer = cast.client("viewer").get(url(2)).content.decode()
    assert "<script>alert" not in answer
    assert "&lt;script&gt;alert(1)" in answer


def test_unmasked_errors_stand_under_the_ticket_that_hid_them(cast: Cast) -> None:
    below = {f"tests/unit/test_{n}.py": ("masked", 0, "tests/unit/conftest.py") for n in (1, 2)}
    conftest = factories.missing_module("tests/unit/conftest.py", "atlas.broken")
    factories.counted_pass(cast.project, 2, [*errors(), conftest], {"tests/test_healthy.py": 5} | below)
    shown = [factories.missing_module(f"tests/unit/test_{n}.py", "atlas.late") for n in (1, 2)]
    behind = factories.missing_name("tests/test_a.py", "atlas.x", "Late", line=9)
    factories.counted_pass(cast.project, 3, [behind, *errors()[1:], *shown])
    page = said(cast, 3)
    assert "ATL-3 hid 2: Module atlas.broken does not exist" in page
    assert page.index("ATL-3 hid 2:") < page.index("Module atlas.late does not exist")
    assert "ATL-1 hid 1: Module atlas.core.registry does not exist" in page
    assert page.index("ATL-1 hid 1:") < page.index("Late is not exported by atlas.x")


def test_what_was_hidden_by_nothing_that_ended_says_so(cast: Cast) -> None:
    silent = {"tests/test_healthy.py": 5, "tests/test_a.py": ("skipped", 0)}
    factories.counted_pass(cast.project, 2, errors()[1:], silent)
    factories.counted_pass(cast.project, 3, errors())
    assert "1 of them hidden by nothing that ended in this pass" in said(cast, 3)


def test_without_the_mirror_commits_are_politely_absent(cast: Cast) -> None:
    factories.counted_pass(cast.project, 2, [*errors(), factories.unknown_marker("tests/test_d.py")])
    page = said(cast, 2)
    assert "Which commits touch these files is not known: commits are not at hand here." in page
    assert "Commits since #1 Commits are not at hand here." in page


@pytest.fixture
def history(cast: Cast, tmp_path: Path, settings: Any) -> list[str]:
    """A real repository behind the project's mirror, and the ids of its commits."""
    settings.DATA_DIR = tmp_path / "data"
    repository = Repository(tmp_path / "atlas")
    shas = [
        repository.commit({"tests/test_a.py": "a", "atlas/x.py": "1"}, "Start"),
        repository.commit({"tests/test_d.py": "d"}, "Bring <b>test_d</b>"),
        repository.commit({"atlas/x.py": "2"}, "Change x only"),
        repository.commit({"tests/test_d.py": "dd"}, "Break everything"),
    ]
    place = settings.DATA_DIR / "projects" / str(cast.project.pk)
    place.mkdir(parents=True)
    Mirror(place / "mirror.git", str(repository.path), allow_local=True).fetch()
    return shas


def _at(of: Project, position: int, sha: str, found: list[Any] | None, **report: Any) -> None:
    commit = Commit(sha, f"Change {position}", "Sample Author", "sample@example.org", factories.START)
    if found is None:
        factories.blocked_pass(of, position, commit=commit, **report)
    else:
        factories.counted_pass(of, position, found, commit=commit, **report)


def test_commits_of_the_range_and_those_that_touch_the_files(cast: Cast, history: list[str]) -> None:
    _at(cast.project, 2, history[0], errors())
    _at(cast.project, 3, history[2], [*errors(), factories.unknown_marker("tests/test_d.py")])
    page = said(cast, 3)
    touching, since = page.split("Commits of the range that touch these files:")[1].split("Commits since #2")
    assert f"{history[1][:9]} Bring <b>test_d</b> Sample Author" in touching
    assert "Change x only" not in touching
    assert since.index("Change x only") < since.index("Bring <b>test_d</b>")
    assert "<b>test_d" not in cast.client("viewer").get(url(3)).content.decode()
    _at(cast.project, 4, history[2], errors())
    assert "None: it is the same commit" in said(cast, 4)
    _at(cast.project, 5, history[3], [*errors(), factories.unknown_marker("tests/test_d.py")])
    page = said(cast, 5)
    assert f"The suspect range is {history[2][:9]}..{history[3][:9]}." in page
    assert "Break everything" in page.split("Commits of the range that touch these files:")[1]


def test_a_blocked_pass_names_the_commits_since_the_last_count(cast: Cast, history: list[str]) -> None:
    _at(cast.project, 2, history[0], errors())
    _at(cast.project, 3, history[1], None)
    _at(cast.project, 4, history[3], None)
    page = said(cast, 4)
    assert "Last counted: 3 errors at #2" in page
    since = page.split("Commits since #2")[1]
    assert since.index("Break everything Sample Author") < since.index("Bring <b>test_d</b>")
    assert "It reached 0 of" in page
    assert "Compare with pass" not in page


def test_a_commit_the_mirror_lost_is_no_error(cast: Cast, history: list[str]) -> None:
    _at(cast.project, 2, "a" * 40, errors())
    _at(cast.project, 3, history[0], errors())
    assert "Commits are not at hand here." in said(cast, 3)


def test_what_is_kept_of_the_output_can_be_had_as_a_file(cast: Cast) -> None:
    factories.counted_pass(cast.project, 2, errors(), command="python -m pytest", output_tail="3 errors <b>\x1b[0m")
    answer = cast.client("viewer").get(url(2) + "output.txt")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="atlas-pass-2.txt"'
    text = answer.content.decode()
    assert "== Command\npython -m pytest\n" in text
    assert "3 errors <b>" in text and "\x1b" not in text
    assert "Nothing was kept" in cast.client("viewer").get(url(1) + "output.txt").content.decode()
    passes.queue(cast.project, trigger="manual")
    assert cast.client("viewer").get(url(3) + "output.txt").status_code == 404


def test_neighbours(cast: Cast) -> None:
    factories.blocked_pass(cast.project)
    factories.blocked_pass(cast.project)
    page = cast.client("viewer").get(url(2)).content.decode()
    assert 'rel="prev" href="/p/atlas/passes/1/"' in page
    assert 'rel="next" href="/p/atlas/passes/3/"' in page
    assert "rel=prev" not in cast.client("viewer").get(url(1)).content.decode().replace('"', "")
    assert "rel=next" not in cast.client("viewer").get(url(3)).content.decode().replace('"', "")


def test_progress_until_it_ends(cast: Cast) -> None:
    queued = passes.queue(cast.project, trigger="manual")
    client = cast.client("viewer")
    waits = client.get(url(2) + "live/", headers=HTMX)
    assert waits.status_code == 200
    assert 'hx-trigger="every 2s"' in waits.content.decode()
    passes.claim(queued.pk)
    CollectionPass.objects.filter(pk=queued.pk).update(
        stage="collect", stage_times={"fetch": 0, "collect": 1}, files_reached=2, errors_so_far=1
    )
    page = words(client.get(url(2)).content.decode())
    assert "Pass #2 is running" in page
    assert "2 test files reached" in page
    assert "Collect: 1 error so far" in page
    CollectionPass.objects.filter(pk=queued.pk).update(
        state="ended", outcome="failed", reason="cancelled", ended_at=timezone.now()
    )
    ended = client.get(url(2) + "live/", headers=HTMX)
    assert ended.status_code == 286
    assert ended.headers["HX-Trigger"] == "pass-done"
    assert "hx-trigger" not in ended.content.decode()


def test_another_project_is_not_there(cast: Cast) -> None:
    for path in ("", "live/"):
        assert cast.client("stranger").get(url(1) + path).status_code == 404
        assert cast.client("engineer").get(f"/p/borealis/passes/1/{path}").status_code == 404


def test_anonymous_is_asked_to_sign_in(cast: Cast) -> None:
    assert Client().get(url(1)).url == "/login/?next=/p/atlas/passes/1/"


@pytest.mark.parametrize("number", ["0", "2", "99", str(2**31), "9" * 40, "-1", "x"])
def test_bad_ids(cast: Cast, number: str) -> None:
    assert cast.client("viewer").get(f"/p/atlas/passes/{number}/").status_code == 404


def test_the_number_of_queries_does_not_grow(cast: Cast, django_assert_num_queries: object) -> None:
    client = cast.client("viewer")
    many = [factories.missing_module(f"tests/test_{i}.py", f"atlas.core.part{i}") for i in range(30)]
    factories.counted_pass(cast.project, 2, [*errors(), many[0]])
    factories.counted_pass(cast.project, 3, [*errors(), *many])
    for number in (2, 3):
        with django_assert_num_queries(8):  # type: ignore[operator]  # 7, and the tickets apart from thousands of rows
            client.get(url(number))


def test_a_large_pass_stays_light_and_says_what_it_leaves_out(cast: Cast) -> None:
    many = [
        factories.missing_module(f"tests/{n * 7919 % 977:x}/test_{n * 104729 % 99991:x}_{m}.py", f"atlas.part{n}")
        for n in range(90)
        for m in range(40)
    ]
    factories.counted_pass(cast.project, 2, [*errors(), *many])
    answer = cast.client("viewer").get(url(2))
    page = words(answer.content.decode())
    assert "New: 3,600 errors of 90 tickets" in page
    assert "and 10 more" in page  # files of one ticket
    assert "and 30 more tickets with 1,200 errors" in page
    assert len(gzip.compress(answer.content)) < 15 * 1024
