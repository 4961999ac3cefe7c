"""The ways in which a file gives no test: what each means for the errors in it, and where pytest does not go."""

from __future__ import annotations

from dataclasses import replace

import pytest

from remediation.core.records import FileResult, PassResult
from remediation.core.silence import DEFAULT_DIRECTORIES, GROUPS, MECHANISMS, is_outside, matches, reason_of, unrecursed
from remediation.core.tree import with_tree


def test_every_code_fits_its_column_and_has_words() -> None:
    assert all(code == mechanism.code and len(code) <= 12 for code, mechanism in MECHANISMS.items())
    assert all(mechanism.words and mechanism.group in GROUPS for mechanism in MECHANISMS.values())


@pytest.mark.parametrize(
    ("state", "tests", "why", "reason"),
    [
        ("collected", 3, "", ""),
        ("error", 0, "", ""),
        ("error", 2, "", ""),
        ("collected", 0, "", "silenced"),
        ("collected", 0, "empty", "silenced"),
        ("collected", 0, "test-false", "silenced"),
        ("skipped", 0, "", "silenced"),
        ("skipped", 0, "importorskip", "silenced"),
        ("ignored", 0, "by-conftest", "silenced"),
        ("deselected", 0, "", "silenced"),
        ("not-reached", 0, "outside", "silenced"),
        ("not-reached", 0, "renamed", "silenced"),
        ("not-reached", 0, "unmatched", "silenced"),
        ("not-reached", 0, "", "not-seen"),
        ("masked", 0, "", "masked"),
    ],
)
def test_what_a_files_silence_means_for_the_errors_in_it(state: str, tests: int, why: str, reason: str) -> None:
    assert reason_of(FileResult("tests/test_a.py", state, tests, why=why)) == reason


@pytest.mark.parametrize(
    ("path", "places", "outside"),
    [
        ("tests/test_a.py", ["."], False),
        ("tests/test_a.py", ["tests"], False),
        ("tests/test_a.py", ["tests/test_a.py"], False),
        ("tests/test_a.py", ["tests/test_b.py", "spec"], True),
        ("tests2/test_a.py", ["tests"], True),  # a name that only begins alike
        ("tests/test_a.py", [], False),  # nobody knows what pytest was given
    ],
)
def test_whether_a_file_lies_outside_what_pytest_was_given(path: str, places: list[str], outside: bool) -> None:
    assert is_outside(path, places) is outside


@pytest.mark.parametrize(
    ("path", "patterns", "places", "found"),
    [
        ("build/test_a.py", DEFAULT_DIRECTORIES, ["."], ("build", "build")),
        ("tests/.old/deep/test_a.py", DEFAULT_DIRECTORIES, ["."], (".*", "tests/.old")),
        ("tests/test_a.py", DEFAULT_DIRECTORIES, ["."], None),
        ("build/test_a.py", DEFAULT_DIRECTORIES, ["build"], None),  # it was given
        ("build/x/test_a.py", DEFAULT_DIRECTORIES, ["build/x"], None),
        ("attic/test_a.py", ["attic"], ["."], ("attic", "attic")),
        ("a/old/b/test_a.py", ["a/old"], ["."], ("a/old", "a/old")),
        ("a/old/b/test_a.py", ["b/old"], ["."], None),
    ],
)
def test_which_directory_pytest_does_not_enter(
    path: str, patterns: list[str], places: list[str], found: tuple[str, str] | None
) -> None:
    assert unrecursed(path, patterns, places) == found


@pytest.mark.parametrize(
    ("path", "matched"),
    [("tests/test_a.py", True), ("spec/any.py", True), ("inspec/any.py", False), ("tests/a_disabled.py", False)],
)
def test_a_pattern_with_a_slash_is_matched_against_the_path(path: str, matched: bool) -> None:
    assert matches(path, ["test_*.py", "spec/*.py"]) is matched


def test_what_the_tree_adds_to_a_result_leaves_its_other_facts_alone() -> None:
    result = PassResult((FileResult("a", "skipped", why="skip"),), (), ("a",), 3, 0, 2, ("w",), patterns=("a",))
    assert replace(with_tree(result, ["a"], []), tree=result.tree) == result
