"""A report as the blocks that every written format has: its sections, tables and arithmetic in their order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from remediation.core import report_columns
from remediation.core import report_words as say
from remediation.core.document import Block, Chart, Code, Heading, Items, Paragraph, Said, Stated, Table, Words
from remediation.core.lead import errors
from remediation.core.quoted_numbers import Disagreement
from remediation.core.report import CameBack, Remaining, Report, Resolved
from remediation.core.report_numbers import Answers
from remediation.core.summary import summary
from remediation.core.week_facts import measure

T = TypeVar("T")


def blocks(report: Report, most: int | None = None) -> tuple[Block, ...]:
    """The whole document. ``most``: of the rows of each list; a note says how many there are."""
    cut, answers = _Cut(most), Answers(report)
    return (
        Heading(1, (say.title(report),)),
        Paragraph((Said(report.project), f" · {say.days(report)}"), "quiet"),
        Paragraph((" ".join(say.lead(report)),), "lead"),
        *_before_and_after(report),
        *_moved(report),
        *_categories(report, answers),
        *_resolved(report, cut, answers),
        *_came_back(report),
        *_remaining(report, cut),
        *_hidden(report, cut),
        *_pace(report),
        *_changes(report),
        *_statements(report, cut, answers),
        *_not_said(report),
    )


@dataclass(frozen=True, slots=True)
class _Cut:
    """How many rows a list may have; None for all."""

    most: int | None

    def rows(self, rows: tuple[T, ...]) -> tuple[T, ...]:
        """The first of them."""
        return rows[: self.most]

    def note(self, rows: tuple[object, ...], what: str) -> Iterator[Block]:
        """What a reader is told where rows were left out."""
        if self.most is not None and len(rows) > self.most:
            said = f"The first {self.most:,} of {len(rows):,} {what}; the spreadsheet and the JSON have them all."
            yield Paragraph((said,), "quiet")


def _before_and_after(report: Report) -> Iterator[Block]:
    if report.last is None:
        return
    columns, change = report_columns.columns(report), report_columns.change(report)
    rows: list[tuple[Words, ...]] = [
        (("Collection errors",), *((f"{column.point.value:,}",) for column in columns)),
        (("Tests collected",), *((_count(column.point.tests),) for column in columns)),
        (("Tickets seen",), *((_count(column.tickets),) for column in columns)),
        (("Commit",), *(_commit(column.point.commit) for column in columns)),
        (("Environment",), *((Said(column.environment),) for column in columns)),
    ]
    head = ("Measure", *(column.head for column in columns))
    if change:
        moved = (change.errors, change.tests, change.tickets, "", "")
        rows, head = [(*row, (word,)) for row, word in zip(rows, moved, strict=True)], (*head, change.head)
    yield Heading(2, ("Before and after",))
    yield Table("The count at the passes that are compared", head, tuple(rows), len(head) - 1)
    for line in say.reductions(report):
        yield Paragraph((line,), "sum")
    for start in dict.fromkeys(point for point in (report.base, report.before) if point is not None):
        if basis := say.basis(report, start):
            yield Paragraph((f"Basis of {basis}",), "quiet")
    if report.facts.command:
        yield Paragraph((f"Command of #{report.last.number}: ", Code(report.facts.command)), "quiet")


def _moved(report: Report) -> Iterator[Block]:
    if report.last is None:
        return
    yield Heading(2, ("How the count moved",))
    now, before, base = report.now, report.before, report.base
    if now is None:
        yield Paragraph((f"Not counted {report.period.words}.",))
    elif report.ledger and before:
        yield Paragraph((f"From #{before.number} to #{now.number}: {say.ledger(report.ledger)}",), "sum")
        yield Paragraph(("The sum of the steps of the counted passes in between.",), "quiet")
    else:
        yield Paragraph((f"#{now.number} is the first counted pass; nothing stands before it.",))
    if report.since_base and base and base is not before:
        yield Paragraph((f"Since #{base.number}: {say.ledger(report.since_base)}",), "sum")
    yield Chart(say.sparkline(report), _CAPTION, summary(report.trend))


_CAPTION = "Errors per counted pass, by category. A gap was not counted, so it has no value; it is not zero."


def _categories(report: Report, answers: Answers) -> Iterator[Block]:
    last = report.last
    if last is None or not report.categories:
        return
    lines = report.categories
    rows = tuple(
        (
            (Said(line.layer.name), *_stated(": ", line.impact, answers.to(line.impact, line.layer.name))),
            *((f"{count:,}",) for count in line.counts),
        )
        for line in lines
    )
    head = ("Category", *(f"#{point.number}" for point in report.columns))
    yield Heading(2, ("Categories",))
    yield Table("Errors by category", head, rows, len(head) - 1)
    yield Paragraph((f"Sum at #{last.number}: {say.total([line.now for line in lines])}",), "sum")


def _resolved(report: Report, cut: _Cut, answers: Answers) -> Iterator[Block]:
    facts, words = report.facts, report.period.words
    yield Heading(2, (f"Resolved {words}",))
    if not facts.resolved:
        yield Paragraph((f"No ticket was verified {words}.",))
    for row in cut.rows(facts.resolved):
        yield Heading(3, (f"{row.label} ", Said(row.title)))
        yield Items(tuple(_facts(row, answers)))
    yield from cut.note(facts.resolved, "resolved tickets")
    if facts.deleted:
        yield Paragraph((f"Test files with errors that were deleted {words}:",))
        yield Items(tuple((Code(path),) for path in cut.rows(facts.deleted)))
        yield from cut.note(facts.deleted, "deleted test files")


def _facts(row: Resolved, answers: Answers) -> Iterator[Words]:
    yield (Said(row.kind), *((" in ", Code(row.module)) if row.module else ()), "; ", Said(row.category_name))
    yield (f"{errors(row.fixed)} cleared; {_files(row.freed)} freed",)
    if row.deleted:
        yield (f"{errors(row.deleted)} gone with deleted files",)
    for what, text in (("Solution: ", row.solution), ("Business value: ", row.value)):
        if text:
            yield _stated(what, text, answers.to(text, row.label))
    yield (f"Verified by pass #{row.number}", *((" on ", Code(row.commit[:9])) if row.commit else ()))
    before, commit, how = row.credit.said(row.number)
    yield (before, *((Code(commit), Said(how)) if commit else ()))


def _stated(what: str, text: str, answers: tuple[Disagreement, ...]) -> Words:
    """A text that people wrote, and beside it what passes say to its numbers; nothing where there is no text."""
    if not text:
        return ()
    return (what, Stated(text), *_answered(answers))


def _answered(answers: tuple[Disagreement, ...]) -> Words:
    return tuple(part for answer in answers for part in ("; ", Said(answer.text)))


def _came_back(report: Report) -> Iterator[Block]:
    yield Heading(2, ("Came back",))
    if report.facts.came_back:
        yield Items(tuple(_back(row) for row in report.facts.came_back))
    else:
        yield Paragraph((f"No verified ticket was seen again {report.period.words}.",))


def _back(row: CameBack) -> Words:
    before = f", verified at #{row.verified} before" if row.verified else ""
    seen = f": seen again at #{row.number}{before}; {errors(row.errors)} now; owner "
    return (f"{row.label} ", Said(row.title), seen, Said(row.owner or "none"))


def _remaining(report: Report, cut: _Cut) -> Iterator[Block]:
    last = report.last
    if last is None:
        return
    yield Heading(2, ("Remaining work",))
    if report.now is None:
        yield Paragraph((f"As of pass #{last.number} on {say.day(last.at)}, the last that was counted.",))
    for name, _, tickets in report.groups:
        yield Heading(3, (Said(name), f": {sum(row.errors for row in tickets):,}"))
        yield Table(_LEFT, _HEAD, tuple(_left(row) for row in cut.rows(tickets)), 1)
        yield from cut.note(tickets, "tickets of this category")
    sums = [sum(row.errors for row in tickets) for _, _, tickets in report.groups]
    yield Paragraph((f"Sum: {say.total(sums)}",), "sum")
    if muted := say.muted(report):
        yield Paragraph((muted,), "quiet")
    if report.resorted:
        yield Paragraph((say.resorted(report),), "quiet")


_LEFT = "Remaining errors by ticket"
_HEAD = ("Ticket", "Root cause", "Kind", "State now", "Owner now", "Errors")


def _left(row: Remaining) -> tuple[Words, ...]:
    said = (Said(row.title), Said(row.kind), Said(row.status.replace("-", " ")), Said(row.owner or "none"))
    return ((row.label,), *((text,) for text in said), (f"{row.errors:,}",))


def _hidden(report: Report, cut: _Cut) -> Iterator[Block]:
    facts = report.facts
    tickets = tuple((f"{row.label} ", Said(row.title), f": {row.errors:,} {row.reason}") for row in facts.hidden)
    files = tuple((f"Test files: {number:,} ", Said(how)) for how, number in facts.silenced)
    if not tickets and not files:
        return
    yield Heading(2, ("Hidden and silenced",))
    yield Paragraph(("In no total, and no repair:",))
    yield Items((*cut.rows(tickets), *files))
    yield from cut.note(tickets, "tickets with hidden errors")


def _pace(report: Report) -> Iterator[Block]:
    rows = []
    for week in report.pace:
        moved = week.ledger
        terms = (moved.cleared, moved.hidden, moved.unmasked, moved.new, moved.regressed) if moved else (None,) * 5
        end = "not counted" if week.end is None else f"{week.end:,}"
        cells = (f"{week.counted:,} of {week.ran:,}", *map(_count, terms), say.signed(week.net), end)
        rows.append(((week.label,), *((cell,) for cell in cells)))
    yield Heading(2, ("Pace and forecast",))
    if rows:
        yield Table("What moved, by week", _PACE, tuple(rows), len(_PACE) - 1)
    else:
        yield Paragraph(("No pass yet.",))
    if report.facts.forecast:
        yield Paragraph((report.facts.forecast,))


_PACE = ("Week", "Counted", "Cleared", "Hidden", "Unmasked", "New", "Regressed", "Net", "Errors at end")


def _changes(report: Report) -> Iterator[Block]:
    if report.facts.changes:
        yield Heading(2, ("Environment and scope",))
        yield _said(report.facts.changes)


def _statements(report: Report, cut: _Cut, answers: Answers) -> Iterator[Block]:
    rows = report.facts.statements
    if not rows:
        return
    yield Heading(2, ("Statements by the team",))
    yield Paragraph((say.STATEMENTS,), "quiet")
    said = []
    for row in cut.rows(rows):
        found = measure(report, row, answers)
        signed = (Said(f"“{row.text}”"), " ", Said(row.author), f", {say.day(row.at)}; ", Said(found.text))
        said.append((*signed, *_answered(found.answers)))
    yield Items(tuple(said))
    yield from cut.note(rows, "statements")


def _not_said(report: Report) -> Iterator[Block]:
    yield Heading(2, ("What this report does not say",))
    yield Items(tuple((line,) for line in say.not_said(report)))
    rows = report.facts.reasons
    if rows:
        yield Items(tuple((f"#{row.number} {row.outcome}: ", Said(row.text)) for row in rows))


def _said(rows: Iterable[str]) -> Items:
    return Items(tuple((Said(row),) for row in rows))


def _commit(commit: str) -> Words:
    return (Code(commit[:9]),) if commit else ("unknown",)


def _count(number: int | None) -> str:
    return "" if number is None else f"{number:,}"


def _files(number: int) -> str:
    return f"{number:,} file{'' if number == 1 else 's'}"
