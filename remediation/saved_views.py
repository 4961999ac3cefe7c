"""What a person does with the filters that they keep under a name."""

from __future__ import annotations

from django.db import transaction

from remediation.core.text import clean_line
from remediation.models import Project, SavedView, User
from remediation.refusals import Refused

__all__ = ["MOST", "Refused", "remove", "rename", "save"]

MOST = 20  # of one person in one project
_NAME = 40


def save(user: User, project: Project, name: str, query: str) -> SavedView:
    """Keep a query string under a name; a name that is there already gets the new one.

    Raises Refused for an empty name, and beyond MOST. The caller hands in a query that its own filter has written.
    """
    name = _name(name)
    with transaction.atomic():
        own = SavedView.objects.filter(user=user, project=project)
        # Locked by the person's row, so that two windows cannot go beyond the number together.
        User.objects.select_for_update().get(pk=user.pk)
        if not own.filter(name=name).exists() and own.count() >= MOST:
            raise Refused("name", f"You have {MOST} views here already. Remove one first.")
        view, _ = SavedView.objects.update_or_create(
            user=user, project=project, name=name, defaults={"query": query[:500]}
        )
        return view


def rename(view: SavedView, name: str) -> SavedView:
    """Call a view something else. Raises Refused for an empty name and for one that another view has."""
    name = _name(name)
    with transaction.atomic():
        User.objects.select_for_update().get(pk=view.user_id)
        others = SavedView.objects.filter(user=view.user_id, project=view.project_id).exclude(pk=view.pk)
        if others.filter(name=name).exists():
            raise Refused("name", f"You have a view called {name} already.")
        SavedView.objects.filter(pk=view.pk).update(name=name)
    view.name = name
    return view


def remove(view: SavedView) -> None:
    """Forget a view."""
    view.delete()


def _name(name: str) -> str:
    cleaned = clean_line(name, _NAME).strip()
    if not cleaned:
        raise Refused("name", "A view needs a name.")
    return cleaned
