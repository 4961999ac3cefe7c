"""Tokens of the API: one's own, made and revoked; everybody's, for administrators to revoke."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from dashboard import access, tokens_page
from dashboard.token_form import TokenForm
from remediation import api_tokens
from remediation.models import ApiToken


def _can_be_asked(request: HttpRequest) -> bool:
    """Whoever signs in elsewhere has no password here that could be asked for once more."""
    return bool(get_adapter(request).get_reauthentication_methods(request.user))


@require_http_methods(["GET", "POST"])
@never_cache
@reauthentication_required(allow_get=True, enabled=_can_be_asked)  # a borrowed session must not leave a way in behind
def tokens(request: HttpRequest) -> HttpResponse:
    """One's own tokens; a POST makes one, which is shown this once."""
    now, form, made = timezone.now(), TokenForm(request.user, request.POST or None), ""
    if request.method == "POST" and form.is_valid():
        try:
            made = api_tokens.make(request.user, now=now, **form.cleaned_data)
        except api_tokens.Refused as refused:
            form.refuse(refused.field, refused.text)
    status = 422 if form.errors else 200
    context = tokens_page.build(request.user, TokenForm(request.user) if made else form, now)
    return render(request, "dashboard/tokens.html", {**context, "made": made}, status=status)


@require_http_methods(["GET", "POST"])
@never_cache
def token(request: HttpRequest, pk: int) -> HttpResponse:
    """What one of one's own was last used for; a POST revokes it."""
    return _one(request, access.api_token_or_404(request.user, pk), "tokens")


@require_safe
@never_cache
def every_token(request: HttpRequest) -> HttpResponse:
    """Everybody's tokens."""
    access.admin_only(request.user)
    context = {"tab": "tokens", **tokens_page.of_all(request.GET, timezone.now())}
    return render(request, "dashboard/admin_tokens.html", context)


@require_http_methods(["GET", "POST"])
@never_cache
def any_token(request: HttpRequest, pk: int) -> HttpResponse:
    """What anybody's was last used for; a POST revokes it."""
    return _one(request, access.api_token_or_404(request.user, pk, anyones=True), "admin-tokens")


def _one(request: HttpRequest, found: ApiToken, back: str) -> HttpResponse:
    now = timezone.now()
    if request.method == "GET":
        context = {"tab": "tokens", "back": back, **tokens_page.of_one(found, request.user, now)}
        return render(request, "dashboard/token.html", context)
    if api_tokens.revoke(found, request.user, now):
        text = f"Revoked: {found.name}. Whatever calls with it is refused from now on."
        messages.success(request, text, extra_tags="good")
    else:  # somebody was faster, or it expired meanwhile
        messages.info(request, f"{found.name} holds no more.")
    return redirect(back)
