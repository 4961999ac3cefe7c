"""What the page of one ticket shows: the root cause, the files it blocks, how to reproduce it, what happened."""

from __future__ import annotations

import itertools
import re
import shlex
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from dashboard import sparklines
from remediation.core.blocker import WHY, identify_blocker
from remediation.core.classify import KINDS, Classified
from remediation.core.fingerprint import Pair, identify, why_of
from remediation.core.records import Cause, Frame
from remediation.core.silence import told
from remediation.core.wording import facts_of
from remediation.models import CollectionPass, FileState, Occurrence, Project, Ticket
from remediation.querysets import LONG_TEXTS

FOLD_FROM = 21  # rows; more are grouped by directory
HISTORY = 100  # lines shown
FILES_IN_COMMAND = 5
_PLAIN = re.compile(r"[\w@%+=:,./{}-]+")

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
_GROUPS = ("blocked", "hidden", "gone", "deleted", "moved")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the last counted pass that saw the ticket knows of it."""

    seen_in: CollectionPass
    frames: tuple[Frame, ...]
    left_out: int
    type: str
    message: str
    why: str
    known: list[tuple[str, str]]
    traceback: str
    lines: Mapping[Pair, int]


@dataclass(frozen=True, slots=True)
class FileRow:
    """One file of the ticket: where it fails and what became of it. ``group`` is one of _GROUPS."""

    path: str
    line: int | None
    group: str
    symbol: str
    text: str
    note: str = ""


def build(ticket: Ticket) -> dict[str, Any]:
    """The context of the page. The facts of one pass are opened, at most once."""
    project = ticket.project
    occurrences = _occurrences(ticket)
    last = project.passes.counted().in_commit_order().select_related("result").defer(*LONG_TEXTS).last()
    evidence = _evidence(ticket, occurrences, last)
    files = _file_rows(occurrences, evidence)
    intervals = [(row["first_pass_id"], row["closed_pass_id"]) for row in occurrences]
    total = last.total if last else None
    return {
        "evidence": evidence,
        "kind_words": KINDS.get(ticket.kind, ""),
        "files": files,
        "groups": {name: sum(row.group == name for row in files) for name in _GROUPS},
        "hidden_by": _hidden_by(occurrences),
        "folders": _folders(files) if len(files) >= FOLD_FROM else None,
        "reproduce": _reproduce(
            project, evidence, [row.path for row in files if row.group == "blocked"], whole=ticket.blocking == "all"
        ),
        "spark": sparklines.draw(sparklines.Axis.of(project), intervals, 312, 64),
        "total": total,
        "history": ticket.transitions.select_related("actor", "collection_pass").defer(
            *(f"collection_pass__{text}" for text in LONG_TEXTS)
        )[:HISTORY],
        "older": max(0, ticket.transitions.count() - HISTORY),
        **_neighbours(ticket),
    }


def _occurrences(ticket: Ticket) -> list[dict[str, Any]]:
    """Every interval of the ticket, oldest first, as plain values: the passes' long texts stay in the database."""
    rows = Occurrence.objects.filter(fingerprint__ticket=ticket).order_by("first_pass__position", "pk")
    return list(
        rows.values(
            "file_id", "file__path", "fingerprint__readable", "first_pass_id", "closed_pass_id", "close_reason",
            "closed_pass__number", "closed_pass__position", "closed_pass__previous_id", "settled_pass__number",
            "settlement",
        )
    )  # fmt: skip


def _evidence(ticket: Ticket, occurrences: Sequence[Mapping[str, Any]], last: CollectionPass | None) -> Evidence | None:
    if ticket.blocked_pass and not occurrences:
        return _blocking_evidence(ticket.blocked_pass)
    seen_in = last if ticket.errors else _saw_it_last(ticket.project, occurrences)
    if seen_in is None or seen_in.result is None:
        return None
    keys = {row["fingerprint__readable"] for row in occurrences}
    seen = identify(seen_in.result.unpack())
    errors = {pair: seen[pair].error for pair in sorted(seen) if pair[1] in keys}
    if not errors:
        return None
    # The most informative one: the longest way into the repository.
    shown = max(errors.values(), key=lambda error: len(error.cause.frames))
    lines = {pair: line for pair, error in errors.items() if (line := _line(pair[0], error.cause))}
    return _evidence_of(seen_in, shown, why_of(shown), lines)


def _evidence_of(seen_in: CollectionPass, shown: Classified, why: str, lines: Mapping[Pair, int]) -> Evidence:
    frames = shown.cause.frames
    kept = frames if len(frames) <= 4 else (frames[0], *frames[-3:])
    return Evidence(
        seen_in=seen_in,
        frames=kept,
        left_out=len(frames) - len(kept),
        known=facts_of(shown),
        type=shown.cause.type.removeprefix("collection."),  # a process's end is no exception with a module
        message=shown.cause.message,
        why=why,
        traceback=shown.traceback,
        lines=lines,
    )


def _blocking_evidence(blocked_pass: CollectionPass) -> Evidence | None:
    """What a blocked pass knows of the one error that blocks it: no file was counted, so none is listed."""
    error = blocked_pass.blocking_error
    return _evidence_of(blocked_pass, identify_blocker(error).error, WHY, {}) if error else None


def _saw_it_last(project: Project, occurrences: Sequence[Mapping[str, Any]]) -> CollectionPass | None:
    """The counted pass before the one that closed the last interval."""
    closed = [row for row in occurrences if row["closed_pass__previous_id"]]
    if not closed:
        return None
    latest = max(closed, key=lambda row: (row["closed_pass__position"], row["closed_pass__number"]))
    return project.passes.select_related("result").defer(*LONG_TEXTS).get(pk=latest["closed_pass__previous_id"])


def _line(path: str, cause: Cause) -> int | None:
    """The line of the test file itself at which the import failed."""
    own = [frame.line for frame in cause.frames if frame.path == path]
    if own:
        return own[-1]
    return cause.lineno if cause.filename == path and cause.lineno else None


def _file_rows(occurrences: Sequence[Mapping[str, Any]], evidence: Evidence | None) -> list[FileRow]:
    """One row for each (file, root cause), by its latest interval; blocked files first."""
    latest = {(row["file__path"], row["fingerprint__readable"]): row for row in occurrences}
    now = FileState.objects.filter(file__in=[row["file_id"] for row in occurrences], closed_pass__isnull=True)
    states = {pk: (state, reason) for pk, state, reason in now.values_list("file_id", "state", "reason")}
    lines = evidence.lines if evidence else {}
    rows = [
        _file_row(row, lines.get(pair), *states.get(row["file_id"], ("absent", ""))) for pair, row in latest.items()
    ]
    return sorted(rows, key=lambda row: (_GROUPS.index(row.group), row.path))


def _hidden_by(occurrences: Sequence[Mapping[str, Any]]) -> str:
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


def _folders(rows: Iterable[FileRow]) -> list[tuple[str, list[FileRow], int]]:
    """Rows by directory: (directory, rows, how many of them are blocked)."""

    def folder(row: FileRow) -> str:
        return str(PurePosixPath(row.path).parent)

    grouped = itertools.groupby(sorted(rows, key=lambda row: (folder(row), row.path)), folder)
    listed = [(name, list(group)) for name, group in grouped]
    return [(name, group, sum(row.group == "blocked" for row in group)) for name, group in listed]


def _reproduce(
    project: Project, evidence: Evidence | None, blocked: Sequence[str], *, whole: bool
) -> dict[str, Any] | None:
    """The commands that show the errors again; None when there is nothing to see any more.

    ``whole``: what blocks everything shows itself whatever is collected, so the pass's own selection stays.
    """
    if evidence is None or not (blocked or whole):
        return None
    # A conftest is loaded with the directory it serves.
    targets = sorted({str(PurePosixPath(p).parent) if PurePosixPath(p).name == "conftest.py" else p for p in blocked})
    words = [_variable(name, value) for name, value in sorted(project.environment.items())]
    words += ["python -m pytest --collect-only -q", *_options(project.arguments, targets)]

    def command(paths: Sequence[str]) -> str:
        lines = [f"git checkout {evidence.seen_in.short_commit}", " ".join([*words, *map(shlex.quote, paths)])]
        return "\n".join(lines)

    short = targets[:FILES_IN_COMMAND]
    return {"command": command(short), "shown": len(short), "of": len(targets), "whole": command(targets)}


def _options(arguments: str, targets: Sequence[str]) -> list[str]:
    """The project's pytest arguments without the folders that hold the files: only the files are collected again."""
    above = {str(parent) for target in targets for parent in PurePosixPath(target).parents} | set(targets)
    return [shlex.quote(word) for word in shlex.split(arguments) if word.rstrip("/") not in above]


def _variable(name: str, value: str) -> str:
    """NAME=value as a shell reads it; {checkout} is the directory the command runs in."""
    pieces = value.split("{checkout}")
    if all(not piece or _PLAIN.fullmatch(piece) for piece in pieces):
        return f'{name}="{"$PWD".join(pieces)}"' if len(pieces) > 1 else f"{name}={value}"
    return f"{name}=" + '"$PWD"'.join(shlex.quote(piece) if piece else "" for piece in pieces)


def _neighbours(ticket: Ticket) -> dict[str, Any]:
    """The tickets before and after this one in the open list, most errors first."""
    numbers = list(ticket.project.tickets.standing().order_by("-errors", "number").values_list("number", flat=True))
    if ticket.number not in numbers:
        return {}
    place = numbers.index(ticket.number)
    key = ticket.project.key
    return {
        "place": place + 1,
        "of": len(numbers),
        "before": f"{key}-{numbers[place - 1]}" if place else "",
        "after": f"{key}-{numbers[place + 1]}" if place + 1 < len(numbers) else "",
    }
