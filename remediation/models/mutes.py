"""Tickets that people set aside for a time. Their errors still count."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from remediation.core.mutes import Until


class Mute(models.Model):
    """Somebody muted a ticket for a reason. A fact, and so is its end: a rebuild reads both and writes neither.

    It ends as ``until_date`` begins in the project's zone, when a pass of at least ``until_number`` is counted, or by
    hand; ``ended_by`` and ``ended_pass`` say which. ``after`` is the last deciding pass when it was said: a pass that
    verifies the ticket later uses it up, so what comes back is regressed, not muted.
    """

    ticket = models.ForeignKey("remediation.Ticket", models.CASCADE, related_name="mutes")
    at = models.DateTimeField()
    actor = models.ForeignKey("remediation.User", models.SET_NULL, null=True, related_name="+")
    reason = models.CharField(max_length=300)
    until_date = models.DateField(null=True)
    until_number = models.PositiveIntegerField(null=True)
    after = models.ForeignKey("remediation.CollectionPass", models.CASCADE, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey("remediation.User", models.SET_NULL, null=True, related_name="+")
    ended_pass = models.ForeignKey("remediation.CollectionPass", models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["ticket"], condition=Q(ended_at__isnull=True), name="mute_one_at_a_time"),
            models.CheckConstraint(condition=~Q(reason=""), name="mute_has_a_reason"),
            models.CheckConstraint(
                condition=Q(until_date__isnull=True) | Q(until_number__isnull=True), name="mute_one_end"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=False) | Q(ended_by__isnull=True, ended_pass__isnull=True),
                name="mute_ended_whole",
            ),
        ]
        indexes = [models.Index(fields=["until_date"], condition=Q(ended_at__isnull=True), name="mute_by_date")]

    def __str__(self) -> str:
        return f"{self.ticket}: {self.reason}"

    @property
    def until(self) -> Until:
        """When it ends by itself."""
        return Until(self.until_date, self.until_number)
