"""Small stepped lines of one ticket's errors over the last passes, as numbers for an SVG template."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Q

from remediation.core.condense import LIMIT
from remediation.models import CollectionPass, Project

AXIS = ("pk", "outcome", "position", "number")  # what an axis needs of a pass

# pk of the first pass (None: one before the line begins), pk of the pass that no longer saw it (None: still seen)
Interval = tuple[int | None, int | None]


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
    """The last passes of a project in commit order: pk -> place, and which of them are counted.

    ``start``: position and number of the first one where there are others before it; None where they are all.
    ``coming``: ids of passes at work, one of which may land before the intervals are read.
    """

    places: Mapping[int, int]
    counted: tuple[bool, ...]
    start: tuple[int, int] | None = None
    coming: tuple[int, ...] = ()

    @classmethod
    def of(cls, project: Project) -> Axis:
        """The last LIMIT ended passes with a place on the ref: more would share their pixels. One query."""
        return cls.out_of(list(axis_rows(project).values_list(*AXIS)))

    @classmethod
    def out_of(cls, read: Sequence[Sequence[Any]]) -> Axis:
        """As above, from what was read of :func:`axis_rows`."""
        passes = [row for row in read if row[1]]  # what is at work has no outcome yet
        start = (passes[LIMIT - 1][2], passes[LIMIT - 1][3]) if len(passes) > LIMIT else None
        passes = passes[:LIMIT][::-1]
        counted = tuple(outcome == CollectionPass.Outcome.COUNTED for _, outcome, *_ in passes)
        coming = tuple(pk for pk, outcome, *_ in read if not outcome)
        return cls({pk: place for place, (pk, *_) in enumerate(passes)}, counted, start, coming)

    @property
    def only(self) -> int | None:
        """How many passes it shows where these are not all of them."""
        return len(self.counted) if self.start else None

    def first(self, pk: int, position: int, number: int) -> int | None:
        """The first pass of an interval as an Interval has it."""
        return None if self.start and (position, number) < self.start else pk

    def runs(self) -> list[tuple[int, int]]:
        """Runs of consecutive counted passes as (first place, place after the last)."""
        edges: list[int] = []
        for place, now in enumerate(self.counted):
            if now != (place > 0 and self.counted[place - 1]):
                edges.append(place)
        edges += [len(self.counted)] if len(edges) % 2 else []
        return list(zip(edges[::2], edges[1::2], strict=True))


def axis_rows(project: Project) -> Any:
    """The passes that an axis is made of, the last one first. The project was read ``with_work``."""
    rows = project.passes.filter(~Q(state="ended") | Q(position__isnull=False)).in_commit_order().reverse()
    return rows[: LIMIT + 1 + project.at_work]


def intervals_of(axis: Axis, ticket_ids: Sequence[int]) -> dict[int, list[Interval]]:
    """The occurrences of some tickets as intervals between passes, of those that reach into the axis. One query."""
    found: dict[int, list[Interval]] = {pk: [] for pk in ticket_ids}
    # A pass that landed meanwhile closes what the axis still has open.
    given = {"tickets": list(ticket_ids), "shown": [*axis.places, *axis.coming]}
    with connection.cursor() as cursor:
        cursor.execute(_INTERVALS, given)
        for ticket, closed, *first in cursor.fetchall():
            found[ticket].append((axis.first(*first), closed))
    return found


# What is open comes by the tickets, what has ended by the passes shown, which are the project's own: one condition for
# both would look through what every project has open.
_INTERVALS = """
SELECT cause.ticket_id, one.closed_pass_id, first.id, first.position, first.number
FROM (
    SELECT seen.* FROM remediation_fingerprint own CROSS JOIN LATERAL (
        SELECT * FROM remediation_occurrence WHERE fingerprint_id = own.id AND closed_pass_id IS NULL OFFSET 0) seen
    WHERE own.ticket_id = ANY(%(tickets)s)
    UNION ALL
    SELECT * FROM remediation_occurrence WHERE closed_pass_id = ANY(%(shown)s)
) one
JOIN remediation_fingerprint cause ON cause.id = one.fingerprint_id AND cause.ticket_id = ANY(%(tickets)s)
JOIN remediation_collectionpass first ON first.id = one.first_pass_id"""


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
        place = 0 if first is None else axis.places.get(first)
        if place is not None:
            changes[place] = changes.get(place, 0) + 1
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
