"""What opens a project's repository: put in, tested and revoked by its leads, and shown to nobody."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe
from django.views.decorators.vary import vary_on_headers

from dashboard import access, credentials_page
from dashboard.credentials_page import KeyForm, TokenForm
from dashboard.forms import AccessibleForm
from dashboard.sending import check_soon
from dashboard.views.fragments import wants_part
from remediation import checks
from remediation import credentials as use
from remediation.models import Project


@sensitive_post_parameters("token", "private_key")
@require_http_methods(["GET", "POST"])
@never_cache
def credentials(request: HttpRequest, slug: str) -> HttpResponse:
    """What there is, how it went last, and the forms; a POST says in ``do`` what is to be done."""
    project = access.project_or_404(request.user, slug, "lead")
    form: AccessibleForm | None = None
    refused: use.Refused | None = None
    if request.method == "POST":
        form = {"token": TokenForm, "key": KeyForm}.get(request.POST.get("do", ""), AccessibleForm)(request.POST)
        try:
            if form.is_valid() and (said := _do(request, project, form)):
                messages.success(request, said, extra_tags="good")
                return redirect("credentials", slug)
        except use.Refused as refusal:
            form.refuse(refusal.field, refusal.text)
            refused = refusal if refusal.field not in form.fields else None
    context = {**credentials_page.build(project, form), "refused": refused}
    return render(request, "dashboard/credentials.html", context, status=422 if form is not None else 200)


def _do(request: HttpRequest, project: Project, form: AccessibleForm) -> str:
    """Do what was asked, and say so. Raises Refused."""
    match request.POST.get("do"):
        case "token":
            use.put_token(project, form.values()["user"], form.values()["token"], request.user)
            return "Stored, and never shown again. Test whether it opens the repository."
        case "key":
            use.put_key(project, form.values()["private_key"], request.user)
            return "Stored, and never shown again. Test whether it opens the repository."
        case "make":
            use.make_key(project, request.user)
            return "Made. Add the public key at the host, with the right to read, then test."
        case "test":
            check_soon(checks.test(project, request.user))
            return "A worker tries it now."
        case "forget":
            known = use.forget_host(project, request.user)
            return "Forgotten. The next use trusts the key that the host shows then." if known else "No key was known."
        case "revoke":
            there = use.revoke(project, request.POST.get("typed", ""), request.user)
            return "Revoked here. Remove it at the host, too." if there else "There was nothing to revoke."
    raise use.Refused("", "Choose what is to be done.")


@require_safe
@never_cache
@vary_on_headers("HX-Request")
def test(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """A test step by step: for htmx its lines, and 286 once it has ended; else the page that holds it."""
    project = access.project_or_404(request.user, slug, "lead")
    if not wants_part(request):
        return redirect("credentials", slug)
    found = access.check_of(project, pk)
    context = {"project": project, **credentials_page.test_of(found)}
    return render(request, "dashboard/_credential_test.html", context, status=286 if found.state == "ended" else 200)
