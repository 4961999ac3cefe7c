"""What may be said of a trend, and what must not be."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given

from remediation.core.trend import Fewer, Point, Trend, fewer, headline, is_stale, week
from tests.core.histories import START, histories, net, told


@pytest.mark.parametrize(
    "value", [{"total": 0}, {"counts": ()}, {"tests": 0}, {"environment": 0}, {"ledger": net(1, 0)}]
)
@pytest.mark.parametrize("outcome", ["blocked", "failed"])
def test_a_pass_that_was_not_counted_cannot_have_a_value(outcome: str, value: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="was not counted"):
        Point(1, START, outcome, **value)  # type: ignore[arg-type]


def test_a_counted_pass_needs_its_numbers_and_they_sum() -> None:
    with pytest.raises(ValueError, match="needs its total"):
        Point(1, START, "counted")
    with pytest.raises(ArithmeticError, match="categories sum to 5, total is 6"):
        Point(1, START, "counted", 6, (2, 3))
    with pytest.raises(ArithmeticError, match="ledger ends at 4"):
        Point(1, START, "counted", 5, (2, 3), 0, net(9, 4))


def test_reading_a_number_that_nobody_counted_raises() -> None:
    with pytest.raises(ValueError, match="#1 was not counted"):
        _ = Point(1, START, "blocked").value


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [(112, 15, "86.6"), (3, 1, "66.6"), (1000, 1, "99.9"), (100_000, 1, "99.9"), (12, 6, "50"), (30, 0, "100")],
)
def test_percentages_are_rounded_down_and_100_means_nothing_is_left(before: int, after: int, said: str) -> None:
    assert Fewer(before, after).percent == said


def test_no_percentage_below_a_base_of_ten_nor_for_a_rise_nor_for_one_pass() -> None:
    def of(trend: Trend) -> Fewer | None:
        return fewer(trend.base, trend.last)

    assert of(told(9, 0)) is None
    assert of(told(10, 1)) == Fewer(10, 1)
    assert of(told(10, 10)) is None
    assert of(told(10, 12)) is None
    assert of(told(10)) is None
    assert of(told("blocked")) is None
    assert of(told(0, 0)) is None


def test_no_percentage_between_passes_that_are_not_comparable_or_held() -> None:
    first, last = told(100, 10).points
    assert fewer(first, replace(last, scope=2)) is None
    assert fewer(first, replace(last, held=True)) is None
    assert fewer(first, last) is not None


def test_the_weeks_ledger_ends_with_the_last_counted_pass_and_starts_seven_days_before() -> None:
    trend = told(50, 45, 40, 44, "blocked", 30, 29, 28, 25, 20)
    found = week(trend)
    assert found is not None
    assert (found.start.number, found.end.number) == (3, 10)
    assert (found.ledger.before, found.ledger.cleared, found.ledger.new, found.ledger.after) == (40, 24, 4, 20)
    assert found.by_layer == (-20,)
    assert found.change == -20
    assert found.more_tests == 0
    assert found.whole


def test_a_week_that_is_not_over_starts_at_the_first_pass() -> None:
    found = week(told(50, 40))
    assert found is not None
    assert not found.whole
    assert week(told(50)) is None
    assert week(told("failed", 50, "blocked")) is None


def test_a_scope_that_changed_within_the_week_is_said() -> None:
    points = list(told(50, 40, 30).points)
    points[2] = replace(points[2], scope_changed=True)
    found = week(Trend(told().layers, tuple(points)))
    assert found is not None
    assert not found.comparable
    assert found.more_tests is None


@pytest.mark.parametrize(
    ("totals", "state"),
    [
        ([], "none"),
        (["blocked", "failed"], "none"),
        ([112], "one"),
        (["blocked", 112, "failed"], "one"),
        ([112, 15], "falling"),
        ([112, 112], "level"),
        ([112, 115], "above"),
        ([112, *[10] * 9, 12], "rising"),
        ([112, 0], "zero"),
        ([112, 0, 0, 2], "back"),
    ],
)
def test_the_headline_is_the_one_that_is_true(totals: list[int | str], state: str) -> None:
    assert headline(told(*totals)).state == state


def test_back_says_how_long_it_was_zero() -> None:
    assert headline(told(5, 0, 0, 0, "blocked", 2)).days == 4
    assert headline(told(5, 0, 3, 0, 0, 2)).days == 2
    assert headline(told(5, 0, 2, every=timedelta(hours=2))).days == 1


def test_zero_is_only_said_of_a_comparable_unheld_pass_with_tests_and_nothing_hidden() -> None:
    first, last = told(112, 0).points

    def state(point: Point, hidden: int = 0) -> str:
        return headline(Trend(told().layers, (first, point)), hidden=hidden).state

    assert state(last) == "zero"
    assert state(last, hidden=3) == "zero-hidden"
    assert state(replace(last, scope=2)) == "zero-scope"
    assert state(replace(last, tests=0)) == "zero-scope"
    assert state(replace(last, tests=None)) == "zero-scope"
    assert state(replace(last, held=True)) == "zero-held"


@pytest.mark.parametrize("totals", [(112, 15), (112, 115), (112, 112), (112, *[10] * 9, 12), (112, 0, 0, 2)])
def test_no_headline_compares_a_count_with_one_of_another_scope(totals: tuple[int, ...]) -> None:
    points = told(*totals).points
    other = Trend(told().layers, (*points[:-1], replace(points[-1], scope=2)))
    assert headline(other).state == "incomparable"
    assert headline(Trend(told().layers, points)).state != "incomparable"


def test_a_week_in_which_the_scope_changed_and_came_back_is_not_said_to_rise() -> None:
    points = list(told(112, *[10] * 9, 12).points)
    points[-1] = replace(points[-1], scope_changed=True)
    assert headline(Trend(told().layers, tuple(points))).state == "falling"


def test_a_declared_baseline_is_what_is_compared_with() -> None:
    trend = replace(told(200, 100, 90, 10), baseline=2)
    assert trend.base is trend.points[1]
    assert trend.peak is trend.points[1]
    assert fewer(trend.base, trend.last) == Fewer(100, 10)


def test_what_was_not_counted_at_the_end_is_told_apart() -> None:
    trend = told(5, "blocked", 4, "failed", "blocked")
    assert [point.number for point in trend.uncounted_since] == [4, 5]
    assert trend.last is trend.points[2]


def test_stale_after_one_and_a_half_intervals_and_a_weekend_is_not_late() -> None:
    day = timedelta(days=1)
    daily = (START + day, START + 2 * day)
    assert not is_stale(START, *daily, START + 1.5 * day)
    assert is_stale(START, *daily, START + 1.51 * day)
    friday, monday = START + 4 * day, START + 7 * day
    assert not is_stale(friday, monday, monday + day, START + 6.9 * day)
    assert is_stale(friday, monday, monday + day, monday + 0.6 * day)
    assert not is_stale(START, None, None, START + 900 * day)


@given(histories())
def test_every_ledger_said_sums_and_every_number_was_counted(trend: Trend) -> None:
    found = week(trend)
    if found is not None:
        terms = found.ledger
        moved = -terms.cleared - terms.hidden + terms.unmasked + terms.new + terms.regressed
        assert terms.before + moved == terms.after == found.end.total
        assert sum(found.by_layer) == found.change == moved
    said = headline(trend)
    assert (said.state == "none") == (not trend.counted)
    assert said.last is None or said.last.counted
    share = fewer(trend.base, trend.last)
    assert share is None or (share.before >= 10 and 0 < float(share.percent) <= 100)
    assert share is None or (share.percent == "100") == (share.after == 0)
