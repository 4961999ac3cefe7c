"""Trigram indexes for the find field. Where the extension is refused, find reads whole tables: slower, never wrong."""

import logging

from django.db import DatabaseError, migrations, transaction

logger = logging.getLogger("remediation.migrations")

# upper(...) LIKE is what Django's icontains asks; the commit is asked for by its beginning.
INDEXES = {
    "find_ticket_title": ("remediation_ticket", "gin (upper(title) gin_trgm_ops)"),
    "find_root_cause": ("remediation_fingerprint", "gin (upper(readable) gin_trgm_ops)"),
    "find_file_path": ("remediation_testfile", "gin (upper(path) gin_trgm_ops)"),
    "find_pass_subject": ("remediation_collectionpass", "gin (upper(subject) gin_trgm_ops)"),
}
COMMIT = "CREATE INDEX IF NOT EXISTS find_pass_commit ON remediation_collectionpass (commit varchar_pattern_ops)"


def make(apps, schema_editor):
    """Whether find has its indexes. Also run by manage.py find_index, once somebody who may has made the extension."""
    connection = schema_editor.connection
    with connection.cursor() as cursor:
        cursor.execute(COMMIT)
        try:
            with transaction.atomic(using=connection.alias):
                cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        except DatabaseError as error:
            logger.warning(
                "The extension pg_trgm is refused (%s), so the find field reads whole tables. To make it fast, let a "
                "superuser run CREATE EXTENSION pg_trgm in this database, then: manage.py find_index",
                str(error).strip().splitlines()[0],
            )
            return False
        for name, (table, index) in INDEXES.items():
            cursor.execute(f"CREATE INDEX IF NOT EXISTS {name} ON {table} USING {index}")
    return True


def drop(apps, schema_editor):
    """The extension stays: others may use it."""
    with schema_editor.connection.cursor() as cursor:
        for name in (*INDEXES, "find_pass_commit"):
            cursor.execute(f"DROP INDEX IF EXISTS {name}")


class Migration(migrations.Migration):
    dependencies = [("remediation", "0008_connection_checks")]
    operations = [migrations.RunPython(make, drop)]
