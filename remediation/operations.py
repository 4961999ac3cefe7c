"""What administrators keep: which backups were made, and how many days things stay."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction

from remediation import audit
from remediation.core.text import clean_line
from remediation.models import Backup, Retention, User
from remediation.refusals import Refused

__all__ = ["DAYS", "Refused", "late", "note_backup", "retention", "set_retention"]

DAYS = ("output", "notices", "sent", "lost", "checks", "backup")


def note_backup(*, at: datetime, file: str, size: int, sha256: str, tables: int, rows: int, restored: bool) -> Backup:
    """Remember a finished backup, so that its age can be said."""
    with transaction.atomic():
        line = audit.write("made", "backup", changes={"file": ("", file), "bytes": ("", size), "rows": ("", rows)})
        return Backup.objects.create(
            at=at, made_by=line.actor, file=clean_line(file, 500), bytes=size, sha256=sha256, tables=tables, rows=rows,
            restored=restored,
        )  # fmt: skip


def late(last: Backup | None, now: datetime) -> bool:
    """Whether the last backup is older than it should be, or there is none. One query."""
    return last is None or last.at < now - timedelta(days=retention().backup)


def retention() -> Retention:
    """How many days things stay, as set, or the defaults."""
    return Retention.objects.first() or Retention()


def set_retention(days: Mapping[str, int], by: User) -> Retention:
    """Change how many days things stay. Raises Refused, naming the first that lies outside its limits."""
    with transaction.atomic():
        Retention.objects.get_or_create(only=True)
        row = Retention.objects.select_for_update().get()
        before = {name: getattr(row, name) for name in DAYS}
        for name in DAYS:
            setattr(row, name, days[name])
        try:
            row.clean_fields()
        except ValidationError as error:
            field, texts = next(iter(error.message_dict.items()))
            raise Refused(field, " ".join(texts)) from error
        row.save()
        if changes := audit.differences(before, {name: getattr(row, name) for name in DAYS}):
            audit.write("changed", "retention", changes=changes, by=by)
    return row
