"""The weekly reports of a project: when they are drafted, what was made final, and who gets them."""

from __future__ import annotations

from datetime import time, timedelta

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower


class ReportPlan(models.Model):
    """The slot in which a project's week ends, and what becomes of the report of that week.

    Weeks are cut at the slot whether reports are drafted or not; a project without a row has the defaults.
    """

    project = models.OneToOneField("remediation.Project", models.CASCADE, related_name="report_plan")
    weekday = models.PositiveSmallIntegerField(default=0, help_text="0 is Monday.")
    at = models.TimeField(default=time, help_text="To the minute, in the project's time zone.")
    since = models.DateTimeField(null=True, help_text="Weeks that end later are drafted; empty: none is.")
    release_after = models.PositiveSmallIntegerField(
        null=True, default=24, help_text="Hours until a draft becomes final by itself; empty: never."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(weekday__lte=6), name="report_plan_weekday"),
            models.CheckConstraint(condition=Q(release_after__lte=168), name="report_plan_within_a_week"),
        ]

    def __str__(self) -> str:
        return f"report plan of {self.project}"


class WeeklyReport(models.Model):
    """The report of one week that has ended: a draft is computed when it is read, a final is what its files say.

    The database refuses to change or delete a final and its files while their project is there. ``start`` and ``end``
    are the week as the slot had it then; where the slot was moved, the week in between is longer, so that no moment is
    in two reports and none is left out.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        FINAL = "final", "Final"

    project = models.ForeignKey("remediation.Project", models.CASCADE, related_name="weekly_reports")
    label = models.CharField(max_length=8, help_text="2025-W45.")
    start = models.DateTimeField()
    end = models.DateTimeField()
    zone = models.CharField(max_length=60, help_text="By whose clock its days are told.")
    state = models.CharField(max_length=5, choices=State.choices, default=State.DRAFT)
    drafted_at = models.DateTimeField()
    late = models.BooleanField(default=False, help_text="Drafted more than an hour after the week's end.")

    # Why a draft could not be made final, and when that is tried again.
    trouble = models.CharField(max_length=300, blank=True)
    again_at = models.DateTimeField(null=True)

    # Of a final.
    final_at = models.DateTimeField(null=True)
    released_by = models.CharField(max_length=310, blank=True, help_text="As they were called; empty: by itself.")
    title = models.CharField(max_length=300, blank=True)
    content_hash = models.CharField(max_length=64, blank=True)
    counted = models.PositiveIntegerField(null=True, help_text="Passes of the week with a number.")
    ran = models.PositiveIntegerField(null=True, help_text="Passes of the week that had ended.")
    net = models.IntegerField(null=True, help_text="Errors after its steps less those before; null: it has no step.")
    errors = models.PositiveIntegerField(null=True, help_text="At its end; null: none of its passes was counted.")

    class Meta:
        ordering = ["-end"]
        constraints = [
            models.UniqueConstraint(fields=["project", "label"], name="report_once_a_week"),
            models.CheckConstraint(condition=Q(end__gt=F("start")), name="report_ends_after_it_begins"),
            models.CheckConstraint(
                condition=Q(state="draft", final_at__isnull=True, content_hash="")
                | (Q(state="final", final_at__isnull=False) & ~Q(content_hash="")),
                name="report_final_has_a_hash",
            ),
        ]
        indexes = [models.Index(fields=["drafted_at"], condition=Q(state="draft"), name="report_drafts")]

    def __str__(self) -> str:
        return f"{self.label} of {self.project}"

    @property
    def final(self) -> bool:
        """Whether it can no longer change."""
        return self.state == self.State.FINAL

    @property
    def lag(self) -> timedelta:
        """From the week's end to the draft."""
        return self.drafted_at - self.end


class ReportFile(models.Model):
    """One format of a final report, as it was made when it became final; ``page`` is the body of its page."""

    report = models.ForeignKey(WeeklyReport, models.CASCADE, related_name="files")
    format = models.CharField(max_length=8, help_text="html, pdf, md, csv, xlsx, json, or page.")
    name = models.CharField(max_length=120)
    content_type = models.CharField(max_length=100)
    content = models.BinaryField()
    digest = models.CharField(max_length=64, help_text="SHA-256 of the content.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["report", "format"], name="report_file_once")]

    def __str__(self) -> str:
        return self.name


class Recipient(models.Model):
    """Who gets a project's final reports by mail: an account at its address of the moment, or an outside address."""

    project = models.ForeignKey("remediation.Project", models.CASCADE, related_name="recipients")
    user = models.ForeignKey("remediation.User", models.CASCADE, null=True, related_name="+")
    address = models.EmailField(blank=True, help_text="Of somebody without an account.")
    formats = models.JSONField(default=list, help_text="Of the files that are attached.")
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["project", "user"], name="recipient_account_once"),
            models.UniqueConstraint(
                F("project"), Lower("address"), condition=Q(user__isnull=True), name="recipient_address_once"
            ),
            models.CheckConstraint(
                condition=(Q(user__isnull=False) & Q(address="")) | (Q(user__isnull=True) & ~Q(address="")),
                name="recipient_one_of_both",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """Who it is, for people to read."""
        return self.user.label if self.user else self.address
