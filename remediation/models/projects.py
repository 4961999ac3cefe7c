"""A repository we watch: where it is, what is collected, with which interpreter and when."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from remediation.querysets import LiveProjects, ProjectQuerySet


class Project(models.Model):
    """One watched repository. Everything else hangs below a project and is only reached through it."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=80)
    key = models.CharField(
        max_length=6,
        unique=True,
        validators=[RegexValidator(r"^[A-Z]{2,6}$", "Two to six capital letters.")],
        help_text="Prefix of ticket ids, as in ATL-12. Fixed once the first ticket exists.",
    )
    is_sample = models.BooleanField(default=False)

    # What is collected.
    source = models.CharField(max_length=500, help_text="Clone URL (https or ssh).")
    source_is_local = models.BooleanField(default=False, help_text="A path; set from the command line only.")
    ref = models.CharField(max_length=200, default="HEAD", help_text="Branch or tag; HEAD is the default branch.")
    arguments = models.CharField(max_length=1000, blank=True, help_text="Extra pytest arguments, as on a shell line.")
    environment = models.JSONField(
        default=dict, blank=True, help_text="Variables for the pass; {checkout} becomes the tree's path."
    )

    # Who collects it.
    interpreter = models.CharField(
        max_length=300,
        blank=True,
        help_text="Path of a Python, or a version such as 3.12. Empty: chosen by the worker.",
    )
    install = models.TextField(
        blank=True, help_text="One line of uv pip arguments each. Empty: what the repository declares."
    )
    detected = models.JSONField(default=dict, blank=True, help_text="What the last pass found: recipe, python, notes.")

    # When. The due time lives here, in the row, and never in the broker.
    schedule = models.CharField(max_length=100, blank=True, help_text="Cron expression; empty: only on demand.")
    time_zone = models.CharField(max_length=60, default="UTC")
    next_pass_at = models.DateTimeField(null=True, blank=True, db_index=True)
    skip_unchanged = models.BooleanField(default=False, help_text="A due time on a commit that is known runs nothing.")
    last_skipped_at = models.DateTimeField(null=True, blank=True, help_text="The last due time that was skipped.")
    last_skipped_commit = models.CharField(max_length=40, blank=True)

    # Paused: nothing is due. A person or a command can still start a pass.
    paused_at = models.DateTimeField(null=True, blank=True)
    paused_by = models.ForeignKey("remediation.User", models.SET_NULL, null=True, blank=True, related_name="+")
    paused_reason = models.CharField(max_length=300, blank=True)
    resumed_at = models.DateTimeField(null=True, blank=True, help_text="When the schedule last went on.")

    # The address that a push may call. The token itself is shown once and never kept.
    hook_digest = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the token.")
    hook_secret = models.CharField(max_length=200, blank=True, help_text="Signs what the forge sends; optional.")
    hook_made_at = models.DateTimeField(null=True, blank=True)
    hook_called_at = models.DateTimeField(null=True, blank=True)

    # Below the site's own limits, never above.
    wall_seconds = models.PositiveIntegerField(null=True, blank=True, help_text="Of one collection; empty: the site's.")
    memory_mib = models.PositiveIntegerField(null=True, blank=True, help_text="Of one process; empty: the site's.")

    # What a lead finds too long, in days; 0: never.
    unclaimed_after = models.PositiveSmallIntegerField(default=3, help_text="A ticket that nobody took waits for one.")
    flag_claims_after = models.PositiveSmallIntegerField(default=5, help_text="Without a sign of life.")
    release_claims_after = models.PositiveSmallIntegerField(default=2, help_text="Since the claim was flagged.")

    target_date = models.DateField(null=True, blank=True)
    baseline = models.ForeignKey("remediation.CollectionPass", models.SET_NULL, null=True, blank=True, related_name="+")

    # Counters, taken under the row's lock.
    last_pass_number = models.PositiveIntegerField(default=0)
    last_ticket_number = models.PositiveIntegerField(default=0)
    rules_version = models.PositiveIntegerField(default=1)
    # Added to first-parent positions after the ref was rewritten, so that commit order never runs backwards.
    position_offset = models.IntegerField(default=0)

    created_at = models.DateTimeField(auto_now_add=True)
    # Deleted: it has given up its slug and key, nobody finds it any more, and its rows are removed bit by bit.
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = LiveProjects()
    every = ProjectQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["hook_digest"], condition=~Q(hook_digest=""), name="project_hook_once"),
            models.CheckConstraint(
                condition=Q(paused_at__isnull=True) | Q(next_pass_at__isnull=True), name="project_paused_is_not_due"
            ),
        ]

    def __str__(self) -> str:
        return self.name
