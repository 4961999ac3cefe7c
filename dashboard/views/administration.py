"""The administrators' area: accounts, projects, the machinery behind the site."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard import access, admin_people, admin_projects, admin_server, credentials_page, doctor, retention_page
from dashboard.heartbeat import missed
from dashboard.views.fragments import wants_part
from remediation import administrators, deletion, operations
from remediation import people as people_cases
from remediation.models import User
from remediation.refusals import Refused

_DEEDS = {
    "appoint": administrators.appoint,
    "dismiss": administrators.dismiss,
    "close": people_cases.deactivate,
    "open": lambda account, _: people_cases.activate(account),
}
_DONE = {
    "appoint": "{} is an administrator now.",
    "dismiss": "{} is no administrator any more.",
    "close": "The account of {} is closed: signed out everywhere, its claims released.",
    "open": "The account of {} is open again.",
}


@require_safe
@never_cache
def people(request: HttpRequest) -> HttpResponse:
    """Every account, its roles and its rights."""
    access.admin_only(request.user)
    return render(request, "dashboard/admin_people.html", {"tab": "people", **admin_people.build(request.GET)})


@require_POST
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """Change what one account may do."""
    access.admin_only(request.user)
    account = User.objects.filter(pk=pk).first() if pk < 2**63 else None
    do = request.POST.get("do", "")
    if account is None:
        raise Http404("No such account.")
    try:
        if do not in _DEEDS:
            raise Refused("do", "Choose what to do with the account.")
        _DEEDS[do](account, request.user)
    except Refused as refused:
        messages.error(request, refused.text, extra_tags="bad")
    else:
        messages.success(request, _DONE[do].format(account.label), extra_tags="good")
    own = do in {"dismiss", "close"} and account == request.user
    return redirect("portfolio" if own else "admin-people")


@require_safe
@never_cache
def projects(request: HttpRequest) -> HttpResponse:
    """Every project, what it holds, and those that are being removed."""
    access.admin_only(request.user)
    return render(request, "dashboard/admin_projects.html", {"tab": "projects", **admin_projects.build()})


@require_http_methods(["GET", "POST"])
@never_cache
def delete(request: HttpRequest, slug: str) -> HttpResponse:
    """Say what would be lost; delete the project once its slug was typed."""
    access.admin_only(request.user)
    project = access.project_or_404(request.user, slug)
    refused = ""
    if request.method == "POST":
        try:
            deletion.delete(project, request.POST.get("typed", ""), request.user)
        except Refused as refusal:
            refused = refusal.text
        else:
            messages.success(request, f"{project.name} is deleted. Its rows go within minutes.", extra_tags="good")
            return redirect("admin-projects")
    held = {"tickets": project.tickets.count(), "passes": project.passes.count(), "refused": refused}
    context = {"tab": "projects", "doomed": project, **held}
    return render(request, "dashboard/admin_delete.html", context, status=422 if refused else 200)


@require_safe
@never_cache
def credentials(request: HttpRequest) -> HttpResponse:
    """What opens which project's repository, and how it went last; each is changed and revoked on its own page."""
    access.admin_only(request.user)
    context = {"tab": "credentials", "rows": credentials_page.everyone()}
    return render(request, "dashboard/admin_credentials.html", context)


@require_http_methods(["GET", "POST"])
@never_cache
def retention(request: HttpRequest) -> HttpResponse:
    """What is kept, for how long, and how much it is; a POST changes the days."""
    access.admin_only(request.user)
    form = retention_page.RetentionForm.of(operations.retention(), request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            operations.set_retention(form.values(), request.user)
        except Refused as refused:
            form.refuse(refused.field, refused.text)
        else:
            messages.success(request, "Saved. What is older goes from now on, some of it at a time.", extra_tags="good")
            return redirect("admin-retention")
    context = {"tab": "retention", **retention_page.build(form)}
    return render(request, "dashboard/admin_retention.html", context, status=422 if form.errors else 200)


@require_safe
@never_cache
def server(request: HttpRequest) -> HttpResponse:
    """What waits, what is at work, and mail; what takes seconds to find out comes in a part of its own."""
    access.admin_only(request.user)
    return render(request, "dashboard/admin_server.html", {"tab": "server", **admin_server.build(timezone.now())})


@require_safe
@never_cache
def examine(request: HttpRequest) -> HttpResponse:
    """The same checks as ``manage.py doctor``; takes seconds."""
    access.admin_only(request.user)
    answered = admin_server.workers()
    context = {
        "tab": "server",
        "findings": list(doctor.examine(up=True)),
        "workers": answered,
        "missed": missed({worker.name for worker in answered}),
    }
    part = "dashboard/_admin_findings.html" if wants_part(request) else "dashboard/admin_findings.html"
    return render(request, part, context)


@require_POST
def mail(request: HttpRequest) -> HttpResponse:
    """Send a test mail to whoever asks, and say what became of it."""
    access.admin_only(request.user)
    taken, text = admin_server.send_test_mail(request.user)
    messages.add_message(
        request, messages.SUCCESS if taken else messages.ERROR, text, extra_tags="good" if taken else "bad"
    )
    return redirect("admin-server")
