"""Long work on a project that somebody waits for."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q


class Rebuild(models.Model):
    """A project's history is to be computed again from its facts. Done, its row is gone.

    The row has no part in the computing's own transaction, so that its progress can be seen while that runs.
    """

    class State(models.TextChoices):
        QUEUED = "queued", "Waits"
        RUNNING = "running", "Running"
        FAILED = "failed", "Failed"

    project = models.ForeignKey("remediation.Project", models.CASCADE, related_name="rebuilds")
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    done = models.PositiveIntegerField(default=0, help_text="Counted passes so far.")
    total = models.PositiveIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    asked_at = models.DateTimeField()
    # The last sign of life, or the last message about it.
    beat_at = models.DateTimeField(null=True, blank=True)

    objects: models.Manager[Any] = models.Manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project"], condition=Q(state="queued"), name="rebuild_one_waits"),
            models.UniqueConstraint(fields=["project"], condition=Q(state="running"), name="rebuild_one_runs"),
        ]

    def __str__(self) -> str:
        return f"rebuild {self.pk}"
