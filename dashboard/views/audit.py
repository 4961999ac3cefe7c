"""The audit log: of the whole site for administrators, of their own project for leads."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from dashboard import access, audit_page
from remediation.models import Project


@require_safe
@never_cache
def everything(request: HttpRequest) -> HttpResponse:
    """Every line of the site."""
    access.admin_only(request.user)
    return render(request, "dashboard/admin_audit.html", {"tab": "audit", **audit_page.build(request.GET)})


@require_safe
@never_cache
def everything_csv(request: HttpRequest) -> StreamingHttpResponse:
    """The lines that match as a file."""
    access.admin_only(request.user)
    return _file(request, "audit.csv")


@require_safe
@never_cache
def of_project(request: HttpRequest, slug: str) -> HttpResponse:
    """The lines of one project."""
    project = access.project_or_404(request.user, slug, "lead")
    context = {"project": project, "page": "settings", "tab": "audit", **audit_page.build(request.GET, project)}
    return render(request, "dashboard/audit.html", context)


@require_safe
@never_cache
def of_project_csv(request: HttpRequest, slug: str) -> StreamingHttpResponse:
    """The lines of one project as a file."""
    project = access.project_or_404(request.user, slug, "lead")
    return _file(request, f"{slug}-audit.csv", project)


def _file(request: HttpRequest, name: str, project: Project | None = None) -> StreamingHttpResponse:
    rows = audit_page.csv_of(request.GET, project)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(rows, content_type="text/csv; charset=utf-8", headers=headers)
