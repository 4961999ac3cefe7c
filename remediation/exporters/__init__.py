"""Files made of a report: plain callables from the report to bytes, one for each format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from remediation.core.report import Report
from remediation.exporters import csv, html, json, markdown, pdf, xlsx
from remediation.exporters.looks import Looks


@dataclass(frozen=True, slots=True)
class Format:
    """``name``: what people call it; ``write``: makes the file."""

    name: str
    content_type: str
    write: Callable[[Report, Looks], bytes]


FORMATS: Mapping[str, Format] = {
    "html": Format("HTML", "text/html; charset=utf-8", lambda report, looks: html.export(report, looks).encode()),
    "pdf": Format("PDF", "application/pdf", pdf.export),
    "md": Format("Markdown", "text/markdown; charset=utf-8", lambda report, _: markdown.export(report).encode()),
    "csv": Format("CSV", "text/csv; charset=utf-8", lambda report, _: csv.export(report).encode()),
    "xlsx": Format(
        "Excel",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        lambda report, _: xlsx.export(report),
    ),
    "json": Format("JSON", "application/json", lambda report, _: json.export(report).encode()),
}


def file_name(report: Report, format: str) -> str:
    """ "atlas-backend-2025-W37.md": letters, digits, hyphens and dots only."""
    kept = "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in report.project.lower())
    name = "-".join(part for part in kept.split("-") if part)[:80] or "report"
    return f"{name}-{report.period.label}.{format}"
