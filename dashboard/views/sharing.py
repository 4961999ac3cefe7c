"""A project's shared addresses: made, shown once, revoked."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from dashboard import access
from dashboard.sharing_page import ShareForm, address_of, build
from remediation import sharing as links


@require_http_methods(["GET", "POST"])
@never_cache
def sharing(request: HttpRequest, slug: str) -> HttpResponse:
    """Members see which addresses there are; leads make one, and see it this once."""
    project = access.project_or_404(request.user, slug, "read" if request.method == "GET" else "lead")
    now, form, made = timezone.now(), ShareForm(project, request.POST or None), {}
    if request.method == "POST" and form.is_valid():
        try:
            token = links.make(project, request.user, now=now, **form.wanted())
            shows = form.cleaned_data["shows"]
            made = {"address": request.build_absolute_uri(address_of(token, shows)), "shows": shows}
        except links.Refused as refused:
            form.add_error(refused.field or None, refused.text)
    context = {**build(project, ShareForm(project) if made else form, now), **made}
    return render(request, "dashboard/sharing.html", context, status=422 if form.errors else 200)


@require_POST
def revoke(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """End an address at once."""
    project = access.project_or_404(request.user, slug, "lead")
    ended = links.revoke(project, pk, request.user, timezone.now()) if pk < 2**63 else None
    if ended is None:  # somebody was faster, or it expired meanwhile
        messages.info(request, "That address holds no more.")
    else:
        messages.success(request, f"Revoked: {ended.name}. It shows nothing from now on.", extra_tags="good")
    return redirect("sharing", slug)
