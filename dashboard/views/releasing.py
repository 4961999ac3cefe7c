"""What people do with a report: release a draft, get the finals by mail, or get them no more."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from dashboard import access, finals
from dashboard.sending import deliver_soon
from remediation import reporting
from remediation.reporting import Unmade


@require_POST
def release(request: HttpRequest, slug: str, label: str) -> HttpResponse:
    """Make a draft final, and send it."""
    project = access.project_or_404(request.user, slug, "lead")
    draft = access.weekly_report_if_any(project, label)
    if draft is None:
        messages.info(request, "There is no draft of that week.")
        return redirect("reports", slug)
    try:
        finals.release(draft, request.user, timezone.now())
    except (reporting.Refused, Unmade) as error:
        messages.error(request, str(error), extra_tags="bad")
    else:
        deliver_soon()
        messages.success(request, "Released. It stays as it is now.", extra_tags="good")
    return redirect("report", slug, label)


@require_POST
def subscribe(request: HttpRequest, slug: str) -> HttpResponse:
    """Get each final report by mail at one's account's address, or no more."""
    project = access.project_or_404(request.user, slug)
    mine = project.recipients.select_related("project", "user").filter(user=request.user).first()
    try:
        if request.POST.get("do") != "off":
            reporting.subscribe(project, request.user, formats=request.POST.getlist("formats"), now=timezone.now())
            messages.success(request, f"Each final report goes to {request.user.email}.", extra_tags="good")
        elif mine is not None:
            reporting.remove(mine, request.user)
            messages.success(request, "No report comes by mail any more.", extra_tags="good")
    except reporting.Refused as refused:
        messages.error(request, refused.text, extra_tags="bad")
    return redirect("reports", slug)


@csrf_exempt  # a mail program sends the POST, by List-Unsubscribe-Post; the token is the permission
@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """The link at a report's end. Looking at it changes nothing: programs look at links by themselves."""
    found = reporting.recipient_of_token(token)
    done = request.method == "POST" and found is not None
    context = {"found": found, "project_name": found.project.name if found else "", "done": done}
    if done:
        reporting.remove(found, None)
    return render(request, "dashboard/report_stop.html", context, status=200 if found else 404)
