"""The picture of a trend, without a size: runs, gaps, labels, bars and ticks, for whoever draws it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from remediation.core import window
from remediation.core.forecast import Forecast, NoForecast, Step
from remediation.core.ledger import Ledger
from remediation.core.marks import Mark, marks
from remediation.core.ticks import count_ticks, day_ticks
from remediation.core.trend import Layer, Point, Trend


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive counted passes; the last count holds until ``until``."""

    points: tuple[Point, ...]
    until: datetime


@dataclass(frozen=True, slots=True)
class Gap:
    """Consecutive passes without a count, from the first of them until the next count or the right edge."""

    points: tuple[Point, ...]
    until: datetime

    @property
    def since(self) -> datetime:
        """Where every layer ends."""
        return self.points[0].at

    @property
    def words(self) -> str:
        """ "#12 blocked, not counted"."""
        outcomes = {point.outcome for point in self.points}
        one, last = self.points[0].number, self.points[-1].number
        which = f"#{one}" if len(self.points) == 1 else f"#{one} to #{last}"
        return f"{which} {outcomes.pop()}, not counted" if len(outcomes) == 1 else f"{which} not counted"

    @property
    def short(self) -> str:
        """ "#12 not counted": where there is no room for more."""
        return f"#{self.points[0].number} not counted" if len(self.points) == 1 else "not counted"


def right_edge(trend: Trend, now: datetime) -> datetime:
    """Where the picture ends: a little after the last pass; at ``now`` when a live pass was not counted.

    The time of a replayed pass is its commit's, so "now" says nothing about it.
    """
    if not trend.points:
        return now
    first, last = trend.points[0], trend.points[-1]
    return edge_of(first.at, last.at, now, counted=last.counted, replayed=last.replayed)


def edge_of(first: datetime, last: datetime, now: datetime, *, counted: bool, replayed: bool) -> datetime:
    """As :func:`right_edge`, from the times of the first and the last pass and how the last one ended."""
    tail = max((last - first) / 18, timedelta(hours=3))
    if not counted and not replayed:
        return max(now, last + tail)
    return last + tail * (1 if counted else 3)


def stretches(trend: Trend, edge: datetime) -> tuple[Run | Gap, ...]:
    """Runs and gaps in order, up to the right edge; they touch and never overlap. Each run is drawn on its own."""
    if not trend.points:
        return ()
    groups: list[list[Point]] = []
    for point in trend.points:
        if groups and groups[-1][-1].counted == point.counted:
            groups[-1].append(point)
        else:
            groups.append([point])
    ends = [group[0].at for group in groups[1:]] + [edge]
    return tuple(
        Run(tuple(group), end) if group[0].counted else Gap(tuple(group), end)
        for group, end in zip(groups, ends, strict=True)
    )


def thin(trend: Trend, limit: int = 150) -> Trend:
    """The same picture from fewer points: every change, gap, first, last and peak stays, repeats go.

    Nothing is dropped up to ``limit`` points. Ledgers of repeats are all zero, so a sum over what is left
    is the same.
    """
    points = trend.points
    if len(points) <= limit:
        return trend
    special = {id(trend.base), id(trend.peak), id(points[0]), id(points[-1])}
    kept = tuple(
        point
        for before, point, after in zip(points[:1] + points, points, (*points[1:], points[-1]), strict=False)
        if id(point) in special or _says_something(before, point, after)
    )
    return Trend(trend.layers, kept, trend.baseline)


def _says_something(before: Point, point: Point, after: Point) -> bool:
    if not point.counted:  # the first and the last of a gap name it
        return before.outcome != point.outcome or after.outcome != point.outcome
    return (
        before.counts != point.counts
        or point.scope_changed
        or point.held
        or before.rules != point.rules
        or moved(point.ledger)
    )


def moved(ledger: Ledger | None) -> bool:
    """Whether anything came or went."""
    return ledger is not None and any((ledger.cleared, ledger.hidden, ledger.unmasked, ledger.new, ledger.regressed))


@dataclass(frozen=True, slots=True)
class Picture:
    """All that is drawn, in moments and counts. ``top``: end of the scale of counts.

    ``base``: where the plan begins, drawn or not. ``forecast``: the steps that are drawn; none without a date.
    """

    layers: tuple[Layer, ...]
    stretches: tuple[Run | Gap, ...]
    marks: tuple[Mark, ...]
    since: datetime
    until: datetime
    top: int
    ticks: tuple[int, ...]
    days: tuple[tuple[datetime, str], ...]
    base: Point
    target: datetime | None = None
    forecast: tuple[Step, ...] = ()

    @property
    def runs(self) -> tuple[Run, ...]:
        """The stretches that have values."""
        return tuple(s for s in self.stretches if isinstance(s, Run))

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """The stretches that have none."""
        return tuple(s for s in self.stretches if isinstance(s, Gap))

    @property
    def points(self) -> tuple[Point, ...]:
        """Every pass drawn, in commit order."""
        return tuple(point for stretch in self.stretches for point in stretch.points)

    @property
    def first(self) -> Point:
        """The first counted pass: where the layers' names are written."""
        return self.runs[0].points[0]


def picture(
    trend: Trend,
    now: datetime,
    target: datetime | None = None,
    start: datetime | None = None,
    forecast: Forecast | NoForecast | None = None,
) -> Picture | None:
    """What to draw, or None while nothing was counted: an empty plot would look like zero.

    ``start``: draw from there on; what held then is drawn from the left edge. ``target``: the day of the plan.
    """
    base = trend.base
    trend = thin(window.since(trend, start) if start else trend)
    if base is None:
        return None
    edge = right_edge(trend, now)
    since = _left_edge(trend, start, edge)
    steps = forecast.steps if isinstance(forecast, Forecast) and forecast.latest and trend.points[-1].counted else ()
    if steps:  # what was counted last holds until the next pass
        edge = max(min(edge, steps[0].at), trend.points[-1].at + (edge - since) / 200)
    until = edge
    if isinstance(forecast, Forecast) and forecast.latest and steps:
        until = max(until, min(forecast.latest + (forecast.latest - since) / 25, edge + (edge - since)))
    if target is not None and since < target <= until + 2 * (until - since):
        until = max(until, target + (target - since) / 25)
    else:
        target = None
    ticks = count_ticks(max(point.value for point in trend.counted))
    return Picture(
        layers=trend.layers,
        stretches=stretches(trend, edge),
        marks=marks(trend),
        since=since,
        until=until,
        top=ticks[-1],
        ticks=ticks,
        days=day_ticks(since, until),
        base=base,
        target=target,
        forecast=tuple(step for step in steps if step.at < until),
    )


def _left_edge(trend: Trend, start: datetime | None, until: datetime) -> datetime:
    """Where the picture begins: at ``start`` unless a pass came later, and always before the end of a count."""
    first = trend.points[0].at
    if start is None or first >= start:
        return first
    ends = [*(point.at for point in trend.points[1:]), until]
    drawn = any(end > start for point, end in zip(trend.points, ends, strict=True) if point.counted)
    return start if drawn else first
