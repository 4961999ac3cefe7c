"""Adding a repository: the form, the check of its connection by a worker, and the first pass."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from dashboard import access, first_run_page
from dashboard.first_run_page import FirstRunForm
from dashboard.sending import check_soon, send_soon
from dashboard.views.fragments import wants_part
from remediation import checks, passes, projects
from remediation.models import ConnectionCheck, Project


@require_http_methods(["GET", "POST"])
def project_new(request: HttpRequest) -> HttpResponse:
    """A new project: test its connection, add it and run the first pass, or add it and open it first."""
    access.admin_only(request.user)
    form = FirstRunForm(request.POST or None, initial={"time_zone": "UTC"})
    check = _check_of(request)
    if request.method == "POST" and form.is_valid():
        try:
            if request.POST.get("do") == "test":
                started = checks.start(request.user, form.values())
                check_soon(started)
                return redirect(resolve_url("project-check", started.pk) + "#check")
            if request.POST.get("do") == "private":
                return redirect("credentials", projects.create(**form.values(), owner=request.user).slug)
            return redirect("pass-live", *_add(form, request.user, check))
        except projects.Refused as refused:
            form.refuse(refused.field, refused.text)
    return _page(request, form, check, status=422 if form.errors else 200)


@require_safe
@never_cache
@vary_on_headers("HX-Request")
def check(request: HttpRequest, pk: int) -> HttpResponse:
    """The page with a check on it; htmx gets the checklist, and 286 once it has ended."""
    found = access.check_or_404(request.user, pk)
    if not wants_part(request):
        draft = {**found.draft, "ref": "" if found.draft["ref"] == "HEAD" else found.draft["ref"]}
        return _page(request, FirstRunForm(initial=draft), found)
    status = 286 if found.state == "ended" else 200
    context = {"check": found, "checklist": first_run_page.checklist(found)}
    if found.state == "ended":
        context["announce"] = "The connection works." if found.passed else "The test of the connection has failed."
    return render(request, "dashboard/_check.html", context, status=status)


@require_POST
def check_stop(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop a check; what it found so far stays on the page."""
    checks.stop(access.check_or_404(request.user, pk))
    return redirect("project-check", pk)


@require_POST
def project_validate(request: HttpRequest) -> HttpResponse:
    """What would be refused, while the form is being filled in; says nothing of what is still empty."""
    access.admin_only(request.user)
    form = FirstRunForm(request.POST)
    found = first_run_page.refusals(form)
    said = {name: found.get(name, "") if request.POST.get(name) else "" for name in form.fields}
    return render(request, "dashboard/_refused_live.html", {"said": said})


def _add(form: FirstRunForm, user: Any, check: ConnectionCheck | None) -> tuple[str, int]:
    """The project and its first pass; where a check has just passed, the source is not asked again."""
    with transaction.atomic():
        project: Project = projects.create(**form.values(), owner=user)
        if not checks.hand_over(check, project):
            projects.check_source_answers(project)
        queued = passes.queue(project, trigger="manual", user=user)
        send_soon(queued)
    return project.slug, queued.number


def _check_of(request: HttpRequest) -> ConnectionCheck | None:
    """The check that the form was sent with."""
    given = request.POST.get("check", "")
    return ConnectionCheck.objects.filter(pk=int(given)).first() if given.isdecimal() and len(given) < 10 else None


def _page(request: HttpRequest, form: FirstRunForm, check: ConnectionCheck | None, status: int = 200) -> HttpResponse:
    context = {"form": form, "check": check, **first_run_page.surroundings()}
    if check is not None:
        context["checklist"] = first_run_page.checklist(check)
    return render(request, "dashboard/project_new.html", context, status=status)
