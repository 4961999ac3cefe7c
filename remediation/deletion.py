"""Deleting a project: gone for everybody at once, its rows removed bit by bit, under a pass or without one."""

from __future__ import annotations

import time
from datetime import timedelta

from django.db import OperationalError, connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from remediation import audit, passes
from remediation.belongings import Belonging, belongings
from remediation.models import Credential, Membership, Project, Rebuild, User
from remediation.refusals import Refused

__all__ = ["Refused", "delete", "remove", "waiting"]

# Requests and workers that had the project in hand are done with it by then, so none of them meets half of it.
GRACE = timedelta(seconds=90)
BATCH = 1_000  # rows of one transaction
SLICE = 4.0  # seconds of one task: the dispatcher has other work
_WAIT = "5s"  # for a result that is being recorded; a history that is computed again takes longer


def delete(project: Project, typed: str, user: User) -> None:
    """Take a project away from everybody at once. Its slug and key are free again. Raises Refused.

    ``typed``: its slug, as the person wrote it. Passes that wait or run are stopped, and their workers can write no
    more; the rows themselves go later, see :func:`remove`.
    """
    if typed.strip() != project.slug:
        raise Refused("typed", f"Type {project.slug} to delete this project.")
    with transaction.atomic():
        locked = _locked(project)
        counts = {
            "tickets": (locked.tickets.count(), 0),
            "passes": (locked.passes.count(), 0),
        }
        audit.write("deleted", "project", project=locked, changes=counts, by=user)
        passes.stop_all(locked.passes.all())
        Rebuild.objects.filter(project=locked).delete()
        Membership.objects.filter(project=locked).delete()
        Credential.objects.filter(project=locked).delete()
        # Neither can be anybody's: a slug never begins with a hyphen, and a key has capital letters only.
        locked.slug, locked.key = f"-{locked.pk}", f"{locked.pk:x}"[-6:]
        locked.deleted_at, locked.next_pass_at, locked.hook_digest, locked.hook_secret = timezone.now(), None, "", ""
        names = ["slug", "key", "deleted_at", "next_pass_at", "hook_digest", "hook_secret"]
        locked.save(update_fields=names, force_update=True)


def _locked(project: Project) -> Project:
    """The project's row, once no result is being recorded into it. Raises Refused."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{_WAIT}'")
    try:
        found = Project.objects.select_for_update(no_key=True).filter(pk=project.pk).first()
    except OperationalError as error:
        text = f"The history of {project.name} is being computed just now. Try again when that is done."
        raise Refused("", text) from error
    if found is None:
        raise Refused("", f"{project.name} is deleted already.")
    return found


def waiting() -> list[int]:
    """Ids of deleted projects whose rows are to be removed now."""
    due = Project.every.filter(deleted_at__lt=Now() - GRACE)
    return list(due.order_by("pk").values_list("pk", flat=True))


def remove(project_id: int, seconds: float = SLICE) -> bool:
    """Remove rows of a deleted project for so long; True once nothing of it is left. Of two at once one does it.

    Each batch is a transaction of its own, so nobody waits for longer than one of them takes, and a worker that dies
    loses nothing: whoever comes next goes on. Tables that refer to others go first.
    """
    until = time.monotonic() + seconds
    for belonging in belongings():
        while True:
            with transaction.atomic():
                if not _is_ours(project_id):
                    return False
                more = _batch(belonging, project_id)
            if not more:
                break
            if time.monotonic() > until:
                return False
    with transaction.atomic():
        if not _is_ours(project_id):
            return False
        Project.every.filter(pk=project_id).delete()
    return True


def _is_ours(project_id: int) -> bool:
    """Whether it is a deleted project that nobody else is removing at this moment; ours until the transaction ends."""
    rows = Project.every.select_for_update(skip_locked=True).filter(pk=project_id, deleted_at__isnull=False)
    return rows.exists()


def _batch(belonging: Belonging, project_id: int) -> bool:
    """Delete the next rows of a table; whether there were any."""
    rows = belonging.of(project_id)
    if belonging.kept_by:
        rows = rows.filter(**{f"{belonging.kept_by}__isnull": True})
    ids = list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])
    belonging.model._base_manager.filter(pk__in=ids).only("pk").delete()
    return bool(ids)
