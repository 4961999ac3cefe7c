"""The facts of a week that a statement may rest on: which there are, and whether one is still so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from remediation.core.ledger import Ledger
from remediation.core.quoted_numbers import Disagreement, figures_of, uncounted
from remediation.core.report import Report
from remediation.core.report_numbers import Answers
from remediation.core.statement_line import StatementLine

_TERMS = ("cleared", "unmasked", "new", "regressed", "hidden")


@dataclass(frozen=True, slots=True)
class WeekFact:
    """``code`` names it for ever, its number included; ``words`` say it with its pass.

    ``noun``, ``turn`` and ``value``: the figure of it, as in a claim; noun "" where it has none.
    """

    code: str
    words: str
    noun: str = ""
    turn: str = ""
    value: int = 0


@dataclass(frozen=True, slots=True)
class Measured:
    """Whether a pass bears a statement out; ``words``: the fact it rests on, or why it is not measured.

    ``answers``: what passes say to its numbers.
    """

    true: bool
    words: str
    answers: tuple[Disagreement, ...] = ()

    @property
    def text(self) -> str:
        """ "measured: 15 errors at #31"; "not measured: it rests on no fact of a pass"."""
        return f"{'' if self.true else 'not '}measured: {self.words}"


def offered(report: Report) -> tuple[WeekFact, ...]:
    """What passes show of the period, for a statement to rest on."""
    if report.last is None:
        return ()
    found = {fact.code: fact for fact in (*_counts(report), *_moves(report), *_done(report), *_clear(report))}
    return tuple(found.values())


def still(report: Report, code: str) -> WeekFact | None:
    """The fact of that code, while the passes show it; None for one that is no longer so, or never was."""
    kind, _, rest = code.partition(":")
    parts = rest.split(":")
    found: Iterator[WeekFact] = iter(())
    if kind in {"errors", "tests"}:
        found = _counts(report, everywhere=True)
    elif kind in _TERMS and len(parts) == 3:
        found = _between(report, *parts[:2])
    elif kind in {"verified", "freed"}:
        found = _done(report)
    elif kind == "clear":
        found = _clear(report, everywhere=True)
    return next((fact for fact in found if fact.code == code), None)


def measure(report: Report, statement: StatementLine, answers: Answers) -> Measured:
    """Measured only while its fact is so, its numbers agree with the passes, and every one of them is counted."""
    said = answers.to(statement.text)
    if not statement.fact:
        return Measured(False, "it rests on no fact of a pass", said)
    fact = still(report, statement.fact)
    if fact is None:
        return Measured(False, f"passes no longer show “{statement.fact_words}”", said)
    if said:
        return Measured(False, "passes do not bear out what it says", said)
    if nothing := uncounted(statement.text, answers.known):
        return Measured(False, f"no pass counts “{nothing[0]}”")
    figures = figures_of(statement.text, fact.noun, fact.turn) if fact.noun else ()
    if figures and not any(low <= fact.value <= high for low, high in figures):
        return Measured(False, f"it gives another number than “{fact.words}”")
    return Measured(True, fact.words)


def _counts(report: Report, *, everywhere: bool = False) -> Iterator[WeekFact]:
    """Errors and tests at the passes that are compared, or at any counted pass."""
    for point in report.trend.counted if everywhere else reversed(report.columns):
        n, value = point.number, point.value
        words = f"{value:,} error{'' if value == 1 else 's'} at #{n}"
        yield WeekFact(f"errors:{n}:{value}", words, "errors", "now", value)
        if point.tests is not None:
            words = f"{point.tests:,} test{'' if point.tests == 1 else 's'} collected at #{n}"
            yield WeekFact(f"tests:{n}:{point.tests}", words, "tests", "collected", point.tests)


def _moves(report: Report) -> Iterator[WeekFact]:
    if report.ledger and report.before and report.last:
        yield from _terms(report.ledger, report.before.number, report.last.number)


def _between(report: Report, start: str, end: str) -> Iterator[WeekFact]:
    """What moved between two counted passes, summed over the steps again."""
    places = {str(point.number): place for place, point in enumerate(report.trend.counted)}
    if start in places and end in places and places[start] < places[end]:
        steps = [point.ledger for point in report.trend.counted[places[start] + 1 : places[end] + 1] if point.ledger]
        if steps:
            yield from _terms(Ledger.over(steps), int(start), int(end))


def _terms(ledger: Ledger, start: int, end: int) -> Iterator[WeekFact]:
    for term in _TERMS:
        if value := getattr(ledger, term):
            words = f"{value:,} error{'' if value == 1 else 's'} {term} from #{start} to #{end}"
            yield WeekFact(f"{term}:{start}:{end}:{value}", words, "errors", term, value)


def _done(report: Report) -> Iterator[WeekFact]:
    rows = report.facts.resolved
    if freed := sum(row.freed for row in rows):
        words = f"{freed:,} file{'' if freed == 1 else 's'} freed {report.period.words}"
        yield WeekFact(f"freed:{freed}", words, "files", "freed", freed)
    for row in rows:
        yield WeekFact(f"verified:{row.label}:{row.number}", f"{row.label} verified by #{row.number}")


def _clear(report: Report, *, everywhere: bool = False) -> Iterator[WeekFact]:
    """Categories without an error: those that had one at a pass that is compared."""
    points = report.trend.counted if everywhere else [report.last]
    for place, line in enumerate(report.categories):
        for point in points:
            known = everywhere or any(line.counts)
            if point is not None and known and point.counts is not None and point.counts[place] == 0:
                yield WeekFact(
                    f"clear:{line.layer.key}:{point.number}", f"no error in {line.layer.name} at #{point.number}"
                )
