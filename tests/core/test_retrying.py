"""When a message is tried again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediation.core.retrying import MAX_ATTEMPTS, MOST_ASKED, asked, wait_after

NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)


def test_waits_double_up_to_three_hours_and_then_it_is_given_up() -> None:
    plain = [wait_after(attempt, 0.5) for attempt in range(1, MAX_ATTEMPTS)]
    assert plain[:4] == [timedelta(seconds=seconds) for seconds in (30, 60, 120, 240)]
    assert plain[-1] == timedelta(hours=3) and plain == sorted(plain)
    assert wait_after(MAX_ATTEMPTS, 0.5) is None
    assert timedelta(hours=15) < sum(plain, timedelta()) < timedelta(hours=17)


def test_the_roll_moves_it_by_a_fifth_at_most() -> None:
    for attempt in (1, 5, MAX_ATTEMPTS - 1):
        middle = wait_after(attempt, 0.5)
        low, high = wait_after(attempt, 0), wait_after(attempt, 1)
        assert middle and low and high
        assert (low, high) == (middle * 0.8, middle * 1.2)
        assert wait_after(attempt, -9) == low and wait_after(attempt, 9) == high


@pytest.mark.parametrize(
    ("said", "wait"),
    [
        ("120", timedelta(minutes=2)),
        (" 7 ", timedelta(seconds=7)),
        ("Mon, 02 Mar 2026 07:00:00 GMT", timedelta(hours=1)),
        ("Mon, 02 Mar 2026 09:00:00 +0200", timedelta(hours=1)),
        ("Tue, 01 Mar 2044 07:00:00 GMT", MOST_ASKED),
        ("9" * 90, MOST_ASKED),
        ("0", None),
        ("-5", None),
        ("Sun, 01 Mar 2026 07:00:00 GMT", None),
        ("soon", None),
        ("", None),
        ("١٢", None),
        ("Mon, 02 Mar 99999 07:00:00 GMT", None),
    ],
)
def test_what_a_receiver_asks_for(said: str, wait: timedelta | None) -> None:
    assert asked(said, NOW) == wait


@given(st.text(max_size=100))
def test_whatever_it_says_it_is_a_time_to_come_or_nothing(said: str) -> None:
    wait = asked(said, NOW)
    assert wait is None or timedelta() < wait <= MOST_ASKED
