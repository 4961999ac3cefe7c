"""The list of passes, one pass, and starting, stopping and confirming one."""

from __future__ import annotations

import time

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from dashboard import access, compare_page, live_passes, pass_output, pass_page, passes_page
from dashboard.sending import rebuild_soon, send_soon
from dashboard.views.fragments import wants_part
from remediation import passes as use_cases


@require_safe
@vary_on_headers("HX-Request")
def passes(request: HttpRequest, slug: str) -> HttpResponse:
    """What runs and waits, the strip of all passes, and a page of the table."""
    project = access.project_or_404(request.user, slug)
    context = {**passes_page.build(project, request.GET), "strip": live_passes.strip(project, timezone.now())}
    return render(request, "dashboard/_passes.html" if wants_part(request) else "dashboard/passes.html", context)


@require_safe
@never_cache
@vary_on_headers("HX-Request")
def show(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """One pass: what moved, or why nothing was counted, or how far it is. ``?with=24``: compared with another one."""
    collection_pass = access.pass_or_404(request.user, slug, number)
    if wanted := request.GET.get("with", "").removeprefix("#"):
        other = access.pass_or_404(request.user, slug, _number(wanted))
        return render(request, "dashboard/compare.html", compare_page.build(collection_pass, other))
    context = pass_page.build(collection_pass, timezone.now())
    return render(request, "dashboard/_pass.html" if wants_part(request) else "dashboard/pass.html", context)


def _number(text: str) -> int:
    """The number of a pass in an address. Raises Http404 for anything else."""
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise Http404("No such pass.")
    return int(text)


@require_safe
@never_cache
def output(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """What was kept of the pass's texts, as a file."""
    collection_pass = access.pass_or_404(request.user, slug, number)
    if collection_pass.state != "ended":
        raise Http404("Nothing is kept before the end.")
    response = HttpResponse(pass_output.text_of(collection_pass), content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{slug}-pass-{collection_pass.number}.txt"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


@require_safe
@never_cache
@vary_on_headers("HX-Request")
def live(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """How far it is. 286 ends the polling once it has ended, and the page asks for the result."""
    collection_pass = access.pass_or_404(request.user, slug, number)
    part, ended = wants_part(request) and "whole" not in request.GET, collection_pass.state == "ended"
    progress = live_passes.progress(collection_pass, live_passes.clock(collection_pass), request.user)
    said = live_passes.announcement(collection_pass, progress, request.GET.get("said", ""), time.time())
    context = {
        "project": collection_pass.project,
        "page": "passes",
        "pass": collection_pass,
        "progress": progress,
        "paused": "paused" in request.GET,
        **(said if part else {}),
    }
    response = render(request, "dashboard/_progress.html" if part else "dashboard/pass_live.html", context)
    if part and ended:
        response.status_code = 286
    if ended or request.GET.get("was", collection_pass.state) != collection_pass.state:
        response["HX-Trigger"] = "pass-done"  # what stands around the progress speaks of the state, too
    return response


@require_POST
def run(request: HttpRequest, slug: str) -> HttpResponse:
    """Queue a pass of the ref's tip; one that is waiting already is that pass."""
    project = access.project_or_404(request.user, slug, "work")
    send_soon(use_cases.queue(project, trigger="manual", user=request.user))
    project.at_work += 1
    if request.htmx:
        context = {"project": project, "strip": live_passes.strip(project, timezone.now())}
        return render(request, "dashboard/_live.html", context)
    return redirect("overview", slug)


@require_POST
def again(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Queue another pass of the same commit."""
    earlier = access.pass_or_404(request.user, slug, number, "work")
    commit = earlier.commit or earlier.requested_commit
    queued = use_cases.queue(earlier.project, trigger="manual", user=request.user, commit=commit)
    send_soon(queued)
    return redirect("pass", slug, queued.number)


@require_POST
def stop(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Stop a pass that waits or runs; nothing of it is counted."""
    collection_pass = access.pass_or_404(request.user, slug, number, "work")
    if not use_cases.cancel(collection_pass):
        messages.warning(request, f"Pass #{number} had ended already.", extra_tags="warn")
    return redirect("pass", slug, number)


@require_POST
def confirm(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """A lead's word that so many tests are really gone."""
    collection_pass = access.pass_or_404(request.user, slug, number, "lead")
    with transaction.atomic():
        confirmed = use_cases.confirm(collection_pass, request.user)
        if confirmed:
            rebuild_soon(collection_pass.project)
    if confirmed:
        text = f"Confirmed. What pass #{number} cleared counts as soon as history is computed again."
        messages.success(request, text, extra_tags="good")
    else:
        messages.warning(request, f"Pass #{number} holds nothing back.", extra_tags="warn")
    return redirect("pass", slug, number)
