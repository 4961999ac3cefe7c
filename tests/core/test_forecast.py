"""The forecast: what it says of known histories, when it refuses, and that a reload says the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remediation.core.forecast import Forecast, NoForecast, forecast, refusal
from remediation.core.simulation import HORIZON, PATHS, draws, simulate
from remediation.core.trend import Trend
from tests.core.histories import START, histories, told

DAY = timedelta(days=1)
FALLING = (40, 38, 37, 34, 33, 31, 28, 26, 25, 22, 20)
_FIRST = [(17, 19, 21, 0), (15, 18, 21, 0), (13, 17, 21, 0)]


def due(trend: Trend) -> list[datetime]:
    return [trend.points[-1].at + DAY * i for i in range(1, HORIZON + 1)]


def made(trend: Trend, *, seed: int = 7, target: datetime | None = None) -> Forecast:
    found = forecast(trend, due(trend), seed, trend.points[-1].at + timedelta(hours=1), target)
    assert isinstance(found, Forecast)
    return found


def changed(trend: Trend, index: int, **values: object) -> Trend:
    points = list(trend.points)
    points[index] = replace(points[index], **values)  # type: ignore[arg-type]
    return Trend(trend.layers, tuple(points))


@pytest.mark.parametrize(
    ("trend", "reason"),
    [
        (told(), "nothing was counted yet"),
        (told("blocked"), "nothing was counted yet"),
        (told(9), "1 counted pass, needs 8"),
        (told(9, 8, "blocked", 7, 6, 5), "5 counted passes, needs 8"),
        (told(*FALLING, "blocked"), "pass #12 blocked, the count of today is not known"),
        (told(*FALLING, 0), ""),
        (changed(told(*FALLING), -1, held=True), "pass #11 waits to be confirmed"),
        (changed(told(*FALLING), -4, held=True), "a pass among the last ten waits to be confirmed"),
        (changed(told(*FALLING), -4, scope_changed=True), "4 counted passes since the scope changed at #8, needs 8"),
        (changed(told(*FALLING), -2, scope=2), "1 counted pass since the scope changed at #11, needs 8"),
    ],
)
def test_it_refuses_with_words(trend: Trend, reason: str) -> None:
    later = START + timedelta(days=30)
    assert forecast(trend, [later + DAY * i for i in range(60)], 1, later) == NoForecast(reason) == refusal(trend)


def test_control_the_same_history_without_the_fault_has_a_forecast() -> None:
    assert refusal(told(*FALLING)) is None
    assert refusal(changed(told(*FALLING), 2, scope_changed=True)) is None, "eight comparable ones are left"


def test_a_certain_pace_has_a_certain_end_but_never_one_day() -> None:
    found = made(told(*range(38, 18, -2)))
    assert [(step.low, step.median, step.high) for step in found.steps[:3]] == [
        (18, 18, 18),
        (16, 16, 16),
        (14, 14, 14),
    ]
    assert len(found.steps) == 10 and found.steps[-1].high == 0
    assert found.earliest == found.steps[8].at and found.latest == found.steps[9].at
    assert found.passes == tuple(range(2, 11))


def test_zero_falls_within_a_range_and_the_target_has_a_chance() -> None:
    trend = told(*FALLING)
    found = made(trend, target=START + 20 * DAY)
    assert found.earliest and found.latest and found.earliest < found.latest
    assert found.chance is not None and 10 <= found.chance <= 90
    assert made(trend, target=START + 5 * DAY).chance == 0
    assert made(trend, target=START + 40 * DAY).chance == 100
    assert made(told(*[*FALLING, *[20] * 9]), target=START + 4000 * DAY).chance is None, "beyond what is simulated"


def test_the_chance_agrees_with_the_range() -> None:
    found = made(told(*FALLING))
    assert found.earliest and found.latest
    at = {day: made(told(*FALLING), target=day.replace(hour=0)).chance for day in (found.earliest, found.latest)}
    assert at[found.latest] and at[found.latest] >= 90
    assert at[found.earliest] and at[found.earliest] >= 10


@pytest.mark.parametrize("totals", [[20] * 10, range(20, 31), [30, 29, 31, 30, 28, 31, 30, 29, 31, 30]])
def test_there_is_no_date_where_the_pace_leads_nowhere(totals: list[int]) -> None:
    found = made(told(*totals))
    assert (found.earliest, found.latest) == (None, None)
    assert len(found.steps) == HORIZON


def test_rises_are_kept_and_zero_is_the_end_of_a_path() -> None:
    steep = made(told(9, 2, 9, 2, 9, 2, 9, 2, 9, 2))
    assert max(step.high for step in steep.steps) > 2
    zeros = [spread.at_zero for spread in simulate(2, (7, -7, 7, -7), 3)]
    assert zeros == sorted(zeros), "a path that reached zero never leaves it"


def test_a_reload_and_another_python_say_the_same() -> None:
    assert made(told(*FALLING)) == made(told(*FALLING))
    assert made(told(*FALLING), seed=8).steps != made(told(*FALLING), seed=7).steps
    assert draws(7, 10, 12, "step").hex() == "030706030004030508020002"
    assert [(s.low, s.median, s.high, s.at_zero) for s in simulate(20, (-2, -1, 0, -3, 1), 7)[:3]] == _FIRST


def test_every_number_is_drawn_as_often_as_any_other() -> None:
    found = draws(1, 10, 100_000, "step")
    assert set(found) == set(range(10))
    assert all(9_600 < found.count(value) < 10_400 for value in range(10))


def test_without_a_schedule_passes_stay_as_far_apart() -> None:
    trend = told(*FALLING, every=timedelta(days=3))
    last = trend.points[-1].at
    found = forecast(trend, [], 7, last + timedelta(hours=1))
    assert isinstance(found, Forecast)
    assert found.calendar == "none"
    assert found.steps[0].at == last + 3 * DAY
    late = forecast(trend, [], 7, last + 10 * DAY)
    assert isinstance(late, Forecast) and late.steps[0].at > last + 10 * DAY, "never in the past"
    replayed = changed(trend, -1, replayed=True)
    assert isinstance(forecast(replayed, [], 7, last + DAY), Forecast)
    old = forecast(replayed, [], 7, last + 900 * DAY)
    assert old == NoForecast("pass #11 counts a commit of the past, and no pass is due")
    assert isinstance(forecast(replayed, due(trend), 7, last), Forecast)


def test_a_schedule_that_is_faster_than_the_past_repairs_nothing_faster() -> None:
    found = made(told(*FALLING, every=3 * DAY))
    assert found.calendar == "slower" and found.spacing == 3 * DAY
    often = made(told(*FALLING, every=timedelta(hours=1)))
    assert often.calendar == "schedule" and often.faster
    daily = made(told(*FALLING))
    assert daily.calendar == "schedule" and not daily.faster


@settings(max_examples=60, deadline=None)
@given(histories(), st.integers(0, 10**6))
def test_any_history_has_a_forecast_or_a_reason(trend: Trend, seed: int) -> None:
    later = (trend.points[-1].at if trend.points else START) + timedelta(hours=2)
    found = forecast(trend, [], seed, later)
    if isinstance(found, NoForecast):
        assert found == refusal(trend) or "no pass is due" in found.reason
        return
    assert refusal(trend) is None
    assert all(0 <= step.low <= step.median <= step.high for step in found.steps)
    assert [step.at for step in found.steps] == sorted({step.at for step in found.steps})
    assert (found.earliest is None) == (found.latest is None)
    if found.earliest and found.latest:
        assert found.last.at <= found.earliest < found.latest
        assert found.earliest.date() < found.latest.date() or found.steps[0].at <= found.latest
    assert found.chance is None
    assert PATHS == 4_000
