"""Who runs a pass or a check: one worker, for as long as it shows signs of life."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from datetime import timedelta
from types import TracebackType
from typing import Any, Self

from django.db import Error, IntegrityError, connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from remediation.models import CollectionPass, ConnectionCheck

LEASE = timedelta(seconds=60)
# Also how soon a stopped or lost pass is noticed, and how fresh the progress on the screen is.
BEAT_SECONDS = 2.0

log = logging.getLogger(__name__)


def claim(pass_id: int) -> CollectionPass | None:
    """Make the calling worker the only one that may write to the pass; None when another has it.

    Compare-and-set on the row with the database's clock. The fence grows with every claim: whoever holds
    an older one can no longer write, even if it wakes up later. One pass of a project runs at a time.
    """
    rows = CollectionPass.objects.filter(pk=pass_id).filter(
        Q(state="queued") | Q(state="running", lease_until__lt=Now())
    )
    try:
        with transaction.atomic():
            won = rows.update(
                state="running",
                stage="fetch",
                fence=F("fence") + 1,
                attempts=F("attempts") + 1,
                lease_until=Now() + LEASE,
                started_at=Now(),
                files_reached=0,
                errors_so_far=0,
                stage_times={"fetch": 0.0},
                live=None,
            )
    except IntegrityError:  # another pass of this project is running
        return None
    return CollectionPass.objects.select_related("project").filter(pk=pass_id).first() if won else None


def held(row: CollectionPass | ConnectionCheck) -> Any:
    """The row of a pass or of a check, if this worker still holds it."""
    return type(row)._default_manager.filter(pk=row.pk, fence=row.fence, state="running")


class Heartbeat:
    """Extends the lease from a thread of its own and carries the progress; ``alive`` turns False when it is lost.

    The pass's work polls ``alive`` and kills the target then. Progress is written with the next beat, or
    at once for a new stage.
    """

    def __init__(self, row: CollectionPass | ConnectionCheck) -> None:
        self._row = row
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._lock = threading.Lock()
        self._progress: dict[str, Any] = {}
        self._thread = threading.Thread(target=self._beat, name=f"lease-{row.pk}", daemon=True)
        self.alive = True

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._wake.set()
        self._thread.join()

    def report(self, *, now: bool = False, **progress: Any) -> None:
        """Remember progress columns (stage, files_reached, errors_so_far, live) for the next beat."""
        with self._lock:
            self._progress.update(progress)
        if now:
            self._wake.set()

    def _beat(self) -> None:
        try:
            while not self._stop.is_set():
                if not self._extend():
                    self.alive = False
                    return
                self._wake.wait(BEAT_SECONDS)
                self._wake.clear()
        finally:
            connection.close()  # this thread's own

    def _extend(self) -> bool:
        with self._lock:
            progress: Mapping[str, Any] = dict(self._progress)
            self._progress.clear()
        try:
            return bool(held(self._row).update(lease_until=Now() + LEASE, **progress))
        except Error:  # also InterfaceError, when the connection was closed under us
            # A short outage must not lose the pass: the lease itself decides, on the database's clock.
            log.warning("%s: the lease could not be extended; trying again", self._row)
            connection.close()
            return True
