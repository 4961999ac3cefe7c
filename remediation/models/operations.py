"""What an administrator keeps: backups that were made, and how long things stay."""

from __future__ import annotations

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q


class Backup(models.Model):
    """One finished backup, as its command saw it. The file itself is the administrator's."""

    at = models.DateTimeField(help_text="Of the snapshot that it holds.")
    made_by = models.CharField(max_length=310, help_text="Who ran the command.")
    file = models.CharField(max_length=500, help_text="Where it was written.")
    bytes = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    tables = models.PositiveIntegerField()
    rows = models.BigIntegerField()
    restored = models.BooleanField(default=False, help_text="Restored and compared; else read back whole.")

    objects: models.Manager[Any] = models.Manager()

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [models.CheckConstraint(condition=Q(bytes__gt=0), name="backup_is_something")]

    def __str__(self) -> str:
        return f"backup of {self.at:%Y-%m-%d %H:%M}"


def _days(default: int, least: int, most: int, help_text: str) -> Any:
    limits = [MinValueValidator(least), MaxValueValidator(most)]
    return models.PositiveSmallIntegerField(default=default, validators=limits, help_text=help_text)


class Retention(models.Model):
    """How many days things stay that no count, ticket or report needs. One row at most; without it the defaults."""

    only = models.BooleanField(primary_key=True, default=True)
    output = _days(365, 7, 3_650, "After the pass ended; that of each project's last pass stays.")
    notices = _days(365, 30, 3_650, "After it was told; one that nobody has read stays.")
    sent = _days(7, 1, 90, "After it arrived; at most fifty deliveries of each receiver stay listed.")
    lost = _days(90, 7, 365, "After it was given up.")
    checks = _days(1, 1, 30, "With what it fetched and built.")
    backup = _days(7, 1, 365, "A backup that is older is named on this area's pages and by doctor.")

    objects: models.Manager[Any] = models.Manager()

    class Meta:
        verbose_name_plural = "retention"
        constraints = [models.CheckConstraint(condition=Q(only=True), name="retention_one_row")]

    def __str__(self) -> str:
        return "retention"
