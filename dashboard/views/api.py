"""What the API can do: as a page for people, and as a description for programs."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard import api_page


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Every operation, from the same description."""
    return render(request, "dashboard/api.html", api_page.build(request))


@login_not_required  # it says what the README says, and nothing of any project
@require_safe
def openapi(request: HttpRequest) -> JsonResponse:
    """The description."""
    from dashboard.api import schema

    return JsonResponse(schema.document())
