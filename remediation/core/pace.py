"""How fast a count moved, week by week: sums of the steps of the counted passes in each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from remediation.core.ledger import Ledger
from remediation.core.period import Period, Weeks
from remediation.core.trend import Point, Trend

WEEKS = 12  # of the table


@dataclass(frozen=True, slots=True)
class Pace:
    """One week. ``ledger`` is None where no step ended in it; ``end``: the last counted total, None for none."""

    label: str
    counted: int
    ran: int
    ledger: Ledger | None
    end: int | None

    @property
    def net(self) -> int | None:
        """After minus before."""
        return None if self.ledger is None else self.ledger.after - self.ledger.before


def steps(points: Sequence[Point]) -> Ledger | None:
    """The sum of the steps that end in these passes; None where there is none. Raises ArithmeticError."""
    found = [point.ledger for point in points if point.ledger is not None]
    return Ledger.over(found) if found else None


def line(points: Sequence[Point], period: Period) -> Pace:
    """One period, a week or not; ``points`` of a trend, of which those outside it are left out."""
    inside = [point for point in points if point.at in period]
    counted = [point for point in inside if point.counted]
    return Pace(period.label, len(counted), len(inside), steps(counted), counted[-1].value if counted else None)


def pace(trend: Trend, until: Period, weeks: Weeks, most: int = WEEKS) -> tuple[Pace, ...]:
    """The last weeks up to the period's end, from the week of the first pass on; the trend ends with the period."""
    if not trend.points:
        return ()
    first = weeks.of(trend.points[0].at)
    week = weeks.last_of(until)
    rows: list[Pace] = []
    while len(rows) < most and week.end > first.start:
        rows.insert(0, line(trend.points, week))
        week = weeks.before(week)
    return tuple(rows)
