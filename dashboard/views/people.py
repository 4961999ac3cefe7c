"""Signing in, signing out, and the one-time link of the first administrator."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView, LogoutView
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from dashboard import first_link
from dashboard.forms import SignInForm, WelcomeForm
from remediation import audit


class SignIn(LoginView):
    """Name and password, then where the person wanted to go; only addresses of this site count."""

    template_name = "dashboard/login.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True


@method_decorator(login_not_required, name="dispatch")
class SignOut(LogoutView):
    """By POST only, so that no foreign page can sign anybody out."""

    http_method_names = ["post", "options"]  # noqa: RUF012  # Django's own attribute


class _LinkGone(Exception):
    """The link was used by somebody else while this form was filled in."""


@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
def welcome(request: HttpRequest, token: str) -> HttpResponse:
    """Choose name and password of an administrator. The link is used up by the POST that succeeds."""
    if not first_link.check(settings.DATA_DIR, token):
        return _gone(request)
    form = WelcomeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                account = form.save()
                verb = "changed" if form.account else "added"
                audit.write(verb, f"administrator {account.username}, by the one-time link", by=account)
                # Last, inside the transaction: a wrong password keeps the link, a used link keeps the accounts.
                if not first_link.redeem(settings.DATA_DIR, token):
                    raise _LinkGone
        except _LinkGone:
            return _gone(request)
        login(request, account)
        return redirect("portfolio")
    return render(request, "dashboard/welcome.html", {"form": form, "good": True}, status=422 if form.errors else 200)


def _gone(request: HttpRequest) -> HttpResponse:
    return render(request, "dashboard/welcome.html", {"good": False}, status=410)
