"""What is to be told to the outside: written with the change it tells of, sent by the dispatcher."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from remediation.querysets import OutboxQuerySet

UNFINISHED = Q(done_at__isnull=True, gave_up_at__isnull=True)


class Receiver(models.Model):
    """Where a project's events go: the incoming webhook of a chat, or a signed webhook of the team's own.

    ``url`` of a chat is a secret by itself; ``secret`` signs what a webhook gets. Both are shown once.
    """

    class Style(models.TextChoices):
        SLACK = "slack", "Slack"
        MATTERMOST = "mattermost", "Mattermost"
        TEAMS = "teams", "Teams"
        WEBHOOK = "webhook", "Webhook"

    project = models.ForeignKey("remediation.Project", models.CASCADE, related_name="receivers")
    style = models.CharField(max_length=12, choices=Style.choices)
    url = models.CharField(max_length=1000)
    secret = models.CharField(max_length=100, blank=True)
    events = models.JSONField(default=list)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["project"], condition=~Q(style="webhook"), name="receiver_one_chat"),
            models.CheckConstraint(
                condition=Q(style__in=["slack", "mattermost", "teams", "webhook"]), name="receiver_style_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_style_display()} of {self.project}"

    @property
    def kind(self) -> str:
        """Its kind of outbox row."""
        return "webhook" if self.style == "webhook" else "chat"

    @property
    def host(self) -> str:
        """What may be shown of the address: never the path."""
        return self.url.split("/")[2] if self.url.count("/") >= 2 else ""


class Outbox(models.Model):
    """One message to one receiver: due, under way, sent or given up. Sent at least once, always under its key.

    A worker that dies between sending and noting it leaves the row due: it is sent again with the same key, which is
    its Idempotency-Key, webhook-id or Message-ID. That is the only way a message is doubled.
    """

    key = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=12)
    lane = models.CharField(max_length=40, help_text="Who takes it. When that one is away, all its rows wait.")
    topic = models.CharField(max_length=60, blank=True, help_text="Rows of one topic leave in their order.")
    payload = models.JSONField()
    user = models.ForeignKey("remediation.User", models.CASCADE, null=True, related_name="+")
    receiver = models.ForeignKey(Receiver, models.CASCADE, null=True, related_name="messages")
    made_at = models.DateTimeField()

    next_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    fence = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=300, blank=True)
    done_at = models.DateTimeField(null=True)
    gave_up_at = models.DateTimeField(null=True)

    objects = OutboxQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        verbose_name_plural = "outbox"
        constraints = [
            models.CheckConstraint(
                condition=Q(done_at__isnull=True) | Q(gave_up_at__isnull=True), name="outbox_one_ending"
            ),
        ]
        indexes = [
            models.Index(F("next_at"), F("id"), condition=UNFINISHED, name="outbox_due"),
            models.Index(fields=["topic", "id"], condition=UNFINISHED & ~Q(topic=""), name="outbox_in_order"),
        ]

    def __str__(self) -> str:
        return self.key


class Delivery(models.Model):
    """One try to deliver to a receiver; the last fifty of each are kept."""

    receiver = models.ForeignKey(Receiver, models.CASCADE, related_name="deliveries")
    message = models.ForeignKey(Outbox, models.SET_NULL, null=True, related_name="deliveries")
    key = models.CharField(max_length=120)
    event = models.CharField(max_length=40)
    at = models.DateTimeField()
    seconds = models.FloatField()
    status = models.PositiveSmallIntegerField(null=True, help_text="What was answered; null: nothing.")
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "deliveries"

    def __str__(self) -> str:
        return f"{self.key}: {self.error or self.status}"
