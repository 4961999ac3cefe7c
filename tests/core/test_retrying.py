"""When a message is tried again."""

from __future__ import annotations

from datetime import timedelta

from remediation.core.retrying import MAX_ATTEMPTS, wait_after


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
