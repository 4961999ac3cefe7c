"""The first sheet of the workbook: the report's sums as formulas over its other sheets, each with a check beside it."""

from __future__ import annotations

from dataclasses import dataclass

from remediation.core import report_words as say
from remediation.core.ledger import Ledger
from remediation.core.reduction import reduction
from remediation.core.report import Report
from remediation.core.report_numbers import Answers
from remediation.core.trend import Point
from remediation.core.week_facts import measure
from remediation.exporters.json import content_hash
from remediation.exporters.sheet import Sheet, letter

_SIGNS = {"cleared": "-", "hidden": "-", "unmasked": "+", "new": "+", "regressed": "+"}


@dataclass(frozen=True, slots=True)
class Columns:
    """Where the sheet of passes has what, from 0. ``layers``: how many categories it has."""

    layers: int

    @property
    def total(self) -> int:
        """Errors of the pass."""
        return 4 + self.layers

    @property
    def before(self) -> int:
        """The first term of the ledger; the others stand right of it."""
        return self.total + 3


def title(report: Report) -> str:
    """As on the page."""
    return say.title(report)


def terms(first: int, row: int) -> str:
    """The formula of a ledger that lies in one row, from its first term on."""
    places = [f"{letter(first + i)}{row}" for i in range(6)]
    return "=" + places[0] + "".join(sign + place for sign, place in zip(_SIGNS.values(), places[1:], strict=True))


def write(sheet: Sheet, report: Report) -> None:
    """Fill the sheet; a part that is unknown says so in words and has empty cells."""
    sheet.widths({0: 46, 1: 14, 2: 14, 3: 14, 4: 14, 5: 60, 6: 60})
    sheet.add([title(report)], "title")
    sheet.add([f"{report.project}, {say.days(report)}"])
    sheet.add([f"{say.made(report)} Content hash {content_hash(report)}"], "quiet")
    for line in say.lead(report):
        sheet.add([line])
    if report.last is not None:
        _moved(sheet, report)
        _categories(sheet, report)
        _left(sheet, report, report.last)
        _reductions(sheet, report)
    _statements(sheet, report)
    sheet.add([])
    sheet.add(["What this report does not say"], "bold")
    for line in say.not_said(report):
        sheet.add([line])


def _statements(sheet: Sheet, report: Report) -> None:
    if not report.facts.statements:
        return
    answers = Answers(report)
    sheet.add([])
    sheet.add(["Statements by the team", "By", "On", None, None, "Measured or not", "Not borne out"], "bold")
    for row in report.facts.statements:
        found = measure(report, row, answers)
        said = "; ".join(answer.text for answer in found.answers)
        sheet.add([row.text, row.author, say.day(row.at), None, None, found.text, said])


def _moved(sheet: Sheet, report: Report) -> None:
    sheet.add([])
    sheet.add(["How the count moved"], "bold")
    if report.now is None:
        sheet.add([f"Not counted {report.period.words}"])
    elif report.ledger and report.before:
        _ledger(sheet, report, report.ledger, report.before)
    if report.since_base and report.base and report.base is not report.before:
        _ledger(sheet, report, report.since_base, report.base)


def _ledger(sheet: Sheet, report: Report, ledger: Ledger, start: Point) -> None:
    """The terms as sums over the passes after ``start``."""
    points, columns = report.trend.points, Columns(len(report.trend.layers))
    place, last = points.index(start) + 2, report.last
    if last is None:
        return
    first, end = place + 1, points.index(last) + 2
    sheet.add([f"From #{start.number} to #{last.number}"])
    row = sheet.add(["Before", (f"=Passes!{letter(columns.total)}{place}", ledger.before)])
    for i, (word, sign) in enumerate(_SIGNS.items(), start=1):
        column = letter(columns.before + i)
        summed = f"=SUM(Passes!{column}{first}:{column}{end})"
        sheet.add([f"{'+' if sign == '+' else say.MINUS} {word}", (summed, getattr(ledger, word))])
    parts = "".join(f"{sign}B{row + i}" for i, sign in enumerate(_SIGNS.values(), start=1))
    after = sheet.add(["After", (f"=B{row}{parts}", ledger.after)], "bold")
    counted = f"Passes!{letter(columns.total)}{end}"
    sheet.add([f"Check: after, less what #{last.number} counted", (f"=B{after}-{counted}", 0)], "quiet")


def _categories(sheet: Sheet, report: Report) -> None:
    columns, answers = report.columns, Answers(report)
    room = [None] * (4 - len(columns))  # the statements stand in one column whatever is compared
    sheet.add([])
    names = [f"#{point.number}" for point in columns]
    sheet.add(["Category", *names, *room, "Business impact (stated, not measured)", "Not borne out"], "bold")
    rows = []
    for line in report.categories:
        said = "; ".join(answer.text for answer in answers.to(line.impact, line.layer.name))
        rows.append(sheet.add([line.layer.name, *line.counts, *room, line.impact, said]))
    sums = [
        (f"=SUM({letter(i)}{rows[0]}:{letter(i)}{rows[-1]})" if rows else "=0", point.total)
        for i, point in enumerate(columns, start=1)
    ]
    sheet.add(["Sum", *sums], "bold")


def _left(sheet: Sheet, report: Report, last: Point) -> None:
    facts = report.facts
    sheet.add([])
    sheet.add([f"Remaining work at #{last.number}"], "bold")
    end = len(facts.remaining) + 1
    tickets = f"=SUM(Tickets!H2:H{end})" if facts.remaining else "=0"
    files = f'=COUNTIF(Files!C2:C{len(facts.files) + 1},"error")' if facts.files else "=0"
    first = sheet.add(["Errors, summed over tickets", (tickets, last.total)])
    second = sheet.add(["Errors, counted over test files", (files, last.total)])
    sheet.add(["Check: the two differ by", (f"=B{first}-B{second}", 0)], "quiet")


def _reductions(sheet: Sheet, report: Report) -> None:
    """Only where a percentage may be said at all; rounded down, as in every format."""
    found = {part: None for start in (report.base, report.before) if (part := reduction(start, report.last))}
    if not found:
        return
    sheet.add([])
    sheet.add(["Reduction", "Before", "After", "Part", "Rounded down"], "bold")
    for part in found:
        row = sheet.row + 1
        before, after = part.before.value, part.after.value
        gone = before - after
        sheet.place(3, (f"=(B{row}-C{row})/B{row}", gone / before), "part")
        # Whole numbers until the last step: a fraction in binary could fall just short of what it is.
        sheet.place(4, (f"=INT((B{row}-C{row})*1000/B{row})/1000", gone * 1000 // before / 1000), "percent")
        sheet.add([f"#{part.before.number} to #{part.after.number}", before, after])
