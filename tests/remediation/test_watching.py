"""What a pass at work brings to its row: small, clean, in time with the stages, and for one round at a time."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from remediation.passes.watching import LIMIT, Watch, fitted, last_lines


class Row:
    """A heartbeat that only remembers."""

    def __init__(self) -> None:
        self.columns: dict[str, Any] = {}

    def report(self, *, now: bool = False, **columns: Any) -> None:
        self.columns.update(columns)


@pytest.fixture
def row() -> Row:
    return Row()


@pytest.fixture
def watch(row: Row) -> Watch:
    return Watch(row)  # type: ignore[arg-type]


def line(event: str, **fields: Any) -> bytes:
    return json.dumps({"event": event, **fields}).encode() + b"\n"


def start(path: str, tests: int = 0) -> bytes:
    return line("start", path=path, tests=tests)


def test_a_stage_is_noted_once_and_clears_what_was_shown_before(watch: Watch, row: Row) -> None:
    watch.printed(b"Resolved 12 packages\n")
    assert row.columns["live"] == {"log": "Resolved 12 packages"}
    watch.stage("checkout", commit="a" * 40)
    first = row.columns["stage_times"]["checkout"]
    watch.stage("checkout")
    assert row.columns["stage_times"] == {"fetch": 0.0, "checkout": first}
    assert (row.columns["stage"], row.columns["commit"], row.columns["live"]) == ("checkout", "a" * 40, None)
    row.columns["stage_times"]["x"] = 1.0
    assert "x" not in watch.times, "what was handed over is a copy"


def test_it_follows_the_stream_and_begins_again_with_a_round(watch: Watch, row: Row, tmp_path: Path) -> None:
    stream = tmp_path / "stream.jsonl"
    watch.collecting(stream, ["test_a.py", "test_b.py", "check_c.py"])
    watch.round(())
    watch.look()
    assert row.columns["files_reached"] == 0, "nothing was written yet"
    stream.write_bytes(line("session", python="3.12.7", python_files=["test_*.py"]) + start("test_a.py"))
    watch.look()
    stream.write_bytes(stream.read_bytes() + start("test_b.py", 4))
    watch.look()
    live = row.columns["live"]
    assert (row.columns["files_reached"], live["tests"], live["found"], live["round"]) == (2, 4, 2, 1)
    assert live["files"] == [("test_a.py", "4 tests"), ("test_b.py", "")] or live["files"] == [
        ["test_a.py", "4 tests"],
        ["test_b.py", ""],
    ]
    stream.write_bytes(line("session", python_files=["test_*.py"]) + start("test_a.py"))
    watch.round(("test_b.py",))
    watch.look()
    live = row.columns["live"]
    assert (row.columns["files_reached"], live["found"]) == (1, 1)
    assert (live["round"], live["left_out"]) == (2, ["test_b.py"])


@pytest.mark.parametrize("kind", ["link", "pipe", "directory", "nothing"])
def test_what_the_target_may_have_put_there_is_not_read(watch: Watch, row: Row, tmp_path: Path, kind: str) -> None:
    stream = tmp_path / "stream.jsonl"
    secret = tmp_path / "secret"
    secret.write_bytes(start("secret.py"))
    match kind:
        case "link":
            stream.symlink_to(secret)
        case "pipe":
            os.mkfifo(stream)
        case "directory":
            stream.mkdir()
    watch.collecting(stream, [])
    watch.round(())
    watch.look()
    assert row.columns["files_reached"] == 0
    assert "secret" not in json.dumps(row.columns)


def test_it_stays_small(watch: Watch, row: Row, tmp_path: Path) -> None:
    stream = tmp_path / "stream.jsonl"
    names = [f"tests/{'ä' * 900}/test_{n}.py" for n in range(30)]
    cause = {"type": "E", "message": "\N{SNOWMAN}" * 9_000}
    stream.write_bytes(b"".join(start(name) + line("error", path=name, cause=cause) for name in names))
    watch.collecting(stream, [])
    watch.round(tuple(names[:5]))
    watch.look()
    live = row.columns["live"]
    assert live["files"] == [] or len(json.dumps(live)) <= LIMIT
    assert len(json.dumps(live)) < 8_000


def test_the_last_file_is_the_one_that_is_kept() -> None:
    files = [[f"tests/test_{n}.py", "1 test"] for n in range(500)]
    kept = fitted({"files": files, "tests": 9})
    assert len(json.dumps(kept)) <= LIMIT
    assert kept["files"][-1] == files[-1] and kept["tests"] == 9


@pytest.mark.parametrize(
    "output",
    [b"", b"x" * 10_000_000, b"\xff\xfe\x00\x1b[31m", ("\N{SNOWMAN}" * 300 + "\n").encode() * 100, b"\n" * 9_000],
)
def test_last_lines_of_any_output(output: bytes) -> None:
    text = last_lines(output)
    assert len(json.dumps(text)) <= LIMIT
    assert "\x1b" not in text and "\0" not in text
    assert text.count("\n") < 20


def test_last_lines_are_the_last_and_hold_no_password() -> None:
    said = last_lines(b"".join(b"line %d\n" % n for n in range(100)) + b"from https://me:secret@example.org/x\n")
    assert said.endswith("***@example.org/x") and "secret" not in said
    assert said.startswith("line 81")
