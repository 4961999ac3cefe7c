"""Judges one pass: the reporter's stream and the process's end become counted, blocked or failed, and why."""

from __future__ import annotations

import posixpath
import re
import signal
from collections.abc import Sequence

from remediation.core.blocker import blocker_of
from remediation.core.culprit import EXIT, FILE_LIMIT, signal_name
from remediation.core.file_states import result_of
from remediation.core.records import CollectionError, ProcessEnd, SessionFacts, Verdict
from remediation.core.stream import Recording, read
from remediation.core.text import clean_line, clean_text
from remediation.core.uncollected import uncollected

NOT_ZERO = "This is not zero errors."
DETAIL = 20_000
OUTPUT_TAIL = 4_000
# pytest raises its own outcome for a configuration that it does not read any more, and nobody catches it that early.
_REFUSED = re.compile(r"^(?:_pytest\.outcomes\.)?(?:Failed|Exit): ", re.MULTILINE)

REASONS: dict[str, str] = {
    "no-pytest": "pytest is not installed in the project's environment",
    "plugin-failure": "a plugin failed while pytest was starting",
    "usage-error": "pytest refused its options or its configuration",
    "conftest-failure": "pytest stopped while loading a conftest.py, before it reached a test file",
    "session-failure": "an error ended the whole collection",
    "nothing-collected": "pytest ended without one test",
    "interrupted": "something stopped the collection before its end",
    "internal-error": "pytest itself broke, or a test file ended it",
    "exit-without-finish": "the process ended before the collection did",
    "status-mismatch": "the process ended in another way than pytest said, or its status is not explained",
    "garbled-stream": "the record of the collection is damaged or was written by somebody else",
    "crash": "the process was killed by a signal",
    "timeout": "the time limit was reached",
    "output-limit": "the limit on printed output was reached",
    "memory-limit": "the memory limit was reached",
    "too-many-culprits": "too many files end or block the process while they are imported",
    "disk-limit": "the worker's disk was nearly full",
    "not-started": "the project's interpreter could not be started",
    "reporter-failure": "our own reporter failed inside the project's pytest",
    "cancelled": "the pass was cancelled",
}
OURS = ("not-started", "reporter-failure", "cancelled")  # these make a failed pass, all others a blocked one


@uncollected
def judge(
    stream: bytes,
    end: ProcessEnd,
    *,
    inventory: Sequence[str] = (),
    python_files: Sequence[str] = SessionFacts().python_files,
    left_out: Sequence[CollectionError] = (),
    unresolved: Sequence[CollectionError] = (),
    root: str = "",
) -> Verdict:
    """Decide whether a collection counts. Never raises, whatever the target wrote.

    ``stream`` is the reporter's file as it was found; ``inventory`` all tracked ``.py`` paths of the commit;
    ``python_files`` the patterns to assume where pytest never told its own. ``left_out`` are the errors of files that
    this run was told to ignore, because they end or block the process; ``unresolved`` those of more such files that
    this run met. ``root`` is the tree's path in the target's eyes. Text and detail are clean.
    """
    recording = read(stream)
    found = (
        _culprit_reason(recording, end, left_out, unresolved)
        or _process_reason(recording, end)
        or _stream_reason(recording)
        or _status_reason(recording, end, left_out)
    )
    session = recording.session or SessionFacts(python_files=tuple(python_files))
    if found:
        reason, text = found
        outcome = "failed" if reason in OURS else "blocked"
        detail = _detail(recording, end, reason, (*left_out, *unresolved))
        blocker = blocker_of(recording, end, reason, unresolved, root) if outcome == "blocked" else None
        return Verdict(outcome, reason, clean_text(text, 500), detail, session, blocker=blocker)
    return Verdict("counted", session=session, result=result_of(recording, session, inventory, left_out))


Found = tuple[str, str] | None


def _culprit_reason(
    recording: Recording,
    end: ProcessEnd,
    left_out: Sequence[CollectionError],
    unresolved: Sequence[CollectionError],
) -> Found:
    """More files ended or blocked the process than a pass may leave out, one run for each."""
    if left_out and unresolved and end.stopped != "cancelled" and not recording.loading:
        paths = [error.path for error in (*left_out, *unresolved)]
        named = ", ".join(paths[:5]) + (" and more" if len(paths) > 5 else "")
        said = f"{len(paths)} files end or block the process while they are imported: {named}"
        return "too-many-culprits", f"{clean_line(said, 380)}. Repair the first of them. {NOT_ZERO}"
    return None


def _process_reason(recording: Recording, end: ProcessEnd) -> Found:
    """What the process's end alone decides."""
    where = _where(recording) or " before it reached a test file"
    if end.stopped == "cancelled":
        return "cancelled", f"The pass was cancelled before the collection had ended. {NOT_ZERO}"
    if end.returncode is None and not end.stopped:
        said = clean_line(end.stderr, 300)
        return "not-started", f"The project's interpreter could not be started: {said} {NOT_ZERO}"
    if end.stopped in ("timeout", FILE_LIMIT):
        return "timeout", f"pytest was stopped after {end.seconds:.0f} seconds{where}. {NOT_ZERO}"
    if end.stopped:
        code = end.stopped if end.stopped in REASONS else "interrupted"
        return code, f"pytest was stopped{where}: {REASONS[code]}. {NOT_ZERO}"
    if end.returncode == -signal.SIGKILL:
        return "memory-limit", f"The system killed pytest{where}; most likely memory ran out. {NOT_ZERO}"
    if end.returncode is not None and end.returncode < 0:
        return "crash", f"pytest crashed{where} ({signal_name(-end.returncode)}). {NOT_ZERO}"
    return None


def _where(recording: Recording) -> str:
    if recording.reached_end:
        return " after it had reached every file"
    return f" while importing {recording.current}" if recording.current else ""


def _stream_reason(recording: Recording) -> Found:
    """What the stream tells, told in the order in which it would have happened."""
    if recording.reporter_errors:
        said = clean_line(recording.reporter_errors[0], 300)
        return "reporter-failure", f"Our reporter failed inside the project's pytest: {said}. {NOT_ZERO}"
    if recording.conftest_failure is not None:
        failure = recording.conftest_failure
        if not failure.path:
            said = clean_line(f"{failure.cause.type}: {failure.cause.message}", 300)
            return "plugin-failure", f"A plugin failed while pytest was starting ({said}). {NOT_ZERO}"
        said = f"pytest stopped while loading {failure.path}, before it reached a test file. {NOT_ZERO}"
        return "conftest-failure", said
    if recording.internal_error is not None:
        cause = recording.internal_error.cause
        said = clean_line(f"{cause.type}: {cause.message}".removesuffix(": "), 200)
        return "internal-error", f"pytest came to an unplanned end{_where(recording)} ({said}). {NOT_ZERO}"
    types = {error.cause.type for error in recording.errors}
    if EXIT in types:
        path = next(error.path for error in recording.errors if error.cause.type == EXIT)
        return "interrupted", f"{path or 'A conftest.py'} ends the process while it is imported. {NOT_ZERO}"
    if "MemoryError" in types:
        path = next(error.path for error in recording.errors if error.cause.type == "MemoryError")
        return "memory-limit", f"Memory ran out while importing {path or 'the tests'}. {NOT_ZERO}"
    if recording.garbled and recording.finish is not None:
        return "garbled-stream", f"The record of this collection cannot be trusted: {recording.garbled}. {NOT_ZERO}"
    return None


def _status_reason(recording: Recording, end: ProcessEnd, left_out: Sequence[CollectionError]) -> Found:
    """The finish marker against the process's status."""
    finish, status = recording.finish, end.returncode
    if finish is None:
        return _unfinished(recording, end)
    if finish.status != status:
        return "status-mismatch", f"pytest said status {finish.status}, but its process ended with {status}. {NOT_ZERO}"
    # Up to pytest 7 a KeyboardInterrupt is recorded like an error of the file that was being imported.
    if finish.interrupted or finish.stopped or any(e.cause.type == "KeyboardInterrupt" for e in recording.errors):
        said = clean_line(finish.stopped, 200) or f"while importing {recording.current or 'the tests'}"
        return "interrupted", f"The collection was interrupted ({said}), so its count is not complete. {NOT_ZERO}"
    for error in recording.errors:
        if not error.path:
            blame = error.cause.blame
            where = f" in {blame.path}" if blame else ""
            return "session-failure", f"An error{where} ended the whole collection, so no file was counted. {NOT_ZERO}"
    if status == 5 and not left_out:
        return "nothing-collected", f"pytest ended without one test, so nothing can be said. {NOT_ZERO}"
    if status == 4:
        return "usage-error", f"pytest refused its options or its configuration. {NOT_ZERO}"
    explained = recording.errors or status in (0, 5)
    if status not in (0, 1, 2, 5) or not explained or (finish.pytest_errors and not recording.errors):
        return "status-mismatch", f"pytest ended with status {status} and no recorded error explains it. {NOT_ZERO}"
    if not recording.started and not left_out:
        conftests = [e.path for e in recording.errors if posixpath.basename(e.path) == "conftest.py"]
        if conftests:
            return "conftest-failure", f"pytest could not load {conftests[0]} and reached no test file. {NOT_ZERO}"
        return "nothing-collected", f"pytest reached no test file. {NOT_ZERO}"
    return None


def _unfinished(recording: Recording, end: ProcessEnd) -> Found:
    if recording.current or recording.reached_end:
        said = f"The process ended with status {end.returncode}{_where(recording)}"
        return "exit-without-finish", f"{said}, before the collection had ended. {NOT_ZERO}"
    if not recording.loaded and "No module named pytest" in end.stderr:
        return "no-pytest", f"pytest is not installed in the project's environment. {NOT_ZERO}"
    if _REFUSED.search(end.stderr):
        said = clean_line((end.stderr.strip().splitlines() or [""])[-1], 200)
        return "usage-error", f"pytest refused its configuration ({said}). {NOT_ZERO}"
    if "Error importing plugin" in end.stderr or (
        recording.session is None and end.returncode not in (0, 4) and "Traceback" in end.stderr
    ):
        said = clean_line((end.stderr.strip().splitlines() or [""])[-1], 200)
        return "plugin-failure", f"A plugin failed while pytest was starting ({said}). {NOT_ZERO}"
    if end.returncode == 4:
        return "usage-error", f"pytest refused its options or its configuration. {NOT_ZERO}"
    said = f"The process ended with status {end.returncode} before it reached a test file"
    return "exit-without-finish", f"{said}. {NOT_ZERO}"


def _detail(recording: Recording, end: ProcessEnd, reason: str, culprits: Sequence[CollectionError]) -> str:
    """The evidence: the traceback that belongs to the reason, or else the end of the output."""
    if culprits:
        listed = "\n".join(f"{error.path}: {clean_line(error.cause.message, 200)}" for error in culprits)
        return clean_text(f"These files end or block the process while they are imported:\n{listed}", DETAIL)
    failure = {"conftest-failure": recording.conftest_failure, "plugin-failure": recording.conftest_failure}.get(reason)
    if reason == "internal-error":
        failure = recording.internal_error
    session_errors = [error for error in recording.errors if not error.path]
    if failure is None and session_errors:
        failure = session_errors[0]
    if failure is not None and failure.traceback:
        return failure.traceback
    parts = [clean_text(text, DETAIL)[-OUTPUT_TAIL:].strip() for text in (end.stderr, end.stdout)]
    return "\n".join(part for part in parts if part)
