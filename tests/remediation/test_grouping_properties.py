"""Random histories with merges, splits and undos among passes in any order: the facts decide, and no total changes."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from remediation import grouping, projections, rebuilding
from remediation.models import Fingerprint, Occurrence, Project, Rebuild, Regrouping, Ticket, User
from remediation.projections import fold
from tests import factories
from tests.remediation.explained import assert_explained
from tests.remediation.test_grouping import state
from tests.remediation.test_rebuild import EVENTFUL, World, check_sums, history, in_commit_order, record, store_renames

pytestmark = pytest.mark.django_db


def say(project: Project, person: User, chance: random.Random) -> Regrouping | None:
    """Merge, split or take back what chance chooses among everything that could be said; None where it is refused."""
    tickets = list(Ticket.objects.filter(fingerprints__project=project).distinct().order_by("number"))
    said = list(Regrouping.objects.filter(project=project, undone_by=None).exclude(verb="undo"))
    one, other = chance.choice(tickets), chance.choice(tickets)
    causes = list(Fingerprint.objects.filter(ticket=one).order_by("readable"))
    try:
        match chance.choice(["merge", "merge", "split", "undo"]):
            case "merge":
                return grouping.merge(one, other, person, "same")
            case "split":
                return grouping.split(one, [chance.choice(causes).pk], person, "two")
            case _:
                return grouping.undo(chance.choice(said), person) if said else None
    except grouping.Refused:
        return None


def check(project: Project) -> None:
    """What holds at every moment, also before the history is computed again."""
    rows = Ticket.objects.filter(project=project)
    assert not rows.filter(merged_into__merged_into__isnull=False).exists()
    assert not rows.filter(merged_into__isnull=False, fingerprints__isnull=False).exists()
    assert not rows.filter(merged_into__isnull=True, fingerprints__isnull=True).exists()
    visible = Occurrence.objects.visible().filter(fingerprint__project=project).count()
    assert visible == sum(rows.values_list("errors", flat=True))


def live(worlds: list[World], order: list[int], seed: int) -> Project:
    """A project in which passes arrive in this order, and people speak between them."""
    project = factories.project()
    store_renames(project, worlds)
    person, dice = factories.member(project), random.Random(seed)
    for position in order:
        record(project, position, worlds[position - 1])
        if not Fingerprint.objects.filter(project=project).exists():
            continue
        settled = not Rebuild.objects.filter(project=project).exists()
        before = state(project)
        said = say(project, person, dice)
        check(project)
        if settled and said is not None and said.verb != "undo" and dice.randrange(2):
            grouping.undo(said, person)
            rebuilding.run(project.pk)
            assert_as_before(project, before, said)
        elif dice.randrange(3):
            rebuilding.run(project.pk)
    return project


def assert_as_before(project: Project, before: dict[str, Any], said: Regrouping) -> None:
    after = state(project)
    new = after["tickets"].keys() - before["tickets"].keys()
    assert new <= {said.into.number}
    after["tickets"] = {number: row for number, row in after["tickets"].items() if number not in new}
    for name, rows in before.items():
        assert after[name] == rows, name


def totals(project: Project) -> list[tuple[Any, ...]]:
    """What merging never changes: every count of errors, and where and when each was seen."""
    rows = project.passes.filter(position__isnull=False).in_commit_order()
    seen = Occurrence.objects.filter(fingerprint__project=project)
    columns = ("fingerprint__readable", "file__path", "first_pass__position", "closed_pass__position", "close_reason")
    return [
        *rows.values_list("position", "outcome", "total", "cleared", "hidden", "held"),
        *sorted(map(str, seen.values_list(*columns, "settled_pass__position", "settlement"))),
    ]


def prove(project: Project, worlds: list[World]) -> None:
    rebuilding.run(project.pk)
    expected = state(project)
    check(project)
    check_sums(project)
    assert_explained(project)
    projections.rebuild(project)
    for name, rows in state(project).items():
        assert rows == expected[name], name
    assert totals(project) == totals(in_commit_order(worlds))


@pytest.mark.parametrize("seed", [1, 2])
def test_an_eventful_history_in_which_people_speak(seed: int) -> None:
    order = list(range(1, len(EVENTFUL) + 1))
    random.Random(seed).shuffle(order)
    project = live(EVENTFUL, order, seed)
    assert Regrouping.objects.filter(project=project).count() > 2
    prove(project, EVENTFUL)


@settings(
    max_examples=3,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking would record thousands of passes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(worlds=history, data=st.data(), seed=st.integers(0, 9_999))
def test_any_history_in_which_people_speak(worlds: list[World], data: st.DataObject, seed: int) -> None:
    order = data.draw(st.permutations(range(1, len(worlds) + 1)))
    prove(live(worlds, list(order), seed), worlds)


def test_control_a_fold_that_forgets_what_was_said_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    project = in_commit_order(EVENTFUL)
    one, other = Ticket.objects.filter(project=project).order_by("number")[:2]
    grouping.merge(one, other, factories.member(project), "same")
    rebuilding.run(project.pk)
    expected = state(project)
    monkeypatch.setattr(fold, "said_of", lambda _: [])
    projections.rebuild(project)
    found = state(project)
    assert {name for name, rows in found.items() if rows != expected[name]} >= {"causes", "tickets", "counts"}
