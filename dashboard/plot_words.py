"""Room for words on the plot: beside a line at its top, without covering other words."""

from __future__ import annotations

from collections.abc import Iterable

Placed = tuple[float, float, str, str]  # x and y in percent of the plot, words, anchor

_PER_LETTER = 1.05  # percent of a plot of usual width
_LINE = 5.0  # percent of its height that one line of words takes
_ROWS = tuple(float(row) for row in range(4, 60))


def beside_line(x: float, words: str, placed: Iterable[Placed]) -> tuple[str, str, float]:
    """(words, anchor, y) of what is said of a line at ``x``.

    On the right where there is room, else on the left; where there is none, what stands before the colon alone.
    Below whatever stands at the top already.
    """
    width = _PER_LETTER * len(words)
    anchor = "end" if x + width > 100 else "start"
    if anchor == "end" and x < width:
        words, anchor = words.partition(":")[0], "end" if x > 86 else "start"
    start, end = _extent(x, words, anchor)
    extents = [(y, *_extent(other, said, side)) for other, y, said, side in placed]
    taken = [y for y, left, right in extents if left < end and start < right]
    return words, anchor, next((row for row in _ROWS if all(abs(row - y) >= _LINE for y in taken)), _ROWS[0])


def _extent(x: float, words: str, anchor: str) -> tuple[float, float]:
    width = _PER_LETTER * len(words)
    return (x - width, x) if anchor == "end" else (x, x + width)
