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
    if request.method == "POST" and form.is_valid() and (done := _store(request, form, project)):
        return redirect(done, project.slug)
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


def _store(request: HttpRequest, form: SettingsForm, project: Project) -> str:
    """Store what was changed, and where to go then; a refusal goes beside the field it names, "" then."""
    try:
        with transaction.atomic():
            stored = projects.update(project, **{name: form.values()[name] for name in form.changed_data})
            try:
                if {"source", "ref"} & set(form.changed_data):
                    projects.check_source_answers(stored)
            except projects.NeedsCredential as closed:
                # What opens it can be put in once the address is known, so the address is kept.
                messages.warning(request, f"Saved. {closed.text}", extra_tags="warn")
                return "credentials"
    except projects.Refused as refused:
        form.refuse(refused.field, refused.text)
        return ""
    messages.success(request, "Saved. The next pass uses it.", extra_tags="good")
    return "settings"
