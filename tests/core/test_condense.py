"""A long history in fewer passes says of itself what the whole one says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from remediation.core import window
from remediation.core.condense import COARSE, SIZE, Row, Size, Step, closed, condense, outline
from remediation.core.forecast import forecast
from remediation.core.lead import zero_since
from remediation.core.ledger import Ledger
from remediation.core.marks import marks
from remediation.core.picture import right_edge, stretches
from remediation.core.trend import WEEK, Trend, headline, week
from tests.core.histories import START, histories, told

SMALL = Size(limit=14, recent=12, columns=4)
TERMS = ("cleared", "hidden", "unmasked", "new", "regressed")


def rows_of(trend: Trend) -> list[Row]:
    return [
        Row(
            p.number,
            p.at.timestamp(),
            p.outcome,
            p.total,
            tuple(getattr(p.ledger, term) for term in TERMS) if p.ledger else None,
            p.scope_changed,
            p.rules,
        )
        for p in trend.points
    ]


def condensed(trend: Trend, starts: Sequence[datetime], size: Size = SMALL) -> Trend:
    steps = condense(rows_of(trend), trend.baseline, [at.timestamp() for at in starts], size)
    return chosen(trend, steps)


def chosen(trend: Trend, steps: Sequence[Step]) -> Trend:
    """As the site puts it together from rows."""
    points, before = [], None
    for step in steps:
        point = trend.points[step.id - 1]
        if point.counted:
            ledger = Ledger(before, *step.terms, point.value) if step.terms and before is not None else None
            point, before = replace(point, ledger=ledger, steps=step.passes), point.value
        points.append(point)
    return Trend(trend.layers, tuple(points), trend.baseline)


def said(trend: Trend, now: datetime, starts: Sequence[datetime]) -> dict[str, object]:
    """Everything that a page states of a trend, whatever it draws."""
    stated = headline(trend)
    moved = week(trend)
    ahead = forecast(trend, [], 7, now)
    parts = [window.since(trend, start) for start in starts] if trend.points else []
    return {
        "headline": (stated.state, stated.days, stated.last and stated.last.number, stated.base and stated.base.number),
        "week": moved and (moved.start.number, moved.ledger, moved.by_layer, moved.comparable, moved.more_tests),
        "peak": trend.peak and trend.peak.number,
        "since": (zero := zero_since(trend)) and zero.number,
        "uncounted": [point.number for point in trend.uncounted_since],
        "forecast": replace(ahead, last=ahead.last.number) if hasattr(ahead, "last") else ahead,
        "marks": [(mark.kind, mark.point.number, mark.words) for mark in marks(trend)] if trend.counted else [],
        "gaps": [
            (gap[0].number, gap[-1].number)
            for gap in (s.points for s in stretches(trend, right_edge(trend, now)))
            if not gap[0].counted
        ],
        "edges": [(part.points[0].number, max(p.value for p in part.counted)) for part in parts if part.counted],
    }


# Anything may move in a random history, but it is hardly ever at zero; this one is there again and again.
at_zero = st.lists(st.sampled_from([0, 0, 0, 1, 40, "blocked"]), min_size=20, max_size=90).map(
    lambda totals: told(*totals, every=timedelta(hours=5))
)


@settings(max_examples=200, deadline=None)
@given(st.one_of(histories(90), at_zero), st.integers(0, 20), st.booleans())
def test_what_is_said_of_it_is_the_same(trend: Trend, days: int, based: bool) -> None:
    counted = trend.counted
    if based and counted:
        trend = replace(trend, baseline=counted[len(counted) // 3].number)
    now = (trend.points[-1].at if trend.points else START) + timedelta(hours=5)
    starts = [now - timedelta(days=days)]
    few = condensed(trend, starts)
    assert said(few, now, starts) == said(trend, now, starts)
    assert sum(point.steps for point in few.counted) == len(trend.counted), "every pass is in one step"


def in_outlines(rows: Sequence[Row], length: int, opened: Callable[[Sequence[Row]], bool]) -> list[Row]:
    """All but the last passes in outlines of so many passes each, but for the parts that are wanted as they are."""
    parts = list(closed(rows, length, SMALL.recent))
    found = [row for part in parts for row in (part if opened(part) else outline(part, 1))]
    return [*found, *rows[sum(len(part) for part in parts) :]]


@settings(max_examples=300, deadline=None)
@given(st.one_of(histories(90), at_zero), st.integers(3, 20), st.integers(0, 20), st.booleans())
def test_what_is_said_of_outlines_is_the_same(trend: Trend, length: int, days: int, based: bool) -> None:
    counted = trend.counted
    baseline = counted[len(counted) // 3].number if based and counted else None
    trend = replace(trend, baseline=baseline)
    now = (trend.points[-1].at if trend.points else START) + timedelta(hours=5)
    starts = [now - timedelta(days=days)]
    moments = [at.timestamp() for at in (*starts, counted[-1].at - WEEK if counted else START)]

    def opened(part: Sequence[Row]) -> bool:
        return any(part[0].at <= at <= part[-1].at for at in moments) or baseline in {row.id for row in part}

    rows = in_outlines(rows_of(trend), length, opened)
    few = chosen(trend, condense(rows, baseline, [at.timestamp() for at in starts], SMALL))
    assert said(few, now, starts) == said(trend, now, starts)
    assert sum(point.steps for point in few.counted) == len(trend.counted), "every pass is in one step"


@settings(max_examples=60, deadline=None)
@given(histories(300))
def test_every_number_that_is_left_was_counted(trend: Trend) -> None:
    few = condensed(trend, [])
    whole = {point.number: point for point in trend.points}
    assert all(replace(p, ledger=None, steps=1) == replace(whole[p.number], ledger=None) for p in few.points)
    assert [p.number for p in few.points] == sorted(p.number for p in few.points)


def test_ten_thousand_passes_are_drawn_as_a_few_hundred_and_a_short_history_as_it_is() -> None:
    wave = told(*(200 + (i * 37) % 90 for i in range(10_000)), every=timedelta(minutes=30))
    few = condensed(wave, [], SIZE).points
    assert 240 < len(few) < 400
    # Nowhere is a hole that an eye could see, and no top of the curve is cut.
    assert max(b.number - a.number for a, b in pairwise(few)) <= 10_000 // 100
    tops = [max(p.value for p in wave.points[i : i + 100]) for i in range(0, 9_900, 100)]
    assert all(any(p.value == top for p in few if i * 100 < p.number <= i * 100 + 200) for i, top in enumerate(tops))
    # So too where all but the last of them come as outlines.
    rows = rows_of(wave)
    parts = list(closed(rows))
    outlines = [row for part in parts for row in outline(part, COARSE)]
    assert len(parts) == 99 and len(outlines) < 1_200
    thinner = chosen(wave, condense([*outlines, *rows[9_900:]])).points
    assert 240 < len(thinner) < 400
    assert max(b.number - a.number for a, b in pairwise(thinner)) < 10_000 // 50
    tops_kept = ([p.value for p in thinner if i * 100 < p.number <= i * 100 + 200] for i in range(len(tops)))
    assert all(top in values for top, values in zip(tops, tops_kept, strict=True))
    short = told(*(200 + (i * 37) % 90 for i in range(240)))
    assert condensed(short, [], SIZE) == short


def test_every_pass_since_the_last_count_stays_however_many() -> None:
    trend = told(*range(100, 60, -1), *(["blocked"] * 30))
    assert condensed(trend, []).uncounted_since == trend.uncounted_since


def careless(keep: Callable[[int, Row], bool]) -> Callable[[Trend], Trend]:
    """Drops passes by a rule of its own and keeps each ledger as it is where it still sums."""

    def condense_so(trend: Trend) -> Trend:
        rows = rows_of(trend)
        steps = [Step(row.id, None, 1) for i, row in enumerate(rows) if keep(i, row)]
        return chosen(trend, steps)

    return condense_so


def test_control_passes_dropped_carelessly_are_found_out() -> None:
    trend = told(*([30, 40, 0, 0, 25] * 20), every=timedelta(hours=6))
    now = trend.points[-1].at
    for lost in (careless(lambda i, _: i % 5 != 1), careless(lambda i, row: row.total != 0)):
        assert said(lost(trend), now, []) != said(trend, now, [])
