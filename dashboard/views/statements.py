"""What the team states in the report of a week: stating it, and withdrawing it."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from dashboard import access
from dashboard.reports import report_of
from dashboard.statement_part import TeamStatementForm
from dashboard.views.reports import computed, period_or_404
from remediation import statements


@require_POST
def state(request: HttpRequest, slug: str, label: str) -> HttpResponse:
    """State something, resting on a fact of this week or on none; the page answers its numbers beside it."""
    project = access.project_or_404(request.user, slug, "work")
    row = access.weekly_report_if_any(project, label)
    week = period_or_404(project, label, row)
    if not week.week:
        raise Http404("Days that are no week have no statements.")
    form = TeamStatementForm(report_of(project, week, timezone.now()), request.POST)
    if form.is_valid():
        try:
            statements.state(project, week.label, request.user, form.cleaned_data["text"], form.chosen)
        except statements.Refused as refused:
            form.refuse(refused.field, refused.text)
        else:
            return redirect(reverse("report", args=[slug, week.label]) + "#statements")
    if row is not None and row.final:
        messages.error(request, f"The report of {label} is final. What it says can no longer change.", extra_tags="bad")
        return redirect("report", slug, label)
    return computed(request, project, week, row, form)


@require_POST
def withdraw(request: HttpRequest, slug: str, label: str, pk: int) -> HttpResponse:
    """Take one's own statement out of the report, or anybody's for a lead."""
    project = access.project_or_404(request.user, slug, "work")
    statement = access.statement_or_404(request.user, project, label, pk)
    try:
        if not statements.withdraw(statement, request.user):
            messages.info(request, "That statement was withdrawn already.")
    except statements.Refused as refused:
        messages.error(request, refused.text, extra_tags="bad")
    return redirect("report", slug, statement.week)
