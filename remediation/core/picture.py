"""The picture of a trend, without a size: runs, gaps, labels, bars and ticks, for whoever draws it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from remediation.core import window
from remediation.core.ledger import Ledger
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


def right_edge(trend: Trend, now: datetime) -> datetime:
    """Where the picture ends: a little after the last pass; at ``now`` when a live pass was not counted.

    The time of a replayed pass is its commit's, so "now" says nothing about it.
    """
    if not trend.points:
        return now
    first, last = trend.points[0], trend.points[-1]
    tail = max((last.at - first.at) / 18, timedelta(hours=3))
    if not last.counted and not last.replayed:
        return max(now, last.at + tail)
    return last.at + tail * (1 if last.counted else 3)


def stretches(trend: Trend, now: datetime) -> tuple[Run | Gap, ...]:
    """Runs and gaps in order; they touch and never overlap. Each run is to be drawn on its own."""
    if not trend.points:
        return ()
    groups: list[list[Point]] = []
    for point in trend.points:
        if groups and groups[-1][-1].counted == point.counted:
            groups[-1].append(point)
        else:
            groups.append([point])
    ends = [group[0].at for group in groups[1:]] + [right_edge(trend, now)]
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
    return before.counts != point.counts or point.scope_changed or point.held or moved(point.ledger)


def moved(ledger: Ledger | None) -> bool:
    """Whether anything came or went."""
    return ledger is not None and any((ledger.cleared, ledger.hidden, ledger.unmasked, ledger.new, ledger.regressed))


@dataclass(frozen=True, slots=True)
class Mark:
    """Words at a point of the total. ``kind``: first, peak, last, back, unmasked, scope."""

    kind: str
    point: Point
    words: str


@dataclass(frozen=True, slots=True)
class Picture:
    """All that is drawn. ``top`` and ``reach`` are the ends of the two vertical scales (errors; movements)."""

    layers: tuple[Layer, ...]
    stretches: tuple[Run | Gap, ...]
    marks: tuple[Mark, ...]
    since: datetime
    until: datetime
    top: int
    reach: int
    ticks: tuple[int, ...]
    days: tuple[tuple[datetime, str], ...]
    target: datetime | None = None

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
    def first(self) -> Point | None:
        """The first counted pass: where the layers' names are written."""
        return self.runs[0].points[0] if self.runs else None


def picture(
    trend: Trend, now: datetime, target: datetime | None = None, start: datetime | None = None
) -> Picture | None:
    """What to draw, or None while nothing was counted: an empty plot would look like zero.

    ``start``: draw from there on; what held then is drawn from the left edge.
    """
    trend = thin(window.since(trend, start) if start else trend)
    counted = trend.counted
    if not counted:
        return None
    until = right_edge(trend, now)
    since = _left_edge(trend, start, until)
    if target is not None and since < target <= until + 2 * (until - since):
        until = max(until, target + (target - since) / 25)
    else:
        target = None
    ticks = count_ticks(max(point.value for point in counted))
    movements = [max(_up(p.ledger), _down(p.ledger)) for p in counted if p.ledger is not None]
    return Picture(
        layers=trend.layers,
        stretches=stretches(trend, now),
        marks=_marks(trend),
        since=since,
        until=until,
        top=ticks[-1],
        reach=count_ticks(max(movements, default=0), 1)[-1],
        ticks=ticks,
        days=day_ticks(since, until),
        target=target,
    )


def _left_edge(trend: Trend, start: datetime | None, until: datetime) -> datetime:
    """Where the picture begins: at ``start`` unless a pass came later, and always before the end of a count."""
    first = trend.points[0].at
    if start is None or first >= start:
        return first
    ends = [*(point.at for point in trend.points[1:]), until]
    drawn = any(end > start for point, end in zip(trend.points, ends, strict=True) if point.counted)
    return start if drawn else first


def _up(ledger: Ledger) -> int:
    return ledger.unmasked + ledger.new + ledger.regressed


def _down(ledger: Ledger) -> int:
    return ledger.cleared + ledger.hidden


def _marks(trend: Trend) -> tuple[Mark, ...]:
    """First, peak and last value, what came back, the largest unmaskings, and changes of scope."""
    counted = trend.counted
    first, last, peak = counted[0], counted[-1], max(counted, key=lambda point: point.value)
    marks = [Mark("first", first, f"{first.value:,}")]
    if peak.value > first.value and peak is not last:
        from_behind = peak.ledger.unmasked if peak.ledger else 0
        words = f"peak {peak.value:,}" + (f", +{from_behind:,} unmasked" if from_behind else "")
        marks.append(Mark("peak", peak, words))
    if last is not first:
        marks.append(Mark("last", last, f"{last.value:,}"))
    back = [p for p in counted if p.ledger and p.ledger.regressed]
    marks += [Mark("back", p, f"{p.ledger.regressed:,} back") for p in back[-3:] if p.ledger]
    shown = [p for p in counted if p is not peak and p.ledger and p.ledger.unmasked >= max(5, p.value / 10)]
    shown.sort(key=lambda p: -p.ledger.unmasked if p.ledger else 0)
    marks += [Mark("unmasked", p, f"+{p.ledger.unmasked:,} unmasked") for p in shown[:3] if p.ledger]
    marks += [Mark("scope", p, p.scope_note) for p in counted if p.scope_changed]
    return tuple(marks)


def count_ticks(highest: int, steps: int = 4) -> tuple[int, ...]:
    """Round numbers from 0 up to at least ``highest`` (and to ``steps`` at least), at most ``steps`` + 1 of them."""
    rough = max(highest, steps) / steps
    magnitude = 10 ** math.floor(math.log10(rough))
    step = next(
        int(m * magnitude) for m in (1, 2, 2.5, 3, 4, 5, 10) if m * magnitude >= rough and m * magnitude % 1 == 0
    )
    return tuple(range(0, step * (math.ceil(max(highest, 1) / step) + 1), step))


def day_ticks(since: datetime, until: datetime, most: int = 9) -> tuple[tuple[datetime, str], ...]:
    """At most ``most`` moments with their words: days, or hours within two days. All in UTC."""
    span = until - since
    hours = [timedelta(hours=h) for h in (1, 3, 6, 12)]
    days = [timedelta(days=d) for d in (1, 2, 7, 14, 28, 56, 91, 182, 364, 728, 1820, 3640, 36400)]
    step = next(s for s in [*(hours if span < timedelta(days=2) else []), *days] if span / s < most)
    start = since.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    if step >= timedelta(days=1):
        start = start.replace(hour=0)
    else:
        start -= timedelta(hours=start.hour % (step.seconds // 3600))
    moments = [start + step * i for i in range(most + 2)]
    return tuple((m, _moment(m, step)) for m in moments if since <= m <= until)


def _moment(at: datetime, step: timedelta) -> str:
    if step < timedelta(days=1):
        return f"{at.day} {at:%b} {at:%H:%M}" if at.hour == 0 else f"{at:%H:%M}"
    return f"{at:%b %Y}" if step > timedelta(days=60) else f"{at.day} {at:%b}"


def spread(centres: Sequence[float], room: float, low: float, high: float) -> list[float]:
    """Move label centres (ascending) apart until each has ``room``, within low..high, staying near their places."""
    places = list(centres)
    for i, place in enumerate(places):
        places[i] = max(place, low + room / 2 if i == 0 else places[i - 1] + room)
    ceiling = high - room / 2
    for i in range(len(places) - 1, -1, -1):
        places[i] = min(places[i], ceiling)
        ceiling = places[i] - room
    return places
