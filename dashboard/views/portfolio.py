"""The list of projects, and the way in when there is none."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from dashboard import portfolio_page
from remediation.models import Project


@require_safe
def portfolio(request: HttpRequest) -> HttpResponse:
    """Every project the person may see; a single one is shown at once, unless ?all asks for the list."""
    choice = portfolio_page.Choice.of(request.GET)
    projects = list(Project.objects.visible_to(request.user).with_ticket_counts())
    if len(projects) == 1 and not choice.every:
        return redirect("overview", projects[0].slug)
    return render(request, "dashboard/portfolio.html", portfolio_page.build(projects, timezone.now(), choice))
