"""The page of the person who is signed in."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from dashboard import my_work_page


@require_safe
def my_work(request: HttpRequest) -> HttpResponse:
    """What is theirs and what is next, in every project they may see."""
    context = my_work_page.build(request.user, timezone.now())
    return render(request, "dashboard/my_work.html", {"page": "me", **context})
