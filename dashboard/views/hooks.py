"""What a forge calls after a push: a secret address that queues a pass of the tip."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from dashboard.rates import allowed
from dashboard.sending import send_soon
from remediation import hooks, passes

PER_MINUTE = 30


@csrf_exempt
@login_not_required
@never_cache
def hook(request: HttpRequest, token: str) -> JsonResponse:
    """202 with the pass that will look at the tip; the token is the permission, so no one signs in here."""
    if request.method != "POST":
        return _say(405, "Only a POST is a call.")
    project = hooks.project_of(token)
    key = f"hook:{project.pk}" if project else "hook:unknown"
    if not allowed(key, PER_MINUTE if project else 10 * PER_MINUTE):
        return _say(429, "Too many calls; the next minute takes new ones.")
    if project is None:
        return _say(404, "No such address.")
    try:
        body = request.body
    except RequestDataTooBig:
        return _say(413, "The call is too large. Let the forge send pushes only.")
    sent = request.headers
    if not hooks.is_signed(
        project.hook_secret,
        body,
        github=sent.get("X-Hub-Signature-256", ""),
        gitlab=sent.get("X-Gitlab-Token", ""),
    ):
        return _say(403, "The signature is missing or wrong.")
    hooks.note_call(project)
    if project.paused_at:
        return _say(200, "The project is paused.")
    if sent.get("X-GitHub-Event") == "ping":
        return _say(200, "Heard.")
    if not hooks.wants(project, hooks.pushed_ref(body)):
        return _say(200, "Another branch is watched.")
    queued = passes.queue(project, trigger="push")
    send_soon(queued)
    return JsonResponse({"queued": True, "pass": queued.number}, status=202)


def _say(status: int, text: str) -> JsonResponse:
    answer = JsonResponse({"queued": False, "reason": text}, status=status)
    # Django would write the path of what is refused into the log, and this path is a secret.
    answer._has_been_logged = True  # type: ignore[attr-defined]
    if status == 405:
        answer["Allow"] = "POST"
    return answer
