"""What runs and what waits, as the live parts of pages show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models.functions import Now

from dashboard.queue_words import Queue, queue_of, waits_since
from remediation.core.stages import QUEUE, timeline
from remediation.models import CollectionPass, Project
from remediation.passes import LEASE, MAX_ATTEMPTS

SILENT = 10.0  # seconds without a beat (one comes every 2 s) after which the page says so
SAY_EVERY = 5.0  # seconds between two sentences to a screen reader
_LABELS = {QUEUE: "Queue", **{stage.value: stage.label for stage in CollectionPass.Stage}}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the stage list. ``state``: done, now, next, failed or skipped; ``before``: the last pass's."""

    code: str
    label: str
    state: str
    seconds: float | None
    before: float | None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a pass is. ``found``: the test files there are to reach, None while nobody knows.

    ``silent``: seconds since its worker's last sign of life, 0.0 while that is fresh; ``lost``: its lease is over.
    ``last``: number of the counted pass that the stages are compared with.
    """

    stages: tuple[Line, ...]
    label: str
    seconds: float
    waits: float
    found: int | None
    live: dict[str, Any]
    queue: Queue | None
    silent: float
    lost: bool
    attempt: int
    last: int | None
    reached: int

    attempts = MAX_ATTEMPTS

    @property
    def worker_missing(self) -> bool:
        """Whether it waits though nothing else is being worked on."""
        return self.queue is not None and self.queue.missing

    @property
    def now(self) -> Line | None:
        """The stage that is under way."""
        return next((line for line in self.stages if line.state == "now"), None)

    @property
    def sentence(self) -> str:
        """For a screen reader, every few seconds: how far it is."""
        if self.queue is not None:
            return f"{self.queue.ordinal} in the queue." if self.queue.place > 1 else "Waits for a worker."
        of = f" of {self.found:,}" if self.found else ""
        return f"{self.label}{f': {self.reached:,}{of} test files' if self.reached else ''}."

    @property
    def again(self) -> bool:
        """Whether everything is collected again without the files that ended the process."""
        return int(self.live.get("round") or 1) > 1


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


def clock(collection_pass: CollectionPass) -> datetime:
    """The database's time, which leases are made with. One query."""
    now: datetime = CollectionPass.objects.filter(pk=collection_pass.pk).values_list(Now(), flat=True).get()
    return now


def announcement(collection_pass: CollectionPass, done: Progress, said: str, now: float) -> dict[str, Any]:
    """What a poll tells a screen reader: a sentence, at most every SAY_EVERY seconds. ``said``: when it last did."""
    try:
        last = float(said)
    except ValueError:
        last = 0.0
    ended = collection_pass.state == "ended"
    if now - last < SAY_EVERY and not ended:  # also a NaN is answered with a sentence
        return {"said": said[:20]}
    return {"said": f"{now:.1f}", "announce": f"Pass #{collection_pass.number} has ended." if ended else done.sentence}


def strip(project: Project, now: datetime, asker: Any = None) -> Strip:
    """No query when nothing is active, at most six when something is. The project was read ``with_work``."""
    waiting = project.passes.listed().exclude(state="ended").order_by("number") if project.at_work else ()
    rows = tuple(sorted(waiting, key=lambda row: row.state != "running"))
    if rows:
        rows[0].project = project  # with the asker's rights
    done = progress(rows[0], now, asker) if rows else None
    # Every pass has a number and none is taken away, so what neither waits nor runs has ended.
    last = max([project.last_pass_number, *(row.number for row in rows)])
    first = bool(rows) and not project.passes.counted().exists()
    return Strip(rows, done, seen=str(last - len(rows)), first=first)


def progress(collection_pass: CollectionPass, now: datetime, asker: Any = None) -> Progress:
    """How far one pass is; ``asker`` may be told the names of other projects that are theirs. At most four queries."""
    waits = collection_pass.state == "queued"
    last = _last_counted(collection_pass)
    lines = _lines(collection_pass, now, last)
    silent = _silent(collection_pass, now)
    known = collection_pass.live or {}
    return Progress(
        stages=lines,
        label=collection_pass.get_stage_display(),
        seconds=_since(collection_pass, now),
        waits=max(0.0, (now - waits_since(collection_pass)).total_seconds()) if waits else 0.0,
        found=_found(collection_pass, known),
        live=known,
        queue=queue_of(collection_pass, now, asker) if waits else None,
        silent=silent if silent >= SILENT else 0.0,
        lost=silent >= LEASE.total_seconds(),
        attempt=min(collection_pass.attempts + waits, MAX_ATTEMPTS),
        last=last.number if last else None,
        reached=collection_pass.files_reached,
    )


def _since(collection_pass: CollectionPass, now: datetime) -> float:
    start = collection_pass.queued_at if collection_pass.state == "queued" else collection_pass.started_at
    end = collection_pass.ended_at or now
    return max(0.0, (end - (start or collection_pass.queued_at)).total_seconds())


def _silent(collection_pass: CollectionPass, now: datetime) -> float:
    """Seconds since the last beat, which has set the lease anew."""
    if collection_pass.state != "running" or collection_pass.lease_until is None:
        return 0.0
    return max(0.0, (now - (collection_pass.lease_until - LEASE)).total_seconds())


def _last_counted(collection_pass: CollectionPass) -> CollectionPass | None:
    """The newest counted pass besides this one: its stages and its files are what can be expected."""
    columns = ("number", "state", "outcome", "stage_times", "queued_at", "started_at", "ended_at", "project_id")
    others = collection_pass.project.passes.counted().exclude(pk=collection_pass.pk)
    return others.newest_first().only(*columns).first()


def _found(collection_pass: CollectionPass, known: dict[str, Any]) -> int | None:
    """Test files by the project's own patterns; before pytest has said them, by pytest's defaults.

    pytest may reach files that no pattern names: then nobody knows how many there will be.
    """
    if collection_pass.stage != "collect":
        return None
    found: int | None = known.get("found") or collection_pass.files_total
    return found if found and found >= collection_pass.files_reached else None


def _lines(collection_pass: CollectionPass, now: datetime, last: CollectionPass | None) -> tuple[Line, ...]:
    before = {stage.code: stage.seconds for stage in _timeline(last, now)} if last and last.stage_times else {}
    shown = _timeline(collection_pass, now)
    return tuple(Line(s.code, _LABELS[s.code], s.state, s.seconds, before.get(s.code)) for s in shown)


def _timeline(collection_pass: CollectionPass, now: datetime) -> Any:
    """The pass's stages; one that waits again after its worker was lost has none yet."""
    waits = collection_pass.state == "queued"
    return timeline(
        {} if waits else collection_pass.stage_times,
        queued_at=collection_pass.queued_at,
        started_at=None if waits else collection_pass.started_at,
        ended_at=collection_pass.ended_at,
        now=now,
        failed=collection_pass.outcome in ("blocked", "failed"),
    )
