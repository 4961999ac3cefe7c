"""What people said of the grouping: facts, from which the ticket of every root cause follows."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Regrouping(models.Model):
    """Somebody merged a ticket into another, split root causes off from one, or took one of these back.

    Append-only. ``merge``: all of ``source`` is counted in ``into``. ``split``: the root causes ``keys`` left
    ``source`` and are ``into``. ``undo``: what ``undoes`` names holds no more.
    """

    class Verb(models.TextChoices):
        MERGE = "merge"
        SPLIT = "split"
        UNDO = "undo"

    project = models.ForeignKey("remediation.Project", models.CASCADE, related_name="regroupings")
    verb = models.CharField(max_length=5, choices=Verb.choices)
    at = models.DateTimeField()
    actor = models.ForeignKey("remediation.User", models.SET_NULL, null=True, related_name="+")
    reason = models.CharField(max_length=500, blank=True)
    source = models.ForeignKey("remediation.Ticket", models.RESTRICT, related_name="+")
    into = models.ForeignKey("remediation.Ticket", models.RESTRICT, related_name="+")
    keys = models.JSONField(
        default=list,
        help_text="[version, readable key] of the root causes that were split off; later versions are added.",
    )
    took_claim = models.BooleanField(default=False, help_text="Who had claimed the source has the target since.")
    undoes = models.OneToOneField("self", models.RESTRICT, null=True, related_name="undone_by")

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(verb="undo", undoes__isnull=False) | ~Q(verb="undo") & Q(undoes__isnull=True),
                name="regrouping_undo_names_one",
            ),
            models.CheckConstraint(condition=~Q(source=models.F("into")), name="regrouping_of_two_tickets"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.source} -> {self.into}"
