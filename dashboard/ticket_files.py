"""The files of one ticket: where each fails, and what became of it."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from remediation.core.fingerprint import Pair
from remediation.core.impact import Blocked
from remediation.core.silence import told

FOLD_FROM = 21  # rows; more are grouped by directory

_HIDDEN = {
    "masked": "a broken collector above it, or another error, covers it",
    "silenced": "it gives no test, which repairs nothing",
    "not-seen": "the pass did not reach the file",
    "held": "tests collected fell by half, so nothing is verified yet",
}

# What became of files that are neither blocked nor hidden: only the first kind was repaired.
_ENDED = {
    "moved": ("moved", "open", "git sees the file under another name now"),
    "deleted": ("deleted", "open", "the file no longer exists: nothing was repaired in it"),
}
GROUPS = ("blocked", "hidden", "gone", "deleted", "moved")


@dataclass(frozen=True, slots=True)
class FileRow:
    """One file of the ticket: where it fails and what became of it. ``group`` is one of GROUPS."""

    path: str
    line: int | None
    group: str
    symbol: str
    text: str
    note: str = ""
    tests: int | None = None  # that it hides, as an estimate; None: unknown, or nothing is hidden


def file_rows(
    occurrences: Sequence[Mapping[str, Any]], lines: Mapping[Pair, int], hiding: Mapping[str, Blocked]
) -> list[FileRow]:
    """One row for each (file, root cause), by its latest interval; blocked files first.

    ``hiding``: the test files that errors block now, with what each hides.
    """
    latest = {(row["file__path"], row["fingerprint__readable"]): row for row in occurrences}
    rows = [_file_row(row, lines.get(pair), *(row["now"] or ("absent", ""))) for pair, row in latest.items()]
    rows = [replace(row, tests=hiding[row.path].estimate.tests) if row.path in hiding else row for row in rows]
    return sorted(rows, key=lambda row: (GROUPS.index(row.group), row.path))


def hidden_by(occurrences: Sequence[Mapping[str, Any]]) -> str:
    """ "2 silenced, 1 masked": how the hidden errors came to be hidden."""
    reasons = Counter(
        row["close_reason"] for row in occurrences if row["close_reason"] in _HIDDEN and not row["settlement"]
    )
    return ", ".join(f"{reasons[reason]:,} {reason.replace('-', ' ')}" for reason in _HIDDEN if reasons[reason])


def _file_row(row: Mapping[str, Any], line: int | None, state: str, details: str) -> FileRow:
    path, reason, number = row["file__path"], row["close_reason"], row["closed_pass__number"]
    if not reason:
        return FileRow(path, line, "blocked", "open", "Blocked")
    if row["settlement"] and row["settlement"] != "seen":
        reason, number = row["settlement"], row["settled_pass__number"]
    if reason in _HIDDEN:
        text = f"Hidden: {reason.replace('-', ' ')} since #{number}"
        return FileRow(path, None, "hidden", "muted", text, told(state, details) or _HIDDEN[reason])
    if reason in _ENDED:
        group, symbol, note = _ENDED[reason]
        return FileRow(path, None, group, symbol, f"{reason.capitalize()} at #{number}", note)
    if state == "collected":
        return FileRow(path, None, "gone", "verified", f"Collects, gone since #{number}")
    note = "another cause blocks the file now" if state == "error" else f"the file is {state} now"
    note = f"the file gives no test now: {silence}" if (silence := told(state, details)) else note
    return FileRow(path, None, "gone", "verified", f"Gone since #{number}", note)


def folders(rows: Iterable[FileRow]) -> list[tuple[str, list[FileRow], int]]:
    """Rows by directory: (directory, rows, how many of them are blocked)."""

    def folder(row: FileRow) -> str:
        return row.path.rpartition("/")[0] or "."

    grouped = itertools.groupby(sorted(rows, key=lambda row: (folder(row), row.path)), folder)
    listed = [(name, list(group)) for name, group in grouped]
    return [(name, group, sum(row.group == "blocked" for row in group)) for name, group in listed]
