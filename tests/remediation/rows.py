"""What a use case wrote, seen from outside: rows of every table, and the statements it sent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

_WRITE = re.compile(r'^\s*(INSERT INTO|UPDATE|DELETE FROM|COPY) "?(\w+)"?')


def counts() -> dict[str, int]:
    """Rows of every table of the domain."""
    return {model.__name__: model.objects.count() for model in apps.get_app_config("remediation").get_models()}


def contents() -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table of the domain."""
    models = apps.get_app_config("remediation").get_models()
    return {model.__name__: list(model.objects.order_by("pk").values_list()) for model in models}


@contextmanager
def writes() -> Iterator[list[tuple[str, str]]]:
    """Collect (statement, table) of everything that is written inside the block."""
    found: list[tuple[str, str]] = []
    with CaptureQueriesContext(connection) as captured:
        yield found
    for query in captured:
        if match := _WRITE.match(query["sql"]):
            found.append((match[1].split()[0], match[2].removeprefix("remediation_")))
