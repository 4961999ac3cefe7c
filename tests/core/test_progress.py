"""How far a collection is, from a stream that is still being written, piece by piece."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remediation.core.progress import RECENT, Follower, files_found
from remediation.core.records import SessionFacts


def line(event: str, **fields: Any) -> bytes:
    return json.dumps({"event": event, **fields}).encode() + b"\n"


def start(path: str, tests: int = 0) -> bytes:
    return line("start", path=path, node=path, tests=tests)


def error(path: str, message: str = "No module named 'shop'") -> bytes:
    return line("error", path=path, node=path, cause={"type": "ModuleNotFoundError", "message": message}, traceback="")


WHOLE = (
    line("loaded")
    + line("session", pytest="9.0", python="3.12.7", python_files=["check_*.py"])
    + start("./")
    + start("a.py")
    + start("b.py", 3)
    + error("b.py")
    + start("c.py", 3)
)


def test_files_tests_errors_and_what_each_file_gave() -> None:
    seen = Follower().feed(WHOLE)
    assert (seen.files_started, seen.last_path, seen.errors, seen.tests) == (3, "c.py", 1, 3)
    assert seen.session is not None and seen.session.python == "3.12.7"
    assert seen.recent == (
        ("a.py", "3 tests"),
        ("b.py", "ModuleNotFoundError: No module named 'shop'"),
        ("c.py", ""),
    )


def test_the_last_files_tests_are_known_at_the_end() -> None:
    seen = Follower().feed(WHOLE + line("reached-end", tests=4))
    assert (seen.tests, seen.recent[-1]) == (4, ("c.py", "1 test"))


@pytest.mark.parametrize("size", [1, 7, 64, 10_000])
def test_cut_anywhere_it_is_the_same(size: int) -> None:
    follower = Follower()
    for place in range(0, len(WHOLE), size):
        follower.feed(WHOLE[place : place + size])
    assert follower.progress() == Follower().feed(WHOLE)


def test_half_a_line_waits_for_its_end() -> None:
    follower = Follower()
    assert follower.feed(start("a.py")[:-5]).files_started == 0
    assert follower.feed(start("a.py")[-5:]).files_started == 1


def test_a_file_that_is_begun_twice_counts_once_and_few_are_remembered() -> None:
    seen = Follower().feed(start("a.py") + start("a.py") + b"".join(start(f"t{n}.py") for n in range(100)))
    assert seen.files_started == 101
    assert len(seen.recent) == RECENT and seen.recent[-1][0] == "t99.py"


def test_an_error_of_a_conftest_has_a_line_of_its_own() -> None:
    seen = Follower().feed(start("a.py") + error("lib/conftest.py"))
    assert seen.errors == 1
    assert [path for path, _ in seen.recent] == ["a.py", "lib/conftest.py"]


def test_hostile_text_is_cleaned_and_a_number_that_is_none_is_ignored() -> None:
    message = "\x1b[31m<b>\u202e" + "x" * 5_000_00
    seen = Follower().feed(start("a.py", 5) + error("a.py", message) + line("start", path="b\x00.py", tests="many"))
    assert seen.tests == 5
    assert "\x1b" not in seen.recent[0][1] and "\u202e" not in seen.recent[0][1]
    assert len(seen.recent[0][1]) <= 100
    assert Follower().feed(start("a.py", 5) + start("b.py", -1) + start("c.py", 10**40)).tests == 5


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=200), max_size=5))
def test_no_bytes_make_it_raise(pieces: list[bytes]) -> None:
    follower = Follower()
    for piece in pieces:
        follower.feed(piece + b"\n")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["start", "error", "session", "reached-end", "x"]),
            st.dictionaries(st.sampled_from(["path", "tests", "cause", "node", "python_files"]), JSON),
        )
    )
)
def test_no_events_make_it_raise(events: list[tuple[str, dict[str, Any]]]) -> None:
    seen = Follower().feed(b"".join(line(kind, **fields) for kind, fields in events))
    json.dumps([seen.files_started, seen.tests, seen.recent])


PATHS = ("tests/test_a.py", "tests/check_b.py", "tests/conftest.py", "src/a.py", "other/test_c.py", "build/test_d.py")


@pytest.mark.parametrize(
    ("session", "found"),
    [
        (None, 3),  # the defaults; build is no test directory of pytest's only once it has said so
        (SessionFacts(python_files=("check_*.py",)), 1),
        (SessionFacts(places=("tests",)), 1),
        (SessionFacts(norecursedirs=("build",)), 2),
        (SessionFacts(python_files=("*.py",), places=("tests",)), 2),
    ],
)
def test_files_found(session: SessionFacts | None, found: int) -> None:
    assert files_found(PATHS, session) == found
