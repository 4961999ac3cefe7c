"""A project's settings."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from dashboard import access
from dashboard.forms import SettingsForm
from dashboard.whom_to_ask import read_owners
from remediation import projects
from remediation.models import Project


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
        "read": read_owners(project),
        "built": project.passes.exclude(install_log="").order_by("-number").first(),
    }
    return render(request, "dashboard/settings.html", context, status=422 if form.errors else 200)


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
