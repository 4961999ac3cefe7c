"""Forty hostile projects: each ends in time with one status, and leaves nothing, reads nothing, reaches nobody."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from remediation.collection.checkout import remove
from remediation.core.classify import classify
from remediation.core.events import REASONS
from remediation.core.records import TreeFacts
from tests.hostile.cases import CASES, Case
from tests.hostile.harness import FACTS, LIMITS, NOT_KEPT, Surroundings, Way, attack, open_place, ways


@pytest.fixture(scope="session")
def bytecode() -> Iterator[Callable[[Way], Path]]:
    """A warm directory for each way, where every user can go: pytest's own are closed again by each new session."""
    memory = Path("/dev/shm")
    with open_place(memory if os.access(memory, os.W_OK) else Path("/var/tmp")) as place:
        place.mkdir(mode=0o755)

        def of(way: Way) -> Path:
            directory = place / way.name.replace(" ", "-")
            directory.mkdir(exist_ok=True)
            return directory

        yield of


@pytest.mark.parametrize("level", [3, 2, 1], ids=lambda level: f"level{level}")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_it_is_contained(
    case: Case, level: int, bytecode: Callable[[Way], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the weakest form of the level that promises to contain the case: without namespaces where that is enough."""
    found = ways(level)
    if not found:
        pytest.skip(f"this machine offers {FACTS.levels}, or no Python that the target's user may run")
    way = next((way for way in found if way.keeps() >= set(case.needs)), None)
    if way is None:
        pytest.skip("; ".join(NOT_KEPT[need] for need in sorted(set(case.needs) - found[-1].keeps())))
    with open_place() as place, Surroundings(place) as around:
        monkeypatch.setenv("DATABASE_URL", around.canary)
        outcome = attack(case.project(), way, around, bytecode(way), case.limits)
        verdict, end = outcome.verdict, outcome.collected.end
        assert outcome.seconds <= {**LIMITS, **case.limits}["wall_seconds"] + 2, end
        assert (verdict.reason or verdict.outcome) == case.expected, (verdict, end)
        if verdict.result is not None:
            broken = tuple(error.path for error in verdict.result.errors)
            assert broken == case.errors, [error.traceback for error in verdict.result.errors]
            kinds = {classify(error, TreeFacts()).kind for error in verdict.result.errors}
            assert not case.kind or kinds == {case.kind}
            # Whatever one file does, its neighbours are counted.
            assert {f.path for f in verdict.result.files if f.state == "collected"} >= {"test_a.py", "test_c.py"}
        assert around.alive() == []
        assert around.outside() == around.before
        assert around.reached() == []
        assert around.leaked(outcome) == []
        assert around.keeper.poll() is None
        remove(outcome.tree)
        assert not outcome.tree.exists()


def test_every_expected_status_is_one_that_the_product_has() -> None:
    assert {case.expected for case in CASES} <= {"counted", *REASONS}
    assert {need for case in CASES for need in case.needs} <= set(NOT_KEPT)
    assert len({case.name for case in CASES}) == len(CASES)
