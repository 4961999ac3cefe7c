"""The band holds about as often as it says, where the pace stays; where it does not, the limits say by how much."""

from __future__ import annotations

import pytest

from tests.benchmarks.forecast import backtest, bursty, rising_then_falling, slowing, stalls, steady, unmasking

_HISTORIES = 12


@pytest.mark.parametrize("kind", [steady, bursty, unmasking])
def test_where_the_pace_stays_eighty_of_a_hundred_are_about_eighty(kind) -> None:  # type: ignore[no-untyped-def]
    result = backtest(kind, _HISTORIES)
    together = 100 * sum(result.held.values()) / sum(result.tried.values())
    assert 72 <= together <= 92
    assert (result.share(0) or 0) >= 70, "the dates of zero"
    assert result.no_date < result.forecasts


@pytest.mark.parametrize("kind", [rising_then_falling, stalls, slowing])
def test_where_the_pace_changes_it_holds_less_and_less(kind) -> None:  # type: ignore[no-untyped-def]
    result = backtest(kind, _HISTORIES)
    near, far = result.share(1), result.share(20)
    assert near is not None and near >= 70
    assert far is not None and far < 72, "no past tells a change: the page says that the pace must stay"
