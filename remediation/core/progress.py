"""Follows a reporter's stream while it is being written: how far the collection is, and what each file gave so far."""

from __future__ import annotations

import json
import posixpath
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from remediation.core.json_lines import LINE
from remediation.core.limits import LARGEST
from remediation.core.records import SessionFacts
from remediation.core.silence import SERVING, is_outside, matches, unrecursed
from remediation.core.stream import clean_path, read
from remediation.core.text import clean_line

RECENT = 20  # files remembered with what they gave
PATHS = 200_000  # counted once each; no repository has more test files
SAID = 100  # characters of an error


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a collection has come. All of it is so far: nothing here is a result.

    ``recent``: the files begun last, oldest first, each with what it gave ("" for the one under way).
    """

    files_started: int = 0
    last_path: str = ""
    errors: int = 0
    tests: int = 0
    session: SessionFacts | None = None
    recent: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class _File:
    path: str
    before: int  # tests when it began
    tests: int = 0
    error: str = ""
    done: bool = False

    def said(self) -> str:
        if self.error:
            return self.error
        return f"{self.tests:,} test{'' if self.tests == 1 else 's'}" if self.done else ""


@dataclass(slots=True)
class Follower:
    """Takes the stream piece by piece, each byte once, so that following costs the same at the end as at the start.

    Never raises, whatever the target wrote; nothing it says is used for a verdict.
    """

    _rest: bytes = b""
    _paths: set[str] = field(default_factory=set)
    _recent: deque[_File] = field(default_factory=lambda: deque(maxlen=RECENT))
    _errors: int = 0
    _tests: int = 0
    _session: SessionFacts | None = None

    def feed(self, data: bytes) -> Progress:
        """Take what was appended since the last call; returns how far it is now."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > LINE:
            self._rest = b""  # no line of the reporter is that long
        for line in lines:
            self._take(line)
        return self.progress()

    def progress(self) -> Progress:
        """How far it is."""
        recent = tuple((file.path, file.said()) for file in self._recent)
        last = recent[-1][0] if recent else ""
        return Progress(len(self._paths), last, self._errors, self._tests, self._session, recent)

    def _take(self, line: bytes) -> None:
        if len(line) > LINE:
            return
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            return
        if not isinstance(event, dict):
            return
        kind, path = event.get("event"), clean_path(event.get("path"))
        if kind == "session":
            self._session = read(line).session
        elif kind == "error":
            self._errors += 1
            self._note(path, event.get("cause"))
        elif kind in ("start", "reached-end"):
            self._count(event.get("tests"))
            if kind == "start" and path and not path.endswith("/"):
                self._begin(path)

    def _count(self, tests: Any) -> None:
        """The number of tests is that of the whole run, so the last file's own are what came since it began."""
        if isinstance(tests, int) and not isinstance(tests, bool) and self._tests <= tests <= LARGEST:
            self._tests = tests
        if self._recent and not self._recent[-1].done:
            file = self._recent[-1]
            file.tests, file.done = self._tests - file.before, True

    def _begin(self, path: str) -> None:
        if len(self._paths) < PATHS:
            self._paths.add(path)
        self._recent.append(_File(path, self._tests))

    def _note(self, path: str, cause: Any) -> None:
        fields = cause if isinstance(cause, dict) else {}
        said = clean_line(f"{fields.get('type') or 'error'}: {fields.get('message') or ''}", SAID).rstrip(": ")
        for file in reversed(self._recent):
            if file.path == path:
                file.error = said
                return
        if path:  # a conftest or a package, which has no line of its own
            self._recent.append(_File(path, self._tests, error=said, done=True))


def files_found(paths: Iterable[str], session: SessionFacts | None = None) -> int:
    """How many of a commit's ``.py`` paths are test files that pytest will look for: by the project's own patterns
    and places once pytest has said them, by pytest's defaults before."""
    known = session or SessionFacts()
    return sum(
        posixpath.basename(path) not in SERVING
        and matches(path, known.python_files)
        and not is_outside(path, known.places)
        and not unrecursed(path, known.norecursedirs, known.places)
        for path in paths
    )
