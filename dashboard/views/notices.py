"""What a person is told, and how they want to be told."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from dashboard import notices_page
from dashboard.notice_form import NoticeForm
from remediation import schedule, telling
from remediation.models import Notice
from remediation.refusals import Refused


@require_http_methods(["GET", "POST"])
@never_cache
def notices(request: HttpRequest) -> HttpResponse:
    """One's own notices; a POST notes that one of them, or all, are read."""
    if request.method == "POST":
        one = request.POST.get("notice", "")
        if one == "" or (one.isdecimal() and len(one) < 19):
            telling.mark_read(request.user, [int(one)] if one else None)
        return redirect("notices")
    lines, older = notices_page.lines_of(request.user)
    unread = Notice.objects.seen_by(request.user).unread().count()
    return render(
        request, "dashboard/notices.html", {"lines": lines, "older": older, "unread": unread, "page": "notices"}
    )


@require_http_methods(["GET", "POST"])
@never_cache
def choices(request: HttpRequest) -> HttpResponse:
    """What one is told: kind by kind, on the site and by mail."""
    form = NoticeForm(request.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            values = form.cleaned_data
            hour, zone = values["digest_hour"], values["time_zone"]
            telling.choose(request.user, form.kinds(), digest_hour=hour, time_zone=zone)
        except Refused as refused:
            form.refuse(refused.field, refused.text)
        else:
            messages.success(request, "Saved.", extra_tags="good")
            return redirect("notice-choices")
    context = {"form": form, "mail": settings.MAIL, "zones": schedule.zone_names(), "page": "notices"}
    return render(request, "dashboard/notice_choices.html", context, status=422 if form.errors else 200)


@csrf_exempt  # a mail program sends the POST, by List-Unsubscribe-Post; the token is the permission
@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """The link at a mail's end. Looking at it changes nothing: programs look at links by themselves."""
    account = telling.user_of_token(token)
    done = request.method == "POST" and account is not None
    if done:
        telling.stop_mail(account)
    context = {"account": account, "done": done}
    return render(request, "dashboard/notices_stop.html", context, status=200 if account else 404)
