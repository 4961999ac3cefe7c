"""The trend as values: passes in commit order, and what may be said of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from remediation.core.ledger import Ledger

WEEK = timedelta(days=7)
LEAST_BASE = 10  # no percentage below it: 1 of 3 is not "33.3%"


@dataclass(frozen=True, slots=True)
class Layer:
    """One category in stack order (the first is drawn on top). ``slot`` is its colour, 0 to 8."""

    key: int
    name: str
    slot: int


WALL_FROM = 3  # environment errors that make a wall when they are half of all


def is_wall(total: int | None, environment: int | None) -> bool:
    """Whether the count says more of the interpreter and its packages than of the repository."""
    return bool(total and environment and environment >= WALL_FROM and environment * 2 >= total)


@dataclass(frozen=True, slots=True)
class Point:
    """One ended pass. A pass that was not counted has no value anywhere: giving it one raises ValueError.

    ``at``: effective time, aware. ``counts``: errors by layer, in the order of the layers; they sum to
    ``total`` (else ArithmeticError). ``scope``: what was collected; passes of one scope are comparable.
    ``scope_words``: what of it changed since the counted pass before, in short, where that is known.
    ``replayed``: ``at`` is the commit's time and not the pass's own. ``id``: of the row behind it, 0 for none.
    ``rules``: version of the rules that sorted it, where that is known. ``steps``: how many passes its ledger sums,
    more than one where a long history is shown in fewer points.
    """

    number: int
    at: datetime
    outcome: str
    total: int | None = None
    counts: tuple[int, ...] | None = None
    environment: int | None = None
    ledger: Ledger | None = None
    scope: int | None = None
    tests: int | None = None
    scope_changed: bool = False
    scope_words: str = ""
    held: bool = False
    replayed: bool = False
    commit: str = ""
    id: int = 0
    rules: int | None = None
    steps: int = 1

    def __post_init__(self) -> None:
        values = (self.total, self.counts, self.environment, self.ledger, self.tests)
        if self.outcome != "counted":
            if any(value is not None for value in values):
                raise ValueError(f"pass #{self.number} was not counted and must not have a value")
            return
        if self.total is None or self.counts is None:
            raise ValueError(f"pass #{self.number} was counted and needs its total and its counts")
        if sum(self.counts) != self.total:
            raise ArithmeticError(f"pass #{self.number}: categories sum to {sum(self.counts)}, total is {self.total}")
        if self.ledger is not None and self.ledger.after != self.total:
            raise ArithmeticError(f"pass #{self.number}: the ledger ends at {self.ledger.after}, total is {self.total}")

    @property
    def counted(self) -> bool:
        """Whether it has a number at all."""
        return self.outcome == "counted"

    @property
    def scope_note(self) -> str:
        """ "scope changed: Python 3.11 to 3.12"; "" where it did not."""
        known = f": {self.scope_words}" if self.scope_words else ""
        return f"scope changed{known}" if self.scope_changed else ""

    @property
    def in_repository(self) -> int | None:
        """Errors that a change in the repository can repair; the rest are the environment's."""
        return None if self.total is None else self.total - (self.environment or 0)

    @property
    def value(self) -> int:
        """The total of a counted pass. Raises ValueError for any other: there is nothing to read."""
        if self.total is None:
            raise ValueError(f"pass #{self.number} was not counted")
        return self.total


@dataclass(frozen=True)
class Trend:
    """A project's ended passes in commit order, and its layers. ``baseline``: number of the pass compared with."""

    layers: tuple[Layer, ...]
    points: tuple[Point, ...]
    baseline: int | None = None

    @property
    def columns(self) -> int:
        """Of the table of numbers: the layers and their total."""
        return len(self.layers) + 1

    @cached_property
    def counted(self) -> tuple[Point, ...]:
        """Only these enter a sum."""
        return tuple(point for point in self.points if point.counted)

    @cached_property
    def last(self) -> Point | None:
        """The last counted pass."""
        return next((point for point in reversed(self.points) if point.counted), None)

    @cached_property
    def base(self) -> Point | None:
        """The pass that everything is compared with: the declared baseline, else the first counted one."""
        counted = self.counted
        return next((p for p in counted if p.number == self.baseline), counted[0] if counted else None)

    @cached_property
    def since_base(self) -> tuple[Point, ...]:
        """The counted passes from the base on."""
        counted, base = self.counted, self.base
        return counted[counted.index(base) :] if base else ()

    @cached_property
    def peak(self) -> Point | None:
        """The first of the highest counts since the base."""
        return max(self.since_base, key=lambda point: point.value, default=None)

    @property
    def uncounted_since(self) -> tuple[Point, ...]:
        """The passes after the last counted one: none of them has a number."""
        tail: list[Point] = []
        for point in reversed(self.points):
            if point.counted:
                break
            tail.insert(0, point)
        return tuple(tail)


@dataclass(frozen=True, slots=True)
class Fewer:
    """The part of ``before`` that is gone, in percent, rounded down: 86.66 shows 86.6."""

    before: int
    after: int

    @property
    def percent(self) -> str:
        """One decimal at most; "100" only when nothing is left."""
        tenths = (self.before - self.after) * 1000 // self.before
        return f"{tenths // 10}.{tenths % 10}" if tenths % 10 else str(tenths // 10)


def comparable(before: Point, after: Point) -> bool:
    """Whether a percentage, "more" or "fewer" may be said of two counted passes at all."""
    return before.scope == after.scope


def fewer(before: Point | None, after: Point | None) -> Fewer | None:
    """The reduction between two counted passes; None where a percentage would mislead.

    None without a reduction, below a base of LEAST_BASE, when the passes are not comparable, and while
    the later one is held.
    """
    if before is None or after is None or before is after or not comparable(before, after) or after.held:
        return None
    if before.value < LEAST_BASE or after.value >= before.value:
        return None
    return Fewer(before.value, after.value)


@dataclass(frozen=True, slots=True)
class Week:
    """What moved in the seven days that end with the last counted pass."""

    start: Point
    end: Point
    ledger: Ledger
    by_layer: tuple[int, ...]
    comparable: bool

    @property
    def change(self) -> int:
        """After minus before."""
        return self.ledger.after - self.ledger.before

    @property
    def more_tests(self) -> int | None:
        """How many more tests were collected at its end; None when the scope changed in between."""
        if not self.comparable or self.start.tests is None or self.end.tests is None:
            return None
        return self.end.tests - self.start.tests

    @property
    def whole(self) -> bool:
        """Whether there was a counted pass seven days before; else it is the time since the first pass."""
        return self.end.at - self.start.at >= WEEK


def week(trend: Trend) -> Week | None:
    """The ledger of the last seven days; None with fewer than two counted passes. Raises if it does not sum."""
    counted = trend.counted
    if len(counted) < 2:
        return None
    end = counted[-1]
    start = max((i for i, p in enumerate(counted) if p.at <= end.at - WEEK), default=0)
    steps = [point.ledger for point in counted[start + 1 :] if point.ledger is not None]
    if not steps:
        return None
    before, after = counted[start].counts or (), end.counts or ()
    return Week(
        start=counted[start],
        end=end,
        ledger=Ledger.over(steps),
        by_layer=tuple(b - a for a, b in zip(before, after, strict=True)),
        comparable=not any(point.scope_changed for point in counted[start + 1 :]),
    )


@dataclass(frozen=True, slots=True)
class Headline:
    """The first sentence as data. ``state`` names its form:

    none, one, zero, zero-hidden, zero-scope, zero-held, incomparable, back, rising, falling, level, above. ``days``:
    how long the count stayed at zero, for "back".
    """

    state: str
    last: Point | None = None
    base: Point | None = None
    days: int = 0


def headline(trend: Trend, *, hidden: int = 0) -> Headline:
    """Which sentence is true of the last counted pass. ``hidden``: errors not visible though not repaired."""
    last, base = trend.last, trend.base
    if last is None or base is None:
        return Headline("none")
    if last.value == 0:
        return Headline(_zero_state(last, base, hidden), last, base)
    if len(trend.since_base) == 1:
        return Headline("one", last, base)
    if not comparable(base, last):
        return Headline("incomparable", last, base)
    if days := _days_at_zero(trend.since_base):
        return Headline("back", last, base, days)
    moved = week(trend)
    if moved and moved.whole and moved.comparable and last.value > moved.start.value:
        return Headline("rising", last, base)
    states = {-1: "falling", 0: "level", 1: "above"}
    return Headline(states[(last.value > base.value) - (last.value < base.value)], last, base)


def _zero_state(last: Point, base: Point, hidden: int) -> str:
    if last.held:
        return "zero-held"
    if last.scope != base.scope or not last.tests:
        return "zero-scope"
    return "zero-hidden" if hidden else "zero"


def _days_at_zero(counted: Sequence[Point]) -> int:
    """Whole days (at least 1) of the last time at zero, when the count is above zero now; else 0."""
    zeros = [i for i, point in enumerate(counted) if point.value == 0]
    if not zeros:
        return 0
    end = zeros[-1]
    start = end
    while start > 0 and counted[start - 1].value == 0:
        start -= 1
    return max((counted[end + 1].at - counted[start].at).days, 1)


def is_stale(ended_at: datetime, due: datetime | None, after_that: datetime | None, now: datetime) -> bool:
    """Whether the last counted pass is older than one and a half intervals of the schedule.

    ``due`` and ``after_that`` are the two due times that follow it, so a weekend without passes is not late.
    Without a schedule nothing is ever stale.
    """
    if due is None or after_that is None or now <= ended_at:
        return False
    return now > due + (after_that - due) / 2
