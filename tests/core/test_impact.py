"""What errors hide and what clearing them gives back: honest sums, whatever the order."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediation.core.impact import (
    COLLECTED,
    SOURCE,
    Blocked,
    Bound,
    Estimate,
    best_first,
    bound,
    estimate,
    impacts,
    promises,
)

ESTIMATES = [
    # gave, number, written, now -> tests, basis, number
    ((24, 12, 9, 0), Estimate(24, COLLECTED, 12)),
    ((None, None, 9, 0), Estimate(9, SOURCE)),
    ((None, None, None, 0), Estimate()),
    ((24, 12, 9, 20), Estimate(4, COLLECTED, 12)),
    ((20, 12, 30, 24), Estimate(6, SOURCE)),  # it grew since; its text says by how much at least
    ((20, 12, 9, 24), Estimate()),  # something in it fails, and no number says how much
    ((None, None, 0, 0), Estimate()),  # no test is written there: it may inherit them, or make them in a loop
]


@pytest.mark.parametrize(("given", "expected"), ESTIMATES)
def test_the_last_collected_count_goes_before_the_source_and_unknown_is_never_zero(
    given: tuple[int | None, int | None, int | None, int], expected: Estimate
) -> None:
    assert estimate(*given) == expected


def _file(path: str, causes: str, tests: int | None, basis: str = SOURCE, number: int | None = None) -> Blocked:
    one = Estimate(tests, basis, number) if tests is not None else Estimate()
    return Blocked(path, frozenset(causes), one)


FILES = [
    _file("a", "A", 10),
    _file("b", "A", 20, COLLECTED, 12),
    _file("c", "AB", 5, COLLECTED, 12),
    _file("d", "B", None),
    _file("e", "C", 7),
]
ERRORS = {"A": 3, "B": 2, "C": 1}


def test_a_file_of_two_causes_counts_in_both_and_once_in_the_sum() -> None:
    found = impacts(FILES)
    assert (found["A"].hidden.tests, found["A"].alone.tests, found["A"].shared) == (35, 30, 1)
    assert (found["B"].hidden.tests, found["B"].hidden.unknown, found["B"].alone.known) == (5, 1, None)
    assert bound(FILES).tests == 42
    assert sum(one.hidden.tests for one in found.values()) == 47


def test_a_file_of_two_causes_is_promised_only_when_both_are_cleared() -> None:
    said = promises(["A", "B", "C"], ERRORS, FILES)
    assert [(one.errors, one.freed.files, one.freed.tests, one.waiting) for one in said] == [
        (3, 2, 30, 1), (5, 4, 35, 0), (6, 5, 42, 0)
    ]  # fmt: skip


def test_the_best_come_first_and_ties_go_to_what_frees_most_tests() -> None:
    assert best_first(ERRORS, FILES) == ["A", "B", "C"]
    assert best_first({"A": 1, "B": 1, "C": 1}, FILES, 2) == ["A", "C"]
    # With A gone, B frees c as well.
    assert best_first({"A": 3, "B": 1, "C": 1}, [*FILES, _file("f", "AB", 90)]) == ["A", "B", "C"]
    assert best_first({}, []) == []


BASES = [
    (FILES[:1], "counted from source, parametrised cases once"),
    (FILES[1:3], "as last collected at #12"),
    ([*FILES[1:2], _file("x", "A", 1, COLLECTED, 13)], "as last collected"),
    (FILES[3:4], "unknown"),
    (
        FILES,
        "2 files as last collected at #12; 2 files counted from source, parametrised cases once; 1 file unknown",
    ),
    ([], ""),
]


@pytest.mark.parametrize(("files", "words"), BASES)
def test_the_basis_in_words(files: list[Blocked], words: str) -> None:
    assert bound(files).basis == words


def test_nothing_known_is_no_zero() -> None:
    assert bound(FILES[3:4]).known is None
    assert Bound().known is None


causes = st.sampled_from("ABCDE")
estimates = st.one_of(
    st.just(Estimate()),
    st.builds(Estimate, st.integers(1, 50), st.just(SOURCE)),
    st.builds(Estimate, st.integers(1, 50), st.just(COLLECTED), st.integers(1, 3)),
)
blocked = st.builds(Blocked, st.text("abc", min_size=1, max_size=3), st.frozensets(causes, min_size=1), estimates)
trees = st.lists(blocked, max_size=12, unique_by=lambda file: file.path)


@given(trees, st.randoms(use_true_random=False))
def test_sums_hold_for_any_tree(files: list[Blocked], chance: random.Random) -> None:
    whole, each = bound(files), impacts(files)
    assert whole.tests <= sum(one.hidden.tests for one in each.values())
    assert whole.tests >= sum(one.alone.tests for one in each.values())
    assert whole.files == len(files)
    assert whole.unknown == sum(file.estimate.tests is None for file in files)
    assert whole.tests == sum(file.estimate.tests or 0 for file in files)
    mixed = chance.sample(files, len(files))
    assert bound(mixed) == whole
    assert impacts(mixed) == each


@given(trees, st.permutations("ABCDE"), st.integers(1, 5))
def test_promises_only_grow_and_end_with_everything_whatever_the_order(
    files: list[Blocked], order: list[str], cut: int
) -> None:
    errors = {cause: sum(cause in file.causes for file in files) for cause in order}
    said = promises(order, errors, files)
    for before, after in itertools.pairwise(said):
        assert before.errors <= after.errors and before.freed.tests <= after.freed.tests
    assert said[-1].freed == bound(files) and said[-1].errors == sum(errors.values())
    assert said[-1].waiting == 0
    done = set(order[:cut])
    assert said[cut - 1].waiting == sum(bool(file.causes & done) and not file.causes <= done for file in files)
    assert said[cut - 1].freed == bound(file for file in files if file.causes <= done)


@given(trees)
def test_the_best_few_clear_most(files: list[Blocked]) -> None:
    errors = {cause: sum(cause in file.causes for file in files) for cause in "ABCDE"}
    best = best_first(errors, files)
    assert sum(errors[cause] for cause in best) == sum(sorted(errors.values())[-3:])
