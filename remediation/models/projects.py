"""A repository we watch: where it is, what is collected, with which interpreter and when."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models

from remediation.querysets import ProjectQuerySet


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

    target_date = models.DateField(null=True, blank=True)
    baseline = models.ForeignKey("remediation.CollectionPass", models.SET_NULL, null=True, blank=True, related_name="+")

    # Counters, taken under the row's lock.
    last_pass_number = models.PositiveIntegerField(default=0)
    last_ticket_number = models.PositiveIntegerField(default=0)
    rules_version = models.PositiveIntegerField(default=1)
    # Added to first-parent positions after the ref was rewritten, so that commit order never runs backwards.
    position_offset = models.IntegerField(default=0)

    created_at = models.DateTimeField(auto_now_add=True)

    objects = ProjectQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
