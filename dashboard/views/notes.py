"""What people write on a ticket: notes in its history, and statements for the report."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from dashboard import access
from dashboard.said_hints import hint
from dashboard.ticket_forms import NoteForm, StatementForm
from dashboard.views.ticket import page
from remediation import tickets


@require_POST
def note(request: HttpRequest, slug: str, label: str) -> HttpResponse:
    """Append a note; what is refused comes back as it was typed."""
    ticket = access.ticket_or_404(request.user, slug, label, "work")
    form = NoteForm(request.POST)
    if form.is_valid():
        try:
            tickets.note(ticket, request.user, form.cleaned_data["text"])
        except tickets.Refused as refused:
            form.refuse(refused.field, refused.text)
    if form.errors:
        form.look_here()
        return page(request, ticket, status=422, note_form=form)
    return redirect(reverse("ticket", args=[slug, label]) + "#history")


@require_POST
def withdraw(request: HttpRequest, slug: str, label: str, pk: int) -> HttpResponse:
    """Withdraw a note: its line stays, without its text."""
    ticket = access.ticket_or_404(request.user, slug, label, "work")
    line = access.note_or_404(request.user, ticket, pk)
    if not tickets.withdraw(ticket, line, request.user):
        messages.info(request, "That note was withdrawn already.")
    return redirect(reverse("ticket", args=[slug, label]) + "#history")


@require_POST
def statement(request: HttpRequest, slug: str, label: str) -> HttpResponse:
    """State solution and business value. Who comes second gets both texts, with 409, and loses nothing."""
    ticket = access.ticket_or_404(request.user, slug, label, "work")
    form, outcome = StatementForm(request.POST), None
    if form.is_valid():
        try:
            outcome = tickets.state(ticket, request.user, form.statement, form.cleaned_data["read"])
        except tickets.Refused as refused:
            form.refuse(refused.field, refused.text)
    if outcome is None:
        form.look_here()
        return page(request, ticket, status=422, statement_form=form)
    if not outcome.done:
        form.read_again(ticket)
        form.look_here("solution")
        return page(request, ticket, status=409, statement_form=form, conflict=outcome)
    messages.success(request, f"Stated for the report of {ticket.label}.", extra_tags="good")
    hint(request, ticket.project, (ticket.solution, ticket.business_value), ticket.label)
    return redirect("ticket", slug, label)
