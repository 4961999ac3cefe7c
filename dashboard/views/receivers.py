"""Where a project's messages go: its chat and its webhooks."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from dashboard import access, receivers_page
from dashboard.receiver_form import EventsForm, ReceiverForm
from dashboard.sending import deliver_soon
from remediation import receivers as use
from remediation.models import Project, Receiver


@require_http_methods(["GET", "POST"])
@never_cache
def receivers(request: HttpRequest, slug: str) -> HttpResponse:
    """Who is told, and how the last messages arrived; a POST adds a receiver. For leads: addresses are secrets."""
    project = access.project_or_404(request.user, slug, "lead")
    if request.method != "POST":
        return render(request, "dashboard/receivers.html", receivers_page.build(project))
    form = ReceiverForm(request.POST)
    if form.is_valid():
        values = form.cleaned_data
        try:
            made = use.add(project, values["style"], values["url"], values["events"])
        except use.Refused as refused:
            form.refuse(refused.field, refused.text)
        else:
            return _stored(request, project, made, "Added. Send a test to see whether it arrives.", made.secret)
    return render(request, "dashboard/receivers.html", receivers_page.build(project, form), status=422)


@require_POST
@never_cache
def receiver(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Change what a receiver is told of, send it a test, give it another secret, or remove it."""
    project = access.project_or_404(request.user, slug, "lead")
    found = access.receiver_if_any(project, pk)
    if found is None:
        return _refused(request, slug, "That receiver was removed meanwhile.")
    match request.POST.get("do"):
        case "test":
            use.try_out(found)
            deliver_soon()
            return _stored(request, project, found, "A test is under way. Its delivery is listed within seconds.")
        case "secret" if found.kind == "webhook":
            return _stored(request, project, found, "The old secret signs nothing any more.", use.new_secret(found))
        case "remove":
            use.remove(found)
            return _stored(request, project, None, "Removed. What waited for it is dropped.")
    form = EventsForm(found, request.POST)
    try:
        use.change(found, form.cleaned_data["events"] if form.is_valid() else [])
    except use.Refused as refused:
        return _refused(request, slug, refused.text)
    return _stored(request, project, found, "Saved.")


@require_POST
def again(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Try a message that did not arrive once more, at once."""
    project = access.project_or_404(request.user, slug, "lead")
    message = access.message_if_any(project, pk)
    if message is None:
        return _refused(request, slug, "That message is no longer known.")
    use.again(message)
    deliver_soon()
    return _stored(request, project, None, "It is tried again now.")


def _refused(request: HttpRequest, slug: str, text: str) -> HttpResponse:
    messages.error(request, text, extra_tags="bad")
    return redirect("receivers", slug)


def _stored(
    request: HttpRequest, project: Project, found: Receiver | None, text: str, secret: str = ""
) -> HttpResponse:
    """Back to the page; a secret is shown in this one answer and never again."""
    if secret:
        context = receivers_page.build(project) | {"secret": secret, "secret_of": found}
        return render(request, "dashboard/receivers.html", context)
    messages.success(request, text, extra_tags="good")
    return redirect("receivers", project.slug)
