"""The one door through which a report leaves as a file: it lends the exporters the site's chart and colours."""

from __future__ import annotations

from functools import cache

from dashboard import palette, still
from dashboard.lean import lean
from remediation.core.report import Report
from remediation.core.summary import summary
from remediation.exporters import FORMATS
from remediation.exporters.looks import Looks

DRAWN = {"html", "pdf"}  # formats that show the chart


def render(report: Report, format: str) -> bytes:
    """The file's bytes. Raises KeyError for a format that is none of FORMATS, pdf.NotSet where no PDF could be made."""
    return FORMATS[format].write(report, _looks(report) if format in DRAWN else Looks())


def _looks(report: Report) -> Looks:
    picture = report.facts.picture
    if picture is None:
        return Looks(tokens=_tokens())
    said = summary(report.trend)
    return Looks(
        chart=still.svg(picture, still.by_names(), said),
        paper_chart=still.svg(picture, still.on_paper(), said),
        tokens=_tokens(),
    )


@cache
def _tokens() -> str:
    return lean("tokens.css", palette.sheet())
