"""What runs and what waits, as the live parts of pages show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max

from remediation.models import CollectionPass, Project

QUIET = timedelta(seconds=45)  # the dispatcher comes every 15 s; a pass that waits longer than this needs a word
_STAGES = list(CollectionPass.Stage)


@dataclass(frozen=True, slots=True)
class Stage:
    """One line of the stage list. ``state``: done, now or next."""

    label: str
    state: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a pass is. ``expected``: test files of the last counted pass, where there is one."""

    stages: tuple[Stage, ...]
    label: str
    seconds: float
    expected: int | None
    place: int
    alone: bool

    @property
    def worker_missing(self) -> bool:
        """Whether it waits though nothing else is being worked on."""
        return self.alone and self.seconds > QUIET.total_seconds()


@dataclass(frozen=True, slots=True)
class Strip:
    """What runs, then what waits. ``seen`` changes when a pass ends; ``first``: nothing was ever counted."""

    rows: tuple[CollectionPass, ...]
    progress: Progress | None
    seen: str
    first: bool

    @property
    def current(self) -> CollectionPass | None:
        """The one at work, or the next."""
        return self.rows[0] if self.rows else None

    @property
    def waiting(self) -> int:
        """How many wait behind it."""
        return max(len(self.rows) - 1, 0)

    @property
    def active(self) -> bool:
        """Whether anything runs or waits."""
        return bool(self.rows)


def strip(project: Project, now: datetime) -> Strip:
    """Two queries when nothing is active, at most four more when something is."""
    waiting = project.passes.listed().exclude(state="ended").order_by("number")
    rows = tuple(sorted(waiting, key=lambda row: row.state != "running"))
    ended = project.passes.filter(state="ended").aggregate(number=Count("pk"), last=Max("ended_at"))
    done = progress(rows[0], now) if rows else None
    seen = f"{ended['number']}-{ended['last'].timestamp() if ended['last'] else 0:.3f}"
    return Strip(rows, done, seen, first=bool(rows) and not project.passes.counted().exists())


def progress(collection_pass: CollectionPass, now: datetime) -> Progress:
    """How far one pass is. Two queries."""
    waits = collection_pass.state == "queued"
    counted = collection_pass.project.passes.counted().newest_first()
    busy = CollectionPass.objects.filter(state="running", lease_until__gt=now)
    before = CollectionPass.objects.filter(state="queued", pk__lt=collection_pass.pk).count() if waits else 0
    since = collection_pass.queued_at if waits else collection_pass.started_at or collection_pass.queued_at
    return Progress(
        stages=_stages(collection_pass.stage),
        label=collection_pass.get_stage_display(),
        seconds=(now - since).total_seconds(),
        expected=counted.values_list("files_total", flat=True).first() if not waits else None,
        place=before + 1,
        alone=waits and not before and not busy.exists(),
    )


def _stages(stage: str) -> tuple[Stage, ...]:
    reached = _STAGES.index(CollectionPass.Stage(stage)) if stage else -1
    return tuple(
        Stage(step.label, "done" if i < reached else "now" if i == reached else "next")
        for i, step in enumerate(_STAGES)
    )
