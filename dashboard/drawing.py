"""The picture of a trend as numbers for an SVG template: the first paint, and all there is without JavaScript."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from dashboard.plot_words import beside_line
from remediation.core.ledger import Ledger
from remediation.core.picture import Gap, Picture, spread
from remediation.core.trend import Layer, Point, Trend

GRID = 1000  # side of the square the areas are drawn in; it is stretched to the plot's size
_NAME = 22  # characters of a name beside the plot; the whole name stands in the table


@dataclass(frozen=True, slots=True)
class Area:
    """One layer over all runs, as SVG path data."""

    slot: int
    path: str


@dataclass(frozen=True, slots=True)
class Text:
    """Words at a place in percent of the plot's width and height; ``foot`` is the height they speak of."""

    x: float
    y: float
    words: str
    kind: str = ""
    anchor: str = "start"
    foot: float = 0


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in percent of its strip."""

    x: float
    y: float
    width: float
    height: float
    kind: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Label:
    """A layer's name beside its part of the first count."""

    y: float
    lines: tuple[str, ...]
    count: int
    slot: int
    bar_y: float
    bar_height: float

    @property
    def names_x(self) -> int:
        """Right end of the name in pixels, left of the count."""
        return -20 - 8 * len(f"{self.count:,}")


@dataclass(frozen=True, slots=True)
class Drawing:
    """Everything the template places."""

    areas: tuple[Area, ...]
    total: str
    gaps: tuple[Box, ...]
    bars: tuple[Box, ...]
    marks: tuple[Text, ...]
    labels: tuple[Label, ...]
    ticks: tuple[Text, ...]
    days: tuple[Text, ...]
    rules: tuple[float, ...]
    reach: int
    plan: tuple[float, float, float] | None


@dataclass(frozen=True, slots=True)
class Scale:
    """From moments and counts to percent of the plot."""

    picture: Picture

    def x(self, at: datetime) -> float:
        """0 to 100, from the left; what began before the picture stands at its edge."""
        at = max(at, self.picture.since)
        return round(100 * ((at - self.picture.since) / (self.picture.until - self.picture.since)), 2)

    def y(self, count: float) -> float:
        """0 to 100, from the top."""
        return round(100 - 100 * count / self.picture.top, 2)


def draw(picture: Picture) -> Drawing:
    """The whole drawing. A gap has a band and nothing else: no layer, no line, no number."""
    scale = Scale(picture)
    first = picture.first
    plan = None
    if picture.target and first:
        plan = (scale.x(first.at), scale.y(first.value), scale.x(picture.target))
    return Drawing(
        areas=tuple(Area(layer.slot, _area(picture, scale, i)) for i, layer in enumerate(picture.layers)),
        total="".join(_steps(run.points, run.until, scale, lambda p: p.value) for run in picture.runs),
        gaps=tuple(_gap(gap, scale) for gap in picture.gaps),
        bars=tuple(bar for point in picture.points for bar in _bars(point, scale, picture.reach)),
        marks=_place(picture, scale),
        labels=_labels(picture.layers, first, scale) if first else (),
        ticks=tuple(Text(100, scale.y(tick), f"{tick:,}") for tick in picture.ticks),
        days=_days(picture, scale),
        rules=tuple(scale.x(mark.point.at) for mark in picture.marks if mark.kind == "scope"),
        reach=picture.reach,
        plan=plan,
    )


def _steps(points: Sequence[Point], until: datetime, scale: Scale, count, back=None) -> str:  # type: ignore[no-untyped-def]
    """Path data of a stepped line over one run. Points that fall on one pixel column are one step."""
    place = [(round(scale.x(p.at) * GRID / 100), round(scale.y(count(p)) * GRID / 100)) for p in points]
    path, height = f"M{place[0][0]},{place[0][1]}", place[0][1]
    for i, (x, y) in enumerate(place[1:], start=1):
        if y == height or (i + 1 < len(place) and place[i + 1][0] == x):
            continue
        path += f"H{x}V{y}"
        height = y
    return path + f"H{round(scale.x(until) * GRID / 100)}"


def _area(picture: Picture, scale: Scale, layer: int) -> str:
    """The layer's area, run by run: from the sum of the layers below it up to that sum and its own."""
    path = ""
    for run in picture.runs:
        upper = _steps(run.points, run.until, scale, lambda p: sum(p.counts[layer:]))
        path += f"{upper}V{GRID}H{round(scale.x(run.points[0].at) * GRID / 100)}Z"
    return path


def _gap(gap: Gap, scale: Scale) -> Box:
    x = scale.x(gap.since)
    return Box(x, 0, max(round(scale.x(gap.until) - x, 2), 0.2), 100, words=gap.words)


def _bars(point: Point, scale: Scale, reach: int) -> list[Box]:
    """What one pass added, above the middle, and cleared, below it; in percent of the strip."""
    ledger = point.ledger
    if ledger is None:
        return []
    x, height, bars = scale.x(point.at), 50.0, []
    for kind in ("unmasked", "new", "regressed"):
        share = round(50 * getattr(ledger, kind) / reach, 2)
        if share:
            height -= share
            bars.append(Box(x, round(height, 2), 0, share, kind))
    below = 50.0
    for kind in ("cleared", "hidden"):
        share = round(50 * getattr(ledger, kind) / reach, 2)
        if share:
            bars.append(Box(x, round(below, 2), 0, share, kind))
            below += share
    return bars


def _place(picture: Picture, scale: Scale) -> tuple[Text, ...]:
    """The marks' words, most important first; one that would cover another is left out (the strip shows it)."""
    order = {"last": 0, "first": 1, "peak": 2, "back": 3, "unmasked": 4, "scope": 5}
    placed: list[Text] = []
    for mark in sorted(picture.marks, key=lambda mark: order[mark.kind]):
        x, foot = scale.x(mark.point.at), scale.y(mark.point.value)
        late = x > 86 and mark.kind != "last"
        y = foot
        if mark.kind == "scope":
            words, anchor, y = beside_line(x, mark.words, [(t.x, t.y, t.words, t.anchor) for t in placed])
            placed.append(Text(x, y, words, mark.kind, anchor, foot))
            continue
        if mark.kind == "back":  # above the steps beside it, with a line down to its own
            near = (p for p in picture.points if p.counted and -16 < scale.x(p.at) - x < (1 if late else 16))
            y = min(*(scale.y(p.value) for p in near), *(t.y - 7 for t in placed if abs(t.x - x) < 16), 95) - 3
        elif mark.kind == "peak" and any(abs(t.x - x) < 4 and abs(t.y - foot) < 12 for t in placed):
            y = min(t.y for t in placed if abs(t.x - x) < 4) - 6
        elif any(abs(t.x - x) < 14 and abs(t.y - foot) < 12 for t in placed) or (late and mark.kind == "unmasked"):
            continue
        placed.append(Text(x, round(y, 2), mark.words, mark.kind, "end" if late else "start", foot))
    return tuple(placed)


def _labels(layers: Sequence[Layer], first: Point, scale: Scale) -> tuple[Label, ...]:
    """Names beside the first count, top layer first, moved apart where parts are thin."""
    counts = first.counts or ()
    shown = [(i, layer) for i, layer in enumerate(layers) if counts[i]]
    tops = {i: scale.y(sum(counts[i:])) for i, _ in shown}
    feet = {i: scale.y(sum(counts[i + 1 :])) for i, _ in shown}
    lines = {i: wrap(layer.name) for i, layer in shown}
    centres = spread([(tops[i] + feet[i]) / 2 for i, _ in shown], 9.5, 0, 104)
    return tuple(
        Label(round(y, 2), lines[i], counts[i], layer.slot, tops[i], round(max(feet[i] - tops[i] - 0.4, 0.4), 2))
        for y, (i, layer) in zip(centres, shown, strict=True)
    )


def wrap(name: str) -> tuple[str, ...]:
    """A name in one or two lines of at most 22 characters."""
    if len(name) <= _NAME:
        return (name,)
    cut = max((i for i, letter in enumerate(name[: _NAME + 1]) if letter == " "), default=_NAME)
    rest = name[cut:].strip()
    return name[:cut], rest if len(rest) <= _NAME else rest[: _NAME - 1] + "…"


def _days(picture: Picture, scale: Scale) -> tuple[Text, ...]:
    placed = [(scale.x(at), words) for at, words in picture.days]
    return tuple(Text(x, 0, words, anchor="start" if x < 3 else "end" if x > 97 else "middle") for x, words in placed)


@dataclass(frozen=True, slots=True)
class Spark:
    """A small stepped line of one layer, in a box of ``width`` by ``height`` pixels."""

    width: int
    height: int
    line: str
    area: str
    gaps: tuple[Box, ...]
    end: tuple[float, float]

    @property
    def inner(self) -> int:
        """Height of a gap's band."""
        return self.height - 4


def spark(
    trend: Trend,
    layer: int | None,
    top: int,
    *,
    axis: tuple[datetime, datetime] | None = None,
    width: int = 104,
    height: int = 26,
) -> Spark | None:
    """One layer (None: the total) on a scale of 0 to ``top``; uncounted passes are gaps. None without a count.

    Pass by pass, or over the time of ``axis`` so that several lines can be compared.
    """
    if trend.last is None:
        return None
    places, floor = _places(trend.points, axis, width), height - 2

    def y(point: Point) -> float:
        count = point.value if layer is None else (point.counts or ())[layer]
        return round(floor - (height - 5) * count / max(top, 1), 1)

    line, area, gaps, start, before = "", "", [], 0.0, None
    for i, (point, (x, end)) in enumerate(zip(trend.points, places, strict=True)):
        if not point.counted:
            area += f"V{floor}H{start}Z" if before is not None else ""
            gaps.append(Box(x, 2, round(end - x, 1), floor - 2))
            before = None
            continue
        move = f"M{x},{y(point)}" if before is None else (f"H{x}V{y(point)}" if y(point) != before else "")
        start = x if before is None else start
        if i + 1 == len(trend.points) or not trend.points[i + 1].counted:
            move += f"H{end}"
        line, area, before = line + move, area + move, y(point)
    area += f"V{floor}H{start}Z" if before is not None else ""
    end = (places[trend.points.index(trend.last)][1], y(trend.last))
    return Spark(width, height, line, area, tuple(gaps), end)


def _places(points: Sequence[Point], axis: tuple[datetime, datetime] | None, width: int) -> list[tuple[float, float]]:
    """Where each pass begins and ends, in pixels."""
    if axis is None or axis[0] == axis[1]:
        edges = [i * width / len(points) for i in range(len(points) + 1)]
    else:
        edges = [(point.at - axis[0]) / (axis[1] - axis[0]) * (width - 3) for point in points]
        edges.append(edges[-1] + 3)
    return [(round(a, 1), round(b, 1)) for a, b in pairwise(edges)]


def terms(ledger: Ledger) -> list[tuple[str, str, int]]:
    """The terms of a ledger that are not zero, as (sign, word, count); cleared is always said."""
    signs = {"cleared": "−", "hidden": "−", "unmasked": "+", "new": "+", "regressed": "+"}
    return [(s, word, getattr(ledger, word)) for word, s in signs.items() if getattr(ledger, word) or word == "cleared"]
