"""Two passes compared, net: sums that hold over any history, and nothing cleared that is not repaired."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import HealthCheck, given, settings

from remediation.core.ledger import Ledger
from remediation.core.net import chained, net
from remediation.core.reconcile import CLEARED, State, step
from remediation.core.whereabouts import Seen, TreeChange
from tests.core.evolution import World, change, evolutions, observe, visible


def changes(worlds: list[World]) -> list[TreeChange]:
    return [change(one, other) for one, other in itertools.pairwise(worlds)]


def steps(worlds: list[World]) -> list[Ledger]:
    """The ledger of each step, as the passes between the two have it."""
    state, ledgers = State(), []
    for world, between in zip(worlds, [TreeChange(), *changes(worlds)], strict=True):
        state, movement = step(state, Seen(observe(world), between.renames, deleted=between.deleted))
        ledgers += [movement.ledger] if movement.ledger else []
    return ledgers


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(evolutions())
def test_the_net_change_is_that_of_the_totals_and_of_all_steps(worlds: list[World]) -> None:
    first, last = worlds[0], worlds[-1]
    found = net(observe(first), observe(last), chained(changes(worlds)))
    ledger, over = found.ledger, Ledger.over(steps(worlds))
    assert (ledger.before, ledger.after) == (len(visible(first)), len(visible(last))) == (over.before, over.after)
    assert ledger.regressed == 0
    assert set(found.gone) <= visible(first)
    assert set(found.came) <= visible(last)
    assert len(visible(first)) - len(found.gone) == len(visible(last)) - len(found.came)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(evolutions())
def test_nothing_is_cleared_net_that_is_not_repaired(worlds: list[World]) -> None:
    first, last = worlds[0], worlds[-1]
    found = net(observe(first), observe(last), chained(changes(worlds)))
    who = {(path, key): (identity, key) for (identity, key), path in first.truth().items()}
    truth = last.truth()
    for pair, how in found.gone.items():
        if how in CLEARED:
            assert who[pair] not in truth


@settings(max_examples=50, deadline=None)
@given(evolutions(1, 2))
def test_a_pass_beside_itself_moves_nothing(worlds: list[World]) -> None:
    found = net(observe(worlds[-1]), observe(worlds[-1]), chained([]))
    assert not found.gone and not found.came


@pytest.mark.parametrize(
    ("steps", "renames", "deleted"),
    [
        ([], {}, set()),
        ([TreeChange({"a": "b"}, frozenset()), TreeChange({"b": "c"}, frozenset())], {"a": "c"}, set()),
        ([TreeChange({"a": "b"}, frozenset()), TreeChange({"b": "a"}, frozenset())], {}, set()),
        ([TreeChange({"a": "b"}, frozenset({"a"})), TreeChange({"b": "a"}, frozenset({"b"}))], {}, {"b"}),
        ([TreeChange({"a": "b"}, frozenset()), TreeChange({}, frozenset({"b"}))], {}, {"a", "b"}),
        ([TreeChange({}, frozenset({"a"})), TreeChange({"x": "a"}, frozenset())], {"x": "a"}, set()),
        ([TreeChange({"a": "b"}, None), TreeChange({"c": "d"}, frozenset())], {"a": "b", "c": "d"}, None),
    ],
)
def test_changes_over_several_steps(steps: list[TreeChange], renames: dict[str, str], deleted: set[str] | None) -> None:
    found = chained(steps)
    assert found.renames == renames
    assert found.deleted == (None if deleted is None else frozenset(deleted))


def test_control_without_the_renames_in_between_a_moved_error_seems_cleared() -> None:
    """The comparison must be given the chain: the two ends alone do not show it."""
    from tests.core.test_reconcile import missing, result

    before = result(missing("atlas.gone", "tests/test_a.py"))
    after = result(missing("atlas.gone", "tests/test_c.py"))
    chain = chained(
        [TreeChange({"tests/test_a.py": "tests/test_b.py"}), TreeChange({"tests/test_b.py": "tests/test_c.py"})]
    )
    assert not net(before, after, chain).gone
    assert net(before, after, TreeChange()).gone == {("tests/test_a.py", "missing:atlas.gone"): "deleted"}


def test_a_held_pass_clears_nothing() -> None:
    from tests.core.test_reconcile import missing, result

    before = result(missing("atlas.gone", "tests/test_a.py"))
    after = result(files={"tests/test_healthy.py": 3, "tests/test_a.py": 3})
    assert net(before, after, TreeChange()).ledger.cleared == 1
    assert net(before, after, TreeChange(), held=True).ledger.hidden == 1
