"""A report as a workbook: sums are formulas over the rows that they sum, with their values beside them."""

from __future__ import annotations

import io
from datetime import UTC
from typing import Any

from remediation.core.report import Report
from remediation.core.report_numbers import Answers
from remediation.exporters import xlsx_summary
from remediation.exporters.json import content_hash
from remediation.exporters.sheet import Book, Sheet, letter

MOST = 1_000_000  # rows of a sheet; a workbook ends a little later
LEDGER = ("cleared", "hidden", "unmasked", "new", "regressed")


def export(report: Report) -> bytes:
    """The workbook. The same report gives the same bytes."""
    import xlsxwriter  # type: ignore[import-untyped]

    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, options) as workbook:
        made = report.built.astimezone(UTC).replace(tzinfo=None, microsecond=0)
        workbook.set_properties({"title": xlsx_summary.title(report), "subject": content_hash(report), "created": made})
        book = Book(workbook)
        summary, passes, tickets, files = (book.sheet(name) for name in ("Summary", "Passes", "Tickets", "Files"))
        _passes(passes, report)
        _tickets(tickets, report)
        _files(files, report)
        xlsx_summary.write(summary, report)
    return out.getvalue()


def _passes(sheet: Sheet, report: Report) -> None:
    """Every pass up to the period's end, a row each: the sums of the summary are over these rows."""
    names = [layer.name for layer in report.trend.layers]
    columns = xlsx_summary.Columns(len(names))
    head = ["Pass", "At (UTC)", "Commit", "Outcome", *names, "Total", "Tests collected", "In the environment"]
    sheet.head([*head, "Before", *(word.capitalize() for word in LEDGER), "After", "In the period"])
    sheet.widths({0: 7, 1: 17, 2: 12, 3: 10})
    for point in report.trend.points:
        row = sheet.row
        number = row + 1
        cells: list[Any] = [point.number, point.at, point.commit[:12], point.outcome]
        cells += point.counts if point.counts is not None else [None] * len(names)
        first, last = letter(4), letter(columns.total - 1)
        total = (f"=SUM({first}{number}:{last}{number})", point.total) if point.counts else point.total
        cells += [total, point.tests, point.environment]
        ledger = point.ledger
        cells += [ledger.before, *(getattr(ledger, word) for word in LEDGER)] if ledger else [None] * 6
        cells.append((xlsx_summary.terms(columns.before, number), ledger.after) if ledger else None)
        sheet.add([*cells, "yes" if point.at in report.period else "no"])


def _tickets(sheet: Sheet, report: Report) -> None:
    """What is left first: the summary sums those rows."""
    facts, answers = report.facts, Answers(report)
    stated = [f"{name} (stated, not measured)" for name in ("Solution", "Business value")]
    head = ["List", "Ticket", "Root cause", "Kind", "Category", "State now", "Owner now", "Errors"]
    sheet.head(
        [*head, "Cleared", "Deleted", "Files freed", "Pass", "Commit", *stated, "Not borne out", "Attributed commit"]
    )
    sheet.widths({0: 11, 1: 9, 2: 60, 3: 20, 4: 26, 5: 12, 6: 18, 13: 40, 14: 40, 15: 60, 16: 60})
    for left in facts.remaining:
        texts = [left.label, left.title, left.kind, left.category_name, left.status.replace("-", " "), left.owner]
        sheet.add(["remaining", *texts, left.errors])
    for done in facts.resolved:
        texts = [done.label, done.title, done.kind, done.category_name]
        counts = [None, None, None, done.fixed, done.deleted, done.freed, done.number]
        said = [*answers.to(done.solution, done.label), *answers.to(done.value, done.label)]
        stated = [done.solution, done.value, "; ".join(answer.text for answer in said)]
        stated.append("".join(done.credit.said(done.number)))
        sheet.add(["resolved", *texts, *counts, done.commit[:12], *stated])
    for back in facts.came_back:
        empty = [None] * 3
        sheet.add(
            [
                "came back",
                back.label,
                back.title,
                *empty,
                back.owner,
                back.errors,
                *empty,
                back.number,
                back.commit[:12],
            ]
        )
    for lost in facts.hidden:
        sheet.add(["hidden", lost.label, lost.title, None, None, lost.reason, None, lost.errors])


def _files(sheet: Sheet, report: Report) -> None:
    sheet.head(["Test file", "Ticket", "State"])
    sheet.widths({0: 80, 1: 10, 2: 12})
    for row in report.facts.files[:MOST]:
        sheet.add([row.path, row.label, row.state])
