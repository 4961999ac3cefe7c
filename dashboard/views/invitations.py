"""The link of an invitation: seen, and accepted once."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from dashboard.accounts import confirm_address
from dashboard.people_forms import RegisterForm
from dashboard.sessions import sign_in
from dashboard.sso import INVITED
from remediation import people
from remediation.models import Invitation, User


@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Who is signed in joins by a click; who is not chooses a name and a password, or comes by single sign-on."""
    found = people.find(token)
    if found is None:
        return _page(request, None, status=410)
    request.session[INVITED] = token  # single sign-on leads away from this page, and comes back to another
    if request.method == "GET":
        return _page(request, found, None if request.user.is_authenticated else RegisterForm())
    form = None if request.user.is_authenticated else RegisterForm(request.POST)
    try:
        if form is None:
            people.accept(found, request.user)
        elif not form.is_valid():
            return _page(request, found, form, status=422)
        else:
            sign_in(request, _register(found, form))
    except people.Refused as refused:
        return _refused(request, found, form, refused)
    request.session.pop(INVITED, None)
    messages.success(request, f"You are a member of {found.project.name} now.", extra_tags="good")
    return redirect("overview", found.project.slug)


@transaction.atomic
def _register(found: Invitation, form: RegisterForm) -> User:
    """The new account. An address that the link was mailed to is the person's: who else would have the link."""
    given = form.values()
    user = people.register(found, username=given["username"], password=given["password"], name=given["display"])
    if found.mailed:
        confirm_address(user, found.email)
    return user


def _refused(
    request: HttpRequest, found: Invitation, form: RegisterForm | None, refused: people.Refused
) -> HttpResponse:
    if form is None or not refused.field:
        return _page(request, None, status=410)
    form.refuse(refused.field, refused.text)
    return _page(request, found, form, status=422)


def _page(
    request: HttpRequest, found: Invitation | None, form: RegisterForm | None = None, *, status: int = 200
) -> HttpResponse:
    context = {"invitation": found, "form": form, "sso": settings.SSO and settings.OIDC_NAME}
    return render(request, "dashboard/invitation.html", context, status=status)
