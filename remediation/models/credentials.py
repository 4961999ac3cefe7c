"""What opens a project's private repository: used by git, and never shown again."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Credential(models.Model):
    """What opens one host for one project. What is secret of it is sealed, see ``vault``; the rest is for people.

    What it was made for (project, kind, host, user) stands inside the seal, too: a changed column opens nothing.
    """

    class Kind(models.TextChoices):
        HTTPS = "https", "User name and token"
        SSH = "ssh", "Deploy key"

    project = models.OneToOneField("remediation.Project", models.CASCADE, related_name="credential")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    host = models.CharField(max_length=255, help_text="The only one that it is sent to, with its port.")
    user = models.CharField(max_length=200, blank=True)
    sealed = models.TextField()
    public_key = models.TextField(blank=True, help_text="Of a deploy key: the line that the host is given.")
    hint = models.CharField(max_length=60, blank=True, help_text="A fingerprint, or the last four of a long token.")
    made_by = models.ForeignKey("remediation.User", models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField()

    host_keys = models.TextField(blank=True, help_text="As in known_hosts, since the host was first met.")
    host_met_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)
    failed = models.CharField(max_length=600, blank=True, help_text="Why the last use failed; empty: it worked.")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["https", "ssh"]), name="credential_kind_known"),
            models.CheckConstraint(condition=Q(failed="") | Q(used_at__isnull=False), name="credential_failed_in_use"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} for {self.host}"
