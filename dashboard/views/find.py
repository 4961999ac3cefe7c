"""Find over tickets, test files and passes: a page, and the list below the field of every page."""

from __future__ import annotations

from django.core.validators import slug_re
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from dashboard import access, finding
from dashboard.views.fragments import wants_part
from remediation.core.question import ask


@require_safe
@never_cache
@vary_on_headers("HX-Request")
def find(request: HttpRequest) -> HttpResponse:
    """``?q=`` in every project the person may see, ``in=`` the one they look at. What is named exactly is opened."""
    current = request.GET.get("in", "")
    current = current if slug_re.fullmatch(current) else ""
    part = wants_part(request)
    found = finding.find(request.user, ask(request.GET.get("q", "")), current)
    if found.exact and not part:
        return redirect(found.exact)
    if part:
        return render(request, "dashboard/_found.html", {"found": found, "part": True, "here": current})
    project = access.project_if_any(request.user, current)
    return render(
        request, "dashboard/find.html", {"found": found, "project": project, "here": project and project.slug}
    )
