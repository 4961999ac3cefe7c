"""Rules from one pass on: older passes keep the version they were sorted by, through every rebuild and any order."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from remediation import projections
from remediation.categories import save_category, save_rules
from remediation.core.rules import Rule
from remediation.models import Category, CategoryCount, CollectionPass, Project, RuleSet, Ticket
from tests import factories
from tests.remediation.test_rebuild import EVENTFUL, arrive, assert_same, record, snapshot, store_renames

pytestmark = pytest.mark.django_db
CORE, CACHE, TESTS = "Missing core modules", "Monitoring & caching", "Test infrastructure"
TO_TESTS = [Rule(TESTS, kind="missing-module"), Rule(CORE, kind="syntax-error")]
TO_CACHE = [Rule(CACHE, module_glob="atlas.*")]


def errors() -> list[factories.CollectionError]:
    return [factories.missing_module("tests/test_a.py"), factories.missing_module("tests/test_b.py")]


def counts(project: Project) -> dict[int, dict[str, int]]:
    """Errors by category for each position."""
    found: dict[int, dict[str, int]] = {}
    rows = CategoryCount.objects.filter(collection_pass__project=project)
    for position, name, number in rows.values_list("collection_pass__position", "category__name", "errors"):
        found.setdefault(position, {})[name] = number
    return found


def test_from_the_next_pass_on_older_counts_stay() -> None:
    project = factories.project()
    factories.counted_pass(project, 1, errors())
    save_rules(project, TO_TESTS, history=False)
    assert Ticket.objects.get(project=project).category.name == CORE  # until a pass counts with the new rules
    factories.counted_pass(project, 2, errors())
    assert counts(project) == {1: {CORE: 2}, 2: {TESTS: 2}}
    assert Ticket.objects.get(project=project).category.name == TESTS
    assert [*project.passes.order_by("position").values_list("rules_version", flat=True)] == [1, 2]
    before = snapshot(project)
    projections.rebuild(project)
    assert_same(project, before)


def test_an_older_commit_that_arrives_late_is_sorted_by_the_rules_of_its_place() -> None:
    project = factories.project()
    factories.counted_pass(project, 2, errors())
    save_rules(project, TO_TESTS, history=False)
    factories.counted_pass(project, 3, errors())
    factories.counted_pass(project, 1, errors())
    assert counts(project) == {1: {CORE: 2}, 2: {CORE: 2}, 3: {TESTS: 2}}


def test_another_pass_of_the_same_commit_has_the_new_rules() -> None:
    project = factories.project()
    factories.counted_pass(project, 1, errors())
    save_rules(project, TO_TESTS, history=False)
    again = factories.counted_pass(project, 1, errors())
    assert again.rules_version == 2
    assert {*again.category_counts.values_list("category__name", "errors")} == {(TESTS, 2)}


def test_sorting_history_again_undoes_every_border() -> None:
    project = factories.project()
    factories.counted_pass(project, 1, errors())
    save_rules(project, TO_TESTS, history=False)
    factories.counted_pass(project, 2, errors())
    save_rules(project, TO_CACHE, history=True)
    projections.rebuild(project)
    assert counts(project) == {1: {CACHE: 2}, 2: {CACHE: 2}}
    assert {*project.passes.values_list("rules_version", flat=True)} == {3}


def test_by_hand_beats_every_version() -> None:
    project = factories.project()
    factories.counted_pass(project, 1, errors())
    Ticket.objects.filter(project=project).update(category_by_hand=True)
    save_rules(project, TO_TESTS, history=False)
    factories.counted_pass(project, 2, errors())
    assert counts(project) == {1: {CORE: 2}, 2: {CORE: 2}}


def test_a_blocked_pass_brings_the_new_rules_as_a_counted_one_does() -> None:
    project = factories.project()
    factories.counted_pass(project, 1, errors())
    save_rules(project, TO_TESTS, history=False)
    factories.blocked_pass(project, 2, blocker=factories.missing_module("conftest.py", "atlas.db"))
    assert Ticket.objects.get(project=project, blocking="").category.name == TESTS
    before = snapshot(project)
    projections.rebuild(project)
    assert_same(project, before)


def test_an_archived_category_sorts_nothing_in_any_version() -> None:
    project = factories.project()
    factories.counted_pass(project, 1, errors())
    save_rules(project, TO_TESTS, history=False)
    factories.counted_pass(project, 2, errors())
    save_category(project, Category.objects.get(project=project, name=CORE), archived=True)
    projections.rebuild(project)
    assert counts(project) == {1: {"Uncategorised": 2}, 2: {TESTS: 2}}


def test_without_a_pass_there_is_nothing_to_begin_after() -> None:
    project = factories.project()
    save_rules(project, TO_TESTS, history=False, saved_by=factories.user("ines.duarte"))
    row = RuleSet.objects.get(project=project, version=2)
    assert (row.after_position, row.after_number, row.saved_by.username) == (None, None, "ines.duarte")
    assert RuleSet.objects.filter(project=project).count() == 2


def test_half_a_beginning_is_refused_by_the_database() -> None:
    project = factories.project()
    with pytest.raises(IntegrityError), transaction.atomic():
        RuleSet.objects.filter(project=project).update(after_position=3)


def test_a_ticket_of_before_is_sorted_again_once_its_facts_are_known() -> None:
    project = factories.project()
    factories.counted_pass(project, 1, errors())
    Ticket.objects.filter(project=project).update(rule_facts=None)  # as an older release left it
    save_rules(project, TO_TESTS, history=False)
    factories.counted_pass(project, 2, errors())
    assert Ticket.objects.get(project=project).category.name == TESTS
    assert counts(project) == {1: {CORE: 2}, 2: {TESTS: 2}}


def change_rules(project: Project, borders: dict[int, int]) -> None:
    """Give the project two more versions that begin where ``borders`` says (position after which, version)."""
    for version, rules in ((2, TO_TESTS), (3, TO_CACHE)):
        save_rules(project, rules)
        place = {position: v for position, v in borders.items() if v == version}
        if place:
            RuleSet.objects.filter(project=project, version=version).update(
                after_position=min(place), after_number=10**6
            )


def test_an_eventful_history_with_two_changes_of_rules_is_the_same_in_every_order() -> None:
    snapshots = []
    for order in ((1, 2, 3, 4, 5, 6, 7, 8, 9), (9, 8, 7, 6, 5, 4, 3, 2, 1), (5, 1, 9, 2, 8, 3, 7, 4, 6)):
        project = factories.project()
        store_renames(project, EVENTFUL)
        change_rules(project, {2: 2, 6: 3})
        for position in order:
            record(project, position, EVENTFUL[position - 1])
        snapshots.append(snapshot(project))
    assert {row.split(",")[-1].strip(" )") for row in snapshots[0]["passes"]} >= {"1", "2", "3"}
    for found in snapshots[1:]:
        assert found == snapshots[0]


@settings(
    max_examples=4,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_wherever_rules_change_rebuilt_is_what_passes_left(data: st.DataObject) -> None:
    first, second = sorted(data.draw(st.lists(st.integers(0, 9), min_size=2, max_size=2)))
    project = factories.project()
    store_renames(project, EVENTFUL)
    change_rules(project, {first: 2, second: 3} if first != second else {first: 3})
    for position in data.draw(st.permutations(range(1, 10))):
        record(project, position, EVENTFUL[position - 1])
    expected = snapshot(project)
    projections.rebuild(project)
    assert_same(project, expected)


def test_control_without_the_border_history_is_sorted_anew() -> None:
    project = arrive([{"a": "atlas.core.one"}], [1])
    save_rules(project, TO_TESTS, history=True)
    before = snapshot(project)
    projections.rebuild(project)
    assert snapshot(project)["counts"] != before["counts"]
    assert CollectionPass.objects.get(project=project).rules_version == 2
