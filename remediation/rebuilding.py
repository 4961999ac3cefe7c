"""Computing a project's history again as work that waits, is seen, survives its worker and is never forgotten."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta
from types import TracebackType
from typing import Self

from django.db import Error, IntegrityError, connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from remediation import passes, projections
from remediation.models import Project, Rebuild

log = logging.getLogger(__name__)

ALIVE = timedelta(seconds=60)  # without a sign of life for so long it is taken from its worker
MAX_ATTEMPTS = 3
BEAT_SECONDS = 1.0


def ask(project: Project) -> Rebuild:
    """Note that a history is to be computed again; one that waits already is the same. In the caller's transaction."""
    Rebuild.objects.filter(project=project, state="failed").delete()
    found, _ = Rebuild.objects.get_or_create(project=project, state="queued", defaults={"asked_at": Now()})
    return found


def current(project: Project) -> Rebuild | None:
    """What runs, else what failed, else what waits. One query."""
    order = {"running": 0, "failed": 1, "queued": 2}
    return min(Rebuild.objects.filter(project=project), key=lambda row: order[row.state], default=None)


def waiting() -> list[int]:
    """Ids of projects whose history waits for a worker, or was lost by one; each at most once a minute."""
    quiet = Q(beat_at__isnull=True) | Q(beat_at__lt=Now() - ALIVE)
    rows = Rebuild.objects.filter(quiet, state__in=["queued", "running"])
    projects = sorted(set(rows.values_list("project_id", flat=True)))
    rows.filter(state="queued").update(beat_at=Now())
    return projects


def run(project_id: int) -> None:
    """Compute the history of a project again when that was asked for; does nothing when another worker is at it."""
    row = _claim(project_id)
    if row is None:
        return
    project = row.project
    try:
        with _Beat(row) as beat:
            projections.rebuild(project, passes.renames_between(project), beat.reached)
    except Exception:
        log.exception("project %s: its history could not be computed again", project.slug)
        # Not at once again: the dispatcher comes back to it after its minute of silence.
        Rebuild.objects.filter(pk=row.pk, attempts__gte=MAX_ATTEMPTS).update(state="failed")
        return
    Rebuild.objects.filter(pk=row.pk, attempts=row.attempts).delete()


def _claim(project_id: int) -> Rebuild | None:
    """Take what waits, or what its worker has lost. None: nothing was asked for, or somebody is at it."""
    lost = Rebuild.objects.filter(project=project_id, state="running", beat_at__lt=Now() - ALIVE)
    for row in lost:
        if row.attempts >= MAX_ATTEMPTS:
            lost.filter(pk=row.pk, attempts=row.attempts).update(state="failed")
        elif lost.filter(pk=row.pk, attempts=row.attempts).update(attempts=F("attempts") + 1, beat_at=Now()):
            return _begun(row.pk)
    for row in Rebuild.objects.filter(project=project_id, state="queued"):
        try:
            with transaction.atomic():
                won = Rebuild.objects.filter(pk=row.pk, state="queued").update(
                    state="running", attempts=F("attempts") + 1, beat_at=Now()
                )
        except IntegrityError:  # one runs already; this one waits for it
            return None
        if won:
            return _begun(row.pk)
    return None


def _begun(pk: int) -> Rebuild:
    row: Rebuild = Rebuild.objects.select_related("project").get(pk=pk)
    row.total = row.project.passes.counted().count()
    Rebuild.objects.filter(pk=pk).update(done=0, total=row.total)
    return row


class _Beat:
    """Writes how far it is from a thread of its own: the computing is one transaction, which nobody sees into."""

    def __init__(self, row: Rebuild) -> None:
        self.row = row
        self.done = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._tell, name=f"rebuild-{row.pk}", daemon=True)

    def reached(self, count: int) -> None:
        """So many passes are counted in."""
        self.done = count

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _tell(self) -> None:
        mine = Rebuild.objects.filter(pk=self.row.pk, attempts=self.row.attempts)
        try:
            while not self._stop.wait(BEAT_SECONDS):
                try:
                    mine.update(done=self.done, beat_at=Now())
                except Error:  # a short outage; the next beat tries again
                    connection.close()
        finally:
            connection.close()  # this thread's own
