"""Parts of a trend: they say of what is left exactly what the whole said."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from remediation.core.picture import picture
from remediation.core.trend import Layer, Point, Trend
from remediation.core.window import folded, only, since
from tests.core.histories import LAYERS, START, histories, told

LATER = START + timedelta(days=400)


def many(number: int) -> Trend:
    layers = tuple(Layer(i + 1, f"Category {i + 1}", min(i + 1, 8)) for i in range(number))
    counts = tuple(range(1, number + 1))
    return Trend(layers, (Point(1, START, "counted", sum(counts), counts, 0, None, 1, 9), Point(2, START, "blocked")))


def test_the_ninth_category_and_later_ones_are_one_grey_layer() -> None:
    shown = folded(many(11))
    assert [(layer.name, layer.slot) for layer in shown.layers[7:]] == [("Category 8", 8), ("Other", 0)]
    assert shown.points[0].counts == (*range(1, 9), 9 + 10 + 11)
    assert shown.points[1].counts is None
    assert folded(many(8)) == many(8)


@given(histories(), st.sampled_from([layer.key for layer in LAYERS]))
def test_one_category_has_its_own_counts_and_the_same_gaps(trend: Trend, key: int) -> None:
    index = [layer.key for layer in LAYERS].index(key)
    part = only(trend, key)
    assert part is not None
    assert [p.total for p in part.points] == [p.counts[index] if p.counts else None for p in trend.points]
    assert only(trend, 99) is None


def test_a_part_begins_with_what_held_then() -> None:
    trend = told(9, 8, "blocked", "failed", "blocked", 5, 4)
    begin = {days: since(trend, START + timedelta(days=days)).points[0].number for days in range(-1, 9)}
    assert begin == {-1: 1, 0: 1, 1: 2, 2: 3, 3: 3, 4: 3, 5: 6, 6: 7, 7: 7, 8: 7}


def test_a_part_always_has_a_count() -> None:
    trend = told(9, 8, "blocked", "blocked")
    start = START + timedelta(days=3)
    assert [p.number for p in since(trend, start).points] == [2, 3, 4]
    drawn = picture(trend, LATER, start=start)
    assert drawn is not None and drawn.since == START + timedelta(days=1), "the count has a width"


@given(histories(), st.floats(0, 60))
def test_a_part_is_drawn_from_its_start_with_all_that_followed(trend: Trend, days: float) -> None:
    start = START + timedelta(days=days)
    drawn = picture(trend, LATER, start=start)
    if drawn is None:
        assert not trend.counted
        return
    assert {p.number for p in trend.points if p.at > start} <= {p.number for p in drawn.points}
    assert any(run.until > drawn.since for run in drawn.runs)
