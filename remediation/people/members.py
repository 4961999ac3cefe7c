"""The members of a project: listed, given another role, removed."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Max, QuerySet

from remediation import audit
from remediation.models import RANK, Membership, Project, User
from remediation.people.accounts import claims_of, release_claims, withdraw_invitations
from remediation.refusals import Refused


def members_of(project: Project) -> QuerySet[Membership]:
    """The project's memberships with their ``user`` and ``last_seen`` (None: never), by name. One query."""
    found = project.memberships.select_related("user").annotate(last_seen=Max("user__sessions__last_used_at"))
    return found.order_by("user__first_name", "user__last_name", "user__username")


def change_role(membership: Membership, role: str) -> None:
    """Give a member another role. Raises Refused where nobody would be left to lead."""
    if role not in RANK:
        raise Refused("role", "Choose a role.")
    with transaction.atomic():
        locked = _locked(membership)
        if locked.role == role:
            return
        if locked.role == "lead":
            _keep_a_lead(locked)
            withdraw_invitations(locked.user, locked.project)
        audit.write(
            "changed", f"role of {locked.user.username}", project=locked.project, changes={"role": (locked.role, role)}
        )
        locked.role = role
        locked.save(update_fields=["role"])
    membership.role = role


def remove(membership: Membership, by: User) -> int:
    """Take a member out; how many claims were released, each with a line in its ticket's history.

    Raises Refused where nobody would be left to lead.
    """
    with transaction.atomic():
        locked = _locked(membership)
        if locked.role == "lead":
            _keep_a_lead(locked)
        withdraw_invitations(locked.user, locked.project)
        audit.write("removed", f"{locked.user.username}, {locked.role}", project=locked.project, by=by)
        locked.delete()
        held = list(claims_of(locked.user, locked.project))
        release_claims(held, by)
    return len(held)


def _locked(membership: Membership) -> Membership:
    """The row, with every lead's of its project: two leads who remove each other at once come one after the other."""
    rows: Any = Membership.objects.filter(project_id=membership.project_id).select_for_update(of=("self",))
    list(rows.filter(role="lead").order_by("pk"))
    found = rows.select_related("user", "project").filter(pk=membership.pk).first()
    if found is None:
        raise Refused("", "This person is no longer a member.")
    return found  # type: ignore[no-any-return]


def _keep_a_lead(leaving: Membership) -> None:
    others = Membership.objects.filter(project_id=leaving.project_id, role="lead", user__is_active=True)
    if others.exclude(pk=leaving.pk).exists():
        return
    if User.objects.filter(is_superuser=True, is_active=True).exists():
        return
    raise Refused("", "This is the last lead, and there is no administrator: nobody could change the project any more.")
