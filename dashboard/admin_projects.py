"""What an administrator sees of projects: who leads them, what they hold, and what is being removed."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Count

from remediation.belongings import belongings
from remediation.models import Membership, Project


@dataclass(frozen=True, slots=True)
class Row:
    """``rows`` in all tables are counted; ``size`` in bytes is their share of what the tables take on disk."""

    project: Project
    leads: list[str]
    passes: int
    tickets: int
    rows: int
    size: int


def build() -> dict[str, Any]:
    """The context of the page; as many queries as there are tables, however many projects."""
    rows, sizes, named = Counter[int](), defaultdict[int, float](float), {}
    for belonging in belongings():
        model, path = belonging.model, belonging.path
        found = dict(model._base_manager.order_by().values_list(path).annotate(Count("pk")))
        rows.update(found)
        named[model.__name__] = found
        each = _bytes(model._meta.db_table) / max(1, sum(found.values()))
        for project, number in found.items():
            sizes[project] += number * each
    leads = defaultdict(list)
    for member in Membership.objects.filter(role="lead").select_related("user").order_by("user__username"):
        leads[member.project_id].append(member.user.label)
    projects = [
        Row(
            project=project,
            leads=leads[project.pk],
            passes=named["CollectionPass"].get(project.pk, 0),
            tickets=named["Ticket"].get(project.pk, 0),
            rows=rows[project.pk],
            size=round(sizes[project.pk]),
        )
        for project in Project.every.order_by("name")
    ]
    return {
        "rows": [row for row in projects if row.project.deleted_at is None],
        "going": [row for row in projects if row.project.deleted_at is not None],
    }


def _bytes(table: str) -> int:
    """What a table takes on disk, with its indexes and long values."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_total_relation_size(%s::regclass)", [table])
        return int(cursor.fetchone()[0])
