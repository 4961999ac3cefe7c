"""The scene of a trend as numbers for an SVG template: the first paint, and all there is without JavaScript."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import groupby, pairwise

from django.utils.safestring import SafeString, mark_safe

from dashboard.scene import BAR, Band, Line, Scene, Stack, compose
from dashboard.scene_words import Label, Word
from remediation.core.ledger import Ledger
from remediation.core.picture import Picture
from remediation.core.trend import Point, Trend

GRID = 1000  # side of the square the areas are drawn in; it is stretched to the plot's size
COLUMN = 2  # of it: about a pixel and a half, where a thousand passes would weigh more than the page may


@dataclass(frozen=True, slots=True)
class Area:
    """One layer over all runs, as SVG path data."""

    slot: int
    path: str


@dataclass(frozen=True, slots=True)
class Text:
    """Words on an axis, at a place in percent; ``sizes``: the plots that have room for them."""

    x: float
    y: float
    words: str
    anchor: str = "start"
    sizes: str = ""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in percent of its strip."""

    x: float
    y: float
    width: float
    height: float
    kind: str = ""
    words: str = ""

    @property
    def place(self) -> SafeString:
        """As attributes, all at once: there are hundreds of bars."""
        return mark_safe(f'x="{self.x}%" width="{self.width}%" y="{self.y}%" height="{self.height}%"')  # noqa: S308  (numbers)


@dataclass(frozen=True, slots=True)
class Drawing:
    """Everything the template places. ``words``: (size, its words)."""

    areas: tuple[Area, ...]
    total: str
    gaps: tuple[Box, ...]
    forecast: str
    median: str
    plan: tuple[tuple[float, float], ...]
    target: float | None
    bars: tuple[Box, ...]
    rules: tuple[tuple[float, str], ...]
    words: tuple[tuple[str, tuple[Word, ...]], ...]
    labels: tuple[Label, ...]
    ticks: tuple[Text, ...]
    days: tuple[Text, ...]
    halves: tuple[str, str]
    reach: int


@lru_cache(maxsize=32)
def drawing_of(picture: Picture) -> Drawing:
    """The whole drawing of a picture. Kept while that is the same: a value like any other, whoever asks."""
    return draw(compose(picture))


def draw(scene: Scene) -> Drawing:
    """The whole drawing."""
    lines = {line.kind: line for line in scene.lines}
    return Drawing(
        areas=tuple(Area(layer.slot, _area(scene, i)) for i, layer in enumerate(scene.layers)),
        total="".join(_steps(stack, scene, stack.totals) for stack in scene.stacks),
        gaps=tuple(_gap(band, scene) for band in scene.of_kind("gap")),
        forecast="".join(_outline(band, scene) + "Z" for band in scene.of_kind("forecast")),
        median=_outline(lines["median"], scene) if "median" in lines else "",
        plan=tuple((scene.x(at), scene.y(count)) for at, count in lines["plan"].points) if "plan" in lines else (),
        target=scene.x(scene.target) if scene.target else None,
        bars=tuple(_bars(scene)),
        rules=tuple((scene.x(rule.at), rule.kind) for rule in scene.rules),
        words=tuple((size, tuple(group)) for size, group in groupby(scene.words, key=lambda word: word.size)),
        labels=scene.labels,
        ticks=tuple(Text(100, scene.y(tick), f"{tick:,}") for tick in scene.ticks),
        days=tuple(Text(scene.x(day.at), 0, day.words, day.anchor, " ".join(day.sizes)) for day in scene.days),
        halves=scene.halves,
        reach=scene.reach,
    )


def _grid(percent: float) -> int:
    return round(percent * GRID / 100)


def _steps(stack: Stack, scene: Scene, counts: Sequence[int]) -> str:
    """Path data of a stepped line over one run. Points that fall on one pixel column are one step."""
    place = [(_grid(scene.x(at)), _grid(scene.y(n))) for at, n in zip(stack.times, counts, strict=True)]
    path, height = f"M{place[0][0]},{place[0][1]}", place[0][1]
    for i, (x, y) in enumerate(place[1:-1], start=1):
        if y == height or (i + 2 < len(place) and place[i + 1][0] // COLUMN == x // COLUMN):
            continue
        path += f"H{x}V{y}"
        height = y
    return path + f"H{place[-1][0]}"


def _area(scene: Scene, layer: int) -> str:
    """The layer's area, run by run: from the axis up to the sum of it and of the layers below; those cover it."""
    path = ""
    for stack in scene.stacks:
        upper = [sum(column) for column in zip(*stack.counts[layer:], strict=True)]
        path += f"{_steps(stack, scene, upper)}V{GRID}H{_grid(scene.x(stack.times[0]))}Z"
    return path


def _outline(shape: Band | Line, scene: Scene) -> str:
    vertices = shape.outline if isinstance(shape, Band) else shape.points
    return "M" + "L".join(f"{_grid(scene.x(at))},{_grid(scene.y(count))}" for at, count in vertices)


def _gap(band: Band, scene: Scene) -> Box:
    left, right = scene.x(band.outline[0][0]), scene.x(band.outline[-1][0])
    return Box(left, 0, max(round(right - left, 2), 0.2), 100, words=band.words)


def _bars(scene: Scene) -> Iterator[Box]:
    """In percent of the strip, whose middle is zero."""
    for bar in scene.bars:
        top = 50 - 50 * max(bar.base, bar.base + bar.size) / scene.reach
        height = 50 * abs(bar.size) / scene.reach
        yield Box(scene.x(bar.at), round(top, 2), round(100 * BAR, 2), round(height, 2), bar.kind)


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
