"""The conditions of one pass, alone, beside a pasted CI log, or beside another pass."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from dashboard import access, conditions_page
from dashboard.forms import CiLogForm


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def conditions(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """A POST compares and stores nothing, so everyone who may see the project may send one."""
    collection_pass = access.pass_or_404(request.user, slug, number)
    form = CiLogForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        context = conditions_page.build(collection_pass, log=form.parsed)
    elif request.method != "POST" and "with" in request.GET:
        wanted = request.GET["with"]
        if not wanted.isascii() or not wanted.isdigit() or len(wanted) > 9:
            raise Http404("No such pass.")
        other = access.pass_or_404(request.user, slug, int(wanted))
        context = conditions_page.build(collection_pass, other=other)
    else:
        context = conditions_page.build(collection_pass)
    status = 422 if form.errors else 200
    return render(request, "dashboard/conditions.html", {**context, "form": form}, status=status)
