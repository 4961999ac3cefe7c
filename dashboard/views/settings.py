"""A project's settings."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from dashboard import access
from dashboard.forms import SettingsForm
from remediation import projects, schedule
from remediation.models import Project

PREVIEWED = 5  # due times


@require_http_methods(["GET", "POST"])
def settings(request: HttpRequest, slug: str) -> HttpResponse:
    """Members read them, leads change them; what cannot work is refused beside its field."""
    project = access.project_or_404(request.user, slug, "read" if request.method == "GET" else "lead")
    initial = {name: getattr(project, name) for name in SettingsForm.base_fields}
    form = SettingsForm(project, request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid() and _store(form, project):
        messages.success(request, "Saved. The next pass uses it.", extra_tags="good")
        return redirect("settings", project.slug)
    if not project.rights.lead:
        form.lock()
    context = {
        "project": project,
        "page": "settings",
        "form": form,
        "due": _due(form["schedule"].value() or "", form["time_zone"].value() or ""),
        "built": project.passes.exclude(install_log="").order_by("-number").first(),
    }
    return render(request, "dashboard/settings.html", context, status=422 if form.errors else 200)


@require_safe
def due(request: HttpRequest, slug: str) -> HttpResponse:
    """The next due times of a schedule that is being typed; changes nothing."""
    access.project_or_404(request.user, slug)
    context = {"due": _due(request.GET.get("schedule", ""), request.GET.get("time_zone", ""))}
    return render(request, "dashboard/_due.html", context)


def _store(form: SettingsForm, project: Project) -> bool:
    """Store what was changed; a refusal goes beside the field it names."""
    try:
        with transaction.atomic():
            stored = projects.update(project, **{name: form.values()[name] for name in form.changed_data})
            if {"source", "ref"} & set(form.changed_data):
                projects.check_source_answers(stored)
    except projects.Refused as refused:
        form.refuse(refused.field, refused.text)
        return False
    return True


def _due(expression: str, zone: str) -> dict[str, Any]:
    """The next due times in their zone as text, or why there are none."""
    try:
        moments = schedule.next_times(expression, zone or "UTC", timezone.now(), PREVIEWED)
        # Written here: the templates' filters would turn them back to UTC.
        local = [
            f"{m:%a} {m.day} {m:%b %Y %H:%M}" for m in (t.astimezone(schedule.zone(zone or "UTC")) for t in moments)
        ]
    except schedule.BadSchedule as error:
        return {"times": [], "text": str(error), "bad": True}
    text = (
        "" if local else "It never comes." if expression.strip() else "Only on demand: a person or a command starts it."
    )
    return {"times": local, "text": text, "zone": zone or "UTC"}
