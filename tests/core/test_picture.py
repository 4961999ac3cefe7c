"""What is drawn: runs and gaps never overlap, and a gap has no number in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from remediation.core.forecast import Forecast, forecast
from remediation.core.ledger import Ledger
from remediation.core.picture import Gap, Run, picture, right_edge, stretches, thin
from remediation.core.ticks import count_ticks, day_ticks
from remediation.core.trend import Trend
from tests.core.histories import START, histories, told

LATER = START + timedelta(days=400)


def test_consecutive_passes_without_a_count_share_one_band_with_its_words() -> None:
    drawn = stretches(told(5, "blocked", 4, "failed", "failed", 3, "blocked", "failed"), LATER)
    assert [type(stretch).__name__ for stretch in drawn] == ["Run", "Gap", "Run", "Gap", "Run", "Gap"]
    assert [gap.words for gap in drawn if isinstance(gap, Gap)] == [
        "#2 blocked, not counted",
        "#4 to #5 failed, not counted",
        "#7 to #8 not counted",
    ]


def test_a_gap_ends_every_layer_at_its_start_and_lasts_until_the_next_count() -> None:
    first, gap, second = stretches(told(5, "blocked", "blocked", 4), LATER)
    assert isinstance(first, Run)
    assert isinstance(gap, Gap)
    assert first.until == gap.since == START + timedelta(days=1)
    assert gap.until == second.points[0].at == START + timedelta(days=3)


def test_at_the_right_edge_a_gap_runs_to_now_unless_its_time_is_a_commits() -> None:
    trend = told(5, "blocked")
    assert right_edge(trend, LATER) == LATER
    old = Trend(trend.layers, (trend.points[0], replace(trend.points[1], replayed=True)))
    assert right_edge(old, LATER) < START + timedelta(days=2)
    assert right_edge(told(5, 4), LATER) < START + timedelta(days=2)


def test_nothing_is_drawn_while_nothing_was_counted() -> None:
    assert picture(told(), LATER) is None
    assert picture(told("blocked", "failed"), LATER) is None


def test_the_first_peak_and_last_values_are_written() -> None:
    trend = told(112, 110, 117, 15)
    points = list(trend.points)
    points[2] = replace(points[2], ledger=Ledger(110, 10, 0, 17, 0, 0, 117))
    drawn = picture(Trend(trend.layers, tuple(points)), LATER)
    assert drawn is not None
    assert [(m.kind, m.words) for m in drawn.marks] == [
        ("first", "112"),
        ("peak", "peak 117, +17 unmasked"),
        ("last", "15"),
    ]


def test_what_came_back_and_a_change_of_scope_are_written() -> None:
    points = list(told(20, 10, 12, 8).points)
    points[2] = replace(points[2], ledger=Ledger(10, 0, 0, 0, 0, 2, 12))
    points[1] = replace(points[1], scope_changed=True)
    points[3] = replace(points[3], scope_changed=True, scope_words="Python 3.11 to 3.12")
    drawn = picture(Trend(told().layers, tuple(points)), LATER)
    assert drawn is not None
    assert ("back", "2 back") in [(m.kind, m.words) for m in drawn.marks]
    scopes = [m.words for m in drawn.marks if m.kind == "scope"]
    assert scopes == ["scope changed", "scope changed: Python 3.11 to 3.12"]


def test_a_change_of_rules_is_written_where_versions_are_known() -> None:
    points = [replace(p, rules=version) for p, version in zip(told(9, 8, 7, 6).points, (None, 1, 1, 2), strict=True)]
    drawn = picture(Trend(told().layers, tuple(points)), LATER)
    assert drawn is not None
    assert [(m.point.number, m.words) for m in drawn.marks if m.kind == "rules"] == [(4, "rules changed")]


def test_the_forecast_makes_room_on_the_right_but_not_more_than_the_past_has() -> None:
    trend = told(*range(40, 28, -1))
    due = [trend.points[-1].at + timedelta(days=i + 1) for i in range(60)]
    ahead = forecast(trend, due, 1, LATER)
    assert isinstance(ahead, Forecast) and ahead.latest
    drawn = picture(trend, LATER, forecast=ahead)
    assert drawn is not None
    assert drawn.runs[-1].until == drawn.forecast[0].at or drawn.runs[-1].until < drawn.forecast[0].at
    past = drawn.runs[-1].until - drawn.since
    assert drawn.runs[-1].until < drawn.until <= drawn.since + 2 * past
    flat = told(*[20] * 12)
    drawn = picture(flat, LATER, forecast=forecast(flat, due, 1, LATER))
    assert drawn is not None and not drawn.forecast, "without a date nothing is drawn"


def test_a_target_far_away_does_not_flatten_the_trend() -> None:
    trend = told(50, 40, 30, 20)
    near, far, past = (START + timedelta(days=days) for days in (5, 90, -1))
    shown = picture(trend, LATER, near)
    assert shown is not None and shown.target == near and shown.until > near
    for target in (far, past):
        shown = picture(trend, LATER, target)
        assert shown is not None and shown.target is None


def test_thinning_keeps_every_change_gap_and_end() -> None:
    trend = told(*[50] * 80, 60, *[60] * 80, "blocked", "blocked", "blocked", *[60] * 40, 12, 12)
    thinned = thin(trend)
    assert [point.number for point in thinned.points] == [1, 81, 162, 164, 165, 205, 206]
    assert len(trend.points) > 150
    assert thin(told(*range(150))).points == told(*range(150)).points


@given(histories(most=60))
def test_thinning_changes_neither_a_number_nor_a_gap(trend: Trend) -> None:
    thinned = thin(trend, limit=5)
    assert set(thinned.points) <= set(trend.points)
    if not trend.points:
        return
    full, less = (stretches(t, LATER) for t in (trend, thinned))
    assert [(type(s), s.points[0].at, s.until) for s in full if isinstance(s, Gap)] == [
        (type(s), s.points[0].at, s.until) for s in less if isinstance(s, Gap)
    ]
    assert [g.words for g in full if isinstance(g, Gap)] == [g.words for g in less if isinstance(g, Gap)]
    assert [_steps(s) for s in full if isinstance(s, Run)] == [_steps(s) for s in less if isinstance(s, Run)]


def _steps(run: Run) -> list[tuple[object, ...]]:
    """Where the drawn line changes its height."""
    found: list[tuple[object, ...]] = []
    for point in run.points:
        if not found or found[-1][1:] != (point.counts,):
            found.append((point.at, point.counts))
    return found


@given(histories())
def test_stretches_cover_every_pass_once_and_touch(trend: Trend) -> None:
    drawn = stretches(trend, LATER)
    assert [point for stretch in drawn for point in stretch.points] == list(trend.points)
    for one, following in pairwise(drawn):
        assert one.until == following.points[0].at
        assert type(one) is not type(following)
    for stretch in drawn:
        assert all(point.counted == isinstance(stretch, Run) for point in stretch.points)
        assert stretch.points[-1].at <= stretch.until


@given(histories())
def test_the_picture_holds_what_it_shows(trend: Trend) -> None:
    drawn = picture(trend, LATER)
    assert (drawn is None) == (not trend.counted)
    if drawn is None:
        return
    assert drawn.since <= drawn.points[0].at
    assert drawn.points[-1].at <= drawn.until
    assert drawn.top >= max(point.value for point in trend.counted)
    assert all(mark.point.counted for mark in drawn.marks)
    assert len(drawn.days) <= 11


@given(st.integers(0, 10**9), st.integers(1, 6))
def test_ticks_are_whole_even_and_reach_the_highest_count(highest: int, steps: int) -> None:
    ticks = count_ticks(highest, steps)
    assert ticks[0] == 0
    assert ticks[-1] >= highest
    assert len(ticks) <= steps + 1
    assert len({b - a for a, b in pairwise(ticks)}) == 1


@given(st.floats(0.001, 4000))
def test_days_are_few_and_within_the_plot(days: float) -> None:
    until = START + timedelta(days=days)
    ticks = day_ticks(START, until)
    assert len(ticks) <= 11
    assert all(START <= at <= until for at, _ in ticks)
    assert [at for at, _ in ticks] == sorted(at for at, _ in ticks)
    assert days < 2 or len({words for _, words in ticks}) == len(ticks)
