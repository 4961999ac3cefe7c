"""The list of tickets, and claiming and releasing in it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from dashboard import access, ticket_list
from dashboard.templatetags.figures import age
from dashboard.views.fragments import wants_part
from remediation import tickets as use_cases
from remediation.models import Ticket


@require_safe
@vary_on_headers("HX-Request")
def tickets(request: HttpRequest, slug: str) -> HttpResponse:
    """The list; htmx gets the part inside #list."""
    project = access.project_or_404(request.user, slug)
    chosen = ticket_list.Filter.of(request.GET)
    context = ticket_list.build(project, request.user, chosen, request.GET.get("page"))
    template = "dashboard/_tickets.html" if wants_part(request) else "dashboard/tickets.html"
    return render(request, template, {"project": project, "page": "tickets", **context})


@require_POST
def claim(request: HttpRequest, slug: str, label: str) -> HttpResponse:
    """Take a free ticket. Who comes second is told, with 409 and the row as it is now."""
    ticket = access.ticket_or_404(request.user, slug, label, "work")
    try:
        outcome = use_cases.claim(ticket, request.user)
    except use_cases.Refused as refused:
        return _answer(request, ticket, str(refused), "warn", status=409)
    if outcome.owner != request.user:
        text = f"{outcome.owner.label} claimed it {age(outcome.at)} ago."
        return _answer(request, ticket, text, "warn", status=409)
    return _answer(request, ticket, f"You have {ticket.label}. It closes when a pass no longer sees it.", "good")


@require_POST
def release(request: HttpRequest, slug: str, label: str) -> HttpResponse:
    """Give a ticket back: one's own, or anyone's for a lead."""
    ticket = access.ticket_or_404(request.user, slug, label, "work")
    try:
        use_cases.release(ticket, request.user, from_anyone=ticket.project.rights.lead)
    except use_cases.Refused as refused:
        return _answer(request, ticket, str(refused), "warn", status=409)
    return _answer(request, ticket, f"{ticket.label} is free again.", "")


def _answer(request: HttpRequest, ticket: Ticket, text: str, tone: str, *, status: int = 200) -> HttpResponse:
    """For htmx the row's changed cells with the counts of the tabs; else a message and the page it came from."""
    if not request.htmx:
        level = messages.SUCCESS if tone == "good" else messages.WARNING if tone == "warn" else messages.INFO
        messages.add_message(request, level, text, extra_tags=tone)
        own = reverse("ticket", args=[ticket.project.slug, ticket.label])
        return redirect(access.safe_next(request, request.POST.get("next", ""), own))
    context = {
        "project": ticket.project,
        "ticket": ticket,
        "counts": ticket_list.tab_counts(ticket.project, request.user),
        "text": text,
        "tone": tone,
        "next": access.safe_next(request, request.POST.get("next", ""), ""),
    }
    return render(request, "dashboard/_ticket_changed.html", context, status=status)
