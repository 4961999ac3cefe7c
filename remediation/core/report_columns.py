"""The passes of "before and after", side by side: what each is called, and what has changed since the first."""

from __future__ import annotations

from dataclasses import dataclass

from remediation.core.report import Report, incomparable
from remediation.core.report_words import day, signed
from remediation.core.trend import Point


@dataclass(frozen=True, slots=True)
class Column:
    """One pass. ``name``: "First pass", "Baseline", "Before", "Now" or "Last counted"; ``tickets``: those it saw."""

    point: Point
    name: str
    tickets: int | None
    environment: str

    @property
    def head(self) -> str:
        """ "First pass, #1, 6 Oct 2025"."""
        return f"{self.name}, #{self.point.number}, {day(self.point.at)}"


@dataclass(frozen=True, slots=True)
class Change:
    """From the first column to the last, each as words: "+12", "−97", "0", "" where either is unknown.

    "not comparable" where the two collected in different ways: the difference would not be of the suite.
    """

    since: int
    errors: str
    tests: str
    tickets: str

    @property
    def head(self) -> str:
        """ "Change since #1"."""
        return f"Change since #{self.since}"


def columns(report: Report) -> tuple[Column, ...]:
    """One for each of the report's columns."""
    facts = report.facts
    return tuple(
        Column(point, _name(report, point), facts.tickets.get(point.number), facts.environment.get(point.number, ""))
        for point in report.columns
    )


def change(report: Report) -> Change | None:
    """What changed since the base; None where no later pass stands beside it."""
    base, last = report.base, report.last
    if base is None or last is None or base is last:
        return None
    if incomparable(report, base):
        return Change(base.number, *("not comparable",) * 3)
    tickets = report.facts.tickets
    return Change(
        since=base.number,
        errors=_moved(base.value, last.value),
        tests=_moved(base.tests, last.tests),
        tickets=_moved(tickets.get(base.number), tickets.get(last.number)),
    )


def _name(report: Report, point: Point) -> str:
    if point is report.base:
        return "Baseline" if report.trend.baseline else "First pass"
    if point is report.last:
        return "Last counted" if report.now is None else "Now"
    return "Before"


def _moved(before: int | None, after: int | None) -> str:
    return "" if before is None or after is None else signed(after - before)
