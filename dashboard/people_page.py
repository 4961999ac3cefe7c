"""The page of a project's members: who they are, and who is invited."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from dashboard.people_forms import InviteForm
from remediation import people
from remediation.models import Membership, Project, User


def build(project: Project, asker: User, form: InviteForm | None = None) -> dict[str, Any]:
    """The context of the page. Two queries."""
    return {
        "project": project,
        "page": "settings",
        "members": people.members_of(project),
        "asker": asker,
        "roles": Membership.Role.choices,
        "invitations": project.invitations.open().select_related("invited_by"),
        "form": form or InviteForm(mail=settings.MAIL),
        "days": people.DAYS,
        "mail": settings.MAIL,
    }
