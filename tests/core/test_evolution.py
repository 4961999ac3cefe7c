"""Through any history of a repository that is known: nothing is cleared that is not repaired, nothing gets lost."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from remediation.core import reconcile, whereabouts
from remediation.core.ledger import Ledger
from remediation.core.reconcile import CLEARED, HIDDEN, Movement, State
from remediation.core.whereabouts import Seen, TreeChange
from tests.core.evolution import World, change, evolutions, observe, visible

Identity = tuple[object, str]


class Witness:
    """Follows a fold beside the model: which pair is which real error, and which errors a pass has ever shown."""

    def __init__(self) -> None:
        self.state, self.ledgers = State(), list[Ledger]()
        self.last: World | None = None
        self.who: dict[tuple[str, str], Identity] = {}
        self.seen: set[Identity] = set()
        self.ways: Counter[str] = Counter()

    def see(self, world: World) -> None:
        """One more counted pass, and everything that must be true after it."""
        between = change(self.last, world) if self.last else TreeChange()
        before = self.state
        seen = Seen(observe(world), between.renames, deleted=between.deleted if self.last else None)
        self.state, movement = reconcile.step(before, seen)
        self.last = world
        self._follow(world, movement)
        self._check_sums(before, world, movement)
        self._check_cleared(world, movement)
        self._check_nothing_is_lost(world)
        self._check_what_comes_back(before, movement)

    def _follow(self, world: World, movement: Movement) -> None:
        carried = {old: new for old, (new, _) in movement.hidden_moved.items()} | dict(movement.moved)
        self.who = {carried.get(pair, pair): who for pair, who in self.who.items()}
        truth = {(path, key): (who, key) for (who, key), path in world.truth().items()}
        for pair in movement.errors:
            assert self.who.setdefault(pair, truth[pair]) == truth[pair], "an error was taken for another file's"
            self.seen.add(truth[pair])

    def _check_sums(self, before: State, world: World, movement: Movement) -> None:
        assert set(movement.errors) == visible(world) == set(self.state.open)
        if movement.ledger:
            assert (movement.ledger.before, movement.ledger.after) == (len(before.open), len(self.state.open))
            reasons = Counter(movement.closed.values())
            assert movement.ledger.hidden == sum(reasons[reason] for reason in HIDDEN)
            assert movement.ledger.cleared == sum(reasons[reason] for reason in CLEARED)
            self.ledgers.append(movement.ledger)
            assert Ledger.over(self.ledgers).after == len(self.state.open)
        self.ways.update([*movement.closed.values(), *movement.appeared.values()])
        self.ways.update(f"settled {how}" for how in movement.settled.values())

    def _check_cleared(self, world: World, movement: Movement) -> None:
        """What is cleared is repaired, or its file is gone; and no ticket is verified over an error that stands."""
        truth = world.truth()
        for pair, reason in [*movement.closed.items(), *movement.settled.items()]:
            if reason in CLEARED:
                assert self.who[pair] not in truth, f"{pair} ended {reason} and is not repaired"
            if reason == "deleted":
                assert self.who[pair][0] not in world.paths()
        standing = {key for who, key in truth if (who, key) in self.seen}
        assert not standing & self.state.verified, "a ticket is verified over an error that stands"

    def _check_nothing_is_lost(self, world: World) -> None:
        """Every error that a pass has shown and nobody has repaired is visible, or hidden; and is so once."""
        kept = Counter(self.who[pair] for pair in (*self.state.open, *self.state.hidden))
        assert max(kept.values(), default=1) == 1
        for identity in world.truth().keys() & self.seen:
            assert kept[identity], f"{identity} is in no list"
        assert set(self.state.hidden.values()) <= HIDDEN

    def _check_what_comes_back(self, before: State, movement: Movement) -> None:
        carried = {old: new for old, (new, _) in movement.hidden_moved.items()}
        for pair in before.hidden:
            now = carried.get(pair, pair)
            assert movement.appeared.get(now, "unmasked") == "unmasked"


def told(worlds: list[World]) -> Witness:
    witness = Witness()
    for world in worlds:
        witness.seen &= world.truth().keys()  # one that was repaired and broken again has not been shown again
        if world.kind == "counted":
            witness.see(world)
    return witness


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(evolutions())
def test_through_any_evolution_only_what_is_repaired_is_cleared(worlds: list[World]) -> None:
    told(worlds)


def test_the_histories_hold_every_way_to_end_and_to_appear() -> None:
    ways: Counter[str] = Counter()

    @settings(max_examples=400, deadline=None, database=None, derandomize=True, phases=[Phase.generate])
    @given(evolutions(10, 14))
    def count(worlds: list[World]) -> None:
        ways.update(told(worlds).ways)

    count()
    assert set(ways) == {
        *CLEARED, *HIDDEN, "baseline", "new", "unmasked", "regressed", "settled fixed", "settled deleted",
        "settled seen",
    }  # fmt: skip


def no_longer_reported_is_fixed(*_: object) -> str:
    return "fixed"


def as_git_lists_it(seen: Seen, path: str) -> bool:
    return path in (seen.deleted or ())


def carry_to_matching_names_only(seen: Seen, files: object, known: object) -> dict[str, str]:
    return {old: new for old, new in seen.renames.items() if new in seen.present and old not in seen.present}


MISTAKES: dict[str, list[tuple[object, str, object]]] = {
    "what is not reported is fixed": [(reconcile, "file_reason", no_longer_reported_is_fixed)],
    "what a conftest covers is fixed": [(whereabouts, "_serving_reason", no_longer_reported_is_fixed)],
    "what another error covers is fixed": [(reconcile, "passed_beyond", no_longer_reported_is_fixed)],
    "what is renamed away is not followed": [(reconcile, "carried_renames", carry_to_matching_names_only)],
    "what git lists as deleted is deleted": [
        (Seen, "is_deleted", as_git_lists_it),
        (reconcile, "carried_renames", carry_to_matching_names_only),
    ],
}


@pytest.mark.parametrize("name", MISTAKES)
def test_control_a_reconciler_that_makes_this_mistake_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for target, function, mistake in MISTAKES[name]:
        monkeypatch.setattr(target, function, mistake)

    @settings(max_examples=300, deadline=None, database=None, derandomize=True, phases=[Phase.generate])
    @given(evolutions())
    def every_history(worlds: list[World]) -> None:
        told(worlds)

    with pytest.raises(AssertionError):
        every_history()
