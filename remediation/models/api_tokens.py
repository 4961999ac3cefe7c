"""Tokens by which a person's programs ask the API, what each was used for, and the passes that they asked for once."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class ApiToken(models.Model):
    """One token. It is shown once and never kept: ``prefix`` tells it from others, ``digest`` proves it.

    It may do what its owner may at that moment, in one project or (``project`` null) in all of theirs, and of that only
    what its scope reaches.
    """

    class Scope(models.TextChoices):
        READ = "read", "Read"
        TRIGGER = "trigger", "Read and start passes"
        WRITE = "write", "Read, start passes and work on tickets"

    owner = models.ForeignKey("remediation.User", models.CASCADE, related_name="api_tokens")
    project = models.ForeignKey("remediation.Project", models.CASCADE, null=True, blank=True, related_name="api_tokens")
    name = models.CharField(max_length=60, help_text="Where it is used.")
    scope = models.CharField(max_length=10, choices=Scope.choices)
    prefix = models.CharField(max_length=8, unique=True)
    digest = models.CharField(max_length=64, help_text="SHA-256 of the token.")
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey("remediation.User", models.SET_NULL, null=True, blank=True, related_name="+")
    used_at = models.DateTimeField(null=True, blank=True, help_text="To the minute.")

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(scope__in=["read", "trigger", "write"]), name="api_token_scope_known"),
            models.CheckConstraint(condition=Q(expires_at__gt=models.F("made_at")), name="api_token_expires_later"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.shown})"

    @property
    def shown(self) -> str:
        """What people see of it: "rtd_8kq02mzx…"."""
        return f"rtd_{self.prefix}…"


class TokenUse(models.Model):
    """That a token asked for a route in a minute: its first call then. Of each token the last few are kept."""

    token = models.ForeignKey(ApiToken, models.CASCADE, related_name="uses")
    minute = models.DateTimeField()
    at = models.DateTimeField()
    address = models.CharField(max_length=45, blank=True, help_text="Where the call came from; empty: not known.")
    method = models.CharField(max_length=7)
    route = models.CharField(max_length=40)
    status = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["token", "minute", "method", "route"], name="token_use_once_a_minute")
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.route}: {self.status}"


class KeyedPass(models.Model):
    """A pass that a program asked for under a key of its own (Idempotency-Key): asked again, it is the same pass.

    ``asked``: SHA-256 of what was asked, so that one key cannot stand for two requests.
    """

    token = models.ForeignKey(ApiToken, models.CASCADE, related_name="keyed_passes")
    key = models.CharField(max_length=100)
    asked = models.CharField(max_length=64)
    collection_pass = models.ForeignKey("remediation.CollectionPass", models.CASCADE, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["token", "key"], name="keyed_pass_once")]

    def __str__(self) -> str:
        return f"{self.key}: {self.collection_pass}"
