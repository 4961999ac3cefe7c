"""Fewer points for a small line: one for each column of it, so that a thousand passes weigh no more than a hundred."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from remediation.core.trend import Point, Trend


def by_pass(trend: Trend, columns: int) -> Trend:
    """Columns of equally many passes."""
    number = max(len(trend.points), 1)
    return _sampled(trend, columns, lambda i, _: i * columns // number)


def by_time(trend: Trend, columns: int, since: datetime, until: datetime) -> Trend:
    """Columns of equal time."""
    whole = max((until - since).total_seconds(), 1)
    return _sampled(trend, columns, lambda _, point: int((point.at - since).total_seconds() * columns / whole))


def _sampled(trend: Trend, columns: int, column: Callable[[int, Point], int]) -> Trend:
    """Of each column the last count, and beside it a pass without one: a gap never goes, a count is never made up."""
    if len(trend.points) <= columns:
        return trend
    kept: list[Point] = []
    at = None
    for i, point in enumerate(trend.points):
        place = column(i, point)
        if kept and place == at and kept[-1].counted == point.counted:
            kept[-1] = point
        else:
            kept.append(point)
        at = place
    return replace(trend, points=tuple(kept))
