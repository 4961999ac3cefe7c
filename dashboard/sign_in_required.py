"""Who is not signed in is sent to the sign-in page, and back to where they were."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import resolve_url

from dashboard.access import safe_next


class SignInRequired(LoginRequiredMiddleware):
    """Every page needs a signed-in person unless its view says ``login_not_required``: forgetting is safe."""

    def handle_no_permission(self, request: HttpRequest, view_func: Any) -> HttpResponseBase:
        """To the sign-in page and back. After a POST, back to the page that held the form: its address alone
        would answer 405. A fragment must not be replaced by a sign-in form, so htmx is sent away as a whole."""
        back = request.get_full_path()
        if request.method not in {"GET", "HEAD"} or request.headers.get("HX-Request"):
            page = request.headers.get("HX-Current-URL") or request.headers.get("Referer") or "/"
            parts = urlsplit(safe_next(request, page, "/"))
            back = parts.path + (f"?{parts.query}" if parts.query else "")
        answer = redirect_to_login(back, resolve_url(self.get_login_url(view_func)))
        if request.headers.get("HX-Request"):
            return HttpResponse(status=204, headers={"HX-Redirect": answer.url})
        return answer
