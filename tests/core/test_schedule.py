"""Due times in the team's own time zone, through both changes of the clock."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import pytest

from remediation.schedule import BadSchedule, next_due, next_times, zone


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "zone_name", "after", "due"),
    [
        ("0 6 * * *", "UTC", "2026-03-02 05:59:59", "2026-03-02 06:00"),
        ("0 6 * * *", "UTC", "2026-03-02 06:00", "2026-03-03 06:00"),  # later than, not at
        ("0 6 * * *", "Europe/Berlin", "2026-01-15 00:00", "2026-01-15 05:00"),
        ("0 6 * * *", "Europe/Berlin", "2026-07-15 00:00", "2026-07-15 04:00"),
        ("0 6 * * *", "America/New_York", "2026-01-15 12:00", "2026-01-16 11:00"),
        ("30 0 * * *", "Asia/Kolkata", "2026-01-15 00:00", "2026-01-15 19:00"),
        ("0 6 * * 1-5", "UTC", "2026-03-06 07:00", "2026-03-09 06:00"),  # over a weekend
        ("0 0 29 2 *", "UTC", "2026-03-02 00:00", "2028-02-29 00:00"),
        ("*/15 * * * *", "UTC", "2026-03-02 06:07", "2026-03-02 06:15"),
        # Berlin, 29 March 2026: 02:00 becomes 03:00, so 02:30 does not exist and runs once after the gap.
        ("30 2 * * *", "Europe/Berlin", "2026-03-28 12:00", "2026-03-29 01:00"),
        ("30 2 * * *", "Europe/Berlin", "2026-03-29 01:00", "2026-03-30 00:30"),
        # Berlin, 25 October 2026: 03:00 becomes 02:00, so 02:30 happens twice and runs once.
        ("30 2 * * *", "Europe/Berlin", "2026-10-24 12:00", "2026-10-25 00:30"),
        ("30 2 * * *", "Europe/Berlin", "2026-10-25 00:30", "2026-10-26 01:30"),
    ],
)
def test_the_next_due_time(expression: str, zone_name: str, after: str, due: str) -> None:
    found = next_due(expression, zone_name, utc(after))
    assert found == utc(due)
    assert found.tzinfo is UTC


def test_every_hour_runs_through_both_changes_of_the_clock_without_a_gap() -> None:
    for start in ("2026-03-28 23:00", "2026-10-24 22:00"):
        times = next_times("0 * * * *", "Europe/Berlin", utc(start), 6)
        assert {(b - a).total_seconds() for a, b in pairwise(times)} == {3600}


def test_several_times_ahead() -> None:
    assert next_times("0 6 * * 1", "UTC", utc("2026-03-02 00:00"), 3) == [
        utc("2026-03-02 06:00"), utc("2026-03-09 06:00"), utc("2026-03-16 06:00"),
    ]  # fmt: skip


@pytest.mark.parametrize("expression", ["", "   "])
def test_without_a_schedule_nothing_is_due(expression: str) -> None:
    assert next_due(expression, "UTC", utc("2026-03-02 00:00")) is None


def test_a_date_that_never_comes_is_told_and_takes_no_time() -> None:
    for expression in ("0 0 30 2 *", "0 0 31 4 *", "0 0 31 2,4,6,9,11 *"):
        try:
            assert next_due(expression, "UTC", utc("2026-03-02 00:00")) is None
        except BadSchedule as refusal:
            assert "0 6 * * 1-5" in str(refusal)


@pytest.mark.parametrize(
    "expression", ["soon", "* * * *", "61 * * * *", "* * * * * *", "0 6 * * 9", "@daily", "\0 * * * *"]
)
def test_an_expression_that_cannot_work_is_refused_with_an_example(expression: str) -> None:
    with pytest.raises(BadSchedule, match=r"for example 0 6 \* \* 1-5"):
        next_due(expression, "UTC", utc("2026-03-02 00:00"))


@pytest.mark.parametrize("name", ["", "Mars/Base", "Europe", "../../etc/passwd", "/etc/localtime", "UTC\0", "x" * 300])
def test_a_zone_that_does_not_exist_is_refused_with_an_example(name: str) -> None:
    with pytest.raises(BadSchedule, match="Europe/Berlin"):
        zone(name)
