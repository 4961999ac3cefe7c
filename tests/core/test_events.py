"""The judge by tables and properties: what counts, what does not, and that no bytes make it raise."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remediation.core.events import OURS, REASONS, judge
from remediation.core.records import Cause, CollectionError, PassResult, ProcessEnd

Event = dict[str, Any]
LOADED: Event = {"event": "loaded", "reporter": 1, "pytest": "9.2.0"}
SESSION: Event = {
    "event": "session", "reporter": 1, "pytest": "9.2.0", "python": "3.12.1", "rootdir": ".", "inipath": "pytest.ini",
    "ini_digest": "ab", "args": ["."], "addopts": ["-ra"], "testpaths": ["tests"],
    "python_files": ["test_*.py", "spec/*.py"], "plugins": ["xdist 3.8.0"],
}  # fmt: skip


def start(path: str) -> Event:
    return {"event": "start", "node": path, "path": path}


def error(path: str, kind: str = "ModuleNotFoundError", name: str = "core.x", node: str = "") -> Event:
    frame = {"path": path, "line": 3, "function": "<module>", "statement": f"import {name}", "pending": ["0a1b2c3d"]}
    cause = {"type": kind, "message": f"No module named '{name}'", "name": name, "frames": [frame]}
    return {"event": "error", "node": node or path, "path": path, "cause": cause, "traceback": "Traceback of it"}


def collected(path: str, tests: int) -> Event:
    return {"event": "collected", "path": path, "tests": tests}


def lines(*events: Event) -> bytes:
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)


def finished(*events: Event, status: int = 0, **fields: Any) -> bytes:
    """A whole stream: ``events`` and the last line, which vouches for them."""
    body = lines(LOADED, SESSION, *events)
    finish = {
        "event": "finish", "status": status, "interrupted": False, "stopped": "",
        "tests": sum(e["tests"] for e in events if e["event"] == "collected"),
        "pytest_errors": sum(e["event"] == "error" for e in events),
        "size": len(body), "digest": hashlib.sha256(body).hexdigest(), **fields,
    }  # fmt: skip
    return body + lines(finish)


HEALTHY = finished(start("tests/test_a.py"), collected("tests/test_a.py", 3))
BROKEN = finished(
    start("tests/test_a.py"), start("tests/test_b.py"), error("tests/test_b.py"), collected("tests/test_a.py", 3),
    status=2,
)  # fmt: skip
SAMPLES = {
    "healthy": (HEALTHY, 0),
    "errors": (BROKEN, 2),
    "errors, going on": (
        finished(start("test_a.py"), error("test_a.py"), collected("test_a.py", 2), status=1),
        1,
    ),
    "no loaded line": (HEALTHY, 0),
}
END = ProcessEnd(0, seconds=12.3)


@pytest.mark.parametrize("name", SAMPLES)
def test_counted(name: str) -> None:
    stream, status = SAMPLES[name]
    verdict = judge(stream, ProcessEnd(status))
    assert (verdict.outcome, verdict.reason, verdict.text) == ("counted", "", "")
    assert verdict.result is not None


NO_FINISH = lines(LOADED, SESSION, start("tests/test_a.py"))
NOT_COUNTED = {
    "nothing at all": (b"", ProcessEnd(0), "exit-without-finish", "before it reached a test file"),
    "exit 0 without an end": (NO_FINISH, ProcessEnd(0), "exit-without-finish", "importing tests/test_a.py"),
    "status differs": (HEALTHY, ProcessEnd(3), "status-mismatch", "status 0, but its process ended with 3"),
    "unexplained 1": (finished(start("t.py"), status=1), ProcessEnd(1), "status-mismatch", "no recorded error"),
    "unexplained 2": (finished(start("t.py"), status=2), ProcessEnd(2), "status-mismatch", "no recorded error"),
    "unrecorded": (finished(start("t.py"), pytest_errors=3), ProcessEnd(0), "status-mismatch", "no recorded error"),
    "strange status": (finished(start("t.py"), status=6), ProcessEnd(6), "status-mismatch", "status 6"),
    "keyboard": (
        finished(start("t.py"), error("t.py"), status=2, interrupted=True), ProcessEnd(2), "interrupted", "t.py",
    ),
    "keyboard, as pytest 7 has it": (
        finished(start("t.py"), error("t.py", "KeyboardInterrupt"), status=2), ProcessEnd(2), "interrupted", "t.py",
    ),
    "not said": (finished(start("t.py"), interrupted=None), ProcessEnd(0), "interrupted", "t.py"),
    "stopped": (finished(start("t.py"), stopped="stopping after 1 failures"), ProcessEnd(0), "interrupted", "after 1"),
    "session-level": (
        finished(error("", node=""), start("t.py"), status=2), ProcessEnd(2), "session-failure", "whole collection",
    ),
    "nothing collected": (finished(start("t.py"), status=5), ProcessEnd(5), "nothing-collected", "without one test"),
    "no file reached": (finished(), ProcessEnd(0), "nothing-collected", "no test file"),
    "only a conftest": (
        finished(error("sub/conftest.py"), status=2), ProcessEnd(2), "conftest-failure", "sub/conftest.py",
    ),
    "usage": (lines(LOADED), ProcessEnd(4, stderr="error: unrecognized arguments: -n"), "usage-error", "options"),
    "no pytest": (b"", ProcessEnd(1, stderr="/x/python: No module named pytest\n"), "no-pytest", "not installed"),
    "a configuration of long ago": (
        b"", ProcessEnd(1, stderr="Traceback (most recent call last):\nFailed: [pytest] section in setup.cfg\n"),
        "usage-error", "refused its configuration (Failed: [pytest] section",
    ),
    "plugin": (
        b"", ProcessEnd(1, stderr="Traceback (most recent call last):\nImportError: no x"), "plugin-failure", "no x",
    ),
    "conftest": (
        lines(LOADED, {**error("tests/conftest.py"), "event": "conftest-failure"}), ProcessEnd(4), "conftest-failure",
        "pytest stopped while loading tests/conftest.py, before it reached a test file. This is not zero errors.",
    ),
    "plugin in a conftest": (
        lines(LOADED, {**error(""), "event": "conftest-failure"}), ProcessEnd(4), "plugin-failure", "core.x",
    ),
    "internal": (
        finished(start("t.py"), {**error("", "SystemExit"), "event": "internal-error"}, status=3), ProcessEnd(3),
        "internal-error", "while importing t.py",
    ),
    "timeout": (NO_FINISH, ProcessEnd(-9, "timeout", 600.2), "timeout", "after 600 seconds while importing tests/"),
    "timeout after the end": (HEALTHY, ProcessEnd(-9, "timeout", 600), "timeout", "600 seconds"),
    "output": (NO_FINISH, ProcessEnd(-9, "output-limit"), "output-limit", "limit on printed output"),
    "segfault": (NO_FINISH, ProcessEnd(-11), "crash", "while importing tests/test_a.py (SIGSEGV)"),
    "odd signal": (NO_FINISH, ProcessEnd(-99), "crash", "signal 99"),
    "disk": (NO_FINISH, ProcessEnd(-9, "disk-limit"), "disk-limit", "disk was nearly full"),
    "killed": (NO_FINISH, ProcessEnd(-9), "memory-limit", "importing tests/test_a.py"),
    "out of memory": (
        finished(start("t.py"), error("t.py", "MemoryError"), status=2), ProcessEnd(2), "memory-limit", "t.py",
    ),
    "not started": (b"", ProcessEnd(None, stderr="no /x/python"), "not-started", "no /x/python"),
    "cancelled": (NO_FINISH, ProcessEnd(-9, "cancelled"), "cancelled", "cancelled"),
    "our own bug": (
        finished({"event": "reporter-error", "hook": "h", "message": "m"}, start("t.py")), ProcessEnd(0),
        "reporter-failure", "h: m",
    ),
    "two ends": (HEALTHY + HEALTHY.splitlines(keepends=True)[-1], ProcessEnd(0), "garbled-stream", "after its end"),
    "words after the end": (HEALTHY + lines(start("t.py")), ProcessEnd(0), "garbled-stream", "after its end"),
    "a line slipped in": (lines(collected("x", 1)) + HEALTHY, ProcessEnd(0), "garbled-stream", "trusted"),
    "a line lost": (HEALTHY.split(b"\n", 1)[1], ProcessEnd(0), "garbled-stream", "are missing"),
    "an error lost": (
        BROKEN.replace(lines(error("tests/test_b.py")), b"").replace(b'"status": 2', b'"status": 0'), ProcessEnd(0),
        "garbled-stream", "are missing",
    ),
    "sums": (finished(start("t.py"), collected("t.py", 1), tests=2), ProcessEnd(0), "garbled-stream", "sum"),
    "no number": (finished(start("t.py"), collected("t.py", 1), tests="1"), ProcessEnd(0), "garbled-stream", "number"),
    "huge number": (finished(start("t.py"), pytest_errors=10**400), ProcessEnd(0), "garbled-stream", "number"),
    "thousands of digits": (
        finished(start("t.py")) + b'{"event": "start", "path": ' + b"9" * 9_000 + b"}\n", ProcessEnd(0),
        "garbled-stream", "after its end",
    ),
    "unknown event": (finished({"event": "hello"}, start("t.py")), ProcessEnd(0), "garbled-stream", "does not know"),
    "boolean status": (finished(start("t.py"), status=False), ProcessEnd(0), "garbled-stream", "status"),
}  # fmt: skip


@pytest.mark.parametrize("name", NOT_COUNTED)
def test_not_counted(name: str) -> None:
    stream, end, reason, part = NOT_COUNTED[name]
    verdict = judge(stream, end, inventory=["tests/test_a.py"])
    assert verdict.reason == reason, verdict
    assert verdict.outcome == ("failed" if reason in OURS else "blocked")
    assert part in verdict.text and verdict.text.endswith("This is not zero errors.")
    assert verdict.result is None


def test_every_reason_is_reached_and_known() -> None:
    # Too many culprits is the word for several runs, see below.
    assert {reason for _, _, reason, _ in NOT_COUNTED.values()} | {"too-many-culprits"} == set(REASONS)
    assert all(text and text[0].islower() and not text.endswith(".") for text in REASONS.values())


def culprit(path: str) -> CollectionError:
    return CollectionError(path, path, Cause("collection.Exit", "the process ended with status 0"))


def test_a_file_that_was_left_out_is_an_error_of_the_pass() -> None:
    verdict = judge(BROKEN, ProcessEnd(2), inventory=["tests/test_x.py"], left_out=[culprit("tests/test_x.py")])
    alone = judge(BROKEN, ProcessEnd(2))
    assert verdict.result is not None and alone.result is not None
    assert verdict.result.pytest_errors == alone.result.pytest_errors  # pytest's own count stays pytest's
    assert {error.path for error in verdict.result.errors} == {
        *(error.path for error in alone.result.errors), "tests/test_x.py",
    }  # fmt: skip
    assert ("tests/test_x.py", "error") in {(file.path, file.state) for file in verdict.result.files}


def test_nothing_collected_beside_a_culprit_is_one_error() -> None:
    verdict = judge(finished(status=5), ProcessEnd(5), left_out=[culprit("test_x.py")])
    assert verdict.result is not None and (verdict.result.tests, len(verdict.result.errors)) == (0, 1)


def test_one_culprit_more_than_may_be_left_out_blocks_the_pass() -> None:
    more = [culprit(f"test_{n}.py") for n in range(5)]
    verdict = judge(NO_FINISH, ProcessEnd(0), left_out=more, unresolved=[culprit("tests/test_a.py")])
    assert (verdict.outcome, verdict.reason) == ("blocked", "too-many-culprits")
    assert "6 files" in verdict.text and "test_0.py" in verdict.text
    assert "tests/test_a.py: the process ended with status 0" in verdict.detail


def result_of(stream: bytes, status: int, inventory: list[str]) -> PassResult:
    verdict = judge(stream, ProcessEnd(status), inventory=inventory)
    assert verdict.result is not None, verdict
    return verdict.result


def test_files_and_their_states() -> None:
    stream = finished(
        start("tests/test_ok.py"), start("tests/test_bad.py"), error("tests/test_bad.py"),
        error("tests/deep/conftest.py", node="tests/deep"), start("tests/test_skip.py"),
        {"event": "skipped", "path": "tests/test_skip.py", "line": 2, "reason": "Skipped: not here"},
        {"event": "skipped", "path": "tests/slow/", "line": 1, "reason": "Skipped: no redis"},
        {"event": "ignored", "path": "tests/test_left.py"}, {"event": "ignored", "path": "attic/"},
        {"event": "warning", "path": "tests/test_ok.py", "line": 1, "category": "W", "message": "two\nlines"},
        collected("tests/test_ok.py", 5), collected("tests/test_bad.py", 2), collected("tests/test_none.py", 0),
        {"event": "deselected", "path": "tests/test_none.py", "tests": 4},
        {"event": "deselected", "path": "tests/test_ok.py", "tests": 1}, status=2,
    )  # fmt: skip
    inventory = [
        "tests/test_ok.py", "tests/test_bad.py", "tests/deep/conftest.py", "tests/deep/er/test_masked.py",
        "tests/slow/test_redis.py", "tests/test_skip.py", "tests/test_left.py", "attic/test_old.py", "app/core.py",
        "tests/test_none.py", "elsewhere/test_far.py", "conftest.py", "app/spec/any.py", "spec/one.py", "inspec/two.py",
    ]  # fmt: skip
    result = result_of(stream, 2, inventory)
    assert {file.path: (file.state, file.tests, file.reason) for file in result.files} == {
        "tests/test_ok.py": ("collected", 5, ""),
        "tests/test_bad.py": ("error", 2, ""),
        "tests/deep/conftest.py": ("error", 0, ""),
        "tests/deep/er/test_masked.py": ("masked", 0, "tests/deep/conftest.py"),
        "tests/slow/test_redis.py": ("ignored", 0, "no redis"),
        "tests/test_skip.py": ("skipped", 0, "not here"),
        "tests/test_left.py": ("ignored", 0, ""),
        "attic/test_old.py": ("ignored", 0, ""),
        "tests/test_none.py": ("deselected", 0, ""),
        "elsewhere/test_far.py": ("not-reached", 0, ""),
        "app/spec/any.py": ("not-reached", 0, ""),
        "spec/one.py": ("not-reached", 0, ""),
    }
    assert set(inventory) - set(result.inventory) == {"app/core.py", "inspec/two.py"}
    assert (result.tests, result.pytest_errors, result.deselected, len(result.errors)) == (7, 2, 5, 2)
    assert result.warnings == ("tests/test_ok.py: W: two lines",)


def test_a_silenced_file_says_by_what() -> None:
    session = {**SESSION, "places": ["tests", "."], "norecursedirs": ["build", "attic"]}
    stream = finished(
        session, start("tests/test_ok.py"), collected("tests/test_ok.py", 1), {**collected("src/model.py", 0)},
        {"event": "skipped", "path": "tests/test_a.py", "reason": "Skipped: why not", "how": "importorskip",
         "module": "redis"},
        {"event": "ignored", "path": "tests/test_b.py", "how": "by-option", "by": "--ignore=tests/test_b.py"},
        {"event": "ignored", "path": "tests/test_c.py", "how": "__class__", "by": ["no text"]},
        {**collected("tests/test_d.py", 0), "how": "test-false"},
        {**collected("tests/test_e.py", 0), "how": "empty", "by": "the file is empty"},
        {"event": "deselected", "path": "tests/test_f.py", "tests": 2, "by": ["-k 'x'", "-m 'y'"]},
    )  # fmt: skip
    paths = [f"tests/test_{letter}.py" for letter in "abcdef"]
    result = result_of(stream, 0, [*paths, "src/model.py", "build/test_g.py", "attic/test_h.py"])
    assert {file.path: (file.state, file.code, file.reason) for file in result.files if not file.tests} == {
        "tests/test_a.py": ("skipped", "importorskip", "redis: why not"),
        "tests/test_b.py": ("ignored", "by-option", "--ignore=tests/test_b.py"),
        "tests/test_c.py": ("ignored", "ignored", ""),
        "tests/test_d.py": ("collected", "test-false", ""),
        "tests/test_e.py": ("collected", "empty", "the file is empty"),
        "tests/test_f.py": ("deselected", "deselected", "-k 'x', -m 'y'"),
        "build/test_g.py": ("ignored", "default-dir", "build"),
        "attic/test_h.py": ("ignored", "norecurse", "attic"),
        "src/model.py": ("collected", "collected", ""),  # no test file: --doctest-modules collects such
    }
    assert result.patterns == ("test_*.py", "spec/*.py")


def test_a_file_outside_the_test_paths_is_told_from_one_that_was_not_reached() -> None:
    inventory = ["tests/test_ok.py", "tools/test_far.py"]
    body = (start("tests/test_ok.py"), collected("tests/test_ok.py", 1))
    known = result_of(finished({**SESSION, "places": ["tests"]}, *body), 0, inventory)
    unknown = result_of(finished({**SESSION, "places": []}, *body), 0, inventory)
    many = result_of(finished({**SESSION, "places": [f"tests/{n}" for n in range(501)]}, *body), 0, inventory)
    some = result_of(finished({**SESSION, "places": ["tests", *"abcd"]}, *body), 0, inventory)
    assert [file.code for file in many.files] == ["collected", "not-reached"], "nobody read all of them"
    assert some.files[1].reason == "pytest was given tests a b and 2 more"
    assert [file.code for file in known.files] == ["collected", "outside"]
    assert [file.code for file in unknown.files] == ["collected", "not-reached"]


def test_two_causes_are_two_errors_and_one_said_twice_is_one() -> None:
    twice = [error("t.py", node="t.py::A"), error("t.py", node="t.py::B"), error("t.py", node="t.py::A")]
    result = result_of(finished(start("t.py"), *twice, status=2), 2, [])
    assert [e.node for e in result.errors] == ["t.py::A", "t.py::B"]
    assert result.pytest_errors == 3


def test_a_cause_arrives_whole() -> None:
    (found,) = result_of(BROKEN, 2, []).errors
    assert (found.cause.type, found.cause.name) == ("ModuleNotFoundError", "core.x")
    assert found.cause.blame is not None
    assert (found.cause.blame.line, found.cause.blame.statement) == (3, "import core.x")
    assert found.cause.blame.pending == ("0a1b2c3d",)
    assert judge(BROKEN, ProcessEnd(2)).session.addopts == ("-ra",)


def test_foreign_text_is_cleaned_and_capped() -> None:
    nasty = "a\x00b\x1b[31mred\x1b[0m\ud800\u202e" + "x" * 100_000
    bad = error("t.py", name="n")
    bad["cause"].update(message=nasty, name=nasty, lineno=2**70, bases="no list", type=["no text"])
    bad["traceback"] = nasty
    (found,) = result_of(finished(start("t.py"), bad, status=2), 2, []).errors
    assert found.cause.message.startswith("abred\ufffdxx") and len(found.cause.message) <= 4_000
    assert len(found.cause.name) <= 500 and len(found.traceback) <= 20_100
    assert (found.cause.lineno, found.cause.bases, found.cause.type) == (0, (), "")
    result_of(finished(start("t.py"), bad, status=2), 2, []).pack()  # nothing in it that cannot be stored


def test_a_ten_megabyte_line_is_not_read_and_does_not_count() -> None:
    huge = finished(start("t.py"), {**error("t.py"), "traceback": "x" * 10_000_000}, status=2)
    assert judge(huge, ProcessEnd(2)).reason == "garbled-stream"


def test_detail_is_the_evidence() -> None:
    conftest = NOT_COUNTED["conftest"]
    assert judge(conftest[0], conftest[1]).detail == "Traceback of it"
    printed = judge(b"", ProcessEnd(4, stdout="out", stderr="x" * 9_000 + "the last words"))
    assert printed.detail.endswith("the last words\nout") and len(printed.detail) < 5_000


def test_python_files_are_assumed_where_pytest_never_said() -> None:
    assert judge(b"", ProcessEnd(0), python_files=["check_*.py"]).session.python_files == ("check_*.py",)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_truncated_stream_never_counts(name: str) -> None:
    stream, status = SAMPLES[name]
    for stop in range(len(stream) - 1):
        assert judge(stream[:stop], ProcessEnd(status)).outcome != "counted", stop
    assert judge(stream[:-1], ProcessEnd(status)).outcome == "counted"  # but for its last newline


@pytest.mark.parametrize("name", SAMPLES)
def test_a_changed_byte_never_counts_silently(name: str) -> None:
    stream, status = SAMPLES[name]
    body = len(stream) - len(stream.splitlines(keepends=True)[-1])
    for place in range(body):
        changed = stream[:place] + bytes([stream[place] ^ 1]) + stream[place + 1 :]
        assert judge(changed, ProcessEnd(status)).outcome != "counted", place


ENDS = st.builds(
    ProcessEnd,
    st.none() | st.integers(-70, 300),
    st.sampled_from(["", "timeout", "output-limit", "disk-limit", "cancelled", "strange"]),
    st.floats(0, 10**6),
    st.text(max_size=50),
    st.text(max_size=50),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
KINDS = st.sampled_from(
    [
        *("loaded", "session", "start", "error", "skipped", "ignored", "deselected", "warning", "collected"),
        *("finish", "conftest-failure", "internal-error", "reporter-error"),
    ]
)
KEYS = st.sampled_from(
    [
        *("path", "node", "cause", "traceback", "tests", "status", "digest", "size", "frames", "type", "message"),
        *("name", "line", "reason", "interrupted", "hook", "how", "by", "module", "places"),
    ]
)
EVENTS = st.lists(st.tuples(KINDS, st.dictionaries(KEYS, JSON, max_size=6)), max_size=8)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400), ENDS)
def test_no_bytes_make_it_raise(stream: bytes, end: ProcessEnd) -> None:
    assert judge(stream, end, inventory=["test_a.py"]).outcome in ("blocked", "failed")


@settings(max_examples=300, deadline=None)
@given(EVENTS, ENDS, st.binary(max_size=20))
def test_no_events_make_it_raise_and_none_of_them_counts(
    events: list[tuple[str, dict[str, Any]]], end: ProcessEnd, tail: bytes
) -> None:
    stream = lines(*({**fields, "event": kind} for kind, fields in events)) + tail
    verdict = judge(stream, end, inventory=["test_a.py", "x/conftest.py"])
    assert verdict.outcome in ("blocked", "failed") and verdict.reason in REASONS
    json.dumps([verdict.text, verdict.detail]).encode()
    verdict.text.encode() and verdict.detail.encode()


@settings(max_examples=100, deadline=None)
@given(EVENTS)
def test_what_counts_can_be_stored(events: list[tuple[str, dict[str, Any]]]) -> None:
    kept = [{**fields, "event": kind} for kind, fields in events if kind in ("error", "skipped", "ignored", "warning")]
    end = finished(start("t.py"), *kept, collected("t.py", 1), status=1 if kept else 0)
    verdict = judge(end, ProcessEnd(1 if kept else 0), inventory=["test_a.py"])
    if verdict.result is not None:
        stored = PassResult.unpack(verdict.result.pack())
        assert stored.canonical() == verdict.result.canonical()
        assert set(stored.errors) == set(verdict.result.errors)
