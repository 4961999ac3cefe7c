"""Among which commits the repair of a verified ticket lies: asked of git once, so that a report asks nothing."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Attribution(models.Model):
    """What git said of the commits between the last pass that saw a ticket and the pass that verified it.

    ``commit``: the one that repaired it, where that is known: ``how`` "only" (no other lies between) or "files" (no
    other touches the files to blame). "" for both: ``commits`` lie between, and none of them can be told from the rest.
    """

    ticket = models.ForeignKey("remediation.Ticket", models.CASCADE, related_name="attributions")
    verified_pass = models.ForeignKey("remediation.CollectionPass", models.CASCADE, related_name="+")
    seen_pass = models.ForeignKey("remediation.CollectionPass", models.CASCADE, related_name="+")
    commits = models.PositiveIntegerField(null=True, help_text="Null: the one commit does not lead to the other.")
    how = models.CharField(max_length=5, blank=True, choices=[("only", "Only commit"), ("files", "Only on the files")])
    commit = models.CharField(max_length=40, blank=True)

    objects: models.Manager[Attribution] = models.Manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ticket", "verified_pass"], name="attribution_once"),
            models.CheckConstraint(
                condition=Q(how="", commit="") | (~Q(how="") & ~Q(commit="")), name="attribution_commit_with_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ticket}: {self.commit[:9] or 'not known'}"
