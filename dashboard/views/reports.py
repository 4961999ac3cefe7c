"""The reports of a project: the list of weeks, one week or any other days, and the files."""

from __future__ import annotations

import logging

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from dashboard import access, report_page
from dashboard.period_form import DaysForm
from dashboard.rates import allowed
from dashboard.report_files import render as render_file
from dashboard.reports import report_of, zone_of
from remediation.core.period import BadPeriod, Period
from remediation.exporters import FORMATS, file_name
from remediation.exporters.pdf import NotSet
from remediation.models import Project
from remediation.reporting import weeks_of

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
    context = {"project": project, "page": "report", "form": form, **report_page.listed(project, now)}
    return render(request, "dashboard/reports.html", context, status=422 if form.errors else 200)


@require_safe
def this_week(request: HttpRequest, slug: str) -> HttpResponse:
    """The week that runs now."""
    project = access.project_or_404(request.user, slug)
    now = timezone.now()
    return _page(request, project, weeks_of(project).of(now))


@require_safe
def report(request: HttpRequest, slug: str, label: str) -> HttpResponse:
    """One week, such as 2025-W45, or the days 2025-11-03-to-2025-11-19."""
    project = access.project_or_404(request.user, slug)
    return _page(request, project, period_or_404(project, label))


@require_safe
def export(request: HttpRequest, slug: str, label: str, format: str) -> HttpResponse:
    """The report as a file."""
    project = access.project_or_404(request.user, slug)
    if format not in FORMATS:
        raise Http404("No such format.")
    made = report_of(project, period_or_404(project, label), timezone.now())
    if format == "pdf" and not allowed(f"pdf:{request.user.pk}", PDFS_PER_MINUTE):
        return _no_file(request, project, label, "That were many PDFs. The next minute takes new ones.")
    try:
        content = render_file(made, format)
    except NotSet as error:
        logger.error("report as PDF: %s", error)
        said = "The PDF could not be made, and the log says why. The other files are here."
        return _no_file(request, project, label, said)
    headers = {"Content-Disposition": f'attachment; filename="{file_name(made, format)}"'}
    return HttpResponse(content, content_type=FORMATS[format].content_type, headers=headers)


def _no_file(request: HttpRequest, project: Project, label: str, said: str) -> HttpResponse:
    messages.error(request, said, extra_tags="bad")
    return redirect("report", project.slug, label)


def _page(request: HttpRequest, project: Project, period: Period) -> HttpResponse:
    context = report_page.build(project, period, timezone.now())
    return render(request, "dashboard/report.html", {"project": project, "page": "report", **context})


def period_or_404(project: Project, label: str) -> Period:
    """The week or the days of a label. Raises Http404 for none, and for what has not begun."""
    try:
        period = weeks_of(project).read(label)
    except BadPeriod as error:
        raise Http404("No such week, and no such days.") from error
    if period.start > timezone.now():
        raise Http404("That has not begun.")
    return period
