"""How far long work on a project is."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from dashboard import access
from remediation import rebuilding


@require_safe
@never_cache
def work(request: HttpRequest, slug: str) -> HttpResponse:
    """The part that is polled. 286 ends that once there is no such work, and the page asks for what is new."""
    project = access.project_or_404(request.user, slug)
    found = rebuilding.current(project)
    over = found is None or found.state == "failed"
    context = {"project": project, "work": found, "done": found is None}
    response = render(request, "dashboard/_work.html", context, status=286 if over else 200)
    if over:
        response["HX-Trigger"] = "pass-done"
    return response
