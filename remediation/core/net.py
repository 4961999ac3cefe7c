"""Two counted passes side by side, whatever lies between them: what is gone and what is there, net."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from remediation.core.fingerprint import Identified, Pair
from remediation.core.ledger import Ledger
from remediation.core.reconcile import State, step
from remediation.core.records import PassResult
from remediation.core.whereabouts import Seen, TreeChange


@dataclass(frozen=True, slots=True)
class Net:
    """What two passes differ in. ``gone``: pair of the earlier one to how it ended; ``came``: pair of the later one.

    An error that went and came back between the two is in neither. ``known`` are the errors of both, ``moved`` those
    that a rename carried to another path.
    """

    ledger: Ledger
    gone: Mapping[Pair, str]
    came: Mapping[Pair, str]
    known: Mapping[Pair, Identified]
    moved: Mapping[Pair, Pair]


def net(before: PassResult, after: PassResult, change: TreeChange, *, held: bool = False) -> Net:
    """Compare two passes as if one had followed the other at once.

    ``held``: the later one is held, so that nothing counts as cleared. Regressed is none of the terms: what came
    back is told by the passes in between. Raises ArithmeticError rather than give terms that do not sum.
    """
    state, _ = step(State(), Seen(before))
    _, movement = step(state, Seen(after, change.renames, not held, change.deleted))
    assert movement.ledger is not None  # the state had a baseline
    back = {new: old for old, new in movement.moved.items()}
    return Net(
        ledger=movement.ledger,
        # By the path that the earlier pass knew.
        gone={back.get(pair, pair): reason for pair, reason in movement.closed.items()},
        came=movement.appeared,
        known={**state.open, **movement.errors},
        moved=movement.moved,
    )


def chained(changes: Iterable[TreeChange]) -> TreeChange:
    """What became of files over several steps: a rename of a rename leads to the last name.

    ``deleted`` is None where one of the steps was asked and did not know.
    """
    renames: dict[str, str] = {}
    deleted: set[str] | None = set()
    for change in changes:
        gone = change.deleted or frozenset()
        # git lists a file that was renamed and edited as deleted, too: the rename holds.
        lost = {old for old, new in renames.items() if new in gone and new not in change.renames}
        followed = {old: change.renames.get(new, new) for old, new in renames.items() if old not in lost}
        begun = {old: new for old, new in change.renames.items() if old not in renames.values()}
        renames = {old: new for old, new in {**followed, **begun}.items() if old != new}
        if deleted is not None:
            there = {*renames.values(), *change.renames.values()}  # also what came back to its first name
            deleted = None if change.deleted is None else (deleted | gone | lost) - there
    return TreeChange(renames, None if deleted is None else frozenset(deleted))
