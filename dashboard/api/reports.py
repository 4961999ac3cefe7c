"""The report of a week, or of any other days, as a file."""

from __future__ import annotations

import logging

from django.http import Http404, HttpResponse
from django.utils import timezone

from dashboard import access
from dashboard.api.operation import Call, operation
from dashboard.api.problems import Problem
from dashboard.rates import allowed, seconds_left
from dashboard.report_files import render
from dashboard.reports import report_of
from dashboard.views.reports import PDFS_PER_MINUTE, kept, period_or_404
from remediation.exporters import FORMATS, file_name
from remediation.exporters.pdf import NotSet

log = logging.getLogger(__name__)


@operation("read", refuses=("no-file",))
def report_file(call: Call, slug: str, label: str, format: str) -> HttpResponse:
    """The report of a week (2026-W10) or of days (2026-03-02-to-2026-03-08), as the site gives it; a final as kept."""
    project = call.project(slug)
    if format not in FORMATS:
        raise Http404("No such format.")
    row = access.weekly_report_if_any(project, label)
    if row is not None and row.final:
        return kept(row, format)
    period = period_or_404(project, label, row)
    if format == "pdf" and not allowed(f"pdf:{call.user.pk}", PDFS_PER_MINUTE):
        detail = f"At most {PDFS_PER_MINUTE} PDFs a minute. The next minute takes new ones."
        raise Problem("too-many", detail, headers={"Retry-After": str(seconds_left())})
    made = report_of(project, period, timezone.now())
    try:
        content = render(made, format)
    except NotSet as error:
        log.error("report as PDF: %s", error)
        raise Problem("no-file", "The PDF could not be made. Other formats can be asked for.") from error
    headers = {"Content-Disposition": f'attachment; filename="{file_name(made, format)}"'}
    return HttpResponse(content, content_type=FORMATS[format].content_type, headers=headers)
