"""The numbers of a report that a text in it can be held against."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from remediation.core.ledger import Ledger
from remediation.core.quoted_numbers import LABEL, Disagreement, Known, Number, Share, at_pass, disagreements
from remediation.core.reduction import reduction
from remediation.core.report import Report
from remediation.core.trend import LEAST_BASE, Point, comparable

_TERMS = ("cleared", "hidden", "unmasked", "new", "regressed")


def known_of(report: Report) -> Known:
    """Every computed number of the report, each in words with its pass."""
    if report.last is None:
        return Known()
    parts = _by_name(_parts(report))
    return Known(
        (*_columns(report), *_moved(report), *_tickets(report), *_files(report)),
        tuple(_shares(report)),
        parts,
        tuple(name for name in parts if not LABEL.fullmatch(name)),
        {point.number: point for point in report.trend.counted},
    )


class Answers:
    """What a report's numbers say to the texts that people wrote for it."""

    def __init__(self, report: Report) -> None:
        self.known = known_of(report)

    def to(self, text: str, own: str = "") -> tuple[Disagreement, ...]:
        """What of a text they do not bear out; ``own``: the label or name of what it is about."""
        return disagreements(text, self.known, own) if text else ()


def _by_name(parts: Iterator[Number]) -> dict[str, list[Number]]:
    found: dict[str, list[Number]] = defaultdict(list)
    for number in parts:
        found[number.of.lower()].append(number)
    return dict(found)


def _columns(report: Report) -> Iterator[Number]:
    for point in report.columns:
        yield from at_pass(point, "now" if point is report.last else "")
        if (seen := report.facts.tickets.get(point.number)) is not None:
            yield Number("tickets", "", seen, f"{seen:,} seen at #{point.number}")


def _moved(report: Report) -> Iterator[Number]:
    for ledger, start in ((report.ledger, report.before), (report.since_base, report.base)):
        if ledger is not None and start is not None and report.last is not None:
            yield from _ledger(ledger, start, report.last)
    for start in (report.before, report.base):
        if start is not None and report.last is not None and start is not report.last:
            fell, span = start.value - report.last.value, f"from #{start.number} to #{report.last.number}"
            turn = "fewer" if fell >= 0 else "more"
            yield Number("errors", turn, abs(fell), f"{abs(fell):,} {turn} {span}")
            yield Number("errors", "more" if fell >= 0 else "fewer", 0, f"{abs(fell):,} {turn} {span}")
    fixed = sum(row.fixed for row in report.facts.resolved)
    yield Number("errors", "cleared", fixed, f"{fixed:,} cleared of the resolved tickets")
    hidden = sum(row.errors for row in report.facts.hidden)
    yield Number("errors", "hidden", hidden, f"{hidden:,} hidden now")


def _ledger(ledger: Ledger, start: Point, last: Point) -> Iterator[Number]:
    for term in _TERMS:
        value = getattr(ledger, term)
        yield Number("errors", term, value, f"{value:,} {term} from #{start.number} to #{last.number}")


def _tickets(report: Report) -> Iterator[Number]:
    facts, words = report.facts, report.period.words
    last = report.last.number if report.last else 0
    rows = (
        ("cleared", len(facts.resolved), f"resolved {words}"),
        ("now", len(facts.remaining), f"with errors at #{last}"),
        ("regressed", len(facts.came_back), f"came back {words}"),
    )
    for turn, value, said in rows:
        yield Number("tickets", turn, value, f"{value:,} {said}")


def _files(report: Report) -> Iterator[Number]:
    facts, words = report.facts, report.period.words
    freed, deleted = sum(row.freed for row in facts.resolved), len(facts.deleted)
    yield Number("files", "freed", freed, f"{freed:,} freed {words}")
    yield Number("files", "deleted", deleted, f"{deleted:,} with errors deleted {words}")
    silenced = sum(number for _, number in facts.silenced)
    yield Number("files", "hidden", silenced, f"{silenced:,} silenced")
    ran, counted = len(report.passes), sum(point.counted for point in report.passes)
    whole = report.trend.points
    yield Number("passes", "", ran, f"{ran:,} {words}")
    yield Number("passes", "counted", counted, f"{counted:,} counted {words}")
    yield Number("passes", "", len(whole), f"{len(whole):,} since the first")
    yield Number(
        "passes", "counted", len(report.trend.counted), f"{len(report.trend.counted):,} counted since the first"
    )


def _parts(report: Report) -> Iterator[Number]:
    """Of one category, of one ticket and of the peak: meant only by a sentence that names it, or by its own text."""
    if report.trend.peak:
        yield from at_pass(report.trend.peak, of="peak")
    for line in report.categories:
        for point, value in zip(report.columns, line.counts, strict=True):
            turn = "now" if point is report.last else ""
            yield Number("errors", turn, value, f"{value:,} at #{point.number}", line.layer.name)
    for left in report.facts.remaining:
        yield Number("errors", "now", left.errors, f"{left.errors:,} of {left.label} now", left.label)
    for done in report.facts.resolved:
        yield Number("errors", "cleared", done.fixed, f"{done.fixed:,} of {done.label} cleared", done.label)
        yield Number("errors", "deleted", done.deleted, f"{done.deleted:,} of {done.label} deleted", done.label)
        yield Number("files", "freed", done.freed, f"{done.freed:,} freed by {done.label}", done.label)


def _shares(report: Report) -> Iterator[Share]:
    last = report.last
    if last is None:
        return
    for start, of in ((report.base, ""), (report.before, ""), (report.trend.peak, "peak")):
        if start is None or start is last:
            continue
        part = reduction(start, last)
        if part is None:
            yield Share(None, f"no percentage, {_why_none(start, last)}", of)
            continue
        before, after = start.value, last.value
        arithmetic = f"({before:,} − {after:,}) / {before:,}, #{start.number} to #{last.number}"
        yield Share((before - after) * 100 / before, f"{part.percent}% ({arithmetic})", of)
    if report.base is last:
        yield Share(None, f"no percentage, #{last.number} is the only pass that was counted")


def _why_none(start: Point, last: Point) -> str:
    span = f"#{start.number} to #{last.number}"
    if not comparable(start, last):
        return f"the scope changed from {span}"
    if last.held:
        return f"#{last.number} waits to be confirmed"
    if last.value >= start.value:
        went = "rose" if last.value > start.value else "stayed"
        return f"the count {went} from {start.value:,} to {last.value:,}, {span}"
    return f"the base is {start.value:,} at #{start.number}, below {LEAST_BASE}"
