"""Accounts and what they may do in which project."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils import timezone

from remediation.querysets import InvitationQuerySet


class User(AbstractUser):
    """Our own user model from the first migration, so that it can grow.

    ``single_keys``: whether keys such as c and j do something on their own (WCAG 2.1.4).
    """

    single_keys = models.BooleanField(default=True)

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


class GitIdentity(models.Model):
    """An e-mail address, in small letters, under which a person commits: as in ``git log``, not one to write to."""

    user = models.ForeignKey("remediation.User", models.CASCADE, related_name="git_identities")
    email = models.CharField(max_length=254, unique=True)

    class Meta:
        ordering = ["email"]

    def __str__(self) -> str:
        return self.email


class Session(AbstractBaseSession):
    """One browser in which somebody is signed in, or about to be. ``last_used_at`` is true to five minutes."""

    user = models.ForeignKey("remediation.User", models.CASCADE, null=True, related_name="sessions")
    last_used_at = models.DateTimeField(default=timezone.now)

    @classmethod
    def get_session_store_class(cls) -> Any:
        """The engine of the settings; the domain does not know it by name."""
        return import_module(settings.SESSION_ENGINE).SessionStore


class Remembered(models.Model):
    """What all processes of the site must know alike for minutes: tries of signing in, codes that were used."""

    key = models.TextField(primary_key=True)
    value = models.JSONField()
    expires_at = models.DateTimeField(null=True, db_index=True)

    def __str__(self) -> str:
        return self.key


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


RANK = {"viewer": 1, "engineer": 2, "lead": 3}  # a role may do all that a lower one may


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


class Invitation(models.Model):
    """A link that makes one person a member of a project, once. Of the link only the token's sha256 is kept."""

    project = models.ForeignKey("remediation.Project", models.CASCADE, related_name="invitations")
    role = models.CharField(max_length=10, choices=Membership.Role.choices)
    email = models.EmailField(blank=True)
    mailed = models.BooleanField(default=False)  # the link went to that address, and nobody else was shown it
    digest = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey("remediation.User", models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    used_by = models.ForeignKey("remediation.User", models.SET_NULL, null=True, related_name="+")
    revoked_at = models.DateTimeField(null=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(role__in=["viewer", "engineer", "lead"]), name="invitation_role_known"
            ),
            models.CheckConstraint(
                condition=models.Q(used_at=None) | models.Q(revoked_at=None), name="invitation_ends_once"
            ),
        ]

    def __str__(self) -> str:
        return f"invitation to {self.project} as {self.role}"
