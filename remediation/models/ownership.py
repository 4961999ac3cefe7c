"""Whom to ask about a root cause: the repository's code owners, and what git says of the files to blame."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q


class OwnersFile(models.Model):
    """A CODEOWNERS file as a pass found it, content-addressed: passes that read the same one share the row.

    ``path`` "" is a fact too: the commit has none that could be read.
    """

    project = models.ForeignKey("remediation.Project", models.CASCADE, related_name="owners_files")
    digest = models.CharField(max_length=64, help_text="SHA-256 of path and content.")
    path = models.CharField(max_length=40, blank=True)
    content = models.TextField(blank=True)
    rules = models.PositiveIntegerField(default=0, help_text="Lines that name a pattern.")
    ignored = models.JSONField(default=list, help_text="[line, why it is ignored], in the file's order.")

    objects: models.Manager[Any] = models.Manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "digest"], name="owners_file_once")]

    def __str__(self) -> str:
        return self.path or "no CODEOWNERS"


class BlamedFiles(models.Model):
    """The files that a ticket's root cause is about, and what git said of them: facts, asked by a worker.

    ``asked``: the paths whose owner is asked for, likeliest first; a module that does not exist has the paths it would
    have. ``watched``: those, and the files in which the failing statements stand: a commit on one of them is a sign
    that somebody is at work. ``people``: who may know, each as ``core.blamed_files.Knower``; their addresses are kept
    to find their accounts, and are never shown.
    """

    ticket = models.OneToOneField("remediation.Ticket", models.CASCADE, related_name="blamed")
    asked = models.JSONField(default=list)
    watched = models.JSONField(default=list)
    people = models.JSONField(default=list)

    owners_file = models.ForeignKey(OwnersFile, models.SET_NULL, null=True, related_name="+")
    owners = models.JSONField(default=list, help_text="Handles and addresses, as the line names them.")
    owners_line = models.PositiveIntegerField(null=True, help_text="Null: no line matches.")
    owners_place = models.CharField(max_length=40, blank=True, help_text="Path of the CODEOWNERS file.")
    owned_path = models.TextField(blank=True, help_text="The path that was asked for.")

    seen_commit = models.CharField(max_length=40, blank=True, help_text="Commits up to this one are known.")
    touched_at = models.DateTimeField(null=True, help_text="When a commit on the watched files came to the ref.")
    touched_commit = models.CharField(max_length=40, blank=True)
    touched_by = models.CharField(max_length=100, blank=True)

    objects: models.Manager[Any] = models.Manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(touched_at__isnull=True, touched_commit="")
                | (Q(touched_at__isnull=False) & ~Q(touched_commit="")),
                name="blamed_touch_whole",
            )
        ]

    def __str__(self) -> str:
        return f"{self.ticket}: {', '.join(self.asked[:2])}"
