"""The words on the plot: what is written, how important it is, and where it stands in each size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from dashboard.placing import PAD, SIZES, Board, Box, Size, Spot, Wish
from dashboard.text_width import LINE, width, wrapped
from remediation.core.marks import Mark
from remediation.core.picture import Gap, Picture, Run

NAMES_ROOM = 172.0  # pixels left of the plot for a layer's count and name
_COUNT_ROOM = 12.0  # from the plot to the count
_HEIGHT = 270.0  # of the plot where names stand beside it
_FONT = {"last": (15, True), "first": (13, True), "target": (12, True)}
_NARROW = {"last", "first", "peak", "gap", "target", "back"}  # what a phone has room for
_ORDER = ("last", "first", "target", "peak", "back", "gap", "scope", "rules", "forecast", "plan", "unmasked")
_MOST = 4  # of thin gaps, and of changes, that are named: the newest; the readout and the table name all of them
_MUST = {"last", "first", "target", "peak", "back"}
_LEADS = {"last", "first", "peak", "back", "unmasked"}


@dataclass(frozen=True, slots=True)
class Word:
    """Words of one size's plot at a baseline in percent. ``foot``: the height they speak of, where a line leads there.

    ``turned``: they are read from bottom to top. ``over``: they need a ground, for they stand on something.
    """

    size: str
    kind: str
    words: str
    x: float
    y: float
    anchor: str
    foot: float | None = None
    over: bool = False
    turned: bool = False


@dataclass(frozen=True, slots=True)
class Label:
    """A layer's name and first count beside its part of the first pass, in percent of the height."""

    y: float
    lines: tuple[str, ...]
    count: int
    slot: int
    bar_y: float
    bar_height: float
    names_x: float  # right end of the name, in pixels from the plot


@dataclass(frozen=True, slots=True)
class Ground:
    """The plot of one size in pixels."""

    picture: Picture
    size: Size

    def x(self, at: datetime) -> float:
        """From the left."""
        share = (at - self.picture.since) / (self.picture.until - self.picture.since)
        return self.size.width * min(max(share, 0.0), 1.0)

    def y(self, count: float) -> float:
        """From the top."""
        return self.size.height * (1 - count / self.picture.top)


def words(picture: Picture, plans: Sequence[Sequence[tuple[datetime, float]]]) -> tuple[Word, ...]:
    """Everything that is written on the plot, for each size; what finds no room is left out (the strip, the line
    above the plot and the table say it too). ``plans``: the plan's line, where there is one."""
    found: list[Word] = []
    for size in SIZES:
        ground = Ground(picture, size)
        found += _written(ground, [[(ground.x(at), ground.y(count)) for at, count in plan] for plan in plans])
    return tuple(found)


def _written(ground: Ground, plans: Sequence[Sequence[tuple[float, float]]]) -> Iterator[Word]:
    size, picture = ground.size, ground.picture
    bands = [Box(ground.x(gap.since), -size.above, ground.x(gap.until), size.height) for gap in picture.gaps]
    changes = [ground.x(mark.point.at) for mark in picture.marks if mark.kind in {"scope", "rules"}]
    lines = [*((*plan[0], *plan[1]) for plan in plans), *((x, 0.0, x, size.height) for x in changes)]
    board = Board(size, list(_roofs(ground)), bands, lines)
    diamond = ground.x(picture.target) if picture.target else None
    if diamond is not None:
        board.taken.append(Box(diamond - 6, size.height - 6, diamond + 6, size.height + 6))
    thin = []
    for gap, band in zip(picture.gaps, bands, strict=True):
        word = _in_band(gap, band, board)
        if word:
            yield word
        else:
            thin.append((gap, band))
    wishes = [*_wishes(ground, plans), *_beside(thin[-_MOST:])]
    for kind in _ORDER:
        for _, wish in (pair for pair in wishes if pair[0] == kind):
            spot = board.write(wish) if kind in _NARROW or size.name != "narrow" else None
            if spot:
                yield _word(size, kind, spot)


def _roofs(ground: Ground) -> Iterator[tuple[float, float, float]]:
    """The outline of what is drawn, as pieces of a height each."""
    for stretch in ground.picture.stretches:
        if isinstance(stretch, Run):
            ends = [*(point.at for point in stretch.points[1:]), stretch.until]
            for point, end in zip(stretch.points, ends, strict=True):
                yield ground.x(point.at), ground.x(end), ground.y(point.value)
    steps = ground.picture.forecast
    if steps:
        start = ground.picture.runs[-1]
        yield ground.x(start.until), ground.x(steps[0].at), ground.y(start.points[-1].value)
        ends = [*(step.at for step in steps[1:]), ground.picture.until]
        for step, end in zip(steps, ends, strict=True):
            yield ground.x(step.at), ground.x(end), ground.y(step.high)


def _in_band(gap: Gap, band: Box, board: Board) -> Word | None:
    """Read from bottom to top in the middle of the band, where it is wide enough for a line."""
    size = board.size
    centre = (band.left + band.right) / 2
    for said in (gap.words, gap.short):
        half = width(said) / 2
        if band.right - band.left >= LINE + 2 and half <= size.height / 2 - 2:
            middle = size.height / 2
            board.taken.append(Box(centre - LINE / 2, middle - half, centre + LINE / 2, middle + half))
            x, y = 100 * centre / size.width, 50.0
            return Word(size.name, "gap", said, round(x, 2), y, "middle", over=True, turned=True)
    return None


def _beside(gaps: Sequence[tuple[Gap, Box]]) -> Iterator[tuple[str, Wish]]:
    """Of bands that are too thin for a line of words: above them, to their right or left."""
    for gap, band in gaps:
        places = ((band.right + PAD + 0.1, 0.0), (band.left - PAD - 0.1, 0.0))
        yield "gap", Wish((gap.words, gap.short), places, ("start", "end"), from_top=True)


def _wishes(ground: Ground, plans: Sequence[Sequence[tuple[float, float]]]) -> Iterator[tuple[str, Wish]]:
    picture, size = ground.picture, ground.size
    changes = [id(mark) for mark in picture.marks if mark.kind in {"scope", "rules"}]
    unnamed = set(changes[:-_MOST])
    for mark in picture.marks:
        if id(mark) in unnamed:
            continue
        x, foot = ground.x(mark.point.at), ground.y(mark.point.value)
        letters, bold = _FONT.get(mark.kind, (12, False))
        said = (mark.words, mark.short) if mark.short and mark.short != mark.words else (mark.words,)
        said = said[-1:] if size.name == "narrow" else said
        line = mark.kind in {"scope", "rules"}
        anchors = ("start", "end") if line or mark.kind == "first" else ("start", "middle", "end")
        at = ((x, 0.0 if line else foot),)
        must = mark.kind in _MUST and (size.name != "narrow" or mark.kind != "back")
        if mark.kind == "first" and _held_at_the_edge(ground, mark):
            continue
        yield mark.kind, Wish(said, at, anchors, letters, bold, must, line, mark.kind in _LEADS)
    if picture.target:
        day = f"{picture.target.day} {picture.target:%b}"
        x, foot = ground.x(picture.target), size.height - 8
        place = ((x, foot), *((x - aside, foot) for aside in (46, 72, 100)))  # further left, below the plan's line
        yield "target", Wish((f"target {day}", day), place, ("middle", "end", "start"), must=True)
    for (x0, y0), (x1, y1) in plans:
        at = tuple((x0 + (x1 - x0) * part, y0 + (y1 - y0) * part) for part in (0.5, 0.6, 0.4, 0.7, 0.3, 0.8, 0.2))
        yield "plan", Wish(("plan",), at, ("start",))
    if picture.forecast:
        steps = [step for step in picture.forecast if step.high] or picture.forecast[:1]
        at = tuple((ground.x(steps[i].at), ground.y(steps[i].high)) for i in _places(len(steps)))
        yield "forecast", Wish(("forecast, 80%", "forecast"), at, ("start", "middle", "end"))


def _held_at_the_edge(ground: Ground, mark: Mark) -> bool:
    """Whether a first value is of a pass before the picture, and would stand in the way of the peak beside it."""
    peaks = [ground.x(other.point.at) for other in ground.picture.marks if other.kind == "peak"]
    return mark.point.at < ground.picture.since and any(x < 60 for x in peaks)


def _places(number: int) -> list[int]:
    """Some of the steps, from the middle outwards."""
    return sorted(
        {int(number * part) for part in (0.5, 0.6, 0.7, 0.4, 0.8, 0.3, 0.2, 0.1)}, key=lambda i: abs(2 * i - number)
    )


def _word(size: Size, kind: str, spot: Spot) -> Word:
    """In percent."""
    x, y = 100 * spot.x / size.width, 100 * spot.y / size.height
    foot = round(100 * spot.leader.bottom / size.height, 2) if spot.leader else None
    return Word(size.name, kind, spot.words, round(x, 2), round(y, 2), spot.anchor, foot, spot.over)


def labels(picture: Picture) -> tuple[Label, ...]:
    """Names beside the first count, top layer first, moved apart where parts are thin."""
    counts = picture.first.counts or ()
    shown = [(i, layer) for i, layer in enumerate(picture.layers) if counts[i]]
    tops = [_HEIGHT * (1 - sum(counts[i:]) / picture.top) for i, _ in shown]
    feet = [_HEIGHT * (1 - sum(counts[i + 1 :]) / picture.top) for i, _ in shown]
    beside = [_COUNT_ROOM + width(f"{counts[i]:,}", bold=True) + 7 for i, _ in shown]
    lines = [wrapped(layer.name, NAMES_ROOM - room) for (_, layer), room in zip(shown, beside, strict=True)]
    rooms = [len(said) * (LINE - 1) + 2 for said in lines]
    centres = spread([(a + b) / 2 for a, b in zip(tops, feet, strict=True)], rooms, -8, _HEIGHT + 10)
    return tuple(
        Label(
            y=round(100 * centres[n] / _HEIGHT, 2),
            lines=lines[n],
            count=counts[i],
            slot=layer.slot,
            bar_y=round(100 * tops[n] / _HEIGHT, 2),
            bar_height=round(100 * max(feet[n] - tops[n] - 1, 1) / _HEIGHT, 2),
            names_x=-round(beside[n], 1),
        )
        for n, (i, layer) in enumerate(shown)
    )


def spread(centres: Sequence[float], rooms: Sequence[float], low: float, high: float) -> list[float]:
    """Move label centres (ascending) apart until each has its room, within low..high, staying near their places."""
    places = list(centres)
    floor = low
    for i, room in enumerate(rooms):
        places[i] = max(places[i], floor + room / 2)
        floor = places[i] + room / 2
    ceiling = high
    for i in range(len(places) - 1, -1, -1):
        places[i] = min(places[i], ceiling - rooms[i] / 2)
        ceiling = places[i] - rooms[i] / 2
    return places
