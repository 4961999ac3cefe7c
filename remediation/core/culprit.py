"""Whose import ended a collection before its end: that file's own error, so that the rest is counted without it."""

from __future__ import annotations

import re
import signal
from collections.abc import Sequence
from pathlib import PurePosixPath

from remediation.core.records import Cause, CollectionError, Frame, ProcessEnd
from remediation.core.stream import Recording, clean_path, read
from remediation.core.text import clean_line, clean_text

# Types of causes that no Python exception stands for; the reporter writes the first one itself.
EXIT, CRASH, TIMEOUT = "collection.Exit", "collection.Crash", "collection.Timeout"
FILE_LIMIT = "file-timeout"  # ProcessEnd.stopped when one file's import took too long
_FRAMES = 12
_DUMP = re.compile(r"^(?:Fatal Python error: .*|Timeout \(.*\)!)$", re.MULTILINE)
_THREAD = re.compile(r"^(?:Current thread|Thread) 0x[0-9a-f]+.*$", re.MULTILINE)
_FRAME = re.compile(r'^  File "(.+)", line (\d+) in (.+)$', re.MULTILINE)


def culprits(stream: bytes, end: ProcessEnd, root: str) -> tuple[CollectionError, ...]:
    """The errors of the files that kept this run from counting every file; none when no file is to blame.

    A run that came to its end may hold several: files that would have ended the session (``sys.exit``), or that ate
    the memory. A run that died or hung has one: the file, or the conftest, that was being imported then. ``root`` is
    the tree's absolute path in the target's eyes. Never raises.
    """
    recording = read(stream)
    if (recording.garbled and recording.finish is not None) or recording.reporter_errors:
        return ()
    exits = {error.path: error for error in recording.errors if error.cause.type == EXIT and error.path}
    hungry = [error for error in recording.errors if error.cause.type == "MemoryError" and error.path][:1]
    found = {**{error.path: _out_of_memory(error) for error in hungry}, **exits}
    died = _died(recording, end, root)
    if died is not None:
        found[died.path] = died
    return tuple(found.values())


def ignore_argument(path: str) -> str:
    """What pytest is told to leave out for a culprit: the file, or the directory that a conftest or package serves."""
    place = PurePosixPath(path)
    if place.name in ("conftest.py", "__init__.py"):
        return "" if str(place.parent) == "." else str(place.parent)
    return path


def _died(recording: Recording, end: ProcessEnd, root: str) -> CollectionError | None:
    path = recording.current
    if not path or recording.finish is not None or recording.conftest_failure is not None:
        return None
    if recording.internal_error is not None:
        # Not the file's own code but a plugin's broke over it; without the file pytest can go on.
        inner = recording.internal_error
        return CollectionError(path, path, inner.cause, inner.traceback)
    cause = _ending(end)
    if cause is None:
        return None
    frames = stack(end.stderr, root)
    kept = _dump(end.stderr)
    return CollectionError(path, path, Cause(*cause, frames=frames), clean_text(kept, 20_000))


def _ending(end: ProcessEnd) -> tuple[str, str] | None:
    """(type, message) of a process's early end; None where it is nobody's in particular."""
    if end.stopped == FILE_LIMIT:
        return TIMEOUT, "its import did not end within the limit for one file"
    if end.stopped == "output-limit":
        return CRASH, "it printed more than the limit on output"
    if end.stopped or end.returncode is None:
        return None
    if end.returncode == -signal.SIGKILL:
        return CRASH, "SIGKILL: the system killed the process, most likely because memory ran out"
    if end.returncode < 0:
        return CRASH, signal_name(-end.returncode)
    return EXIT, f"the process ended with status {end.returncode}"


def _out_of_memory(error: CollectionError) -> CollectionError:
    cause = error.cause
    message = clean_line(f"MemoryError: {cause.message}".rstrip(": "), 500)
    return CollectionError(error.path, error.node, Cause(CRASH, message, frames=cause.frames), error.traceback)


def signal_name(number: int) -> str:
    """SIGSEGV for 11; "signal 77" where it has no name."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def stack(stderr: str, root: str) -> tuple[Frame, ...]:
    """In-repository frames of what Python's fault handler printed last, outermost first; () where it printed none."""
    threads = [_frames(block, root) for block in _THREAD.split(_dump(stderr))[1:]]
    # A watchdog or a pool's thread may stand first; the one that imports has frames of the repository.
    return next((frames for frames in reversed(threads) if frames), ())


def _dump(stderr: str) -> str:
    found = list(_DUMP.finditer(stderr))
    return stderr[found[-1].start() :] if found else ""


def _frames(block: str, root: str) -> tuple[Frame, ...]:
    rows: Sequence[tuple[str, str, str]] = _FRAME.findall(block)
    inside = [
        Frame(clean_path(path.removeprefix(root + "/")), int(line), clean_line(function, 200))
        for path, line, function in reversed(rows)
        if path.startswith(root + "/") and len(line) < 9
    ]
    return tuple(inside if len(inside) <= _FRAMES else [*inside[:4], *inside[4 - _FRAMES :]])
