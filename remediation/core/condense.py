"""Which passes of a long history a page needs: all that is said of it stays exact, its picture has enough of them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, groupby, pairwise
from typing import NamedTuple

from remediation.core.marks import MOST_BACK, MOST_UNMASKED, is_large
from remediation.core.trend import WEEK

LIMIT = 240  # passes that are shown one by one
PART = 100  # passes that are outlined together
FINE, COARSE = 8, 2  # places in which a part is drawn, of a short history and of a long one


class Size(NamedTuple):
    """``recent``: so many of the last stay. ``columns``: places in which what is before them is drawn."""

    limit: int = LIMIT
    recent: int = 60
    columns: int = 100


SIZE = Size()


class Row(NamedTuple):
    """One ended pass in the order of the trend, in numbers alone.

    ``at``: seconds since the epoch. ``total`` and ``terms`` (cleared, hidden, unmasked, new, regressed) are None for
    a pass without a count; ``terms`` is None for the first counted one too. ``passes``: counted ones that the terms
    sum up to this one, more than one in an outline.
    """

    id: int
    at: float
    outcome: str
    total: int | None
    terms: tuple[int, ...] | None = None
    scope_changed: bool = False
    rules: int | None = None
    passes: int = 1

    @property
    def counted(self) -> bool:
        """Whether it has a number."""
        return self.outcome == "counted"


class Step(NamedTuple):
    """What moved from the counted pass kept before to this one: sums over ``passes`` steps. None: nothing before."""

    id: int
    terms: tuple[int, ...] | None
    passes: int


def condense(
    rows: Sequence[Row], baseline: int | None = None, starts: Iterable[float] = (), size: Size = SIZE
) -> list[Step]:
    """The passes to keep, in order; all of them up to the limit.

    Kept are: the first, the last and the ``baseline`` (its id); the last ones and all since the last count; the
    ends of every gap with the counts beside them; what held at each of ``starts`` and a week before the end; changes
    of scope and rules; the peak, the largest unmaskings and the last returns, each with the count before it, so that
    its own step stays its own; the last stay at zero; and of every column of older ones the last and the highest.
    """
    if len(rows) <= size.limit:
        return [Step(row.id, row.terms, row.passes) for row in rows]
    keep = {0, len(rows) - 1, *range(max(0, len(rows) - size.recent), len(rows))}
    keep |= {i for i, row in enumerate(rows) if row.id == baseline}
    keep |= set(_breaks(rows))
    counted = [i for i, row in enumerate(rows) if row.counted]
    if counted:
        keep |= set(range(counted[-1], len(rows)))
        keep |= {counted[0], *counted[-size.recent :]}
        moments = (rows[counted[-1]].at - WEEK.total_seconds(), *starts)
        keep |= set(_held_at(rows, range(len(rows)), moments)) | set(_held_at(rows, counted, moments))
        keep |= set(_with_the_one_before(counted, _outstanding(rows, counted, baseline)))
        keep |= set(_last_zero(rows, counted))
        keep |= set(_columns(rows, counted, size.columns))
    return _steps(rows, sorted(keep))


def closed(rows: Sequence[Row], length: int = PART, recent: int = SIZE.recent) -> Iterator[Sequence[Row]]:
    """The parts of a history that can be outlined: so many passes each, before the last ``recent`` counted ones.

    A part ends where time goes on, so that whatever comes later has a later time than all of it.
    """
    counted = [i for i, row in enumerate(rows) if row.counted]
    end = counted[-recent] if len(counted) >= recent else 0
    start, stop = 0, length
    while stop <= end:
        if rows[stop - 1].at < rows[stop].at:
            yield rows[start:stop]
            start, stop = stop, stop + length
        else:
            stop += 1


def outline(rows: Sequence[Row], columns: int) -> list[Row]:
    """What a later look at the whole history may need of a closed part of it, each with the sums up to it.

    Outlines of parts with the passes after them say what all passes say, to :func:`condense` too, unless it looks for
    the baseline or for what held at a moment: then the part in which that lies must be there with all its passes.
    """
    counted = [i for i, row in enumerate(rows) if row.counted]
    keep = {0, len(rows) - 1, *_breaks(rows)}
    if counted:
        keep |= {counted[0], counted[-1], *_last_zero(rows, counted), *_columns(rows, counted, columns)}
        keep |= set(_with_the_one_before(counted, _outstanding(rows, counted, None)))
    kept = sorted(keep)
    # The first count's own step leads back into the part before.
    own = counted[:1]
    return [
        rows[i] if i in own else rows[i]._replace(terms=step.terms, passes=step.passes)
        for i, step in zip(kept, _steps(rows, kept), strict=True)
    ]


def _breaks(rows: Sequence[Row]) -> Iterator[int]:
    """Both sides of every change between counted, blocked and failed, of scope and of rules."""
    for i, (before, row) in enumerate(pairwise(rows), start=1):
        if before.outcome != row.outcome or row.scope_changed or before.rules != row.rules:
            yield from (i - 1, i)


def _held_at(rows: Sequence[Row], places: Sequence[int], moments: Iterable[float]) -> Iterator[int]:
    """Of some passes the last one up to each moment."""
    times = [rows[i].at for i in places]
    for moment in moments:
        if after := bisect_right(times, moment):
            yield places[after - 1]


def _outstanding(rows: Sequence[Row], counted: Sequence[int], baseline: int | None) -> Iterator[int]:
    """What is written on the plot: the peak since the baseline and of all, large unmaskings, the last returns."""

    def total(i: int) -> int:
        return rows[i].total or 0

    since = next((n for n, i in enumerate(counted) if rows[i].id == baseline), 0)
    yield max(counted, key=total)
    yield max(counted[since:], key=total)
    # A step that sums several passes is nobody's own.
    moved = [(i, terms) for i in counted if (terms := rows[i].terms) is not None and rows[i].passes == 1]
    large = [(terms[2], -i) for i, terms in moved if is_large(terms[2], total(i))]
    # One more than is written: the peak says its own.
    yield from (-i for _, i in sorted(large)[-MOST_UNMASKED - 2 :])
    yield from [i for i, terms in moved if terms[4]][-MOST_BACK:]


def _with_the_one_before(counted: Sequence[int], chosen: Iterable[int]) -> Iterator[int]:
    place = {i: n for n, i in enumerate(counted)}
    for i in chosen:
        yield from counted[max(place[i] - 1, 0) : place[i] + 1]


def _last_zero(rows: Sequence[Row], counted: Sequence[int]) -> Iterator[int]:
    """Begin and end of the last stay at zero, and the counts on both sides of it."""
    end = next((n for n in reversed(range(len(counted))) if rows[counted[n]].total == 0), None)
    if end is None:
        return
    begin = end
    while begin > 0 and rows[counted[begin - 1]].total == 0:
        begin -= 1
    for n in (begin - 1, begin, end, end + 1):
        if 0 <= n < len(counted):
            yield counted[n]


def _columns(rows: Sequence[Row], counted: Sequence[int], columns: int) -> Iterator[int]:
    """Of each of so many parts, equally many passes long, the last and the highest."""
    passed = list(accumulate(rows[i].passes for i in counted))
    for _, part in groupby(zip(counted, passed, strict=True), lambda one: (one[1] - 1) * columns // passed[-1]):
        places = [i for i, _ in part]
        yield from (places[-1], max(places, key=lambda i: rows[i].total or 0))


def _steps(rows: Sequence[Row], keep: Sequence[int]) -> list[Step]:
    """The kept ones with the sums of all that moved since the counted one kept before."""
    sums = [list(accumulate((row.terms[n] if row.terms else 0) for row in rows)) for n in range(5)]
    passed = list(accumulate(row.passes if row.counted else 0 for row in rows))
    steps: list[Step] = []
    before: int | None = None
    for i in keep:
        if not rows[i].counted:
            steps.append(Step(rows[i].id, None, 1))
            continue
        terms = None if before is None else tuple(line[i] - line[before] for line in sums)
        steps.append(Step(rows[i].id, terms, 1 if before is None else passed[i] - passed[before]))
        before = i
    return steps
