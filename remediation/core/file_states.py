"""What became of every test file in a counted pass: collected, in error, or left out, and by what."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence

from remediation.core.records import CollectionError, FileResult, PassResult, SessionFacts
from remediation.core.silence import DEFAULT_DIRECTORIES, SERVING, is_outside, matches, unrecursed
from remediation.core.stream import Recording, clean_path


def result_of(
    recording: Recording, session: SessionFacts, inventory: Sequence[str], left_out: Sequence[CollectionError]
) -> PassResult:
    """Everything a counted pass saw, file by file; parameters as for ``core.events.judge``."""
    errors = tuple(dict.fromkeys((*recording.errors, *left_out)))
    paths = {error.path for error in errors}
    known = dict.fromkeys(clean_path(path) for path in inventory)
    tracked = [path for path in known if path in paths or _belongs(path, session.python_files)]
    files = _reached(recording, tracked)
    for path in paths:
        files[path] = FileResult(path, "error", recording.collected.get(path, 0))
    failing = {posixpath.dirname(e.path): e.path for e in errors if posixpath.basename(e.path) in SERVING}
    for path in tracked:
        if path not in files and posixpath.basename(path) != "conftest.py":
            files[path] = _unreached(path, recording, failing, session)
    return PassResult(
        files=tuple(file for path, file in sorted(files.items()) if not path.endswith("/")),
        errors=errors,
        inventory=tuple(sorted(tracked)),
        tests=sum(recording.collected.values()),
        pytest_errors=recording.finish.pytest_errors if recording.finish else 0,
        deselected=sum(recording.deselected.values()),
        warnings=recording.warnings,
        patterns=session.python_files,
    )


def _reached(recording: Recording, tracked: Sequence[str]) -> dict[str, FileResult]:
    """The files that pytest itself said something of, but for their errors."""
    files = {path: FileResult(path, "collected", tests) for path, tests in recording.collected.items()}
    for path in tracked:
        # Only of a test file: --doctest-modules collects every module, and most have no doctest.
        if path in recording.collected and not recording.collected[path]:
            why, reason = recording.empty[path]
            files[path] = FileResult(path, "collected", reason=reason or _lost(path, recording), why=why)
    for path, count in recording.deselected.items():
        if count and not recording.collected.get(path):
            files[path] = FileResult(path, "deselected", reason=recording.deselected_by.get(path, ""))
    for path, (why, reason) in recording.skipped.items():
        files.setdefault(path, FileResult(path, "skipped", reason=reason, why=why))
    for path, (why, reason) in recording.ignored.items():
        files.setdefault(path, FileResult(path, "ignored", reason=reason, why=why))
    return files


def _lost(path: str, recording: Recording) -> str:
    """pytest's warning about a class that it could not collect, where the file has one."""
    start = f"{path}: PytestCollectionWarning: "
    return next((line.removeprefix(start) for line in recording.warnings if line.startswith(start)), "")


def is_test_file(path: str) -> bool:
    """Whether pytest's default patterns take the path for a test file: an estimate until pytest says its own."""
    return matches(path, SessionFacts().python_files)


def _belongs(path: str, python_files: Sequence[str]) -> bool:
    """Whether a tracked file is a test file by the project's patterns, or a conftest."""
    return posixpath.basename(path) == "conftest.py" or matches(path, python_files)


def _unreached(path: str, recording: Recording, failing: Mapping[str, str], session: SessionFacts) -> FileResult:
    """Why a test file that exists was never begun: a directory above it failed, was skipped or left out."""
    for directory in _above(path):
        if directory in failing:
            return FileResult(path, "masked", reason=failing[directory])
    for directory, (why, reason) in (*recording.skipped.items(), *recording.ignored.items()):
        if directory.endswith("/") and path.startswith(directory):
            # Not even imported, so it is no evidence that the conftest above it works.
            return FileResult(path, "ignored", reason=reason, why=why)
    if is_outside(path, session.places):
        return FileResult(path, "not-reached", reason=_given(session.places), why="outside")
    if found := unrecursed(path, session.norecursedirs, session.places):
        pattern, directory = found
        default = pattern in DEFAULT_DIRECTORIES
        return FileResult(
            path, "ignored", reason=directory if default else pattern, why="default-dir" if default else "norecurse"
        )
    return FileResult(path, "not-reached")


def _given(places: Sequence[str]) -> str:
    more = f" and {len(places) - 3} more" if len(places) > 3 else ""
    return f"pytest was given {' '.join(places[:3])}{more}"


def _above(path: str) -> Iterator[str]:
    """The directories that hold the path, innermost first, "" last."""
    while path:
        path = posixpath.dirname(path)
        yield path
