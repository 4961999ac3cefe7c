"""The model repository through the database: the same truth, and the same end whatever the order of arrival."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from remediation import passes, projections
from remediation.core.records import Verdict
from remediation.models import FileState, Occurrence, Project, Rename, Ticket
from tests import factories
from tests.core.evolution import World, act, change, evolutions, observe
from tests.core.test_evolution import told
from tests.remediation.explained import assert_explained
from tests.remediation.test_rebuild import assert_same, check_sums, sha, snapshot


def store_changes(project: Project, worlds: Sequence[World]) -> None:
    """What git would say between any two of the commits."""
    for (before, one), (after, other) in combinations(enumerate(worlds, start=1), 2):
        found = change(one, other)
        deleted = sorted(found.deleted or ())
        Rename.objects.create(
            project=project, before=sha(before), after=sha(after), pairs=dict(found.renames), deleted=deleted
        )


def arrive(worlds: Sequence[World], order: Iterable[int]) -> Project:
    """A project whose passes ran in this order of their commits."""
    project = factories.project()
    store_changes(project, worlds)
    for position in order:
        world = worlds[position - 1]
        verdict = Verdict("counted", session=factories.SESSION, result=observe(world))
        if world.kind == "blocked":
            factories.blocked_pass(project, position)
        elif world.kind == "off":
            factories.off_ref(project, verdict.result.errors if verdict.result else ())
        else:
            factories.ended_pass(project, verdict, position, renames=passes.renames_between(project))
    return project


def states(project: Project) -> dict[str, Any]:
    """Everything computed, and the details of every file's state."""
    rows = FileState.objects.filter(file__project=project)
    fields = ("file__path", "state", "tests", "reason", "first_pass__position", "closed_pass__position")
    return {**snapshot(project), "reasons": sorted(map(str, rows.values_list(*fields)))}


def check_truth(project: Project, worlds: Sequence[World]) -> None:
    """The tables hold what the pure fold holds, which was checked at every step against what is really repaired."""
    state = told(list(worlds)).state
    rows = Occurrence.objects.filter(fingerprint__project=project)
    assert {*rows.visible().values_list("file__path", "fingerprint__readable")} == set(state.open)
    assert {*rows.unsettled().values_list("file__path", "fingerprint__readable")} == set(state.hidden)
    verified = Ticket.objects.filter(project=project, status="verified")
    assert {*verified.values_list("fingerprints__readable", flat=True)} == state.verified


STORY: list[list[tuple[str, int, int]]] = [
    [("add", 0, 0), ("add", 0, 1), ("add", 1, 2), ("add", 1, 4)],
    [("rename-away-edited", 0, 0), ("silence", 1, 1)],
    [("break-conftest", 1, 0)],
    [("ignore-folder", 1, 0), ("mend-conftest", 1, 0), ("narrow", 0, 0)],
    [("enter-folder", 1, 0), ("rename-back", 0, 0), ("widen", 0, 0), ("paths", 1, 0)],
    [("every-path", 0, 0), ("fix", 1, 0), ("move-folder", 0, 0)],
    [("unsilence", 1, 0), ("fix", 0, 0), ("delete", 2, 0)],
]


def story() -> list[World]:
    world, worlds = World(), []
    for actions in STORY:
        for action in actions:
            world = act(world, *action)
        worlds.append(world)
    return worlds


@pytest.mark.django_db
@pytest.mark.parametrize("order", [(7, 6, 5, 4, 3, 2, 1), (1, 3, 5, 7, 2, 4, 6), (4, 1, 7, 2, 6, 3, 5)])
def test_a_story_of_silences_is_the_same_in_every_order(order: tuple[int, ...]) -> None:
    worlds = story()
    project = arrive(worlds, range(1, len(worlds) + 1))
    expected = states(project)
    check_sums(project)
    check_truth(project, worlds)
    reasons = {*Occurrence.objects.filter(fingerprint__project=project).values_list("close_reason", flat=True)}
    assert {"silenced", "masked", "moved"} <= reasons
    assert {"renamed", "unmatched", "outside", "masked"} <= {
        *FileState.objects.filter(file__project=project).values_list("state", flat=True)
    }
    assert states(arrive(worlds, order)) == expected
    assert_explained(project)
    projections.rebuild(project)
    assert states(project) == expected
    assert_explained(project)


@pytest.mark.django_db
@settings(
    max_examples=4,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking would record thousands of passes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(worlds=evolutions(4, 7), data=st.data())
def test_any_order_of_arrival_gives_the_same_end(worlds: list[World], data: st.DataObject) -> None:
    project = arrive(worlds, range(1, len(worlds) + 1))
    expected = states(project)
    check_sums(project)
    check_truth(project, worlds)
    assert_explained(project)
    assert_same(arrive(worlds, data.draw(st.permutations(range(1, len(worlds) + 1)))), snapshot(project))
    projections.rebuild(project)
    assert states(project) == expected
