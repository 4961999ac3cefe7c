"""Invitations: made, taken back, and accepted once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils import timezone

from remediation import audit
from remediation.models import RANK, Invitation, Membership, Project, User
from remediation.refusals import Refused
from remediation.tokens import digest_of, is_token, new_token

DAYS = 7
OPEN_AT_MOST = 100  # of one project; who needs more has a script that runs wild


def invite(project: Project, role: str, by: User, *, email: str = "") -> tuple[Invitation, str]:
    """A new invitation and its token, which is not kept. Raises Refused, naming "role" or "email".

    ``email``: where the caller will send it; "" where the link is handed over.
    """
    if role not in RANK:
        raise Refused("role", "Choose a role.")
    email = email.strip().lower()
    if email:
        try:
            validate_email(email)
        except ValidationError:
            raise Refused("email", "This is not an e-mail address.") from None
    if project.invitations.open().count() >= OPEN_AT_MOST:
        raise Refused("", f"{OPEN_AT_MOST} invitations are open. Revoke some first.")
    token, now = new_token(), timezone.now()
    with transaction.atomic():
        made = Invitation.objects.create(
            project=project, role=role, email=email, digest=digest_of(token), invited_by=by, created_at=now,
            expires_at=now + timedelta(days=DAYS),
        )  # fmt: skip
        audit.write("invited", _named(made), project=project, by=by)
    return made, token


def find(token: str) -> Invitation | None:
    """The invitation of a token while it can be accepted. Found by its hash, so the time it takes says nothing."""
    if not is_token(token):
        return None
    waiting = Invitation.objects.open().select_related("project", "invited_by")
    return waiting.filter(digest=digest_of(token)).first()  # type: ignore[no-any-return]


def revoke(invitation: Invitation) -> None:
    """Take an invitation back. Raises Refused where it was accepted meanwhile; twice is once."""
    unused = Invitation.objects.filter(pk=invitation.pk, used_at=None)
    with transaction.atomic():
        if unused.update(revoked_at=timezone.now()) == 0:
            raise Refused("", "It was accepted meanwhile. Remove the member instead.")
        audit.write("revoked", f"invitation of {_named(invitation)}", project=invitation.project)


def accept(invitation: Invitation, user: User) -> Membership:
    """Make ``user`` a member; of any number who use the link at once exactly one wins. Raises Refused for the others.

    Who has a higher role already keeps it.
    """
    with transaction.atomic():
        # Compare-and-set: the condition and the write are one statement, so a link cannot be used twice.
        won = Invitation.objects.open().filter(pk=invitation.pk).update(used_at=timezone.now(), used_by=user)
        if not won:
            raise Refused("", "This invitation has been used, was taken back or has expired.")
        membership, made = Membership.objects.select_for_update().get_or_create(
            project_id=invitation.project_id, user=user, defaults={"role": invitation.role}
        )
        if not made and RANK[membership.role] < RANK[invitation.role]:
            membership.role = invitation.role
            membership.save(update_fields=["role"])
        audit.write("joined", f"{user.username} as {membership.role}", project=invitation.project, by=user)
    return membership


def register(invitation: Invitation, *, username: str, password: str | None, name: str = "", **more: Any) -> User:
    """A new account that accepts the invitation. ``password`` None: one that signs in elsewhere.

    Raises Refused naming "username" where it is taken in any spelling, or as :func:`accept`; then nothing is stored.
    """
    with transaction.atomic():
        if User.objects.filter(username__iexact=username).exists():
            raise Refused("username", "That name is taken. Choose another.")
        try:
            with transaction.atomic():
                user = User.objects.create(
                    username=username, password=make_password(password), first_name=name.strip()[:150], **more
                )
        except IntegrityError:
            raise Refused("username", "That name is taken. Choose another.") from None
        accept(invitation, user)
    return user


def _named(invitation: Invitation) -> str:
    return f"{invitation.email or 'somebody'} as {invitation.role}"
