"""What moved between two counted passes: the one place that decides cleared, hidden, unmasked, new, regressed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from msgspec import structs

from remediation.core.classify import Classified
from remediation.core.evidence import passed_beyond
from remediation.core.fingerprint import Identified, Pair, identify, key_of
from remediation.core.ledger import Ledger
from remediation.core.records import FileResult
from remediation.core.whereabouts import Seen, carried_renames, file_reason, left_files, was

CLEARED = frozenset({"fixed", "deleted"})
HIDDEN = frozenset({"masked", "silenced", "not-seen", "held"})


@dataclass(frozen=True, slots=True)
class State:
    """Everything the counted passes so far have established, in commit order.

    ``open``: visible errors. ``hidden``: pairs no longer visible though not repaired, with the reason.
    ``cleared``: pairs whose latest interval ended fixed or deleted. ``files``: the last state of every
    test file. ``reference_tests``: tests of the last pass that was not held. ``verified``: tickets that
    are verified. ``ticket_of``: readable fingerprint key to ticket (people may have merged some).
    """

    open: Mapping[Pair, Identified] = field(default_factory=dict)
    hidden: Mapping[Pair, str] = field(default_factory=dict)
    cleared: frozenset[Pair] = frozenset()
    files: Mapping[str, FileResult] = field(default_factory=dict)
    reference_tests: int | None = None
    verified: frozenset[object] = frozenset()
    ticket_of: Mapping[str, object] = field(default_factory=dict)
    baseline_done: bool = False


@dataclass(frozen=True, slots=True)
class Movement:
    """What one counted pass changes. Every pair appears at most once in each mapping.

    ``appeared``: baseline, new, unmasked or regressed. ``closed``: a reason of CLEARED or HIDDEN.
    ``moved``: a visible error carried from its old pair to the new one by a rename. ``settled``: how a
    hidden pair ended after all (fixed, deleted, or seen again); ``hidden_moved``: a hidden pair carried to
    its new path, with its reason. ``files``: the file states that changed (None: the file is gone).
    """

    errors: Mapping[Pair, Identified]
    appeared: Mapping[Pair, str]
    closed: Mapping[Pair, str]
    moved: Mapping[Pair, Pair]
    settled: Mapping[Pair, str]
    hidden_moved: Mapping[Pair, tuple[Pair, str]]
    files: Mapping[str, FileResult | None]
    held: bool
    ledger: Ledger | None  # None for the baseline

    @property
    def quiet(self) -> bool:
        """Whether nothing changed at all."""
        return not (self.appeared or self.closed or self.moved or self.settled or self.hidden_moved or self.files)


def step(state: State, seen: Seen, errors: Mapping[Pair, Identified] | None = None) -> tuple[State, Movement]:
    """Return the state after one more counted pass, and what moved. Pure; the same in every order of arrival.

    ``errors``: the pass's own, where they have been identified already.
    """
    result = seen.result
    errors = identify(result) if errors is None else errors
    held = _is_held(state, seen)
    renames = carried_renames(seen, state.files, _erring(state))
    carried, moved, hidden_moved = _carry(state, renames, errors)
    files = left_files(seen, carried.files, _erring(carried), renames)
    files |= {file.path: file for file in result.files}
    standing = _by_file(errors)
    closed = {
        pair: _held(reason, held)
        for pair, known in carried.open.items()
        if pair not in errors
        for reason in [_close_reason(known.error, _covering(standing.get(pair[0]), carried), files, seen)]
    }
    appeared = {pair: _appearance(carried, pair) for pair in errors if pair not in carried.open}
    settled = _settle(carried, errors, files, seen, held)
    before, after = len(carried.open), len(errors)
    movement = Movement(
        errors=errors,
        appeared=appeared,
        closed=closed,
        moved=moved,
        settled=settled,
        hidden_moved=hidden_moved,
        files=_changed_files(state.files, files),
        held=held,
        ledger=_ledger(before, closed, appeared, after) if state.baseline_done else None,
    )
    return _next_state(carried, seen, movement, files), movement


def _ledger(before: int, closed: Mapping[Pair, str], appeared: Mapping[Pair, str], after: int) -> Ledger:
    reasons = Counter("cleared" if reason in CLEARED else "hidden" for reason in closed.values())
    ways = Counter(appeared.values())
    return Ledger(
        before, reasons["cleared"], reasons["hidden"], ways["unmasked"], ways["new"], ways["regressed"], after
    )


def _next_state(carried: State, seen: Seen, movement: Movement, files: Mapping[str, FileResult]) -> State:
    gone = {p for p, r in movement.closed.items() if r in CLEARED}
    gone |= {p for p, r in movement.settled.items() if r in CLEARED}
    hidden = {p: r for p, r in carried.hidden.items() if p not in movement.settled}
    hidden |= {p: r for p, r in movement.closed.items() if r in HIDDEN}
    ticket_of = {key: key for _, key in movement.errors} | dict(carried.ticket_of)
    for old, new in {**movement.moved, **{old: new for old, (new, _) in movement.hidden_moved.items()}}.items():
        ticket_of[new[1]] = carried.ticket_of.get(new[1], carried.ticket_of.get(old[1], old[1]))
    standing = {ticket_of.get(key, key) for _, key in movement.errors}
    standing |= {ticket_of.get(key, key) for _, key in hidden}
    touched = {ticket_of.get(key, key) for _, key in gone}
    verified = (carried.verified | (frozenset() if movement.held else frozenset(touched))) - standing
    return State(
        open=movement.errors,
        hidden=hidden,
        cleared=(carried.cleared | gone) - movement.errors.keys() - hidden.keys(),
        files=files,
        reference_tests=carried.reference_tests if movement.held else seen.result.tests,
        verified=verified,
        ticket_of=ticket_of,
        baseline_done=True,
    )


def _is_held(state: State, seen: Seen) -> bool:
    """Tests collected fell below half: closings wait for a lead's word or a later pass."""
    if state.reference_tests is None or seen.confirmed:
        return False
    return seen.result.tests * 2 < state.reference_tests


def _held(reason: str, held: bool) -> str:
    return "held" if held and reason in CLEARED else reason


def _erring(state: State) -> frozenset[str]:
    """The files with an error, visible or hidden."""
    return frozenset(path for path, _ in (*state.open, *state.hidden))


def _carry(
    state: State, renames: Mapping[str, str], errors: Mapping[Pair, Identified]
) -> tuple[State, dict[Pair, Pair], dict[Pair, tuple[Pair, str]]]:
    """Carry what is known of renamed files to their new paths."""
    if not renames:
        return state, {}, {}
    moved: dict[Pair, Pair] = {}
    opened: dict[Pair, Identified] = {}
    for pair, known in state.open.items():
        target = _renamed(known, renames, errors)
        if target.pair != pair:
            moved[pair] = target.pair
        opened[target.pair] = target
    hidden_moved = {
        pair: (_renamed_hidden(pair, renames[pair[0]], state.files.get(pair[0]), errors), reason)
        for pair, reason in state.hidden.items()
        if pair[0] in renames
    }
    carried = replace(
        state,
        open=opened,
        hidden=dict(hidden_moved.get(pair, (pair, reason)) for pair, reason in state.hidden.items()),
        files={
            renames.get(path, path): structs.replace(f, path=renames.get(path, path)) for path, f in state.files.items()
        },
    )
    return carried, moved, hidden_moved


def _renamed_hidden(pair: Pair, path: str, file: FileResult | None, errors: Mapping[Pair, Identified]) -> Pair:
    """The pair under its file's new path. Nobody knows more of it than its key, which may end in a former path."""
    rest, _, blamed = pair[1].rpartition(":")
    own = blamed == pair[0] or (file is not None and was(file, blamed))
    moved = (path, f"{rest}:{path}")
    return moved if own and moved in errors else (path, pair[1])


def _renamed(known: Identified, renames: Mapping[str, str], errors: Mapping[Pair, Identified]) -> Identified:
    """The same error under new paths. Its key may name a renamed file; it follows only when the pass saw it so."""
    path = renames.get(known.error.path, known.error.path)
    frames = tuple(structs.replace(f, path=renames.get(f.path, f.path)) for f in known.error.cause.frames)
    filename = renames.get(known.error.cause.filename, known.error.cause.filename)
    cause = structs.replace(known.error.cause, frames=frames, filename=filename)
    cycle = tuple(renames.get(file, file) for file in known.error.cycle)
    error = structs.replace(known.error, path=path, cause=cause, cycle=cycle)
    key = key_of(error)
    return Identified(error, key if (path, key) in errors else known.key)


def _by_file(errors: Mapping[Pair, Identified]) -> Mapping[str, Sequence[Identified]]:
    """Grouped once: thousands may close in one pass, and thousands stay."""
    found: dict[str, list[Identified]] = defaultdict(list)
    for (path, _), identified in errors.items():
        found[path].append(identified)
    return found


def _covering(here: Sequence[Identified] | None, carried: State) -> list[Classified] | None:
    """Of a file's errors those that may cover what is no longer seen in it; None when it has no error at all."""
    if not here:
        return None
    # What stood beside the other error before, and fails at the same place now, never covered it.
    return [i.error for i in here if (old := carried.open.get(i.pair)) is None or _place(old) != _place(i)]


def _place(identified: Identified) -> list[tuple[str, str]]:
    return [(frame.path, frame.statement) for frame in identified.error.cause.frames]


def _close_reason(
    known: Classified, standing: Sequence[Classified] | None, files: Mapping[str, FileResult], seen: Seen
) -> str:
    """Why an error is no longer visible. Fixed needs evidence; everything uncertain stays hidden."""
    if standing is not None:
        return "fixed" if all(passed_beyond(known, other) for other in standing) else "masked"
    return file_reason(known.path, files, seen)


def _appearance(state: State, pair: Pair) -> str:
    path, key = pair
    if not state.baseline_done:
        return "baseline"
    if pair in state.cleared or state.ticket_of.get(key, key) in state.verified:
        return "regressed"
    file = state.files.get(path)
    blocked_before = file is not None and file.state in {"error", "masked"}
    return "unmasked" if pair in state.hidden or blocked_before else "new"


def _settle(
    state: State,
    errors: Mapping[Pair, Identified],
    files: Mapping[str, FileResult],
    seen: Seen,
    held: bool,
) -> dict[Pair, str]:
    """How hidden pairs ended: seen again, or the file was collected or is gone. Others stay hidden."""
    settled: dict[Pair, str] = {}
    erring = {path for path, _ in errors}
    for pair in state.hidden:
        if pair in errors:
            settled[pair] = "seen"
        elif pair[0] not in erring and not held and (reason := file_reason(pair[0], files, seen)) in CLEARED:
            settled[pair] = reason
    return settled


def _changed_files(before: Mapping[str, FileResult], after: Mapping[str, FileResult]) -> dict[str, FileResult | None]:
    changed: dict[str, FileResult | None] = {p: f for p, f in after.items() if not f.as_before(before.get(p))}
    changed.update({path: None for path in before if path not in after})
    return changed
