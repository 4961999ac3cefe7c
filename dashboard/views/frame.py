"""Parts of the frame around every page: the menu of projects."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from remediation.models import Project

MOST = 30  # the portfolio holds the rest


@require_safe
@never_cache
def projects_menu(request: HttpRequest) -> HttpResponse:
    """The projects the person may see, as links; fetched when the menu is opened."""
    projects = Project.objects.visible_to(request.user).only("slug", "name", "is_sample")[:MOST]
    return render(request, "dashboard/_projects_menu.html", {"projects": projects})
