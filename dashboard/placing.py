"""Finds room for words on the plot: never over other words, never out of it, over the steps only where it must be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from dashboard.text_width import DESCENT, LINE, width

PAD = 3.0  # pixels between words and what they stand beside
FAR = 12.0  # pixels above its foot from which on words need a line
_RISE = 4.0  # pixels between two heights that are tried


@dataclass(frozen=True, slots=True)
class Size:
    """The least inner width and the height of the plot, in pixels, and the room above it.

    Words that are apart at the least width are apart at any greater one: anchors move away from each other.
    """

    name: str
    width: float
    height: float
    above: float


SIZES = (Size("wide", 560, 270, 34), Size("mid", 420, 270, 34), Size("narrow", 244, 186, 22))


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels from the plot's upper left corner."""

    left: float
    top: float
    right: float
    bottom: float

    def hits(self, other: Box, pad: float = 0) -> bool:
        """Whether the two overlap, or come closer than ``pad``."""
        apart_x = self.left >= other.right + pad or other.left >= self.right + pad
        apart_y = self.top >= other.bottom + pad or other.top >= self.bottom + pad
        return not (apart_x or apart_y)


@dataclass(frozen=True, slots=True)
class Spot:
    """Words at a baseline: ``x`` and ``y`` in pixels. ``over``: they stand on the steps or on a gap's band."""

    x: float
    y: float
    words: str
    anchor: str
    box: Box
    over: bool = False
    leader: Box | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be written: words, the longest first, and where, the best place first.

    ``at``: anchor points in pixels (x, foot); words stand above the foot, or as high as they can (``from_top``).
    ``must``: rather over the steps than not at all. ``leads``: a line leads down to the foot where that is far.
    """

    words: tuple[str, ...]
    at: tuple[tuple[float, float], ...]
    anchors: tuple[str, ...] = ("start", "end", "middle")
    size: float = 12
    bold: bool = False
    must: bool = False
    from_top: bool = False
    leads: bool = False


@dataclass
class Board:
    """A plot of one size that fills with words."""

    size: Size
    roofs: Sequence[tuple[float, float, float]]  # from x to x, height of what is drawn there
    bands: Sequence[Box] = ()  # of the gaps
    lines: Sequence[tuple[float, float, float, float]] = ()  # thin lines that words should rather not cross
    taken: list[Box] = field(default_factory=list)

    def write(self, wish: Wish) -> Spot | None:
        """Finds the place and takes it; None where there is none."""
        found = None
        for words in wish.words:
            found = self._best(wish, words, over=False)
            if found:
                break
        if found is None and wish.must:
            found = next(filter(None, (self._best(wish, words, over=True) for words in wish.words)), None)
        if found:
            self.taken += [found.box, *([found.leader] if found.leader else [])]
        return found

    def roof(self, left: float, right: float) -> float:
        """The highest that is drawn between two places."""
        heights = [y for start, end, y in self.roofs if start < right and left < end]
        return min(heights, default=self.size.height)

    def _best(self, wish: Wish, words: str, *, over: bool) -> Spot | None:
        spots = [
            (self._cost(spot, foot, wish) + 6 * number, spot)
            for number, (x, foot) in enumerate(wish.at)
            for anchor in wish.anchors
            for spot in self._spots(wish, words, x, foot, anchor, over=over)
        ]
        return min(spots, key=lambda pair: pair[0])[1] if spots else None

    def _spots(self, wish: Wish, words: str, x: float, foot: float, anchor: str, *, over: bool) -> Iterable[Spot]:
        """The lowest free one above the foot; the highest one under the top, where the wish begins there.

        Words that must be written may stand anywhere above, on or below their foot, as the last resort.
        """
        wide = width(words, wish.size, bold=wish.bold)
        left, right = _extent(x, wide, anchor)
        if left < 0 or right > self.size.width:
            return
        tall = LINE * wish.size / 12
        highest = tall - self.size.above
        lowest = self.size.height - 1 if over else min(foot, self.roof(left, right)) - 2
        steps = range(int((lowest - highest) // _RISE) + 1)
        for step in steps:
            bottom = highest + _RISE * step if wish.from_top else lowest - _RISE * step
            box = Box(left, bottom - tall, right, bottom)
            if any(box.hits(other, PAD) for other in self.taken):
                continue
            if not over and any(box.hits(band, PAD) for band in self.bands):
                continue
            leader = Box(x - 1, bottom, x + 1, foot) if wish.leads and foot - bottom > FAR else None
            if leader and any(leader.hits(other, 1) for other in self.taken):
                continue
            yield Spot(x, bottom - DESCENT, words, anchor, box, over, leader)
            if not over:
                return

    def _cost(self, spot: Spot, foot: float, wish: Wish) -> float:
        """How far from what it speaks of, and whether a thin line runs through it."""
        far = 0 if wish.from_top else abs(foot - spot.box.bottom)
        crossed = sum(_crosses(line, spot.box) for line in self.lines)
        return far + 25 * crossed + 3 * wish.anchors.index(spot.anchor)


def _extent(x: float, wide: float, anchor: str) -> tuple[float, float]:
    """From the anchor on: it belongs to the words, so that they stay apart at any greater width."""
    if anchor == "start":
        return x, x + PAD + wide
    if anchor == "end":
        return x - PAD - wide, x
    return x - wide / 2, x + wide / 2


def _crosses(line: tuple[float, float, float, float], box: Box) -> bool:
    """Whether a straight line from (x0, y0) to (x1, y1) runs through a box; looked at in 24 places."""
    x0, y0, x1, y1 = line
    return any(
        box.left <= x0 + (x1 - x0) * i / 24 <= box.right and box.top <= y0 + (y1 - y0) * i / 24 <= box.bottom
        for i in range(25)
    )
