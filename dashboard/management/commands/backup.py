"""Writes everything in the database to one file, and reads it back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.db import transaction
from django.utils import timezone

from dashboard import backup
from dashboard.management.base import ProjectCommand
from remediation import operations, vault


class Command(ProjectCommand):
    help = (
        "Write a backup of the database to FILE, or into FOLDER under a name of its own, with a list of its tables "
        "beside it (FILE.json). Safe while people work. Exit codes: 0 made, 2 refused or failed."
    )
    expected = (backup.BackupError, OSError)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("target", metavar="FILE|FOLDER", type=Path)
        parser.add_argument(
            "--prove", action="store_true",
            help="restore it into a database of its own on the same server, compare every table, and drop that again",
        )  # fmt: skip

    def work(self, **options: Any) -> int | None:
        """Make it, note it, and say what it is and what it is not."""
        made = backup.make(options["target"].resolve(), timezone.now(), prove=options["prove"])
        with transaction.atomic():
            operations.note_backup(
                at=made.at, file=str(made.file), size=made.bytes, sha256=made.sha256, tables=len(made.contents.tables),
                rows=made.contents.rows, restored=made.restored,
            )  # fmt: skip
        how = "restored and compared" if made.restored else "read back whole"
        self.stdout.write(f"{made.file}: {made.bytes:,} bytes, {made.contents.rows:,} rows, {how}.")
        self.stderr.write(
            f"Not in it: the key that opens stored credentials (private/{vault.FILE}, or CREDENTIAL_KEYS). Keep that "
            "elsewhere: whoever has both has your repositories. Without it credentials are put in again."
        )
        return None
