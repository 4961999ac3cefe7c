"""The projects that a token reaches, and one of them as it stands."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from dashboard import access
from dashboard.api import shapes
from dashboard.api.operation import Call, operation
from dashboard.api.passes import line_of, pass_of
from remediation import models
from remediation.querysets import LONG_TEXTS


@operation("read", gives=shapes.Projects)
def list_projects(call: Call) -> shapes.Projects:
    """Every project that the token reaches, by name."""
    found = access.api_projects_of(call.token)
    return shapes.Projects(projects=[shapes.ProjectLine(**_line(call, project)) for project in found])


@operation("read", gives=shapes.Project)
def show_project(call: Call, slug: str) -> shapes.Project:
    """A project: its last counted pass with errors by category, and the state of its latest pass."""
    project = call.project(slug)
    passes = project.passes.defer(*LONG_TEXTS)
    counted = passes.counted().in_commit_order().last()
    latest = passes.order_by("-number").first()
    return shapes.Project(
        **_line(call, project),
        paused=project.paused_at is not None,
        next_pass_at=project.next_pass_at,
        open_tickets=project.open_tickets,
        last_counted=pass_of(call, project, counted) if counted else None,
        last_pass=line_of(call, project, latest) if latest else None,
    )


def _line(call: Call, project: models.Project) -> dict[str, Any]:
    return {
        "slug": project.slug,
        "name": project.name,
        "key": project.key,
        "role": "administrator" if project.rights.admin else project.rights.role,
        "page": call.request.build_absolute_uri(reverse("overview", args=[project.slug])),
    }
