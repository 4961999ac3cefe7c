"""Who ended a collection: the reporter's last start line, and how the process ended."""

from __future__ import annotations

import hashlib
import json

import pytest

from remediation.core.culprit import FILE_LIMIT, culprits, ignore_argument, stack
from remediation.core.records import ProcessEnd

START = {"event": "start", "path": "tests/test_a.py"}
EXIT = {"event": "error", "path": "tests/test_b.py", "node": "tests/test_b.py",
        "cause": {"type": "collection.Exit", "message": "SystemExit: 1"}}  # fmt: skip
HUNGRY = {"event": "error", "path": "tests/test_c.py", "node": "", "cause": {"type": "MemoryError", "message": ""}}
KILLED = ProcessEnd(-9)


def stream(*events: dict[str, object], finish: int | None = None) -> bytes:
    text = b"".join(json.dumps(event).encode() + b"\n" for event in events)
    if finish is None:
        return text
    end = {"event": "finish", "status": finish, "tests": 0, "pytest_errors": 0, "interrupted": False, "stopped": ""}
    end |= {"size": len(text), "digest": hashlib.sha256(text).hexdigest()}
    return text + json.dumps(end).encode() + b"\n"


def found(*events: dict[str, object], end: ProcessEnd, finish: int | None = None) -> list[tuple[str, str, str]]:
    blamed = culprits(stream(*events, finish=finish), end, "/checkout")
    return [(error.path, error.cause.type, error.cause.message) for error in blamed]


@pytest.mark.parametrize(
    ("end", "kind", "message"),
    [
        (ProcessEnd(0), "collection.Exit", "the process ended with status 0"),
        (ProcessEnd(3), "collection.Exit", "the process ended with status 3"),
        (ProcessEnd(-11), "collection.Crash", "SIGSEGV"),
        (ProcessEnd(-9), "collection.Crash", "SIGKILL: the system killed"),
        (ProcessEnd(-9, FILE_LIMIT), "collection.Timeout", "limit for one file"),
        (ProcessEnd(-9, "output-limit"), "collection.Crash", "limit on output"),
    ],
)
def test_the_file_that_was_being_imported_is_blamed(end: ProcessEnd, kind: str, message: str) -> None:
    ((path, said, text),) = found(START, end=end)
    assert (path, said) == ("tests/test_a.py", kind) and message in text


@pytest.mark.parametrize(
    ("events", "end"),
    [
        ((), ProcessEnd(0)),  # before any file
        ((START, {"event": "reached-end"}), ProcessEnd(0)),  # after the last one
        ((START,), ProcessEnd(None)),  # never started
        ((START,), ProcessEnd(-9, "cancelled")),  # we ended it
        ((START,), ProcessEnd(-9, "timeout")),  # the whole pass was slow, no file in particular
        ((START, {"event": "reporter-error", "hook": "h", "message": "m"}), ProcessEnd(0)),
        ((START, {"event": "conftest-failure", "path": "conftest.py", "cause": {}}), ProcessEnd(4)),
    ],
)
def test_nobody_is_blamed_for_what_no_file_did(events: tuple[dict[str, object], ...], end: ProcessEnd) -> None:
    assert found(*events, end=end) == []


def test_a_run_that_ended_may_hold_several() -> None:
    blamed = found(START, EXIT, HUNGRY, end=ProcessEnd(2), finish=2)
    assert sorted(path for path, _, _ in blamed) == ["tests/test_b.py", "tests/test_c.py"]


def test_a_stream_with_a_forged_end_blames_nobody() -> None:
    forged = stream(START, EXIT, finish=2).replace(b"test_b", b"test_x")
    assert culprits(forged, ProcessEnd(2), "/checkout") == ()


def test_a_conftest_is_blamed_while_it_loads_and_not_after() -> None:
    loading, loaded = (
        {"event": "loading", "path": "sub/conftest.py"},
        {"event": "loaded-conftest", "path": "sub/conftest.py"},
    )
    assert found(START, loading, end=KILLED)[0][0] == "sub/conftest.py"
    assert found(START, loading, loaded, end=KILLED)[0][0] == "tests/test_a.py"


def test_a_plugin_that_breaks_over_a_file_gives_its_own_exception() -> None:
    broke = {"event": "internal-error", "cause": {"type": "RuntimeError", "message": "plugin"}, "traceback": "..."}
    assert found(START, broke, end=ProcessEnd(3)) == [("tests/test_a.py", "RuntimeError", "plugin")]


@pytest.mark.parametrize(
    ("path", "argument"),
    [
        ("tests/test_a.py", "tests/test_a.py"),
        ("sub/conftest.py", "sub"),
        ("pkg/__init__.py", "pkg"),
        ("conftest.py", ""),
    ],
)
def test_what_is_left_out(path: str, argument: str) -> None:
    assert ignore_argument(path) == argument


DUMP = """noise
Fatal Python error: Segmentation fault

Thread 0x00007f01 (most recent call first):
  File "/usr/lib/python3.11/threading.py", line 320 in wait

Current thread 0x00007f02 (most recent call first):
  File "/usr/lib/python3.11/ctypes/__init__.py", line 519 in string_at
  File "/checkout/app/native.py", line 2 in <module>
  File "<frozen importlib._bootstrap>", line 241 in _call_with_frames_removed
  File "/checkout/tests/test_a.py", line 1 in <module>

Extension modules: _x (total: 1)
"""


def test_frames_come_from_the_fault_handler_outermost_first() -> None:
    assert [(f.path, f.line, f.function) for f in stack(DUMP, "/checkout")] == [
        ("tests/test_a.py", 1, "<module>"),
        ("app/native.py", 2, "<module>"),
    ]


@pytest.mark.parametrize("text", ["", "Fatal Python error: x", "Timeout (0:00:02)!\nThread 0xzz", DUMP[:60]])
def test_a_dump_that_is_cut_or_missing_gives_no_frames(text: str) -> None:
    assert stack(text, "/checkout") == ()
