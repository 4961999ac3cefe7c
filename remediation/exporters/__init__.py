"""Files made of a report: plain callables from the report to text, one for each format."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from remediation.core.report import Report
from remediation.exporters import csv, json, markdown

FORMATS: Mapping[str, tuple[Callable[[Report], str], str]] = {
    "md": (markdown.export, "text/markdown; charset=utf-8"),
    "csv": (csv.export, "text/csv; charset=utf-8"),
    "json": (json.export, "application/json"),
}


def file_name(report: Report, format: str) -> str:
    """ "atlas-backend-2025-W37.md": letters, digits, hyphens and dots only."""
    kept = "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in report.project.lower())
    name = "-".join(part for part in kept.split("-") if part)[:80] or "report"
    return f"{name}-{report.period.label}.{format}"
