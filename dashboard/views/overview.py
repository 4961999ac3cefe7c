"""A project's overview, the strip that shows passes at work, and the trend's figures."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from dashboard import access, charts, live_passes, overview_page, plot
from dashboard.history import history_of
from dashboard.plot_choice import Choice
from dashboard.views.fragments import wants_part


@require_safe
@never_cache
@vary_on_headers("HX-Request")
def overview(request: HttpRequest, slug: str) -> HttpResponse:
    """The whole page; htmx gets the part that changes when a pass lands."""
    project = access.project_or_404(request.user, slug)
    part = wants_part(request)
    built = overview_page.build(project, timezone.now(), Choice.of(request.GET), request.user)
    context = {"project": project, "page": "overview", "part": part, **built}
    return render(request, "dashboard/_overview.html" if part else "dashboard/overview.html", context)


@require_safe
@never_cache
@vary_on_headers("HX-Request")
def live(request: HttpRequest, slug: str) -> HttpResponse:
    """What runs and waits now. Tells the page (event pass-done) when a pass has ended since it was drawn."""
    project = access.project_or_404(request.user, slug)
    strip = live_passes.strip(project, timezone.now(), request.user)
    response = render(request, "dashboard/_live.html", {"project": project, "strip": strip})
    if "seen" in request.GET and request.GET["seen"] != strip.seen:
        response["HX-Trigger"] = "pass-done"
    return response


@require_safe
@cache_control(private=True, no_cache=True)
def trend(request: HttpRequest, slug: str) -> HttpResponse:
    """The trend as a Plotly figure and as readings, one for each pass; 304 while nothing changed."""
    project = access.project_or_404(request.user, slug)
    drawn = plot.picture_of(project, history_of(project).trend, timezone.now(), Choice.of(request.GET))
    etag = charts.etag(drawn)
    if request.headers.get("If-None-Match") == etag:
        response: HttpResponse = HttpResponseNotModified()
    else:
        response = HttpResponse(charts.document(drawn, project.slug), content_type="application/json")
    response["ETag"] = etag
    return response
