"""What rules would do: every ticket is taken once, totals stay, and what can never match is told."""

from __future__ import annotations

import pytest

from remediation.core.rules import DEFAULT_RULES, Rule, RuleFacts, unreachable
from remediation.core.sorting import Matched, Preview, SortedTicket, preview
from remediation.rulebook import search

ACTIVE = {"Core", "Cache", "Other"}
MISSING = RuleFacts("missing-module", "atlas.core.one", "tests/test_a.py", "No module named 'atlas.core.one'")
CACHED = RuleFacts("missing-name", "atlas.cache.two", "tests/test_b.py", "cannot import name 'Key'")


def ticket(
    number: int, errors: int, category: str, facts: RuleFacts | None = MISSING, *, by_hand: bool = False
) -> SortedTicket:
    return SortedTicket(f"ATL-{number}", f"Ticket {number}", errors, category, by_hand, facts)


def test_it_says_what_moves_and_keeps_the_total() -> None:
    tickets = [ticket(1, 11, "Other"), ticket(2, 3, "Cache", CACHED), ticket(3, 4, "Core", CACHED, by_hand=True)]
    rules = [Rule("Core", module_glob="atlas.*"), Rule("Cache", kind="missing-name")]
    found = preview(tickets, rules, ACTIVE, "Other", search)
    assert found.before == {"Other": 11, "Cache": 3, "Core": 4}
    assert found.after == {"Core": 18}
    assert found.total == 18 and found.moved_errors == 14 and found.by_hand == 1
    assert [(move.ticket.label, move.to, move.rule) for move in found.moves] == [
        ("ATL-1", "Core", 0),
        ("ATL-2", "Core", 0),
    ]
    assert found.matched == (Matched(2, 14, (("Other", 11), ("Cache", 3))), Matched())


@pytest.mark.parametrize(
    ("tickets", "rules", "after"),
    [
        ([ticket(1, 2, "Core")], [], {"Other": 2}),  # without rules all goes to the last category
        ([ticket(1, 2, "Core")], [Rule("Archived", kind="missing-module")], {"Other": 2}),
        ([ticket(1, 2, "Core", None)], [], {"Core": 2}),  # first occurrence not known: it stays
        ([ticket(1, 2, "Archived", by_hand=True)], [Rule("Core", kind="missing-module")], {"Archived": 2}),
        ([], [Rule("Core", kind="crash")], {}),
    ],
)
def test_what_no_rule_takes(tickets: list[SortedTicket], rules: list[Rule], after: dict[str, int]) -> None:
    assert preview(tickets, rules, ACTIVE, "Other", search).after == after


def test_a_ticket_without_visible_errors_moves_and_is_in_no_count() -> None:
    found = preview([ticket(1, 0, "Other")], [Rule("Core", kind="missing-module")], ACTIVE, "Other", search)
    assert len(found.moves) == 1 and found.moved_errors == 0
    assert found.matched == (Matched(),)


def test_control_a_preview_that_loses_an_error_is_not_made() -> None:
    with pytest.raises(ArithmeticError, match="changed a total"):
        Preview({"Core": 3}, {"Core": 2}, (), (), 0)


@pytest.mark.parametrize(
    ("wide", "narrow", "covered"),
    [
        (Rule("A", kind="crash"), Rule("B", kind="crash"), True),
        (Rule("A", kind="crash"), Rule("B", kind="crash", path_glob="tests/*"), True),
        (Rule("A", kind="crash", path_glob="tests/*"), Rule("B", kind="crash"), False),
        (Rule("A", module_glob="tests*"), Rule("B", module_glob="tests.e2e.*"), True),
        (Rule("A", module_glob="tests*"), Rule("B", module_glob="tests"), True),
        (Rule("A", module_glob="tests.*"), Rule("B", module_glob="tests*"), False),
        (Rule("A", module_glob="*.tests"), Rule("B", module_glob="atlas.*.tests"), True),
        (Rule("A", module_glob="*"), Rule("B", module_glob="x[ab]"), False),  # a set of letters: not certain, not told
        (Rule("A", module_glob="*"), Rule("B", kind="crash"), False),  # a crash may have no module
        (Rule("A", path_glob="*"), Rule("B", path_glob="tests/?.py"), True),
        (Rule("A", path_glob="a*a"), Rule("B", path_glob="a"), False),  # one letter cannot be both ends
        (Rule("A", path_glob="a*c"), Rule("B", path_glob="abc"), True),
        (Rule("A", path_glob="a*c*"), Rule("B", path_glob="abcd"), False),  # two stars: not certain
        (Rule("A", message_regex="x"), Rule("B", message_regex="x"), True),
        (Rule("A", message_regex="x"), Rule("B", message_regex="xy"), False),
        (Rule(""), Rule("B", kind="crash"), False),  # a row just added says nothing yet
    ],
)
def test_a_rule_that_can_never_match_is_told_only_where_that_is_certain(
    wide: Rule, narrow: Rule, covered: bool
) -> None:
    assert unreachable([wide, narrow]) == ({1: 0} if covered else {})


def test_a_shadow_is_cast_by_a_rule_that_can_itself_match() -> None:
    rules = [Rule("A", kind="crash"), Rule("B", kind="crash"), Rule("C", kind="crash", path_glob="x")]
    assert unreachable(rules) == {1: 0, 2: 0}


def test_every_default_rule_can_match() -> None:
    assert unreachable(DEFAULT_RULES) == {}
