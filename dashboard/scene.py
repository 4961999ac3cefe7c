"""The one description of the plot that both renderers translate: every line, area, band, bar and word, once.

Lines and areas are in moments and counts; words are where dashboard.placing found room, in percent of the plot.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from dashboard.placing import SIZES
from dashboard.scene_words import Label, Word, labels, words
from dashboard.text_width import width
from remediation.core.ledger import Ledger
from remediation.core.picture import Picture, Run
from remediation.core.ticks import count_ticks
from remediation.core.trend import Layer, Point

BAR = 1 / 150  # of the plot's width
Vertex = tuple[datetime, float]


@dataclass(frozen=True, slots=True)
class Stack:
    """One run of counted passes. ``counts`` and ``totals`` hold from each moment to the next; the last repeats."""

    name: str
    times: tuple[datetime, ...]
    counts: tuple[tuple[int, ...], ...]  # by layer
    totals: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Band:
    """An area that is no count: ``kind`` gap (from bottom to top) or forecast."""

    kind: str
    outline: tuple[Vertex, ...]
    words: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """``kind``: plan or median."""

    kind: str
    points: tuple[Vertex, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """One movement of the strip: from ``base`` to ``base + size``, downwards where it is negative."""

    at: datetime
    kind: str
    base: int
    size: int


@dataclass(frozen=True, slots=True)
class Rule:
    """A thin vertical line: from here on something else was counted or it was sorted otherwise."""

    at: datetime
    kind: str


@dataclass(frozen=True, slots=True)
class Day:
    """A moment on the time axis; ``sizes``: where its words have room."""

    at: datetime
    words: str
    anchor: str
    sizes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that is drawn. ``halves``: names of the strip's upper and lower half."""

    since: datetime
    until: datetime
    top: int
    reach: int
    layers: tuple[Layer, ...]
    stacks: tuple[Stack, ...]
    bands: tuple[Band, ...]
    lines: tuple[Line, ...]
    target: datetime | None
    bars: tuple[Bar, ...]
    rules: tuple[Rule, ...]
    words: tuple[Word, ...]
    labels: tuple[Label, ...]
    ticks: tuple[int, ...]
    days: tuple[Day, ...]
    halves: tuple[str, str]

    def x(self, at: datetime) -> float:
        """0 to 100, from the left; what lies outside stands at the edge."""
        share = (at - self.since) / (self.until - self.since)
        return round(100 * min(max(share, 0.0), 1.0), 2)

    def y(self, count: float) -> float:
        """0 to 100, from the top."""
        return round(100 - 100 * count / self.top, 2)

    def of_kind(self, kind: str) -> tuple[Band, ...]:
        """The bands of one kind."""
        return tuple(band for band in self.bands if band.kind == kind)


def compose(picture: Picture) -> Scene:
    """The description of a picture. A gap has its band and its words, and nothing else: no layer, line or number."""
    bars = tuple(_bars(picture))
    steps = [abs(bar.base + bar.size) for bar in bars]
    lines = tuple(_lines(picture))
    return Scene(
        since=picture.since,
        until=picture.until,
        top=picture.top,
        reach=count_ticks(max(steps, default=0), 1)[-1],
        layers=picture.layers,
        stacks=tuple(
            _stack(stretch, number, picture)
            for number, stretch in enumerate(picture.stretches)
            if isinstance(stretch, Run)
        ),
        bands=tuple(_bands(picture)),
        lines=lines,
        target=picture.target,
        bars=bars,
        rules=tuple(
            Rule(max(mark.point.at, picture.since), mark.kind)
            for mark in picture.marks
            if mark.kind in {"scope", "rules"}
        ),
        words=words(picture, [line.points for line in lines if line.kind == "plan"]),
        labels=labels(picture),
        ticks=picture.ticks,
        days=_days(picture),
        halves=("more", "fewer") if any(bar.kind in {"more", "fewer"} for bar in bars) else ("added", "cleared"),
    )


def _stack(run: Run, number: int, picture: Picture) -> Stack:
    times = tuple(max(point.at, picture.since) for point in run.points)
    by_layer = zip(*(point.counts or () for point in run.points), strict=True)
    totals = tuple(point.value for point in run.points)
    return Stack(
        name=f"run {number}",
        times=(*times, run.until),
        counts=tuple((*counts, counts[-1]) for counts in by_layer),
        totals=(*totals, totals[-1]),
    )


def _bands(picture: Picture) -> Iterator[Band]:
    for gap in picture.gaps:
        left, right, top = max(gap.since, picture.since), gap.until, picture.top
        yield Band("gap", ((left, 0), (left, top), (right, top), (right, 0)), gap.words)
    if picture.forecast:
        end = next((step.at for step in picture.forecast if not step.high), picture.until)
        upper = _held(picture, [step.high for step in picture.forecast], end)
        lower = _held(picture, [step.low for step in picture.forecast], end)
        yield Band("forecast", (*upper, *reversed(lower)))


def _held(picture: Picture, counts: list[int], end: datetime) -> list[Vertex]:
    """Steps from the last count on, up to ``end``: each holds until the pass after it."""
    start, before = picture.runs[-1].until, float(picture.runs[-1].points[-1].value)
    found: list[Vertex] = [(start, before)]
    for step, count in zip(picture.forecast, counts, strict=True):
        if step.at <= end and count != before:
            found += [(step.at, before), (step.at, count)]
            before = count
    return [*found, (end, before)]


def _lines(picture: Picture) -> Iterator[Line]:
    if picture.forecast:
        end = next((step.at for step in picture.forecast if not step.median), picture.until)
        yield Line("median", tuple(_held(picture, [step.median for step in picture.forecast], end)))
    if picture.target is not None:
        base, start = picture.base, max(picture.base.at, picture.since)
        if base.at < picture.target:
            gone = (start - base.at) / (picture.target - base.at)
            yield Line("plan", ((start, base.value * (1 - gone)), (picture.target, 0)))


def _bars(picture: Picture) -> Iterator[Bar]:
    """What passes added and cleared; those that would cover each other are one bar of their sum."""
    moves: dict[int, tuple[datetime, dict[str, int]]] = {}
    for before, point in pairwise((None, *(point for point in picture.points if point.counted))):
        if point is None:
            continue
        at = max(point.at, picture.since)
        column = int((at - picture.since) / (picture.until - picture.since) / BAR)
        _, sums = moves.setdefault(column, (at, {}))
        for kind, number in _moved(point, before):
            sums[kind] = sums.get(kind, 0) + number
    for at, sums in moves.values():
        for kinds, sign in ((("unmasked", "new", "regressed", "more"), 1), (("cleared", "hidden", "fewer"), -1)):
            base = 0
            for kind in kinds:
                if sums.get(kind):
                    yield Bar(at, kind, base, sign * sums[kind])
                    base += sign * sums[kind]


def _moved(point: Point, before: Point | None) -> list[tuple[str, int]]:
    """The terms of the ledger; where there is none, as for one category alone, what is more or fewer."""
    if isinstance(point.ledger, Ledger):
        return [(kind, getattr(point.ledger, kind)) for kind in ("cleared", "hidden", "unmasked", "new", "regressed")]
    if before is None:
        return []
    change = point.value - before.value
    return [("more", max(change, 0)), ("fewer", max(-change, 0))]


def _days(picture: Picture) -> tuple[Day, ...]:
    """Words that would touch others are left out, those with a date last."""
    span = picture.until - picture.since
    places = {at: (at - picture.since) / span for at, _ in picture.days}
    anchors = {at: "start" if x < 0.03 else "end" if x > 0.97 else "middle" for at, x in places.items()}
    shown: dict[datetime, list[str]] = {at: [] for at in places}
    for size in SIZES:
        taken: list[tuple[float, float]] = []
        for at, said in sorted(picture.days, key=lambda day: (-len(day[1]) // 4, day[0])):
            wide, x = width(said), places[at] * size.width
            left = x - {"start": 0, "middle": wide / 2, "end": wide}[anchors[at]]
            if all(left >= end + 4 or left + wide + 4 <= start for start, end in taken):
                taken.append((left, left + wide))
                shown[at].append(size.name)
    return tuple(Day(at, said, anchors[at], tuple(shown[at])) for at, said in picture.days)
