"""What people without an account see by a secret address: the token is the permission."""

from __future__ import annotations

import hashlib

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from dashboard import access
from dashboard.rates import allowed
from dashboard.shared import content_of
from remediation import sharing

PER_MINUTE = 60
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "Cache-Control": "public, max-age=60",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
}


@csrf_exempt
@login_not_required
def shared(request: HttpRequest, token: str, shows: str) -> HttpResponse:
    """The badge, the trend or the report; 404 for an address that is unknown, revoked or expired, or shows another."""
    if request.method not in {"GET", "HEAD"}:
        return _refused(405, "Only to be read.")
    now = timezone.now()
    link = sharing.link_of(token, shows, now)
    if not allowed(f"share:{link.pk}" if link else "share:unknown", PER_MINUTE if link else 10 * PER_MINUTE):
        return _refused(429, "Asked for too often; the next minute takes new calls.")
    project = access.shared_project(link)
    if link is None or project is None:
        return _refused(404, "No such address.")
    sharing.note_use(link, now)
    content, kind = content_of(project, link, now)
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    if request.headers.get("If-None-Match") == etag:
        return HttpResponse(status=304, headers={**_HEADERS, "ETag": etag})
    return HttpResponse(content, content_type=kind, headers={**_HEADERS, "ETag": etag})


def _refused(status: int, said: str) -> HttpResponse:
    headers = {"Cache-Control": "no-store", "Content-Security-Policy": "default-src 'none'; sandbox"}
    answer = HttpResponse(f"{said}\n", status=status, content_type="text/plain; charset=utf-8", headers=headers)
    # Django would write the path of what is refused into the log, and this path is a secret.
    answer._has_been_logged = True  # type: ignore[attr-defined]
    if status == 405:
        answer["Allow"] = "GET, HEAD"
    return answer
