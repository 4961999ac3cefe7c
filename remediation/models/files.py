"""Test files, and what became of each, as intervals between counted passes."""

from __future__ import annotations

import hashlib

from django.db import models
from django.db.models import Q

from remediation.core.silence import MECHANISMS
from remediation.models.indexes import known
from remediation.querysets import FileStateQuerySet


class TestFile(models.Model):
    """A test file's path. Unique by its hash, because paths can be longer than an index entry."""

    __test__ = False  # pytest would collect a class of this name

    project = models.ForeignKey("remediation.Project", models.CASCADE, related_name="files", db_index=False)
    path = models.TextField()
    digest = models.CharField(max_length=64)

    # Projection, for what a blocked file hides: what its source defines, and what it gave when it last collected.
    written = models.PositiveIntegerField(null=True, blank=True, help_text="Null: unknown, which is not zero.")
    gave = models.PositiveIntegerField(null=True, blank=True, help_text="Null: it never collected, or still does.")
    gave_in = models.ForeignKey(
        "remediation.CollectionPass", models.SET_NULL, null=True, related_name="+", db_index=False
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "digest"], name="file_once")]
        indexes = [known("gave_in", "file_gave_in")]

    def __str__(self) -> str:
        return self.path

    @staticmethod
    def digest_of(path: str) -> str:
        """SHA-256 of the path, 64 hex digits."""
        return hashlib.sha256(path.encode("utf-8", "surrogateescape")).hexdigest()


class FileState(models.Model):
    """What became of a test file, as an interval over counted passes in commit order.

    ``state`` is the most exact code for it: of ``core.silence.MECHANISMS`` where the file gives no test, or else
    one of ``core.records.FILE_STATES``. ``reason`` holds the details in words.
    """

    file = models.ForeignKey(TestFile, models.CASCADE, related_name="states")
    state = models.CharField(max_length=12)
    tests = models.PositiveIntegerField(default=0)
    reason = models.CharField(max_length=300, blank=True)
    first_pass = models.ForeignKey("remediation.CollectionPass", models.CASCADE, related_name="+")
    closed_pass = models.ForeignKey(
        "remediation.CollectionPass", models.CASCADE, null=True, related_name="+", db_index=False
    )

    objects = FileStateQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["file"], condition=Q(closed_pass__isnull=True), name="file_state_one_open")
        ]
        # Silent files are few among all there are, and every page counts them.
        indexes = [
            known("closed_pass", "file_state_closed"),
            models.Index(
                fields=["file"],
                name="file_state_silent",
                condition=Q(closed_pass__isnull=True, state__in=list(MECHANISMS)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.file}: {self.state}"
