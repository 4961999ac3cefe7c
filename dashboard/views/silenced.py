"""The standing inventory of test files that give no test."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard import access, silenced_page


@require_safe
def silenced(request: HttpRequest, slug: str) -> HttpResponse:
    """Which test files exist and give no test, and why; ``?why=`` narrows to one mechanism."""
    project = access.project_or_404(request.user, slug)
    context = silenced_page.build(project, request.GET.get("why", ""), request.GET.get("page"))
    return render(request, "dashboard/silenced.html", {"project": project, "page": "tickets", **context})
