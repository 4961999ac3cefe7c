"""A report as Markdown: tables, and the trend as a line of bars."""

from __future__ import annotations

import re
from collections.abc import Iterable

from remediation.core import report_words as words
from remediation.core.report import Report

STATED = "(stated, not measured)"
_SIGNS = re.compile(r"([\\`*_{}\[\]<>|#~!&])")


def export(report: Report) -> str:
    """The whole document."""
    parts = [
        f"# {words.title(report)}",
        f"{plain(report.project)} · {words.days(report)}",
        " ".join(words.lead(report)),
    ]
    parts += _before_and_after(report) + _moved(report) + _categories(report)
    parts += _resolved(report) + _came_back(report) + _remaining(report) + _hidden(report)
    parts += _pace(report) + _changes(report)
    parts += ["## What this report does not say", _list(words.not_said(report))]
    parts += _reasons(report)
    return "\n\n".join(part for part in parts if part) + "\n"


def plain(text: str) -> str:
    """Text of a repository or a person on one line, with nothing that Markdown or HTML would act on."""
    return _SIGNS.sub(r"\\\1", " ".join(text.split()))


def _before_and_after(report: Report) -> list[str]:
    if report.last is None:
        return []
    columns = report.columns
    rows = [
        ["Collection errors", *(f"{point.value:,}" for point in columns)],
        ["Tests collected", *(_count(point.tests) for point in columns)],
        ["Tickets seen", *(_count(report.facts.tickets.get(point.number)) for point in columns)],
        ["Commit", *(f"`{point.commit[:9]}`" if point.commit else "unknown" for point in columns)],
        ["Environment", *(plain(report.facts.environment.get(point.number, "")) for point in columns)],
    ]
    head = ["Measure", *(f"#{point.number}, {words.day(point.at)}" for point in columns)]
    said = [words.basis(report, report.base)]
    if report.before is not report.base:
        said.append(words.basis(report, report.before))
    return ["## Before and after", _table(head, rows), _list([*words.reductions(report), *filter(None, said)])]


def _moved(report: Report) -> list[str]:
    if report.last is None:
        return []
    found = ["## How the count moved"]
    if report.now is None:
        found.append(f"Not counted {report.period.words}.")
    elif report.ledger and report.before:
        found.append(
            f"From #{report.before.number} to #{report.now.number}, the sum of its steps: {words.ledger(report.ledger)}"
        )
    if report.since_base and report.base and report.base is not report.before:
        found.append(f"Since #{report.base.number}: {words.ledger(report.since_base)}")
    bars = words.sparkline(report)
    return [*found, f"`{bars}`" if bars else "", "One bar for each pass; · was not counted and is not zero."]


def _categories(report: Report) -> list[str]:
    lines = report.categories
    if not lines or report.last is None:
        return []
    rows = [
        [plain(line.layer.name), _count(line.base), _count(line.before), f"{line.now:,}", _stated(line.impact)]
        for line in lines
    ]
    sums = words.total([line.now for line in lines])
    head = [
        "Category",
        f"#{report.base.number}" if report.base else "",
        f"#{report.before.number}" if report.before else "",
    ]
    head += [f"#{report.last.number}", "Business impact"]
    return ["## Categories", _table(head, rows), f"Sum at #{report.last.number}: {sums}"]


def _resolved(report: Report) -> list[str]:
    facts = report.facts
    found = [f"## Resolved {report.period.words}"]
    if not facts.resolved:
        found.append(f"No ticket was verified {report.period.words}.")
    for row in facts.resolved:
        lines = [
            f"{plain(row.kind)} in {plain(row.module)}" if row.module else plain(row.kind),
            plain(row.category_name),
        ]
        lines.append(f"errors cleared: {row.fixed:,}; files freed: {row.freed:,}")
        if row.deleted:
            lines.append(f"errors gone because their files were deleted: {row.deleted:,}")
        lines += [f"solution: {_stated(row.solution)}"] if row.solution else []
        lines += [f"business value: {_stated(row.value)}"] if row.value else []
        at = f" on `{row.commit[:9]}`" if row.commit else ""
        lines.append(f"verified by pass #{row.number}{at}")
        found.append(f"### {row.label} {plain(row.title)}\n\n{_list(lines)}")
    if facts.deleted:
        found.append(f"Test files with errors that were deleted {report.period.words}:")
        found.append(_list(plain(path) for path in facts.deleted))
    return found


def _came_back(report: Report) -> list[str]:
    rows = [
        f"{row.label} {plain(row.title)}: seen again at #{row.number}"
        + (f", verified at #{row.verified} before" if row.verified else "")
        + f"; {row.errors:,} now; owner {plain(row.owner) or 'none'}"
        for row in report.facts.came_back
    ]
    return ["## Came back", _list(rows) if rows else f"No verified ticket was seen again {report.period.words}."]


def _remaining(report: Report) -> list[str]:
    if report.last is None:
        return []
    found = ["## Remaining work"]
    if report.now is None:
        found.append(f"As of pass #{report.last.number} on {words.day(report.last.at)}, the last that was counted.")
    for name, _, tickets in report.groups:
        rows = [
            [
                row.label,
                plain(row.title),
                plain(row.kind),
                plain(row.status),
                plain(row.owner) or "none",
                f"{row.errors:,}",
            ]
            for row in tickets
        ]
        found.append(f"### {plain(name)}: {sum(row.errors for row in tickets):,}")
        found.append(_table(["Ticket", "Root cause", "Kind", "State", "Owner", "Errors"], rows))
    found.append(f"Sum: {words.total([sum(row.errors for row in tickets) for _, _, tickets in report.groups])}")
    if report.resorted:
        found.append(
            f"Tickets stand under the category they have now; #{report.last.number} was sorted in another way."
        )
    return found


def _hidden(report: Report) -> list[str]:
    facts = report.facts
    rows = [f"{row.label} {plain(row.title)}: {row.errors:,} {row.reason}" for row in facts.hidden]
    rows += [f"Test files: {files:,} {plain(how)}" for how, files in facts.silenced]
    return ["## Hidden and silenced", "In no total, and no repair:", _list(rows)] if rows else []


def _pace(report: Report) -> list[str]:
    rows = []
    for week in report.pace:
        moved = week.ledger
        terms = (
            [f"{n:,}" for n in (moved.cleared, moved.hidden, moved.unmasked, moved.new, moved.regressed)]
            if moved
            else [""] * 5
        )
        rows.append(
            [
                week.label,
                f"{week.counted:,} of {week.ran:,}",
                *terms,
                signed(week.net),
                "not counted" if week.end is None else f"{week.end:,}",
            ]
        )
    head = ["Week", "Counted", "Cleared", "Hidden", "Unmasked", "New", "Regressed", "Net", "Errors at end"]
    return ["## Pace and forecast", _table(head, rows) if rows else "No pass yet.", report.facts.forecast]


def _changes(report: Report) -> list[str]:
    changes = report.facts.changes
    return ["## Environment and scope", _list(plain(change) for change in changes)] if changes else []


def _reasons(report: Report) -> list[str]:
    return [_list(f"#{row.number} {row.outcome}: {plain(row.text)}" for row in report.facts.reasons)]


def signed(number: int | None) -> str:
    """+3, −10 with a true minus, 0; "" for None."""
    if number is None:
        return ""
    return f"+{number:,}" if number > 0 else f"{words.MINUS}{-number:,}" if number else "0"


def _stated(text: str) -> str:
    return f"{plain(text)} {STATED}" if text else ""


def _count(number: int | None) -> str:
    return "" if number is None else f"{number:,}"


def _list(items: Iterable[str]) -> str:
    return "\n".join(f"- {item}" for item in items)


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
