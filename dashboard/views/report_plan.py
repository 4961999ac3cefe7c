"""The plan of a project's weekly reports: its slot, and who gets them."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from dashboard import access, report_plan_page
from dashboard.report_plan_page import PlanForm, RecipientForm
from remediation import reporting
from remediation.models import Project


@require_http_methods(["GET", "POST"])
def plan(request: HttpRequest, slug: str) -> HttpResponse:
    """Members read it, leads change it; what was missed under the old plan is drafted first."""
    project = access.project_or_404(request.user, slug, "read" if request.method == "GET" else "lead")
    form = PlanForm.of(reporting.plan_of(project), request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            reporting.change(project, request.user, now=timezone.now(), **form.cleaned_data)
        except reporting.Refused as refused:
            form.refuse(refused.field, refused.text)
        else:
            messages.success(request, "Saved.", extra_tags="good")
            return redirect("report-plan", slug)
    return _page(request, project, form, RecipientForm())


@require_POST
def recipients(request: HttpRequest, slug: str) -> HttpResponse:
    """Add an address that gets each final report."""
    project = access.project_or_404(request.user, slug, "lead")
    form = RecipientForm(request.POST)
    if form.is_valid():
        try:
            reporting.add(project, request.user, now=timezone.now(), **form.cleaned_data)
        except reporting.Refused as refused:
            form.refuse(refused.field, refused.text)
        else:
            messages.success(request, "Added. The next final report goes there.", extra_tags="good")
            return redirect("report-plan", slug)
    return _page(request, project, PlanForm.of(reporting.plan_of(project)), form)


@require_POST
def recipient(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Take somebody off the list."""
    project = access.project_or_404(request.user, slug, "lead")
    found = access.recipient_if_any(project, pk)
    if found is None:
        messages.info(request, "They are not on the list any more.")
    else:
        reporting.remove(found, request.user)
        messages.success(request, "Removed. What waited for them is dropped.", extra_tags="good")
    return redirect("report-plan", slug)


def _page(request: HttpRequest, project: Project, form: PlanForm, recipient: RecipientForm) -> HttpResponse:
    if not project.rights.lead:
        form.lock()
    context = report_plan_page.build(project, reporting.plan_of(project), form, recipient, timezone.now())
    status = 422 if form.errors or recipient.errors else 200
    return render(request, "dashboard/report_plan.html", context, status=status)
