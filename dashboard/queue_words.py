"""Where a pass stands in the queue, and who is before it, without names that are not the asker's to know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import redis
from django.db.models import Q
from django.utils import timezone

from dashboard.heartbeat import seconds_since_dispatch
from remediation.models import CollectionPass, Project

QUIET = timedelta(seconds=45)  # the dispatcher comes every 15 s; a pass that waits longer than this needs a word
_ENDINGS = {1: "st", 2: "nd", 3: "rd"}


@dataclass(frozen=True, slots=True)
class Queue:
    """``place`` counts from 1; ``behind``: "#30 of atlas-backend", "" when nothing is ahead.

    ``missing``: it waits and nothing is at work. ``answered``: when a worker last answered, where that is known.
    """

    place: int
    behind: str
    running: bool
    missing: bool
    answered: datetime | None

    @property
    def ordinal(self) -> str:
        """1st, 2nd, 3rd, 4th, 11th, 21st."""
        tens = self.place % 100
        return f"{self.place:,}{'th' if 10 <= tens <= 13 else _ENDINGS.get(self.place % 10, 'th')}"


def queue_of(waiting: CollectionPass, now: datetime, asker: Any) -> Queue:
    """The queue as seen from a waiting pass. Two queries, one more for another project's name."""
    before = CollectionPass.objects.filter(state="queued", pk__lt=waiting.pk)
    place = before.count() + 1
    ahead = before.order_by("-pk") if place > 1 else _running(waiting, now)
    found = ahead.select_related("project").only("number", "state", "project__name").first()
    missing = found is None and now - waits_since(waiting) > QUIET
    return Queue(
        place=place,
        behind=_named(found, waiting, asker) if found else "",
        running=found is not None and found.state == "running",
        missing=missing,
        answered=_answered() if missing else None,
    )


def waits_since(waiting: CollectionPass) -> datetime:
    """When it was queued; after a worker was lost, when that one's lease was over."""
    return max(waiting.queued_at, waiting.lease_until or waiting.queued_at)


def _running(waiting: CollectionPass, now: datetime) -> Any:
    """What a worker is busy with; a pass of the same project first, as it must end before this one can begin."""
    busy = CollectionPass.objects.filter(state="running", lease_until__gt=now)
    return busy.annotate(other=~Q(project=waiting.project_id)).order_by("other", "pk")


def _named(found: CollectionPass, waiting: CollectionPass, asker: Any) -> str:
    if found.project_id == waiting.project_id:
        return f"#{found.number} of this project"
    if asker is not None and Project.objects.visible_to(asker).filter(pk=found.project_id).exists():
        return f"#{found.number} of {found.project.name}"
    return "a pass of another project"


def _answered() -> datetime | None:
    try:
        seconds = seconds_since_dispatch()
    except (redis.RedisError, OSError):
        return None
    return None if seconds is None else timezone.now() - timedelta(seconds=seconds)
