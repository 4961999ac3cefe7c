"""What the page shows of a pass at work: small, clean, and gone when it ends."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from remediation.core.progress import Follower, Progress, files_found
from remediation.core.text import clean_line, clean_text
from remediation.passes.lease import Heartbeat

LIMIT = 2_000  # bytes of ``live``; the row is written again with every beat
LINES = 20
PATH, LINE = 160, 200
_READ = 4 << 20  # bytes of the stream at one look; the next look goes on from there


class Watch:
    """Carries a pass's progress to its row. Times are the worker's steady clock, counted from the claim."""

    def __init__(self, heartbeat: Heartbeat) -> None:
        self.times: dict[str, float] = {"fetch": 0.0}
        self._claimed = time.monotonic()
        self._heartbeat = heartbeat
        self._collection = _Collection(Path(), ())

    def stage(self, name: str, **columns: Any) -> None:
        """A stage has begun."""
        self.times.setdefault(name, round(time.monotonic() - self._claimed, 3))
        self._heartbeat.report(stage=name, stage_times=dict(self.times), live=None, now=True, **columns)

    def printed(self, output: bytes) -> None:
        """What an installation has printed so far."""
        self._heartbeat.report(live={"log": last_lines(output)})

    def collecting(self, stream: Path, python_paths: Sequence[str]) -> None:
        """The collection of these files begins; it writes to ``stream``."""
        self._collection = _Collection(stream, python_paths)

    def round(self, left_out: Sequence[str]) -> None:
        """Everything is collected again, without ``left_out``."""
        before = self._collection
        self._collection = _Collection(before.stream, before.python_paths, before.number + 1, tuple(left_out))

    def look(self) -> None:
        """How far the collection is now."""
        self._heartbeat.report(**self._collection.columns())


class _Collection:
    """One run over the files."""

    def __init__(
        self, stream: Path, python_paths: Sequence[str], number: int = 0, left_out: tuple[str, ...] = ()
    ) -> None:
        self.stream, self.python_paths, self.number, self.left_out = stream, python_paths, number, left_out
        self._follower = Follower()
        self._offset = 0
        self._found: int | None = None

    def columns(self) -> dict[str, Any]:
        """The row's columns, from what was written since the last look."""
        new = _more(self.stream, self._offset)
        self._offset += len(new)
        seen = self._follower.feed(new)
        return {"files_reached": seen.files_started, "errors_so_far": seen.errors, "live": self._live(seen)}

    def _live(self, seen: Progress) -> dict[str, Any]:
        if self._found is None and seen.session is not None:
            self._found = files_found(self.python_paths, seen.session)
        return fitted(
            {
                "tests": seen.tests,
                "current": clean_line(seen.last_path, PATH),
                "found": None if self._found is None else max(0, self._found - len(self.left_out)),
                "python": seen.session.python if seen.session else "",
                "round": self.number,
                "left_out": [clean_line(path, PATH) for path in self.left_out],
                "files": [[clean_line(path, PATH), said] for path, said in seen.recent],
            }
        )


def fitted(live: Mapping[str, Any], limit: int = LIMIT) -> dict[str, Any]:
    """The same, without the oldest of its files until it fits."""
    kept = {**live, "files": list(live["files"])}
    while kept["files"] and len(json.dumps(kept)) > limit:
        del kept["files"][0]
    return kept


def last_lines(output: bytes) -> str:
    """The last lines of a program's output, clean and short enough for the row."""
    lines = clean_text(output.decode("utf-8", "replace"), 16_000).rstrip().split("\n")[-LINES:]
    lines = [clean_line(line, LINE) for line in lines]
    while len(json.dumps("\n".join(lines))) > LIMIT - 20:
        del lines[0]
    return "\n".join(lines)


def _more(stream: Path, offset: int) -> bytes:
    """What was appended since; the target may have put a link there."""
    try:
        descriptor = os.open(stream, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return b""
    try:
        return os.pread(descriptor, _READ, offset)
    except OSError:  # a pipe, a directory
        return b""
    finally:
        os.close(descriptor)
