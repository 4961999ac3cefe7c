"""A try of a connection, before there is a project: what a worker found, step by step."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q


class ConnectionCheck(models.Model):
    """One check of one draft of a project. Kept for a day; its project, once there is one, takes over what it built."""

    class State(models.TextChoices):
        QUEUED = "queued", "Waits"
        RUNNING = "running", "Running"
        ENDED = "ended", "Ended"

    requested_by = models.ForeignKey("remediation.User", models.CASCADE, related_name="+")
    project = models.ForeignKey("remediation.Project", models.SET_NULL, null=True, blank=True, related_name="checks")
    draft = models.JSONField(help_text="What the form held: the settings of the project to be.")

    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    # [{"code", "state": done, warn or failed, "seconds", "said"}] of the steps that have ended.
    steps = models.JSONField(default=list, blank=True)
    step = models.CharField(max_length=10, blank=True, help_text="The one under way.")
    step_since = models.FloatField(default=0, help_text="Seconds from the claim to its beginning.")
    passed = models.BooleanField(null=True, blank=True)
    field = models.CharField(max_length=20, blank=True, help_text="The setting to change when it has failed.")
    found = models.JSONField(default=dict, blank=True, help_text="Commit, branch, files, python, pytest.")
    log = models.TextField(blank=True)
    live = models.JSONField(null=True, blank=True)

    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    fence = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    nudged_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)

    objects: models.Manager[Any] = models.Manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="ended", passed__isnull=False) | (~Q(state="ended") & Q(passed__isnull=True)),
                name="check_ended_has_verdict",
            ),
            models.CheckConstraint(
                condition=Q(state="running", lease_until__isnull=False) | ~Q(state="running"),
                name="check_running_has_lease",
            ),
        ]

    def __str__(self) -> str:
        return f"check {self.pk}"
