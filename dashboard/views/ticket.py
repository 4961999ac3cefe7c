"""The page of one ticket, and sorting it by hand."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from dashboard import access, ticket_page
from dashboard.beside import beside
from dashboard.sending import rebuild_soon
from dashboard.templatetags.codes import in_words
from dashboard.templatetags.figures import when
from dashboard.ticket_forms import AssignForm, MuteForm, NoteForm, StatementForm, TicketCategoryForm
from remediation import tickets
from remediation.models import Ticket


@require_safe
def ticket(request: HttpRequest, slug: str, label: str) -> HttpResponse:
    """What is broken, how to see it, what happened so far."""
    found = access.ticket_or_404(request.user, slug, label)
    if found.merged_into_id:
        return redirect("ticket", slug, f"{found.project.key}-{found.merged_into.number}")
    return page(request, found)


def page(request: HttpRequest, found: Ticket, *, status: int = 200, **bound: Any) -> HttpResponse:
    """The page; ``bound``: a form as it was sent, where something in it is refused."""
    project, around = found.project, beside(found.project, request.user)
    sorting = {"initial": {"category": found.category_id}, "offered": around.categories}
    context = {
        "project": project,
        "page": "tickets",
        "ticket": found,
        "form": TicketCategoryForm(project, **sorting),
        "mute_form": MuteForm(initial={"ends": "day"}),
        "note_form": NoteForm(),
        "statement_form": StatementForm.of(found),
        **ticket_page.build(found, around, request.GET),
        **bound,
    }
    if project.rights.lead:
        giving = {"initial": {"owner": found.claimed_by_id}, "offered": around.people}
        context["assign"] = AssignForm(project, request.user, **giving)
    return render(request, "dashboard/ticket.html", context, status=status)


@require_POST
def mark_fixed(request: HttpRequest, slug: str, label: str) -> HttpResponse:
    """Note the commit or branch in which it is said to be fixed, or take that back; a pass decides."""
    found = access.ticket_or_404(request.user, slug, label, "work")
    named = request.POST.get("named", "")[:200]
    back = access.safe_next(request, request.POST.get("next", ""), reverse("ticket", args=[slug, label]))
    try:
        tickets.mark_fixed(found, request.user, named)
    except tickets.Refused as refused:
        messages.error(request, refused.text, extra_tags="bad")
        return redirect(back)
    if found.marked_fixed_in:
        due = found.project.next_pass_at
        decides = f"The next pass, {when(due)}, decides." if due else "The next pass that contains it decides."
        messages.success(request, f"Noted: {found.marked_fixed_in}. {decides}", extra_tags="good")
    else:
        messages.success(request, f"{found.label} is open again: no fix is named.", extra_tags="good")
    return redirect(back)


@require_POST
def mute(request: HttpRequest, slug: str, label: str) -> HttpResponse:
    """Set a ticket aside for a reason; its errors still count."""
    found = access.ticket_or_404(request.user, slug, label, "work")
    form = MuteForm(request.POST)
    if form.is_valid():
        access.may_mute(found.project, form.until)
        try:
            tickets.mute(found, request.user, form.cleaned_data["reason"], form.until)
        except tickets.Refused as refused:
            form.refuse({"until": "ends"}.get(refused.field, refused.field), refused.text)
    if form.errors:
        form.look_here()
        return page(request, found, status=422, mute_form=form)
    messages.success(request, f"{found.label} is muted. Its errors still count.", extra_tags="good")
    return redirect("ticket", slug, label)


@require_POST
def unmute(request: HttpRequest, slug: str, label: str) -> HttpResponse:
    """Bring a muted ticket back, as it is without the mute."""
    found = access.ticket_or_404(request.user, slug, label, "work")
    try:
        tickets.unmute(found, request.user)
    except tickets.Refused as refused:
        messages.error(request, refused.text, extra_tags="warn")
    else:
        messages.success(request, f"{found.label} is {in_words(found.status)} again.", extra_tags="good")
    return redirect("ticket", slug, label)


@require_POST
def category(request: HttpRequest, slug: str, label: str) -> HttpResponse:
    """Sort a ticket by hand; its errors move in the counts of every pass."""
    found = access.ticket_or_404(request.user, slug, label, "work")
    form = TicketCategoryForm(found.project, request.POST)
    if not form.is_valid():
        messages.error(request, "Choose one of the categories.", extra_tags="bad")
        return redirect("ticket", slug, label)
    chosen = form.cleaned_data["category"]
    try:
        changed = tickets.set_category(found, chosen, request.user)
    except tickets.Refused as refused:
        messages.error(request, str(refused), extra_tags="bad")
        return redirect("ticket", slug, label)
    if changed:
        rebuild_soon(found.project)
        messages.success(request, f"{found.label} is in {chosen.name} now, and stays there.", extra_tags="good")
    return redirect("ticket", slug, label)
