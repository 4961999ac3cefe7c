"""The report of a week as one value: every number with the pass it comes from, and sums that are checked."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from remediation.core.credit import UNKNOWN, Credit
from remediation.core.ledger import Ledger
from remediation.core.pace import Pace, line, pace, steps
from remediation.core.period import Period, Weeks
from remediation.core.picture import Picture
from remediation.core.statement_line import StatementLine
from remediation.core.trend import Layer, Point, Trend, comparable


@dataclass(frozen=True, slots=True)
class Reason:
    """A pass that was not counted, and why."""

    number: int
    at: datetime
    outcome: str
    text: str


@dataclass(frozen=True, slots=True)
class Remaining:
    """A ticket with errors at the last counted pass. ``category``: key of the layer it stands under now."""

    label: str
    title: str
    kind: str
    status: str
    owner: str
    category: int
    category_name: str
    slot: int
    errors: int


@dataclass(frozen=True, slots=True)
class Resolved:
    """A ticket that a pass of the period verified and none of them saw again.

    ``fixed`` and ``deleted``: its errors that ended so in the period; ``freed``: files of the fixed ones that have no
    error left at its last counted pass. ``solution`` and ``value`` are what people stated.
    """

    label: str
    title: str
    module: str
    kind: str
    category_name: str
    slot: int
    number: int
    commit: str
    fixed: int
    deleted: int
    freed: int
    solution: str = ""
    value: str = ""
    credit: Credit = UNKNOWN


@dataclass(frozen=True, slots=True)
class CameBack:
    """A ticket that was verified and was seen again at pass ``number``; ``verified``: the pass before, 0 if unknown."""

    label: str
    title: str
    number: int
    commit: str
    verified: int
    errors: int
    owner: str


@dataclass(frozen=True, slots=True)
class Hidden:
    """Errors of a ticket that are visible no more though nobody repaired them."""

    label: str
    title: str
    reason: str
    errors: int


@dataclass(frozen=True, slots=True)
class ErrorFile:
    """One error of a ticket in a test file. ``state``: "error" while the last counted pass sees it, else what became
    of it: fixed or deleted in the period, or the reason why it is hidden."""

    path: str
    label: str
    state: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known beside the trend. ``silenced``: (words, files); ``deleted``: paths whose errors went with them.

    ``impacts``: layer key to the business impact that the team stated; ``tickets``: pass number to the tickets seen.
    ``picture``: what is drawn of the trend; None while nothing was counted. ``command``: of the last counted pass.
    """

    remaining: tuple[Remaining, ...] = ()
    resolved: tuple[Resolved, ...] = ()
    came_back: tuple[CameBack, ...] = ()
    hidden: tuple[Hidden, ...] = ()
    silenced: tuple[tuple[str, int], ...] = ()
    deleted: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()
    impacts: dict[int, str] = field(default_factory=dict)
    tickets: dict[int, int] = field(default_factory=dict)
    environment: dict[int, str] = field(default_factory=dict)
    command: str = ""
    changes: tuple[str, ...] = ()
    forecast: str = ""
    files: tuple[ErrorFile, ...] = ()
    picture: Picture | None = None
    statements: tuple[StatementLine, ...] = ()


@dataclass(frozen=True, slots=True)
class CategoryLine:
    """Errors of one category: None where there is no such pass. ``counts``: at each of the report's columns, the last
    of which is ``now``. ``impact``: stated by the team."""

    layer: Layer
    base: int | None
    before: int | None
    now: int
    counts: tuple[int, ...]
    impact: str


@dataclass(frozen=True, slots=True)
class Report:
    """Raises ArithmeticError where anything in it does not add up.

    ``base``, ``before``, ``last``: the pass compared with, the last counted one before the period (the first in it
    where there is none), and the last counted one before its end. ``now`` is ``last`` if it lies in the period.
    """

    project: str
    period: Period
    built: datetime
    trend: Trend
    before: Point | None
    ledger: Ledger | None
    since_base: Ledger | None
    pace: tuple[Pace, ...]
    facts: Facts

    def __post_init__(self) -> None:
        last = self.last
        if last is None:
            return
        if sum(line.now for line in self.categories) != last.value:
            raise ArithmeticError(f"categories do not sum to the {last.value} errors of #{last.number}")
        if sum(ticket.errors for ticket in self.facts.remaining) != last.value:
            raise ArithmeticError(f"tickets do not sum to the {last.value} errors of #{last.number}")
        if sum(file.state == "error" for file in self.facts.files) != last.value:
            raise ArithmeticError(f"test files do not sum to the {last.value} errors of #{last.number}")
        for ledger, start in ((self.ledger, self.before), (self.since_base, self.base)):
            if ledger is not None and (start is None or (ledger.before, ledger.after) != (start.value, last.value)):
                raise ArithmeticError(f"{ledger} does not lead to the {last.value} errors of #{last.number}")
        for row, next_ in itertools.pairwise([row for row in self.pace if row.end is not None]):
            if next_.ledger is None or next_.ledger.before != row.end or next_.ledger.after != next_.end:
                raise ArithmeticError(f"week {next_.label} does not follow on week {row.label}")

    @property
    def base(self) -> Point | None:
        """The declared baseline, else the first counted pass."""
        return self.trend.base

    @property
    def last(self) -> Point | None:
        """The last counted pass before the period's end."""
        return self.trend.last

    @property
    def now(self) -> Point | None:
        """The last counted pass of the period; None: it has no number."""
        last = self.last
        return last if last is not None and last.at in self.period else None

    @property
    def passes(self) -> tuple[Point, ...]:
        """Every ended pass of the period, counted or not."""
        return tuple(point for point in self.trend.points if point.at in self.period)

    @property
    def line(self) -> Pace:
        """The period as one line of a list of weeks."""
        return line(self.trend.points, self.period)

    @property
    def columns(self) -> tuple[Point, ...]:
        """The passes of "before and after": the base, the one before the period, and now; each once."""
        found: dict[int, Point] = {}
        for point in (self.base, self.before, self.last):
            if point is not None:
                found.setdefault(point.number, point)
        return tuple(sorted(found.values(), key=lambda point: (point.at, point.number)))

    @property
    def categories(self) -> tuple[CategoryLine, ...]:
        """In the order of the layers; they sum to the total of each pass."""
        last = self.last
        if last is None:
            return ()
        return tuple(
            CategoryLine(
                layer,
                _of(self.base, i),
                _of(self.before, i),
                _of(last, i) or 0,
                tuple(_of(point, i) or 0 for point in self.columns),
                self._impact(layer),
            )
            for i, layer in enumerate(self.trend.layers)
        )

    @property
    def groups(self) -> tuple[tuple[str, int, tuple[Remaining, ...]], ...]:
        """The remaining tickets by category: (name, slot, tickets), as they were given."""
        found: dict[tuple[int, str, int], list[Remaining]] = {}
        for ticket in self.facts.remaining:
            found.setdefault((ticket.category, ticket.category_name, ticket.slot), []).append(ticket)
        return tuple((name, slot, tuple(rows)) for (_, name, slot), rows in found.items())

    @property
    def resorted(self) -> bool:
        """Whether tickets stand under other categories now than the last counted pass was sorted by."""
        now = {line.layer.key: line.now for line in self.categories if line.now}
        tickets: dict[int, int] = {}
        for ticket in self.facts.remaining:
            tickets[ticket.category] = tickets.get(ticket.category, 0) + ticket.errors
        return now != tickets

    def _impact(self, layer: Layer) -> str:
        return self.facts.impacts.get(layer.key, "")


def build(project: str, whole: Trend, period: Period, weeks: Weeks, facts: Facts, built: datetime) -> Report:
    """The report of a period out of a project's whole trend; nothing later than its end is in it."""
    trend = until(whole, period.end)
    before = next((p for p in reversed(trend.counted) if p.at < period.start), None)
    before = before or next(iter(trend.counted), None)
    return Report(
        project=project,
        period=period,
        built=built,
        trend=trend,
        before=before,
        ledger=_since(trend, before),
        since_base=_since(trend, trend.base),
        pace=pace(trend, period, weeks),
        facts=facts,
    )


def until(trend: Trend, end: datetime) -> Trend:
    """The trend as it was known at a moment; a baseline that was declared on a later pass is not yet in it."""
    points = tuple(point for point in trend.points if point.at < end)
    known = any(point.number == trend.baseline and point.counted for point in points)
    return Trend(trend.layers, points, trend.baseline if known else None)


def _since(trend: Trend, start: Point | None) -> Ledger | None:
    counted: Sequence[Point] = trend.counted
    return steps(counted[counted.index(start) + 1 :]) if start is not None else None


def _of(point: Point | None, index: int) -> int | None:
    return point.counts[index] if point is not None and point.counts is not None else None


def incomparable(report: Report, start: Point | None) -> bool:
    """Whether the period's last counted pass collected in another way than ``start``."""
    return start is not None and report.last is not None and not comparable(start, report.last)
