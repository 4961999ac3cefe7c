"""What people are told, and how they want to be told."""

from __future__ import annotations

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q

from remediation.core.notices import KINDS, MAILS
from remediation.notice_querysets import NoticeQuerySet


class Notice(models.Model):
    """One thing that one person is told. ``key`` says what and to whom, so that nothing is told twice.

    ``shown``: on the site. ``mail_at``: when a mail about it is due, null for none or none any more; ``mailed_as`` is
    that mail's key in the outbox.
    """

    key = models.CharField(max_length=120, unique=True)
    user = models.ForeignKey("remediation.User", models.CASCADE, related_name="notices")
    project = models.ForeignKey("remediation.Project", models.CASCADE, related_name="+")
    ticket = models.ForeignKey("remediation.Ticket", models.CASCADE, null=True, related_name="+")
    collection_pass = models.ForeignKey("remediation.CollectionPass", models.CASCADE, null=True, related_name="+")
    kind = models.CharField(max_length=20, choices=[(code, kind.words) for code, kind in KINDS.items()])
    data = models.JSONField(default=dict, help_text="What its sentence needs, as it was then.")
    at = models.DateTimeField()
    shown = models.BooleanField(default=True)
    read_at = models.DateTimeField(null=True)
    mail = models.CharField(max_length=8, choices=list(MAILS.items()), default="off")
    mail_at = models.DateTimeField(null=True)
    mailed_as = models.CharField(max_length=120, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["user"], condition=Q(shown=True, read_at__isnull=True), name="notice_unread"),
            models.Index(fields=["user", "-at"], condition=Q(shown=True), name="notice_listed"),
            models.Index(fields=["mail_at"], condition=Q(mail_at__isnull=False), name="notice_to_mail"),
        ]

    def __str__(self) -> str:
        return self.key


class NoticeChoice(models.Model):
    """How one person wants to be told. Without a row, and for a kind not in it, the defaults of ``KINDS`` hold."""

    user = models.OneToOneField("remediation.User", models.CASCADE, related_name="notice_choice")
    kinds = models.JSONField(default=dict, help_text="{kind: {site: yes or no, mail: now, digest or off}}")
    digest_hour = models.PositiveSmallIntegerField(default=8, validators=[MaxValueValidator(23)])
    time_zone = models.CharField(max_length=60, default="UTC")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(digest_hour__lte=23), name="notice_choice_hour")]

    def __str__(self) -> str:
        return f"choices of {self.user}"
