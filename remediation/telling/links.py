"""Where on the site something stands, for what is read elsewhere."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse

from remediation.models import CollectionPass, Notice, Project, Ticket


def absolute(path: str) -> str:
    """A whole address; the bare path where nobody said how the site is reached (SITE_URL)."""
    return f"{settings.SITE_URL}{path}"


def ticket_path(project: Project, ticket: Ticket) -> str:
    """A ticket's page."""
    return reverse("ticket", args=[project.slug, f"{project.key}-{ticket.number}"])


def pass_path(project: Project, collection_pass: CollectionPass) -> str:
    """A pass's page."""
    return reverse("pass", args=[project.slug, collection_pass.number])


def report_path(project: Project, label: str) -> str:
    """The page of a week's report."""
    return reverse("report", args=[project.slug, label])


def notice_path(notice: Notice) -> str:
    """The page of what a notice is about."""
    if notice.ticket is not None:
        return ticket_path(notice.project, notice.ticket)
    if notice.collection_pass is not None:
        return pass_path(notice.project, notice.collection_pass)
    if notice.kind == "report":
        return report_path(notice.project, notice.data["label"])
    return reverse("overview", args=[notice.project.slug])
