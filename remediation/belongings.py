"""Everything below a project: which tables, in which order they can go, and the way from each to its project."""

from __future__ import annotations

import functools
from collections import deque
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any

from django.db import models

from remediation.models import Project

_LETS_GO = {models.SET_NULL, models.DO_NOTHING}  # a row that is only told so belongs to somebody else


@dataclass(frozen=True, slots=True)
class Belonging:
    """A table of a project's rows; ``path`` is the lookup that leads to the project: "fingerprint__project".

    ``kept_by``: the way to rows of the same table that forbid a row to go before them ("merged"); "" for none.
    """

    model: type[models.Model]
    path: str
    kept_by: str = ""

    def of(self, project_id: int) -> models.QuerySet[Any]:
        """The project's rows."""
        return self.model._base_manager.filter(**{self.path: project_id})


@functools.cache
def belongings() -> tuple[Belonging, ...]:
    """Every table below a project, each before the tables that it refers to. Found from the models themselves."""
    paths = _paths()
    order: TopologicalSorter[type[models.Model]] = TopologicalSorter({model: set() for model in paths})
    for model in paths:
        for other in {field.related_model for field in _references(model)} & paths.keys() - {model}:
            order.add(other, model)
    return tuple(Belonging(model, paths[model], _kept_by(model)) for model in order.static_order())


def _paths() -> dict[type[models.Model], str]:
    """The shortest way from each table to its project, over references that no row can be without."""
    found: dict[type[models.Model], str] = {}
    waiting: deque[tuple[type[models.Model], str]] = deque([(Project, "")])
    while waiting:
        parent, path = waiting.popleft()
        for relation in parent._meta.get_fields(include_hidden=True):
            if not isinstance(relation, models.ManyToOneRel):
                continue
            child, field = relation.related_model, relation.field
            if child is not Project and child not in found and not field.null and relation.on_delete not in _LETS_GO:
                found[child] = f"{field.name}__{path}" if path else field.name
                waiting.append((child, found[child]))
    return found


def _references(model: type[models.Model]) -> list[Any]:
    return [field for field in model._meta.concrete_fields if field.is_relation]


def _kept_by(model: type[models.Model]) -> str:
    for field in _references(model):
        if field.related_model is model and field.remote_field.on_delete in {models.RESTRICT, models.PROTECT}:
            return str(field.related_query_name())
    return ""
