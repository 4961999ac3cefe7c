"""The passes of a period as CSV: one row for each pass and category, an empty cell where nothing was counted."""

from __future__ import annotations

import csv
import io
from datetime import UTC

from remediation.core.report import Report

COLUMNS = ("project", "week", "pass", "at", "commit", "outcome", "category", "errors", "total", "tests collected")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def export(report: Report) -> str:
    """UTF-8 text with one header row and ISO dates in UTC."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for point in report.passes:
        head = [report.project, report.period.label, point.number]
        head += [point.at.astimezone(UTC).isoformat(timespec="seconds"), point.commit, point.outcome]
        if point.counts is None:
            writer.writerow([safe(cell) for cell in [*head, "", "", "", ""]])
        for layer, count in zip(report.trend.layers, point.counts or (), strict=False):
            tests = "" if point.tests is None else point.tests
            writer.writerow([safe(cell) for cell in [*head, layer.name, count, point.total, tests]])
    return out.getvalue()


def safe(cell: object) -> str:
    """A cell that no spreadsheet takes for a formula: an apostrophe stands before what could be one."""
    text = str(cell)
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) or text.startswith(_FORMULA) else text
