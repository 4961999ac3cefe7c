"""Categories and rules in people's hands: refused with the place and the reason, versioned when saved."""

from __future__ import annotations

from typing import Any

import pytest

from remediation import categories, projections
from remediation.categories import Refused, save_category, save_rules
from remediation.core.rules import Rule
from remediation.models import Category, CategoryCount, CategoryRule, Project, Ticket
from tests import factories
from tests.remediation.rows import contents

CORE, TESTS = "Missing core modules", "Test infrastructure"


@pytest.fixture
def project(db: None) -> Project:
    return factories.project()


@pytest.mark.parametrize(
    ("rule", "advice"),
    [
        (Rule("Nobody's", kind="crash"), "no active category “Nobody's”"),
        (Rule("Archived", kind="crash"), "no active category"),
        (Rule(CORE), "no condition"),
        (Rule(CORE, kind="typo"), "no kind “typo”"),
        (Rule(CORE, module_glob="x" * 301), "glob is too long"),
        (Rule(CORE, path_glob="a\0b"), "control character"),
        (Rule(CORE, path_glob="a\ud800b"), "control character"),
        (Rule(CORE, message_regex="x" * 501), "longer than 500"),
        (Rule(CORE, message_regex="(unclosed"), "missing \\)"),
        (Rule(CORE, message_regex="(?=ahead)"), "invalid perl operator|invalid group"),
        (Rule(CORE, message_regex=r"(a)\1"), "invalid escape"),
        (Rule(CORE, message_regex="a\0b"), "Remove it"),
        (Rule(CORE, message_regex="a\ud800b"), "Remove it"),
    ],
)
def test_a_rule_that_cannot_work_is_refused_by_its_number(project: Project, rule: Rule, advice: str) -> None:
    save_category(project, name="Archived", archived=True)
    before = contents()
    with pytest.raises(Refused, match=advice) as refusal:
        save_rules(project, [Rule(CORE, kind="missing-module"), rule])
    assert refusal.value.field == "rule-2"
    assert refusal.value.text.startswith("Rule 2")
    assert contents() == before


def test_more_rules_than_anybody_reads_are_refused(project: Project) -> None:
    many = [Rule(CORE, path_glob=f"tests/{n}/*") for n in range(categories.MAX_RULES + 1)]
    with pytest.raises(Refused, match="At most 100") as refusal:
        save_rules(project, many)
    assert refusal.value.field == "rules"
    assert save_rules(project, many[1:]) == 2


def test_rules_are_saved_as_a_new_version_in_their_order(project: Project) -> None:
    first = CategoryRule.objects.filter(project=project, version=1).count()
    rows = [
        Rule(TESTS, path_glob="tests/e2e/*"),
        Rule("Uncategorised", message_regex="(a+)+$"),
        Rule(CORE, kind="crash"),
    ]
    assert save_rules(project, rows) == project.rules_version == 2
    stored = CategoryRule.objects.filter(project=project, version=2).order_by("order")
    names = ("category__name", "kind", "module_glob", "path_glob", "message_regex")
    assert [Rule(*row) for row in stored.values_list(*names)] == rows
    assert CategoryRule.objects.filter(project=project, version=1).count() == first
    assert save_rules(project, []) == 3


def test_new_rules_sort_history_again_and_a_category_by_hand_stays(project: Project) -> None:
    errors = [factories.missing_module("tests/test_a.py"), factories.missing_module("tests/test_b.py", "atlas.other")]
    factories.counted_pass(project, 1, errors)
    by_hand = Ticket.objects.get(project=project, title__contains="other")
    Ticket.objects.filter(pk=by_hand.pk).update(category_by_hand=True)
    save_rules(project, [Rule(TESTS, kind="missing-module")])
    projections.rebuild(project)
    found = {*Ticket.objects.filter(project=project).values_list("category__name", "category_by_hand")}
    assert found == {(TESTS, False), (CORE, True)}
    counts = CategoryCount.objects.filter(collection_pass__project=project).values_list("category__name", "errors")
    assert {*counts} == {(TESTS, 1), (CORE, 1)}
    save_category(project, Category.objects.get(project=project, name=TESTS), archived=True)
    projections.rebuild(project)
    assert Ticket.objects.get(project=project, category_by_hand=False).category.name == "Uncategorised"


@pytest.mark.parametrize(
    ("values", "field", "advice"),
    [
        ({"name": ""}, "name", "up to 60"),
        ({"name": " \n\0 "}, "name", "up to 60"),
        ({"name": "x" * 61}, "name", "up to 60"),
        ({"name": CORE}, "name", "already"),
        ({"name": "New", "slot": 9}, "slot", "eight colours"),
        ({"name": "New", "slot": -1}, "slot", "eight colours"),
        ({"name": "New", "slot": 1}, "slot", "has this colour"),
        ({"name": "New", "order": -1}, "order", "from 0"),
        ({"name": "New", "order": 10**9}, "order", "from 0"),
    ],
)
def test_a_category_that_cannot_work_is_refused(
    project: Project, values: dict[str, Any], field: str, advice: str
) -> None:
    before = contents()
    with pytest.raises(Refused, match=advice) as refusal:
        save_category(project, **values)
    assert refusal.value.field == field
    assert contents() == before


def test_the_category_for_everything_else_cannot_be_archived(project: Project) -> None:
    fallback = Category.objects.get(project=project, is_fallback=True)
    with pytest.raises(Refused, match="stays") as refusal:
        save_category(project, fallback, archived=True)
    assert refusal.value.field == "archived"
    assert save_category(project, Category.objects.get(pk=fallback.pk), name="Other").name == "Other"


def test_there_are_as_many_active_categories_as_colours(project: Project) -> None:
    for slot in (5, 6, 7, 8):
        save_category(project, name=f"Category {slot}", slot=slot)
    with pytest.raises(Refused, match="archive one first"):
        save_category(project, name="One more")
    core = Category.objects.get(project=project, name=CORE)
    save_category(project, core, archived=True)
    save_category(project, name="One more", slot=1)  # its colour is free again
    with pytest.raises(Refused, match="archive one first"):
        save_category(project, core, archived=False)
    assert Category.objects.get(pk=core.pk).archived


def test_a_category_is_changed_cleaned_and_only_in_its_fields(project: Project) -> None:
    row = save_category(project, name="  Pay\x1b[31mments\n", slot=5, business_impact="Invoices <b>stop</b>")
    row.refresh_from_db()
    assert (row.name, row.business_impact, row.is_fallback) == ("Payments", "Invoices <b>stop</b>", False)
    assert save_category(project, row, name="Billing").pk == row.pk
    with pytest.raises(TypeError, match="is_fallback"):
        save_category(project, row, is_fallback=True)


def test_names_are_free_of_other_projects(project: Project) -> None:
    other = factories.project()
    save_category(project, name="Payments")
    save_category(other, name="Payments")
    assert save_rules(other, [Rule("Payments", kind="crash")]) == 2
    with pytest.raises(Refused):
        save_rules(factories.project(), [Rule("Payments", kind="crash")])
