"""Fills an empty database from a backup, and proves that all of it is there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import connection

from dashboard import backup
from dashboard.management.base import ProjectCommand, migrate


class Command(ProjectCommand):
    help = (
        "Restore a backup into an empty database: a new DATA_DIR, or the empty one that DATABASE_URL names. Nothing "
        "is ever overwritten. Exit codes: 0 restored and compared, 2 refused or failed."
    )
    expected = (backup.BackupError, OSError)
    migrates = False  # an empty database is what it needs

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path)

    def work(self, **options: Any) -> int | None:
        """Check the file against its list, restore, compare, and bring the tables up to this version."""
        file: Path = options["file"].resolve()
        sha256, contents = backup.read_list(file)
        if backup.digest(file) != sha256:
            raise CommandError(f"{file} is not the file that its list describes: it was changed or cut.")
        with backup.connect() as empty:
            if found := backup.contents_of(empty).tables:
                raise CommandError(
                    f"The database holds {len(found)} tables. A backup is restored into an empty one only: give a new "
                    "DATA_DIR, or another DATABASE_URL."
                )
        backup.restore_into(str(connection.settings_dict["NAME"]), file, contents)
        migrate()
        self.stdout.write(f"Restored {contents.rows:,} rows in {len(contents.tables)} tables, each compared.")
        return None
