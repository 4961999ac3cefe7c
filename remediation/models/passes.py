"""Passes and the facts they brought home."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce

from remediation.core.records import CollectionError, PassResult, error_of
from remediation.querysets import MOMENT, PassQuerySet

_TERMS = ("cleared__isnull", "hidden__isnull", "unmasked__isnull", "new__isnull", "regressed__isnull")


class Scope(models.Model):
    """What a pass covered. Two counted passes are comparable when they have the same scope."""

    project = models.ForeignKey("remediation.Project", models.CASCADE, related_name="scopes")
    digest = models.CharField(max_length=64)
    facts = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "digest"], name="scope_once")]

    def __str__(self) -> str:
        return self.digest[:12]


class Result(models.Model):
    """The normalised facts of a counted pass, content-addressed: unchanged passes share one row."""

    project = models.ForeignKey("remediation.Project", models.CASCADE, related_name="results")
    digest = models.CharField(max_length=64)
    content = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "digest"], name="result_once")]

    def __str__(self) -> str:
        return self.digest[:12]

    def unpack(self) -> PassResult:
        """The facts as a value."""
        return PassResult.unpack(bytes(self.content))


class Rename(models.Model):
    """What git says became of files between two commits: a fact, kept so that a rebuild needs no repository.

    ``pairs``: {old path: new path}; ``deleted``: paths that left the tree, null when git was not asked for them.
    """

    project = models.ForeignKey("remediation.Project", models.CASCADE, related_name="renames")
    before = models.CharField(max_length=40)
    after = models.CharField(max_length=40)
    pairs = models.JSONField()
    deleted = models.JSONField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "before", "after"], name="rename_once")]

    def __str__(self) -> str:
        return f"{self.before[:9]}..{self.after[:9]}"


class CollectionPass(models.Model):
    """One collection of one commit. The row is the truth; a broker message about it is only a hint."""

    class Trigger(models.TextChoices):
        SCHEDULE = "schedule", "Schedule"
        MANUAL = "manual", "By hand"
        COMMAND = "command", "Command line"
        REPLAY = "replay", "Replay"
        PUSH = "push", "Push"
        API = "api", "By token"

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        ENDED = "ended", "Ended"

    class Outcome(models.TextChoices):
        COUNTED = "counted", "Counted"
        BLOCKED = "blocked", "Blocked"
        FAILED = "failed", "Failed"

    class Stage(models.TextChoices):
        FETCH = "fetch", "Fetch"
        CHECKOUT = "checkout", "Check out"
        INSTALL = "install", "Install"
        COLLECT = "collect", "Collect"
        RECORD = "record", "Classify and record"

    project = models.ForeignKey("remediation.Project", models.CASCADE, related_name="passes")
    number = models.PositiveIntegerField()
    slot = models.DateTimeField(null=True, blank=True, help_text="The due time computed from the schedule.")
    trigger = models.CharField(max_length=10, choices=Trigger.choices)
    requested_by = models.ForeignKey("remediation.User", models.SET_NULL, null=True, blank=True, related_name="+")
    requested_commit = models.CharField(max_length=200, blank=True, help_text="Empty: the tip of the ref.")

    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    stage = models.CharField(max_length=10, choices=Stage.choices, blank=True)
    files_reached = models.PositiveIntegerField(default=0)
    errors_so_far = models.PositiveIntegerField(default=0)
    # {stage: seconds from the claim to the moment it was reached}; stays, so that the next pass can be compared.
    stage_times = models.JSONField(default=dict, blank=True)
    live = models.JSONField(null=True, blank=True, help_text="While it runs: at most 2 KB of what it is doing.")
    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True)
    reason = models.CharField(max_length=40, blank=True)
    reason_text = models.CharField(max_length=600, blank=True)
    detail = models.TextField(blank=True, help_text="The evidence: a traceback or the end of the output.")

    commit = models.CharField(max_length=40, blank=True)
    subject = models.CharField(max_length=300, blank=True)
    author = models.CharField(max_length=200, blank=True)
    author_email = models.CharField(max_length=254, blank=True)  # in small letters, as in GitIdentity
    committed_at = models.DateTimeField(null=True, blank=True)
    # First-parent order on the ref. Null while unknown, and for a commit off the ref: shown, but in no sum.
    position = models.IntegerField(null=True, blank=True)

    queued_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    # Its own time when live, the committer's when replayed; the projection keeps it from running backwards.
    observed_at = models.DateTimeField(null=True, blank=True)
    effective_at = models.DateTimeField(null=True, blank=True)

    fence = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    nudged_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)

    result = models.ForeignKey(Result, models.RESTRICT, null=True, blank=True, related_name="passes")
    scope = models.ForeignKey(Scope, models.RESTRICT, null=True, blank=True, related_name="passes")
    total = models.PositiveIntegerField(null=True, blank=True, help_text="Errors: (test file, root cause) pairs.")
    environment_errors = models.PositiveIntegerField(null=True, blank=True)
    pytest_errors = models.PositiveIntegerField(null=True, blank=True)
    tests_collected = models.PositiveIntegerField(null=True, blank=True)
    files_total = models.PositiveIntegerField(null=True, blank=True, help_text="Test files in the inventory.")

    owners_file = models.ForeignKey(
        "remediation.OwnersFile", models.SET_NULL, null=True, related_name="+", help_text="Null: nobody looked."
    )

    blocker = models.JSONField(null=True, blank=True, help_text="Of a blocked pass: the one error that blocks it.")

    # Projection: what moved since the counted pass before it in commit order.
    previous = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="+")
    comparable = models.BooleanField(null=True, blank=True)
    rules_version = models.PositiveIntegerField(null=True, blank=True, help_text="Of the rules that sorted it.")
    held = models.BooleanField(default=False, help_text="Tests fell by half: nothing is verified until confirmed.")
    confirmed_by = models.ForeignKey("remediation.User", models.SET_NULL, null=True, blank=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True, blank=True)
    cleared = models.PositiveIntegerField(null=True, blank=True)
    hidden = models.PositiveIntegerField(null=True, blank=True)
    unmasked = models.PositiveIntegerField(null=True, blank=True)
    new = models.PositiveIntegerField(null=True, blank=True)
    regressed = models.PositiveIntegerField(null=True, blank=True)

    seconds = models.FloatField(null=True, blank=True)
    sandbox_level = models.PositiveSmallIntegerField(null=True, blank=True)
    python_version = models.CharField(max_length=40, blank=True)
    pytest_version = models.CharField(max_length=40, blank=True)
    exit_code = models.IntegerField(null=True, blank=True)
    command = models.TextField(blank=True)
    environment_key = models.CharField(max_length=64, blank=True)
    conditions = models.JSONField(null=True, blank=True, help_text="What it ran under; what is not known is left out.")
    install_log = models.TextField(blank=True)
    output_tail = models.TextField(blank=True)

    objects = PassQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        verbose_name = "pass"
        verbose_name_plural = "passes"
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="pass_number_once"),
            # The slot is the due time: two schedulers, or a late one, cannot double or lose a pass.
            models.UniqueConstraint(fields=["project", "slot"], condition=Q(slot__isnull=False), name="pass_slot_once"),
            models.UniqueConstraint(fields=["project"], condition=Q(state="running"), name="pass_one_running"),
            models.CheckConstraint(
                condition=Q(state__in=["queued", "running"], outcome="")
                | Q(state="ended", outcome__in=["counted", "blocked", "failed"]),
                name="pass_ended_has_outcome",
            ),
            models.CheckConstraint(
                condition=Q(outcome="counted", total__isnull=False, result__isnull=False, scope__isnull=False)
                | (~Q(outcome="counted") & Q(total__isnull=True, result__isnull=True)),
                name="pass_total_only_when_counted",
            ),
            # Unknown is never zero: a ledger's terms are there together or not at all. Null: no pass before it.
            models.CheckConstraint(
                condition=Q(**dict.fromkeys(_TERMS, True)) | Q(**dict.fromkeys(_TERMS, False)),
                name="pass_ledger_whole",
            ),
            models.CheckConstraint(
                condition=Q(state="running", lease_until__isnull=False) | (~Q(state="running")),
                name="pass_running_has_lease",
            ),
        ]
        indexes = [
            models.Index(F("project"), F("position"), F("number"), name="pass_commit_order"),
            models.Index(F("project"), Coalesce(*MOMENT), name="pass_time_order", condition=Q(state="ended")),
            # All that the strip of a list of passes needs: the rows themselves are wide, and all of them are asked.
            models.Index(
                fields=["project", "number"],
                include=["outcome", "total"],
                name="pass_strip",
                condition=Q(state="ended"),
            ),
            models.Index(fields=["state", "lease_until"], name="pass_waiting", condition=~Q(state="ended")),
        ]

    def __str__(self) -> str:
        return f"#{self.number}"

    @property
    def counted(self) -> bool:
        """Whether this pass has a number at all."""
        return self.outcome == self.Outcome.COUNTED

    @property
    def decides(self) -> bool:
        """Whether tickets follow from it: counted on the watched ref, or blocked there by one error that is known."""
        return self.position is not None and (self.counted or (self.outcome == "blocked" and self.blocker is not None))

    @property
    def blocking_error(self) -> CollectionError | None:
        """The one error that kept a blocked pass from counting anything, where it is known."""
        return error_of(self.blocker) if self.blocker else None

    @property
    def in_trend(self) -> bool:
        """Whether it draws a point and enters sums: counted, on the watched ref."""
        return self.counted and self.position is not None

    @property
    def short_commit(self) -> str:
        """The first nine digits, as git shows them."""
        return self.commit[:9]


class Chapter(models.Model):
    """Consecutive passes of a long history in fewer rows: see :mod:`remediation.projections.chapters`.

    A trigger removes it with all later ones when a pass that lies in it comes, goes or becomes another: a chapter is
    true or it is not there. ``mark`` is never given twice, in no copy of the database: who has read it knows it.
    """

    mark = models.UUIDField(db_default=RandomUUID())
    project = models.ForeignKey("remediation.Project", models.CASCADE, related_name="chapters")
    since = models.DateTimeField()
    until = models.DateTimeField(help_text="Of its last pass; every pass after it has a later time.")
    # Rows of remediation.core.condense as lists.
    fine = models.JSONField()
    coarse = models.JSONField()

    objects: models.Manager[Any] = models.Manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "until"], name="chapter_once")]

    def __str__(self) -> str:
        return f"{self.since:%Y-%m-%d} to {self.until:%Y-%m-%d}"
