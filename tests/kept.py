"""Rows kept to be put back: what takes seconds to make through the product's use cases is made once in a process."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.cache import caches
from django.db import connection

# Django makes these anew whenever a database was emptied.
_DJANGOS = {"django_migrations", "django_content_type", "auth_permission"}


@dataclass(frozen=True)
class Kept:
    """Every row of the test database, committed, by table; and where its sequences stood."""

    rows: dict[str, bytes]
    sequences: dict[str, int]

    @classmethod
    def all_rows(cls) -> Kept:
        """What is there now."""
        rows = {}
        with connection.cursor() as cursor:
            for table in set(connection.introspection.table_names(cursor)) - _DJANGOS:
                with cursor.copy(f'COPY "{table}" TO STDOUT (FORMAT binary)') as copy:
                    rows[table] = b"".join(bytes(part) for part in copy)
            cursor.execute("SELECT sequencename, last_value FROM pg_sequences WHERE last_value IS NOT NULL")
            return cls(rows, dict(cursor.fetchall()))

    def put_back(self) -> None:
        """Into an empty database. Triggers and foreign keys rest meanwhile: these rows have been through them."""
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            try:
                for table, content in self.rows.items():
                    with cursor.copy(f'COPY "{table}" FROM STDIN (FORMAT binary)') as copy:
                        copy.write(content)
                for name, value in self.sequences.items():
                    cursor.execute("SELECT setval(%s, %s)", [f'"{name}"', value])
            finally:
                cursor.execute("SET session_replication_role = DEFAULT")
        for cache in caches.all(initialized_only=True):
            cache.clear()  # what was remembered of these ids, in another test
