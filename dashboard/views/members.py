"""The members of a project and its invitations; for leads."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from dashboard import access, invitation_mail, people_page
from dashboard.people_forms import InviteForm
from remediation import people
from remediation.models import Invitation, Membership, Project


@never_cache
@require_http_methods(["GET", "POST"])
def members(request: HttpRequest, slug: str) -> HttpResponse:
    """The list; a POST invites somebody, and the answer shows the link this once, or says where it was mailed."""
    project = access.project_or_404(request.user, slug, "lead")
    if request.method == "GET":
        return _page(request, project)
    form = InviteForm(request.POST, mail=settings.MAIL)
    if form.is_valid():
        given = form.values()
        try:
            made, token = people.invite(project, given["role"], request.user, email=given["email"])
            return _page(request, project, link=_deliver(request, made, token))
        except people.Refused as refused:
            form.refuse(refused.field, refused.text)
    return _page(request, project, form, status=422)


@require_POST
def member(request: HttpRequest, slug: str) -> HttpResponse:
    """Give a member another role, or remove them."""
    project = access.project_or_404(request.user, slug, "lead")
    found = access.membership_if_any(project, request.POST.get("member", ""))
    try:
        if found is None:
            raise people.Refused("", "This person is no longer a member.")
        messages.success(request, _change(request, found), extra_tags="good")
    except people.Refused as refused:
        messages.error(request, refused.text, extra_tags="bad")
    if found is not None and found.user == request.user:
        return redirect("portfolio")  # who stepped down may not see this page any more
    return redirect("members", slug)


@require_POST
def revoke(request: HttpRequest, slug: str) -> HttpResponse:
    """Take an invitation back."""
    project = access.project_or_404(request.user, slug, "lead")
    found = access.invitation_if_any(project, request.POST.get("invitation", ""))
    try:
        if found is None:
            raise people.Refused("", "There is no such invitation.")
        people.revoke(found)
        messages.success(request, "The invitation is taken back. Its link is dead.", extra_tags="good")
    except people.Refused as refused:
        messages.error(request, refused.text, extra_tags="bad")
    return redirect("members", slug)


def _change(request: HttpRequest, found: Membership) -> str:
    """What the form asks for, and what to say of it. Raises Refused."""
    if request.POST.get("do") != "remove":
        people.change_role(found, request.POST.get("role", ""))
        return f"{found.user.label} is {found.get_role_display().lower()} now."
    released = people.remove(found, request.user)
    freed = f" {released} claim{'' if released == 1 else 's'} released." if released else ""
    return f"{found.user.label} is no longer a member.{freed}"


def _deliver(request: HttpRequest, made: Invitation, token: str) -> str:
    """Mail the link where that can be done, and return ""; else the link, to be shown this once."""
    path = reverse("invitation", args=[token])
    address = settings.SITE_URL + path if settings.SITE_URL else request.build_absolute_uri(path)
    if not (settings.MAIL and made.email):
        return address
    if invitation_mail.send(made, address):
        Invitation.objects.filter(pk=made.pk).update(mailed=True)
        messages.success(request, f"The invitation was mailed to {made.email}.", extra_tags="good")
        return ""
    messages.error(request, "The mail could not be sent. Hand the link over yourself.", extra_tags="bad")
    return address


def _page(
    request: HttpRequest, project: Project, form: InviteForm | None = None, *, link: str = "", status: int = 200
) -> HttpResponse:
    context = people_page.build(project, request.user, form)
    return render(request, "dashboard/members.html", {**context, "link": link}, status=status)
