"""Accounts: named, closed and opened again, signed out, and known by what they commit as."""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from remediation import api_tokens, audit, tickets
from remediation.models import CollectionPass, GitIdentity, Invitation, Project, Remembered, Session, Ticket, User
from remediation.refusals import Refused

IDENTITIES_AT_MOST = 20
_ADDRESS = re.compile(r"[^@\s<>]+@[^@\s<>]+")


def rename(user: User, name: str, *, single_keys: bool) -> None:
    """What others see, "" for the name that one signs in with; and whether single keys act."""
    before = {"name": user.get_full_name(), "single keys": user.single_keys}
    user.first_name, user.last_name = " ".join(name.split())[:150], ""
    user.single_keys = single_keys
    changes = audit.differences(before, {"name": user.first_name, "single keys": single_keys})
    with transaction.atomic():
        user.save(update_fields=["first_name", "last_name", "single_keys"])
        audit.write("changed", f"account {user.username}", changes=changes, by=user)


def sign_out(user: User, *, except_key: str = "") -> int:
    """End every session of the account, but that of ``except_key``; how many ended."""
    ended, _ = Session.objects.filter(user=user).exclude(session_key=except_key).delete()
    return ended


def set_password(user: User, password: str, how: str) -> None:
    """A new password ends every session that the old one began. ``how``: for the audit log, "by the old one"."""
    with transaction.atomic():
        user.set_password(password)
        user.save(update_fields=["password"])
        sign_out(user)
        audit.write("changed", f"password of {user.username}, {how}", by=user)


def deactivate(user: User, by: User) -> None:
    """Close an account: signed out everywhere, its claims released, its open invitations and tokens taken back.

    Raises Refused for the last administrator, who could not be helped from within the site.
    """
    with transaction.atomic():
        administrators = User.objects.select_for_update().filter(is_superuser=True, is_active=True).order_by("pk")
        if [each.pk for each in administrators] == [user.pk]:
            raise Refused("", "This is the last administrator. Make somebody else one first.")
        User.objects.filter(pk=user.pk).update(is_active=False)
        sign_out(user)
        api_tokens.revoke_all(user, by, timezone.now())
        withdraw_invitations(user)
        release_claims(claims_of(user), by)
        audit.write("closed", f"account {user.username}", by=by)
    user.is_active = False


def activate(user: User) -> None:
    """Open a closed account again. Its claims and sessions do not come back."""
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(is_active=True)
        audit.write("opened", f"account {user.username}")
    user.is_active = True


def claims_of(user: User, project: Project | None = None) -> Iterable[Ticket]:
    """The tickets that the person has, in one project or in all."""
    held = Ticket.objects.filter(claimed_by=user, merged_into=None).exclude(status="verified")
    return held.filter(project=project) if project else held.select_related("project")


def release_claims(held: Iterable[Ticket], by: User) -> None:
    """Free tickets whose owner can no longer work on them; each says so in its history."""
    for ticket in held:
        try:
            tickets.release(ticket, by, from_anyone=True)
        except Refused:  # changed hands meanwhile, so it is nobody's concern here
            continue


def withdraw_invitations(by: User, project: Project | None = None) -> None:
    """Take back what somebody offered who may no longer offer it."""
    offered = Invitation.objects.open().filter(invited_by=by)
    (offered.filter(project=project) if project else offered).update(revoked_at=timezone.now())


def forget() -> None:
    """Drop sessions and short memories that have expired; they are dead already, this only frees their room."""
    now = timezone.now()
    Session.objects.filter(expire_date__lt=now).delete()
    Remembered.objects.filter(expires_at__lt=now).delete()


def add_identity(user: User, email: str) -> GitIdentity:
    """Say that commits of this address are the person's. Raises Refused, naming "git_email"."""
    email = email.strip().lower()
    if len(email) > 254 or not _ADDRESS.fullmatch(email):
        raise Refused("git_email", "Write the address as git log shows it, as in ada@example.org.")
    if user.git_identities.count() >= IDENTITIES_AT_MOST:
        raise Refused("git_email", f"An account has at most {IDENTITIES_AT_MOST} addresses.")
    try:
        with transaction.atomic():
            found, made = GitIdentity.objects.get_or_create(email=email, defaults={"user": user})
            if made:
                audit.write("added", f"address in commits {email}", by=user)
    except IntegrityError:
        found = GitIdentity.objects.get(email=email)
    if found.user_id != user.pk:
        raise Refused("git_email", "This address belongs to another account. An administrator can settle it.")
    return found


def remove_identity(user: User, email: str) -> None:
    """Take an address of the person's away; one that is not theirs stays."""
    with transaction.atomic():
        removed, _ = user.git_identities.filter(email=email.strip().lower()).delete()
        if removed:
            audit.write("removed", f"address in commits {email.strip().lower()}", by=user)


def seen_authors(user: User) -> list[str]:
    """Addresses of authors of passes in the person's projects that no account has yet, the latest first; at most 50."""
    passes = CollectionPass.objects.filter(project__in=Project.objects.visible_to(user)).exclude(author_email="")
    taken = GitIdentity.objects.values("email")
    seen = passes.exclude(author_email__in=taken).values("author_email").annotate(last=Max("pk")).order_by("-last")
    return [row["author_email"] for row in seen[:50]]
