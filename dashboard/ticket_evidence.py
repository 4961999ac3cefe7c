"""What the last pass that saw a ticket knows of it: the traceback, the reason for the grouping, the failing lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from remediation.core.blocker import WHY, identify_blocker
from remediation.core.classify import Classified
from remediation.core.fingerprint import Pair, identify, why_of
from remediation.core.records import Cause, Frame, TreeFacts
from remediation.core.wording import facts_of
from remediation.models import CollectionPass, Project, Ticket

# What the page says of a pass, and the facts it brought home.
SEEN = ("project_id", "number", "commit", "total", "result__content", "scope__facts")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the last counted pass that saw the ticket knows of it."""

    seen_in: CollectionPass
    frames: tuple[Frame, ...]
    left_out: int
    type: str
    message: str
    why: str
    whys: Mapping[str, str]  # by readable key, of each root cause that the pass saw
    known: list[tuple[str, str]]
    traceback: str
    lines: Mapping[Pair, int]
    error: Classified
    tree: TreeFacts
    direct: bool  # in every file the statement that fails stands in the file itself


def evidence_of(
    ticket: Ticket, occurrences: Sequence[Mapping[str, Any]], last: CollectionPass | None
) -> Evidence | None:
    """None where no stored pass holds the details. At most one result is opened."""
    if ticket.blocked_pass_id and not occurrences:
        return _blocking_evidence(ticket.project.passes.select_related("scope").get(pk=ticket.blocked_pass_id))
    seen_in = last if ticket.errors else _saw_it_last(ticket.project, occurrences)
    if seen_in is None or seen_in.result is None:
        return None
    keys = {row["fingerprint__readable"] for row in occurrences}
    result = seen_in.result.unpack()
    own = {row["file__path"] for row in occurrences}
    # An error is known by itself and the tree: those of other files need not be classified.
    seen = identify(replace(result, errors=tuple(error for error in result.errors if error.path in own)))
    errors = {pair: seen[pair].error for pair in sorted(seen) if pair[1] in keys}
    if not errors:
        return None
    # The most informative one, of a cause that the ticket has by itself: the longest way into the repository.
    own_keys = {row["fingerprint__readable"] for row in occurrences if row["fingerprint__home_id"] == ticket.pk}
    shown = max(errors.items(), key=lambda item: (item[0][1] in own_keys, len(item[1].cause.frames)))[1]
    lines = {pair: line for pair, error in errors.items() if (line := _line(pair[0], error.cause))}
    direct = all(error.cause.blame is not None and error.cause.blame.path == error.path for error in errors.values())
    told = _told(seen_in, shown, why_of(shown), lines, result.tree, direct=direct)
    return replace(told, whys={key: why_of(error) for (_, key), error in errors.items()})


def _told(
    seen_in: CollectionPass,
    shown: Classified,
    why: str,
    lines: Mapping[Pair, int],
    tree: TreeFacts,
    *,
    direct: bool = False,
) -> Evidence:
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
        whys={},
        traceback=shown.traceback,
        lines=lines,
        error=shown,
        tree=tree,
        direct=direct,
    )


def _blocking_evidence(blocked_pass: CollectionPass) -> Evidence | None:
    """What a blocked pass knows of the one error that blocks it: no file was counted, so none is listed."""
    error = blocked_pass.blocking_error
    return _told(blocked_pass, identify_blocker(error).error, WHY, {}, TreeFacts()) if error else None


def _saw_it_last(project: Project, occurrences: Sequence[Mapping[str, Any]]) -> CollectionPass | None:
    """The counted pass before the one that closed the last interval."""
    closed = [row for row in occurrences if row["closed_pass__previous_id"]]
    if not closed:
        return None
    latest = max(closed, key=lambda row: (row["closed_pass__position"], row["closed_pass__number"]))
    return project.passes.select_related("result", "scope").only(*SEEN).get(pk=latest["closed_pass__previous_id"])


def _line(path: str, cause: Cause) -> int | None:
    """The line of the test file itself at which the import failed."""
    own = [frame.line for frame in cause.frames if frame.path == path]
    if own:
        return own[-1]
    return cause.lineno if cause.filename == path and cause.lineno else None
