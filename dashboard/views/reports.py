"""The weekly reports of a project: the list of weeks, one of them, and its files."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from dashboard import access, report_page
from dashboard.reports import report_of, zone_of
from remediation.core import period as periods
from remediation.core.period import BadPeriod, Period
from remediation.exporters import FORMATS, file_name
from remediation.models import Project


@require_safe
def reports(request: HttpRequest, slug: str) -> HttpResponse:
    """Every week since the first pass."""
    project = access.project_or_404(request.user, slug)
    context = {"project": project, "page": "report", "weeks": report_page.weeks(project, timezone.now())}
    return render(request, "dashboard/reports.html", context)


@require_safe
def this_week(request: HttpRequest, slug: str) -> HttpResponse:
    """The week that runs now."""
    project = access.project_or_404(request.user, slug)
    now = timezone.now()
    return _page(request, project, periods.week_of(now, zone_of(project)))


@require_safe
def report(request: HttpRequest, slug: str, label: str) -> HttpResponse:
    """One week, such as 2025-W45."""
    project = access.project_or_404(request.user, slug)
    return _page(request, project, _week_or_404(project, label))


@require_safe
def export(request: HttpRequest, slug: str, label: str, format: str) -> HttpResponse:
    """One week as a file."""
    project = access.project_or_404(request.user, slug)
    if format not in FORMATS:
        raise Http404("No such format.")
    made = report_of(project, _week_or_404(project, label), timezone.now())
    write, content_type = FORMATS[format]
    name = file_name(made, format)
    return HttpResponse(
        write(made), content_type=content_type, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def _page(request: HttpRequest, project: Project, period: Period) -> HttpResponse:
    context = report_page.build(project, period, timezone.now())
    return render(request, "dashboard/report.html", {"project": project, "page": "report", **context})


def _week_or_404(project: Project, label: str) -> Period:
    try:
        period = periods.week(label, zone_of(project))
    except BadPeriod as error:
        raise Http404("No such week.") from error
    if period.start > timezone.now():
        raise Http404("That week has not begun.")
    return period
