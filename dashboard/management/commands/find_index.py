"""Makes the indexes of the find field, once the extension pg_trgm may be made in the database."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.db import connection

from dashboard.management.base import BLOCKED, OK, ProjectCommand


class Command(ProjectCommand):
    help = (
        "Make the trigram indexes of the find field where migrating could not. Safe at any time; exit code 0 when they "
        "are there, 1 when the extension is still refused."
    )

    def work(self, **options: Any) -> int | None:
        """The migration's own step again."""
        with connection.schema_editor() as editor:
            made = import_module("remediation.migrations.0009_find").make(None, editor)
        self.stdout.write("Find reads its indexes." if made else "The extension pg_trgm is refused; find reads tables.")
        return OK if made else BLOCKED
