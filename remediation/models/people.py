"""Accounts and what they may do in which project."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    """Our own user model from the first migration, so that it can grow."""

    @property
    def label(self) -> str:
        """The name people see: full name where given, else the user name."""
        return self.get_full_name() or self.username

    @property
    def initials(self) -> str:
        """Two capital letters for the round badge beside a name."""
        words = self.label.replace(".", " ").replace("-", " ").replace("_", " ").split() or ["?"]
        letters = words[0][0] + (words[-1][0] if len(words) > 1 else words[0][1:2])
        return letters.upper()


class SavedView(models.Model):
    """A filter of the ticket list that a person keeps under a name. Nobody else sees it.

    ``query``: a query string as the list's filter writes it; it is read through that filter again, never trusted.
    """

    user = models.ForeignKey("remediation.User", models.CASCADE, related_name="saved_views")
    project = models.ForeignKey("remediation.Project", models.CASCADE, related_name="+")
    name = models.CharField(max_length=40)
    query = models.CharField(max_length=500)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["user", "project", "name"], name="saved_view_once")]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """What a user may do in a project: viewers read, engineers claim and run, leads configure."""

    class Role(models.TextChoices):
        VIEWER = "viewer", "Viewer"
        ENGINEER = "engineer", "Engineer"
        LEAD = "lead", "Lead"

    project = models.ForeignKey("remediation.Project", models.CASCADE, related_name="memberships")
    user = models.ForeignKey("remediation.User", models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.VIEWER)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "user"], name="membership_once"),
            models.CheckConstraint(
                condition=models.Q(role__in=["viewer", "engineer", "lead"]), name="membership_role_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} is {self.role} of {self.project}"
