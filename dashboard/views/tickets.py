"""The list of tickets, and claiming and releasing in it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from dashboard import access, ticket_list
from dashboard.templatetags.figures import age
from dashboard.ticket_filter import Filter
from dashboard.ticket_forms import AssignForm
from dashboard.together import TogetherForm, act
from dashboard.views.fragments import wants_part
from remediation import saved_views
from remediation import tickets as use_cases
from remediation.models import Ticket
from remediation.refusals import Refused


@require_safe
@vary_on_headers("HX-Request")
def tickets(request: HttpRequest, slug: str) -> HttpResponse:
    """The list; htmx gets the part inside #list."""
    project = access.project_or_404(request.user, slug)
    chosen = Filter.of(request.GET)
    context = ticket_list.build(project, request.user, chosen, request.GET.get("page"))
    template = "dashboard/_tickets.html" if wants_part(request) else "dashboard/tickets.html"
    answer = render(request, template, {"project": project, "page": "tickets", **context})
    if wants_part(request) and "page" not in request.GET:
        answer["HX-Push-Url"] = request.path + chosen.query().rstrip("?")  # without the fields that a form sends empty
    return answer


@require_POST
def together(request: HttpRequest, slug: str) -> HttpResponse:
    """Claim, release or sort several tickets at once; each is told for itself."""
    project = access.project_or_404(request.user, slug, "work")
    text, tone = act(TogetherForm(project, request.POST), project, request.user)
    _say(request, text, tone)
    return redirect(access.safe_next(request, request.POST.get("next", ""), reverse("tickets", args=[slug])))


@require_POST
def views(request: HttpRequest, slug: str) -> HttpResponse:
    """Keep the list's filter under a name, call a kept one something else, or forget it."""
    project = access.project_or_404(request.user, slug)
    do, name = request.POST.get("do", ""), request.POST.get("name", "")
    chosen = Filter.of(QueryDict(request.POST.get("query", "").removeprefix("?")[:500]))
    view = (
        access.saved_view_or_404(request.user, project, request.POST.get("view", ""))
        if do in {"rename", "remove"}
        else None
    )
    try:
        if view is None:
            saved_views.save(request.user, project, name, chosen.query())
        elif do == "rename":
            saved_views.rename(view, name)
        elif do == "remove":
            saved_views.remove(view)
    except Refused as refused:
        _say(request, refused.text, "warn")
    return redirect(reverse("tickets", args=[slug]) + chosen.query())


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
def assign(request: HttpRequest, slug: str, label: str) -> HttpResponse:
    """Give a ticket to somebody. Where it is no longer who the form names, 409 says who has it now."""
    ticket = access.ticket_or_404(request.user, slug, label, "work")
    form = AssignForm(ticket.project, request.user, request.POST)
    if not form.is_valid():
        return _answer(request, ticket, "Choose somebody who works in this project.", "warn", status=422)
    to, owner = form.cleaned_data["to"], form.cleaned_data["owner"]
    access.may_assign(request.user, ticket.project, to, owner)
    try:
        outcome = use_cases.assign(ticket, to, request.user, owner=owner)
    except use_cases.Refused as refused:
        return _answer(request, ticket, str(refused), "warn", status=409)
    if outcome.owner != to:
        text = f"{outcome.owner.label} has had it for {age(outcome.at)}. Nothing was assigned."
        return _answer(request, ticket, text, "warn", status=409)
    return _answer(request, ticket, f"{to.label} has {ticket.label} now.", "good")


@require_POST
def release(request: HttpRequest, slug: str, label: str) -> HttpResponse:
    """Give a ticket back: one's own, or anyone's for a lead."""
    ticket = access.ticket_or_404(request.user, slug, label, "work")
    try:
        use_cases.release(ticket, request.user, from_anyone=ticket.project.rights.lead)
    except use_cases.Refused as refused:
        return _answer(request, ticket, str(refused), "warn", status=409)
    return _answer(request, ticket, f"{ticket.label} is free again.", "")


@require_POST
def renew(request: HttpRequest, slug: str, label: str) -> HttpResponse:
    """The owner of a claim says that they are still on it."""
    ticket = access.ticket_or_404(request.user, slug, label, "work")
    try:
        use_cases.renew(ticket, request.user)
    except use_cases.Refused as refused:
        return _answer(request, ticket, str(refused), "warn", status=409)
    return _answer(request, ticket, f"Noted: you are still on {ticket.label}.", "good")


def _say(request: HttpRequest, text: str, tone: str) -> None:
    level = messages.SUCCESS if tone == "good" else messages.WARNING if tone == "warn" else messages.INFO
    messages.add_message(request, level, text, extra_tags=tone)


def _answer(request: HttpRequest, ticket: Ticket, text: str, tone: str, *, status: int = 200) -> HttpResponse:
    """For htmx the row's changed cells with the counts of the tabs; else a message and the page it came from."""
    if not request.htmx:
        _say(request, text, tone)
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
