"""What people state for the report of a week, and the fact of a pass that it rests on."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class TeamStatement(models.Model):
    """A sentence of the team in the report of one week, never changed; whoever made it, or a lead, can withdraw it.

    ``fact``: code of the fact it rests on, as ``core.week_facts`` has it, and ``fact_words`` what that said when it was
    chosen; both "" where it rests on none. Whether it is measured is decided whenever the report is made.
    """

    project = models.ForeignKey("remediation.Project", models.CASCADE, related_name="statements")
    week = models.CharField(max_length=8, help_text="2025-W37.")
    text = models.CharField(max_length=500)
    author = models.ForeignKey("remediation.User", models.SET_NULL, null=True, related_name="+")
    author_name = models.CharField(max_length=310, help_text="As they were called: the account may go.")
    made_at = models.DateTimeField()
    fact = models.CharField(max_length=120, blank=True)
    fact_words = models.CharField(max_length=200, blank=True)
    withdrawn_at = models.DateTimeField(null=True)

    objects: models.Manager[TeamStatement] = models.Manager()

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["project", "week"], name="statement_of_a_week")]
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="statement_says_something"),
            models.CheckConstraint(
                condition=Q(fact="", fact_words="") | (~Q(fact="") & ~Q(fact_words="")), name="statement_fact_whole"
            ),
            # Sent twice, or by two at once with the same words: one statement.
            models.UniqueConstraint(
                fields=["project", "week", "author", "text"],
                condition=Q(withdrawn_at__isnull=True),
                name="statement_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.week}: {self.text[:60]}"
