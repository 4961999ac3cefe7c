"""Small stepped lines of one ticket's errors over all passes, as numbers for an SVG template."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from remediation.models import CollectionPass, Occurrence, Project

Interval = tuple[int, int | None]  # pk of the first pass, pk of the pass that no longer saw it (None: still seen)


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch of passes that were not counted: it has no value, so the line stops there."""

    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Sparkline:
    """A stepped line in a box of ``width`` x ``height``: SVG path data, gaps, and the last point."""

    width: int
    height: int
    line: str
    area: str
    gaps: tuple[Band, ...]
    end: tuple[float, float] | None
    peak: int
    last: int

    @property
    def inner(self) -> int:
        """Height of a gap's band."""
        return self.height - 4


@dataclass(frozen=True, slots=True)
class Axis:
    """The passes of a project in commit order: pk -> place, and which of them are counted."""

    places: Mapping[int, int]
    counted: tuple[bool, ...]

    @classmethod
    def of(cls, project: Project) -> Axis:
        """Every ended pass with a place on the ref. One query."""
        rows = project.passes.filter(state="ended", position__isnull=False).in_commit_order()
        passes = list(rows.values_list("pk", "outcome"))
        counted = tuple(outcome == CollectionPass.Outcome.COUNTED for _, outcome in passes)
        return cls({pk: place for place, (pk, _) in enumerate(passes)}, counted)

    def runs(self) -> list[tuple[int, int]]:
        """Runs of consecutive counted passes as (first place, place after the last)."""
        edges: list[int] = []
        for place, now in enumerate(self.counted):
            if now != (place > 0 and self.counted[place - 1]):
                edges.append(place)
        edges += [len(self.counted)] if len(edges) % 2 else []
        return list(zip(edges[::2], edges[1::2], strict=True))


def intervals_of(ticket_ids: Sequence[int]) -> dict[int, list[Interval]]:
    """The occurrences of some tickets as intervals between passes. One query."""
    rows = Occurrence.objects.filter(fingerprint__ticket__in=ticket_ids)
    found: dict[int, list[Interval]] = {pk: [] for pk in ticket_ids}
    for ticket, first, closed in rows.values_list("fingerprint__ticket", "first_pass", "closed_pass"):
        found[ticket].append((first, closed))
    return found


def draw(axis: Axis, intervals: Iterable[Interval], width: int = 96, height: int = 22) -> Sparkline:
    """The line of a ticket. A pass that was not counted draws nothing: never a zero, never a bridge."""
    steps = _steps(axis, intervals)
    at = [place for place, _ in steps]
    peak = max((count for _, count in steps), default=0)
    slots = max(1, len(axis.counted))

    def x(place: int) -> float:
        return round(place * width / slots, 1)

    def y(count: int) -> float:
        return round(height - 2 - (height - 5) * count / max(1, peak), 1)

    def value(place: int) -> int:
        index = bisect_left(at, place + 1) - 1
        return steps[index][1] if index >= 0 else 0

    line, area, end, last = [], [], None, 0
    runs = axis.runs()
    for first, after in runs:
        corners = f"M{x(first)},{y(value(first))}"
        for place in at[bisect_left(at, first + 1) : bisect_left(at, after)]:
            corners += f"H{x(place)}V{y(value(place))}"
        corners += f"H{x(after)}"
        line.append(corners)
        area.append(f"{corners}V{height - 2}H{x(first)}Z")
        last = value(after - 1)
        end = (x(after), y(last))
    gaps = _gaps(runs, len(axis.counted))
    bands = tuple(Band(x(first), round(x(after) - x(first), 1)) for first, after in gaps)
    return Sparkline(width, height, "".join(line), "".join(area), bands, end, peak, last)


def _steps(axis: Axis, intervals: Iterable[Interval]) -> list[tuple[int, int]]:
    """(place, count from there on), one entry for each change."""
    changes: dict[int, int] = {}
    for first, closed in intervals:
        if first in axis.places:
            changes[axis.places[first]] = changes.get(axis.places[first], 0) + 1
        if closed in axis.places:
            changes[axis.places[closed]] = changes.get(axis.places[closed], 0) - 1
    steps: list[tuple[int, int]] = []
    count = 0
    for place in sorted(changes):
        count += changes[place]
        steps.append((place, count))
    return steps


def _gaps(runs: Sequence[tuple[int, int]], end: int) -> list[tuple[int, int]]:
    edges = [0, *(edge for run in runs for edge in run), end]
    return [(first, after) for first, after in zip(edges[::2], edges[1::2], strict=True) if after > first]
