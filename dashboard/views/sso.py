"""Single sign-on: to the issuer and back."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from dashboard import access, sso


@login_not_required
@never_cache
@require_POST
def begin(request: HttpRequest) -> HttpResponse:
    """A page that goes on to the issuer. Not a redirect: the content policy lets no form lead off this site."""
    process = "connect" if request.user.is_authenticated else "login"
    after = access.safe_next(request, request.POST.get("next", ""), "/")
    try:
        address = sso.start(request, process, after)
    except LookupError:
        raise Http404("Single sign-on is not configured.") from None
    except sso.unreachable() as error:
        return _failed(request, error)
    return render(request, "dashboard/sso.html", {"address": address})


@login_not_required
@never_cache
@require_safe
def callback(request: HttpRequest) -> HttpResponse:
    """The issuer's answer."""
    try:
        return sso.finish(request)
    except LookupError:
        raise Http404("Single sign-on is not configured.") from None
    except sso.unreachable() as error:
        return _failed(request, error)


@require_POST
def disconnect(request: HttpRequest) -> HttpResponse:
    """Back to the password alone; who has none keeps the connection."""
    if not request.user.has_usable_password():
        messages.error(request, "You have no password here: without it you could not sign in.", extra_tags="bad")
        return redirect("profile")
    sso.disconnect(request.user)
    messages.success(request, "Disconnected.", extra_tags="good")
    return redirect("profile")


def _failed(request: HttpRequest, error: Exception) -> HttpResponse:
    sso.note(error)
    messages.error(request, sso.FAILED, extra_tags="bad")
    return redirect("account_login")
