"""A small line has no more points than columns, and says nothing that the whole one does not say."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from remediation.core.sampling import by_pass, by_time
from remediation.core.trend import Layer, Point, Trend
from tests.core.histories import START


def trend_of(outcomes: list[int | None]) -> Trend:
    """One pass an hour; None: not counted."""
    points = [
        Point(i, START + timedelta(hours=i), "blocked")
        if total is None
        else Point(i, START + timedelta(hours=i), "counted", total, (total,))
        for i, total in enumerate(outcomes, start=1)
    ]
    return Trend((Layer(1, "All", 0),), tuple(points))


outcomes = st.lists(st.one_of(st.none(), st.integers(0, 99)), max_size=120)


@given(outcomes, st.integers(1, 40))
def test_few_points_all_of_them_true(values: list[int | None], columns: int) -> None:
    whole = trend_of(values)
    since, until = START, START + timedelta(hours=len(values) + 1)
    for few in (by_pass(whole, columns), by_time(whole, columns, since, until)):
        assert set(few.points) <= set(whole.points)
        assert list(few.points) == sorted(few.points, key=lambda point: point.number)
        assert few.last == whole.last
        assert any(not p.counted for p in few.points) == any(not p.counted for p in whole.points), "a gap never goes"


@given(st.lists(st.integers(0, 99), max_size=300), st.integers(1, 40))
def test_no_more_than_there_are_columns(values: list[int], columns: int) -> None:
    whole = trend_of(list(values))
    assert len(by_pass(whole, columns).points) <= columns
    until = START + timedelta(hours=len(values) + 1)
    assert len(by_time(whole, columns, START, until).points) <= columns


def test_a_thousand_passes_weigh_no_more_than_a_hundred() -> None:
    assert len(by_pass(trend_of([i * 7 % 9 for i in range(1_000)]), 104).points) == 104
