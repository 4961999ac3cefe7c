"""What a pass laid out goes away beside what comes after it, and is never in the way of the next pass."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from remediation.collection import removal
from remediation.passes.workshop import Workshop

log = logging.getLogger(__name__)
_ABANDONED = 3_600.0  # seconds after which nobody can be at it any more


class Clearing:
    """Frees the places of a pass at once, and deletes what stood there while the pass is read and recorded.

    Thousands of files take the kernel as long as we need for all the rest. At the end of the ``with`` nothing is left.
    """

    def __init__(self, workshop: Workshop) -> None:
        self.workshop = workshop
        self.threads: list[threading.Thread] = []

    def begin(self) -> None:
        """Free tree and scratch. Only before the pass is recorded: after that they may be the next one's."""
        found = (removal.set_aside(place) for place in (self.workshop.tree, self.workshop.work))
        if aside := [place for place in found if place]:
            thread = threading.Thread(target=_delete, args=(aside,))
            thread.start()
            self.threads.append(thread)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for thread in self.threads:
            thread.join()


def clear_abandoned(workshop: Workshop) -> None:
    """Delete what a worker that was killed had set aside."""
    _delete([place for place in removal.aside(workshop.root) if _age(place) > _ABANDONED])


def _age(place: Path) -> float:
    with suppress(FileNotFoundError):
        return time.time() - place.lstat().st_ctime
    return 0.0


def _delete(places: Sequence[Path]) -> None:
    for place in places:
        try:
            removal.remove(place)
        except OSError:  # it is out of the way; the folder's next pass but an hour tries again
            log.exception("%s could not be deleted", place)
