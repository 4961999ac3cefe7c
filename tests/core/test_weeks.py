"""A project's weeks: from slot to slot without a gap or an overlap, on every clock, each with a name of its own."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from remediation.core import report_words
from remediation.core.pace import pace
from remediation.core.period import Weeks
from remediation.core.report import build
from remediation.core.trend import Trend
from remediation.exporters import markdown
from tests.core.histories import histories, told
from tests.core.test_report import facts_of

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = st.sampled_from(
    [
        "UTC", "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "America/St_Johns", "America/Havana",
        "Australia/Lord_Howe", "Asia/Kathmandu", "Asia/Beirut", "Pacific/Apia", "Pacific/Auckland", "Africa/Casablanca",
    ]
).map(ZoneInfo)  # fmt: skip
TIMES = st.builds(time, st.integers(0, 23), st.integers(0, 59))
WEEKS = st.builds(Weeks, ZONES, st.integers(0, 6), TIMES)
MOMENTS = st.datetimes(datetime(1987, 1, 1), datetime(2040, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))


@given(WEEKS, MOMENTS)
@example(Weeks(ZoneInfo("America/St_Johns"), 6, time()), datetime(2005, 10, 30, 2, 45, tzinfo=UTC))
@example(Weeks(ZoneInfo("Pacific/Apia"), 4, time(12)), datetime(2011, 12, 31, 2, tzinfo=UTC))
def test_weeks_tile_the_time_and_each_name_is_of_one(weeks: Weeks, moment: datetime) -> None:
    # The examples: a clock that went back over midnight, and a Friday that never was.
    week = weeks.of(moment)
    assert moment in week
    assert weeks.named(week.label) == weeks.read(week.label) == week == weeks.last_of(week)
    after, before = weeks.after(week), weeks.before(week)
    assert (before.end, after.start) == (week.start, week.end)
    assert before.label < week.label < after.label
    assert weeks.of(week.start) == week and weeks.of(week.end - timedelta(microseconds=1)) == week
    shown = [at.astimezone(weeks.zone).replace(tzinfo=None) for at in (week.start, week.end)]
    for at in shown:  # at the slot, or later where the clock has no such time
        day = at.date() - timedelta(days=(at.weekday() - weeks.weekday) % 7)
        slot = datetime.combine(day, weeks.at)
        assert at == slot or not _exists(slot, weeks.zone)


def _exists(at: datetime, zone: ZoneInfo) -> bool:
    there = at.replace(tzinfo=zone)
    return there.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == at


@pytest.mark.parametrize(
    ("weekday", "at", "first", "last"),
    [
        (0, time(), "2025-11-03 00:00", "2025-11-10 00:00"),  # an ISO week
        (0, time(9), "2025-11-03 09:00", "2025-11-10 09:00"),  # told on Monday morning of the week before
        (4, time(17), "2025-10-31 17:00", "2025-11-07 17:00"),  # told on Friday evening of the week itself
        (3, time(12), "2025-10-30 12:00", "2025-11-06 12:00"),  # half and half: the later one
        (3, time(11, 59), "2025-11-06 11:59", "2025-11-13 11:59"),
    ],
)
def test_a_week_bears_the_name_of_the_iso_week_that_most_of_it_lies_in(
    weekday: int, at: time, first: str, last: str
) -> None:
    week = Weeks(UTC, weekday, at).named("2025-W45")
    assert (f"{week.start:%Y-%m-%d %H:%M}", f"{week.end:%Y-%m-%d %H:%M}") == (first, last)


def test_a_slot_that_the_clock_skips_or_shows_twice() -> None:
    sundays = Weeks(BERLIN, 6, time(2, 30))
    spring = sundays.of(datetime(2026, 3, 29, 12, tzinfo=UTC))
    assert spring.start == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)  # 03:30: half past two, an hour set forward
    autumn = sundays.of(datetime(2026, 10, 25, 12, tzinfo=UTC))
    assert autumn.start == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # the first half past two
    assert [(week.end - week.start) / timedelta(hours=1) for week in (spring, autumn)] == [167, 169]
    assert sundays.of(datetime(2026, 10, 25, 0, 30, tzinfo=UTC)) == autumn
    assert sundays.of(datetime(2026, 10, 25, 0, 29, tzinfo=UTC)).end == autumn.start


def test_a_slot_that_is_not_midnight_is_said_with_its_zone() -> None:
    evenings = Weeks(BERLIN, 4, time(17))
    trend = told(25, 15)
    span = evenings.of(trend.points[0].at)
    made = build("atlas", trend, span, evenings, facts_of(trend, span), span.end)
    assert report_words.days(made) == "Week 2026-W10, 27 Feb 2026 17:00 to 6 Mar 2026 17:00 Europe/Berlin"
    assert "17:00 to 6 Mar 2026 17:00 Europe/Berlin" in markdown.export(made)


@given(histories(), WEEKS, st.integers(0, 5))
def test_a_weeks_ledger_is_the_sum_of_its_steps_wherever_the_slot_is(trend: Trend, weeks: Weeks, later: int) -> None:
    if not trend.points:
        return
    span = weeks.of(trend.points[0].at + timedelta(weeks=later))
    made = build("atlas", trend, span, weeks, facts_of(trend, span), span.end)
    inside = [point.ledger for point in made.passes if point.counted and point.ledger is not None]
    if made.now is not None and made.ledger is not None and made.before is not None and made.before.at < span.start:
        assert made.ledger.cleared == sum(step.cleared for step in inside)
        assert made.ledger.unmasked == sum(step.unmasked for step in inside)
        assert "The sum of the steps of the counted passes in between." in markdown.export(made)
    rows = pace(trend, span, weeks)
    assert sum(row.ran for row in rows) <= len(trend.points)
    assert [row.label for row in rows] == sorted({row.label for row in rows})
