"""When passes run: the schedule, its preview, pausing, and the address that a push calls."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard import access, schedule_page
from dashboard.schedule_form import ScheduleForm, expression_of
from remediation import hooks, pauses, projects
from remediation.models import Project


@require_http_methods(["GET", "POST"])
def schedule(request: HttpRequest, slug: str) -> HttpResponse:
    """Members read it, leads change it; what cannot work is refused beside its field."""
    project = access.project_or_404(request.user, slug, "read" if request.method == "GET" else "lead")
    form = ScheduleForm(project, request.POST or None)
    if request.method == "POST" and form.is_valid() and _store(form, project):
        messages.success(request, "Saved.", extra_tags="good")
        return redirect("schedule", slug)
    if not project.rights.lead:
        form.lock()
    context = schedule_page.build(project, form, timezone.now())
    return render(request, "dashboard/schedule.html", context, status=422 if form.errors else 200)


@require_safe
def due(request: HttpRequest, slug: str) -> HttpResponse:
    """The next due times of a schedule that is being chosen; changes nothing."""
    project = access.project_or_404(request.user, slug)
    sent = request.GET
    expression = expression_of(sent.get("preset", ""), sent.get("schedule", ""))
    skips = "skip_unchanged" in sent
    found = schedule_page.preview(project, expression, sent.get("time_zone", ""), skips, timezone.now())
    return render(request, "dashboard/_due.html", {"due": found})


@require_POST
def pause(request: HttpRequest, slug: str) -> HttpResponse:
    """Pause the schedule for a reason, or go on."""
    project = access.project_or_404(request.user, slug, "lead")
    if request.POST.get("do") == "resume":
        pauses.resume(project)
        messages.success(request, "The schedule goes on.", extra_tags="good")
        return redirect("schedule", slug)
    try:
        pauses.pause(project, request.user, request.POST.get("reason", ""))
    except pauses.Refused as refused:
        return _page(request, project, pause_error=refused.text, status=422)
    messages.success(request, "Paused. Nothing is due until somebody resumes.", extra_tags="good")
    return redirect("schedule", slug)


@require_POST
@never_cache
def hook(request: HttpRequest, slug: str) -> HttpResponse:
    """Make the address of pushes, and show it this once; or take it away."""
    project = access.project_or_404(request.user, slug, "lead")
    if request.POST.get("do") == "remove":
        hooks.remove(project)
        messages.success(request, "The address is gone. Calls to it are refused.", extra_tags="good")
        return redirect("schedule", slug)
    try:
        token = hooks.make(project, secret=request.POST.get("secret", "").strip())
    except hooks.Refused as refused:
        return _page(request, project, secret_error=refused.text, status=422)
    address = request.build_absolute_uri(reverse("hook", args=[token]))
    return _page(request, project, address=address)


def _page(request: HttpRequest, project: Project, *, status: int = 200, **more: str) -> HttpResponse:
    context = schedule_page.build(project, ScheduleForm(project), timezone.now())
    return render(request, "dashboard/schedule.html", {**context, **more}, status=status)


def _store(form: ScheduleForm, project: Project) -> bool:
    """Store what was changed; a refusal goes beside the field it names."""
    changes = form.changes()
    try:
        with transaction.atomic():
            stored = projects.update(project, **changes) if changes else project
            if "ref" in changes:
                projects.check_source_answers(stored)
    except projects.Refused as refused:
        form.refuse(refused.field, refused.text)
        return False
    return True
