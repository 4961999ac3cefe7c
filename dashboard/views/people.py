"""Signing in, signing out, and the one-time link of the first administrator."""

from __future__ import annotations

from typing import Any

from allauth.account.views import LoginView
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LogoutView
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from dashboard import first_link
from dashboard.accounts import forget_second_factor
from dashboard.people_forms import SignInForm, WelcomeForm
from dashboard.sessions import sign_in
from remediation import audit, people
from remediation.models import User


class SignIn(LoginView):  # type: ignore[misc]
    """Name and password, then where the person wanted to go; only addresses of this site count."""

    template_name = "dashboard/login.html"
    form_class = SignInForm
    http_method_names = ["get", "head", "post", "options"]  # noqa: RUF012  # Django's own attribute

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """What else is offered, as far as it is configured."""
        return {**super().get_context_data(**kwargs), "sso": settings.SSO and settings.OIDC_NAME, "mail": settings.MAIL}


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
            account = _take(form, token)
        except _LinkGone:
            return _gone(request)
        sign_in(request, account)
        return redirect("portfolio")
    return render(request, "dashboard/welcome.html", {"form": form, "good": True}, status=422 if form.errors else 200)


def _take(form: WelcomeForm, token: str) -> User:
    """The administrator. One who existed loses the second factor, which may be what locked them out, and every
    session: whoever holds the machine is trusted, whoever held the account may not be."""
    with transaction.atomic():
        account, new = form.save()
        lost = not new and forget_second_factor(account)
        if not new:
            people.sign_out(account)
        how = "by the one-time link" + (", which took the second factor away" if lost else "")
        audit.write("added" if new else "changed", f"administrator {account.username}, {how}", by=account)
        # Last, inside the transaction: a wrong password keeps the link, a used link keeps the accounts.
        if not first_link.redeem(settings.DATA_DIR, token):
            raise _LinkGone
    return account


def _gone(request: HttpRequest) -> HttpResponse:
    return render(request, "dashboard/welcome.html", {"good": False}, status=410)
