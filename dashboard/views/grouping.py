"""Merging and splitting tickets: the sums first, then the word, and the way back."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from dashboard import access, grouping_page
from dashboard.sending import rebuild_soon
from dashboard.templatetags.figures import errors
from remediation import grouping


@require_http_methods(["GET", "HEAD", "POST"])
def merge(request: HttpRequest, slug: str, label: str) -> HttpResponse:
    """Choose the ticket and see the sums; POST says it, with the reason."""
    found = access.ticket_or_404(request.user, slug, label, "work")
    if found.merged_into_id:
        return redirect("ticket", slug, label)
    sent = request.POST if request.method == "POST" else request.GET
    view = grouping_page.merging(found, sent.get("into", "")[:200])
    context = {"project": found.project, "page": "tickets", "ticket": found, "view": view}
    if request.method == "POST" and view.into is not None:
        try:
            grouping.merge(found, view.into, request.user, sent.get("reason", ""))
        except grouping.Refused as refused:
            context |= {"refused": refused.text, "reason": sent.get("reason", "")}
        else:
            rebuild_soon(found.project)
            text = f"{found.label} is part of {view.into.label} now, which has {errors(view.errors)}."
            messages.success(request, f"{text} The total stays {view.total:,}.", extra_tags="good")
            return redirect("ticket", slug, view.into.label)
    return render(request, "dashboard/merge.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def split(request: HttpRequest, slug: str, label: str) -> HttpResponse:
    """Choose root causes and see the sums; POST says it, with the reason."""
    found = access.ticket_or_404(request.user, slug, label, "work")
    if found.merged_into_id:
        return redirect("ticket", slug, label)
    sent = request.POST if request.method == "POST" else request.GET
    chosen = {int(pk) for pk in sent.getlist("cause") if pk.isdecimal() and len(pk) < 19}
    view = grouping_page.splitting(found, chosen)
    context = {"project": found.project, "page": "tickets", "ticket": found, "view": view}
    if request.method == "POST" and view.possible:
        try:
            said = grouping.split(found, chosen, request.user, sent.get("reason", ""))
        except grouping.Refused as refused:
            context |= {"refused": refused.text, "reason": sent.get("reason", "")}
        else:
            rebuild_soon(found.project)
            own = said.source if said.verb == "undo" else said.into
            text = f"{own.label} has {errors(view.go_errors)} now, and {found.label} {view.stay_errors:,}."
            messages.success(request, f"{text} The total stays {view.total:,}.", extra_tags="good")
            return redirect("ticket", slug, own.label)
    return render(request, "dashboard/split.html", context)


@require_POST
def undo(request: HttpRequest, slug: str, label: str) -> HttpResponse:
    """Take a merge or a split of this ticket back."""
    found = access.ticket_or_404(request.user, slug, label, "work")
    said = access.regrouping_if_any(found, request.POST.get("said", ""))
    if said is None:
        messages.error(request, "There is nothing to take back.", extra_tags="bad")
        return redirect("ticket", slug, label)
    try:
        made = grouping.undo(said, request.user, request.POST.get("reason", ""))
    except grouping.Refused as refused:
        messages.error(request, refused.text, extra_tags="bad")
        return redirect("ticket", slug, label)
    rebuild_soon(found.project)
    sides = f"{made.source.label} has {errors(made.source.errors)} now, and {made.into.label} {made.into.errors:,}."
    messages.success(request, f"Taken back. {sides} The total stays as it was.", extra_tags="good")
    return redirect("ticket", slug, made.source.label)
