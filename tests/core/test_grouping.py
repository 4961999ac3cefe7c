"""Which ticket a root cause is counted in: where passes put it, what people said, and which of the two wins."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediation.core.grouping import Cause, Grouping, Said, group

# Tickets 1, 2, 3 with a cause each; ticket 4 has two: one under two names, and another.
HOMES = {"a": Cause(1), "b": Cause(2), "c": Cause(3), "d": Cause(4), "d2": Cause(4, "d"), "e": Cause(4)}


def merge(source: int, into: int, *, undone: bool = False) -> Said:
    return Said("merge", source, into, undone=undone)


def split(source: int, into: int, *keys: str, undone: bool = False) -> Said:
    return Said("split", source, into, frozenset(keys), undone)


def tickets(*said: Said, dissolved: dict[int, int] | None = None) -> dict[str, int]:
    return dict(group(HOMES, said, dissolved or {}).tickets)


def test_without_a_word_every_cause_is_where_passes_put_it() -> None:
    assert group(HOMES, [], {}) == Grouping(tickets(), {}, tickets(), {})
    assert tickets() == {"a": 1, "b": 2, "c": 3, "d": 4, "d2": 4, "e": 4}


@pytest.mark.parametrize(
    "said, expected, merged",
    [
        ([merge(1, 2)], {"a": 2, "b": 2}, {1: 2}),
        ([merge(1, 2), merge(2, 3)], {"a": 3, "b": 3, "c": 3}, {1: 3, 2: 3}),
        ([merge(2, 3), merge(1, 3)], {"a": 3, "b": 3, "c": 3}, {1: 3, 2: 3}),
        ([merge(1, 2), merge(2, 3, undone=True)], {"a": 2, "b": 2, "c": 3}, {1: 2}),
        ([merge(1, 2, undone=True), merge(2, 3)], {"a": 1, "b": 3, "c": 3}, {2: 3}),
        ([merge(1, 2, undone=True), merge(2, 1)], {"a": 1, "b": 1}, {2: 1}),
    ],
)
def test_what_is_merged_is_counted_in_the_last_ticket(
    said: list[Said], expected: dict[str, int], merged: dict[int, int]
) -> None:
    found = group(HOMES, said, {})
    assert {key: found.tickets[key] for key in expected} == expected
    assert found.merged == merged


@pytest.mark.parametrize(
    "said, expected",
    [
        ([split(4, 9, "e")], {"d": 4, "d2": 4, "e": 9}),
        ([split(4, 9, "d2")], {"d": 9, "d2": 9, "e": 4}),  # a cause goes with all its names
        ([split(4, 9, "e", undone=True)], {"d": 4, "e": 4}),
        ([split(4, 9, "d", "e"), split(9, 10, "e")], {"d": 9, "e": 10}),  # the last word holds
        ([split(4, 9, "d", "e"), split(9, 10, "e", undone=True)], {"d": 9, "e": 9}),
        ([split(4, 9, "d", "e", undone=True), split(9, 10, "e")], {"d": 4, "e": 10}),
        ([split(4, 9, "e"), merge(9, 1)], {"a": 1, "d": 4, "e": 1}),
        ([merge(1, 4), split(4, 9, "a")], {"a": 9, "d": 4}),
        ([merge(1, 4, undone=True), split(4, 9, "a")], {"a": 9, "d": 4}),
    ],
)
def test_what_is_split_off_has_its_own_ticket(said: list[Said], expected: dict[str, int]) -> None:
    found = tickets(*said)
    assert {key: found[key] for key in expected} == expected


def test_a_split_that_was_taken_back_leaves_no_ticket_behind() -> None:
    assert group(HOMES, [split(4, 9, "e", undone=True)], {}).merged == {9: 4}
    # What was merged into it meanwhile stays with the cause for which that was said.
    found = group(HOMES, [split(4, 9, "e", undone=True), merge(1, 9)], {})
    assert (found.tickets["a"], found.tickets["e"], found.merged) == (4, 4, {9: 4, 1: 4})


@pytest.mark.parametrize(
    "said, dissolved, expected",
    [
        ([], {5: 1}, {5: 1}),
        ([merge(1, 2)], {5: 1}, {5: 2, 1: 2}),
        ([merge(5, 2)], {5: 1}, {5: 2, 1: 2}),  # the hand wins: the cause is where a person put it
        ([merge(1, 5)], {5: 1}, {1: 5}),  # both ways round: the person's is the one that stays
        ([merge(3, 5)], {5: 1}, {3: 1, 5: 1}),
        ([], {1: 2}, {}),  # it has a cause again
    ],
)
def test_tickets_that_a_rename_joined_and_people_merged_are_one(
    said: list[Said], dissolved: dict[int, int], expected: dict[int, int]
) -> None:
    assert group(HOMES, said, dissolved).merged == expected


def test_a_ticket_that_would_be_left_without_a_cause_is_found() -> None:
    found = group(HOMES, [merge(1, 2), split(2, 9, "b")], {})
    assert found.empty({1, 2, 9}) == set()
    left = group(HOMES, [merge(1, 2, undone=True), split(2, 9, "b")], {})
    assert left.empty({1, 2, 9}) == {2}


def test_names_that_lead_in_a_circle_end() -> None:
    circle = {"x": Cause(1, "y"), "y": Cause(2, "x"), "z": Cause(3, "y")}
    assert group(circle, [], {}).tickets == {"x": 1, "y": 1, "z": 1}


@st.composite
def words(draw: st.DrawFn) -> list[Said]:
    """What people can say one after the other: never of a merged ticket, never of all its causes."""
    said: list[Said] = []
    for number in range(draw(st.integers(0, 6))):
        now = group(HOMES, said, {})
        standing = sorted(set(now.tickets.values()))
        source = draw(st.sampled_from(standing))
        own = sorted(key for key, ticket in now.tickets.items() if ticket == source)
        roots = [key for key in own if not HOMES[key].moved_from]
        if draw(st.booleans()) and len(standing) > 1:
            said.append(merge(source, draw(st.sampled_from([t for t in standing if t != source]))))
        elif len(roots) > 1:
            said.append(split(source, 100 + number, draw(st.sampled_from(roots))))
    return said


@given(words(), st.data())
def test_everything_said_can_be_taken_back_and_nothing_is_ever_lost(said: list[Said], data: st.DataObject) -> None:
    for length in range(len(said) + 1):
        found = group(HOMES, said[:length], {})
        assert set(found.tickets) == set(HOMES)
        assert not found.merged.keys() & set(found.tickets.values()), "no cause is left in a merged ticket"
        assert not found.merged.keys() & set(found.merged.values()), "every merged ticket leads to one that stands"
        assert found.tickets["d"] == found.tickets["d2"]
        if length:
            *before, last = said[:length]
            taken_back = group(HOMES, [*before, Said(last.verb, last.source, last.into, last.keys, True)], {})
            assert taken_back.tickets == group(HOMES, before, {}).tickets
            assert taken_back.merged.items() - {(last.into, last.source)} <= group(HOMES, before, {}).merged.items()
    order = data.draw(st.permutations(range(len(said))))
    undone = list(said)
    for place in order:
        undone[place] = Said(*[getattr(said[place], n) for n in ("verb", "source", "into", "keys")], undone=True)
    assert group(HOMES, undone, {}).tickets == tickets()
