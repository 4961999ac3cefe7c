"""The reports of a project: the list of weeks, one week or any other days, and the files."""

from __future__ import annotations

import logging

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from dashboard import access, report_page, report_state, statement_part, weeks_page
from dashboard.period_form import DaysForm
from dashboard.rates import allowed
from dashboard.report_files import render as render_file
from dashboard.reports import report_of, zone_of
from remediation.core.period import BadPeriod, Period
from remediation.exporters import FORMATS, file_name
from remediation.exporters.pdf import NotSet
from remediation.models import Project, WeeklyReport
from remediation.reporting import period_of, weeks_of

logger = logging.getLogger(__name__)
PDFS_PER_MINUTE = 20  # of one person: each takes a process for about a second


@require_safe
def reports(request: HttpRequest, slug: str) -> HttpResponse:
    """Every week since the first pass, and a form for any other days."""
    project = access.project_or_404(request.user, slug)
    now = timezone.now()
    form = DaysForm(zone_of(project), now, request.GET if {"since", "until"} & set(request.GET) else None)
    if form.is_bound and form.is_valid():
        return redirect("report", project.slug, form.period.label)
    context = {"project": project, "page": "report", "form": form, **weeks_page.build(project, request.user, now)}
    return render(request, "dashboard/reports.html", context, status=422 if form.errors else 200)


@require_safe
def this_week(request: HttpRequest, slug: str) -> HttpResponse:
    """The week that runs now."""
    project = access.project_or_404(request.user, slug)
    return computed(request, project, weeks_of(project).of(timezone.now()), None)


@require_safe
def report(request: HttpRequest, slug: str, label: str) -> HttpResponse:
    """One week, such as 2025-W45, or the days 2025-11-03-to-2025-11-19. A final one as it was released."""
    project = access.project_or_404(request.user, slug)
    row, now = access.weekly_report_if_any(project, label), timezone.now()
    if row is None or not row.final or "now" in request.GET:
        return computed(request, project, period_or_404(project, label, row), row)
    context = report_page.frame(project, period_of(row), now) | report_state.of_final(row, now)
    return render(request, "dashboard/report.html", {"project": project, "page": "report", **context})


@require_safe
def export(request: HttpRequest, slug: str, label: str, format: str) -> HttpResponse:
    """The report as a file: of a final the one that was kept, unless it is asked for as it would be now."""
    project = access.project_or_404(request.user, slug)
    if format not in FORMATS:
        raise Http404("No such format.")
    row = access.weekly_report_if_any(project, label)
    if row is not None and row.final and "now" not in request.GET:
        return kept(row, format)
    made = report_of(project, period_or_404(project, label, row), timezone.now())
    if format == "pdf" and not allowed(f"pdf:{request.user.pk}", PDFS_PER_MINUTE):
        return _no_file(request, project, label, "That were many PDFs. The next minute takes new ones.")
    try:
        return _file(render_file(made, format), FORMATS[format].content_type, file_name(made, format))
    except NotSet as error:
        logger.error("report as PDF: %s", error)
        said = "The PDF could not be made, and the log says why. The other files are here."
        return _no_file(request, project, label, said)


def kept(final: WeeklyReport, format: str) -> HttpResponse:
    """A file of a final report, as it was released."""
    found = report_state.file_of(final, format)
    return _file(bytes(found.content), found.content_type, found.name)


def _file(content: bytes, content_type: str, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=content_type, headers=headers)


def _no_file(request: HttpRequest, project: Project, label: str, said: str) -> HttpResponse:
    messages.error(request, said, extra_tags="bad")
    return redirect("report", project.slug, label)


def computed(
    request: HttpRequest,
    project: Project,
    period: Period,
    row: WeeklyReport | None,
    form: statement_part.TeamStatementForm | None = None,
) -> HttpResponse:
    """The page of a report as it is now; ``form``: a statement as it was sent, where something in it is refused."""
    now = timezone.now()
    state = report_state.of_draft(row) if row is not None and not row.final else {"row": row}
    context = {"project": project, "page": "report", **report_page.frame(project, period, now), **state}
    try:
        made = report_of(project, period, now)
        context |= report_page.body(made)
        if row is None or not row.final:
            context |= statement_part.part(project, request.user, made, form)
    except ArithmeticError:
        if row is None:
            raise
        logger.exception("the report of %s does not add up", row)
        context["title"] = f"The report of {row.label} does not add up, so it is not shown"
    status = 500 if "report" not in context else 422 if form else 200
    return render(request, "dashboard/report.html", context, status=status)


def period_or_404(project: Project, label: str, row: WeeklyReport | None = None) -> Period:
    """The week or the days of a label; of a drafted week those it was drafted for.

    Raises Http404 for none, and for what has not begun.
    """
    try:
        period = period_of(row) if row is not None else weeks_of(project).read(label)
    except BadPeriod as error:
        raise Http404("No such week, and no such days.") from error
    if period.start > timezone.now():
        raise Http404("That has not begun.")
    return period
