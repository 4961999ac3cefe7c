"""One's own account: name, address, password, sessions, and the addresses one commits under."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from allauth.core import ratelimit
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from dashboard import profile_page, sessions
from dashboard.people_forms import EmailForm, GitAddressForm, PasswordForm, PersonForm
from dashboard.sessions import sign_in
from remediation import people


@never_cache
@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """The page; a POST stores the shown name and whether single keys act."""
    if request.method == "GET":
        return _page(request)
    form = PersonForm.of(request.user, request.POST)
    if not form.is_valid():
        return _page(request, person=form)
    given = form.values()
    people.rename(request.user, given["display"], single_keys=given["single_keys"])
    return _done(request, "Saved.")


@require_POST
def email(request: HttpRequest) -> HttpResponse:
    """Mail a link to a new address; the old one stays until that link is followed."""
    form = EmailForm(request.POST)
    if not settings.MAIL:
        return _done(request, "This dashboard sends no mail, so no address can be confirmed.", "bad")
    if not form.is_valid():
        return _page(request, address=form)
    if not ratelimit.consume(request, action="manage_email", user=request.user):
        form.refuse("email", "Too many changes. Try again in a minute.")
        return _page(request, address=form)
    address = form.values()["email"]
    if not EmailAddress.objects.filter(user=request.user, email=address, verified=True).exists():
        EmailAddress.objects.add_new_email(request, request.user, address)
    return _done(request, f"A link is on its way to {address}. The address counts once it is followed.")


@require_POST
@sensitive_post_parameters()
def password(request: HttpRequest) -> HttpResponse:
    """A new password, for who knows the old one; every other session ends."""
    form, user = PasswordForm(request.user, request.POST), request.user
    if not form.is_valid():
        return _page(request, word=form)
    try:
        if not get_adapter(request).reauthenticate(user, form.values()["old"]):
            form.refuse("old", "The password is wrong.")
    except ValidationError as refused:
        form.refuse("old", refused.messages[0])
    if form.errors:
        return _page(request, word=form)
    people.set_password(user, form.values()["password"], "by the old one")
    sign_in(request, user)
    return _done(request, "The password is changed. Every other session has ended.")


@require_POST
def devices(request: HttpRequest) -> HttpResponse:
    """End one of one's sessions, or all but this one."""
    if request.POST.get("do") == "others":
        ended = people.sign_out(request.user, except_key=request.session.session_key or "")
        return _done(request, f"{ended} other session{'' if ended == 1 else 's'} ended.")
    if not sessions.end(request.user, request.POST.get("session", "")):
        return _done(request, "That session had ended already.")
    return _done(request, "The session has ended.")


@require_POST
def git_addresses(request: HttpRequest) -> HttpResponse:
    """Say that an address in commits is one's own, or no longer."""
    if request.POST.get("do") == "remove":
        people.remove_identity(request.user, request.POST.get("git_email", ""))
        return _done(request, "Removed.")
    form = GitAddressForm(request.POST)
    if form.is_valid():
        try:
            people.add_identity(request.user, form.values()["git_email"])
            return _done(request, "Added.")
        except people.Refused as refused:
            form.refuse(refused.field, refused.text)
    return _page(request, git=form)


def _page(request: HttpRequest, **bound: Form) -> HttpResponse:
    context = profile_page.build(request, **bound)
    return render(request, "dashboard/profile.html", context, status=422 if bound else 200)


def _done(request: HttpRequest, text: str, tags: Any = "good") -> HttpResponse:
    messages.info(request, text, extra_tags=tags)
    return redirect("profile")
