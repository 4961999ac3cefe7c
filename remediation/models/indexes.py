"""Indexes of references. Where a unique constraint begins with one, it needs none of its own (``db_index=False``)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


def known(field: str, name: str) -> models.Index:
    """Of a reference that most rows do not have: only the rows that have it are in the index, and written to it."""
    return models.Index(fields=[field], name=name, condition=Q(**{f"{field}__isnull": False}))
