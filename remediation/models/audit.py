"""What people changed that is in no ticket's history: append-only, by the database's own refusal."""

from __future__ import annotations

from typing import Any

from django.db import models


class AuditLine(models.Model):
    """One change: who, when, from where, what, and before -> after. A trigger refuses to update or delete it.

    It names accounts, projects and objects as text beside their ids and refers to none of their rows, so it stays
    whole when they are deleted. ``actor_id`` null: no account, ``actor`` then says what acted ("command line").
    """

    at = models.DateTimeField()
    actor_id = models.BigIntegerField(null=True, blank=True)
    actor = models.CharField(max_length=310)
    address = models.CharField(max_length=45, blank=True, help_text="Where the request came from; empty: not known.")
    verb = models.CharField(max_length=20)
    object = models.CharField(max_length=300, help_text="What was changed, as it was called then.")
    project_id = models.BigIntegerField(null=True, blank=True)
    project = models.CharField(max_length=60, blank=True, help_text="Its slug then.")
    # {"schedule": ["", "0 6 * * *"]}; of a secret only whether it was set, changed or cleared.
    changes = models.JSONField(default=dict, blank=True)

    objects: models.Manager[Any] = models.Manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["project_id", "-id"], name="audit_by_project"),
            models.Index(fields=["actor_id", "-id"], name="audit_by_actor"),
            models.Index(fields=["at"], name="audit_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.actor} {self.verb} {self.object}"
