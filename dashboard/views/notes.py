"""Writing and withdrawing notes in a ticket's history."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from dashboard import access
from dashboard.ticket_forms import NoteForm
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
