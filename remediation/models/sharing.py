"""Secret addresses by which people without an account see one thing of a project."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class ShareLink(models.Model):
    """One address: it shows one thing until it expires or is revoked. The token is shown once and never kept."""

    class Shows(models.TextChoices):
        BADGE = "badge", "Badge"
        TREND = "trend", "Trend"
        REPORT = "report", "Report of the last week"

    project = models.ForeignKey("remediation.Project", models.CASCADE, related_name="share_links")
    shows = models.CharField(max_length=10, choices=Shows.choices)
    report = models.ForeignKey(
        "remediation.WeeklyReport", models.CASCADE, null=True, related_name="+",
        help_text="The final that it shows; empty: the newest week.",
    )  # fmt: skip
    name = models.CharField(max_length=60, help_text="Where it is used.")
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the token.")
    made_by = models.ForeignKey("remediation.User", models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True, help_text="To the hour.")

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(shows__in=["badge", "trend", "report"]), name="share_shows_known"),
            models.CheckConstraint(condition=Q(report__isnull=True) | Q(shows="report"), name="share_of_a_report"),
            models.CheckConstraint(condition=Q(expires_at__gt=models.F("made_at")), name="share_expires_later"),
        ]

    def __str__(self) -> str:
        return f"{self.shows} of {self.project} for {self.name}"

    @property
    def shown(self) -> str:
        """What it shows, for people to read."""
        return f"Report {self.report.label}" if self.report else self.get_shows_display()
