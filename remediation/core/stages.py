"""The stages of a pass and how long each of them took, from the moments at which they were reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

QUEUE = "queue"
# In the order of a pass; the names are those of the row's column. "queue" comes before the claim.
STAGES = ("fetch", "checkout", "install", "collect", "record")


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage. ``state``: done, now, next, failed or skipped. ``seconds``: so far, where it is now; None unknown."""

    code: str
    state: str
    seconds: float | None = None


def timeline(
    times: Mapping[str, float],
    *,
    queued_at: datetime,
    started_at: datetime | None,
    ended_at: datetime | None,
    now: datetime,
    failed: bool = False,
) -> tuple[Stage, ...]:
    """The queue and every stage. ``times``: seconds from the claim to the moment at which a stage was reached.

    ``started_at`` None: nobody has claimed it yet. A stage that an ended pass never reached is skipped. ``failed``: it
    ended without a count, in the last stage before it was recorded.
    """
    if started_at is None:
        ended = ended_at is not None
        waited = _between(queued_at, ended_at or now)
        return (Stage(QUEUE, "done" if ended else "now", waited), *(Stage(s, _open(ended)) for s in STAGES))
    whole = _between(started_at, ended_at or now)
    reached = [stage for stage in STAGES if stage in times]
    fault = [stage for stage in reached if stage != "record"][-1:] if failed else []
    stages = [Stage(QUEUE, "done", _between(queued_at, started_at))]
    for stage in STAGES:
        if stage not in times:
            stages.append(Stage(stage, _open(ended_at is not None)))
            continue
        following = reached[reached.index(stage) + 1 :]
        until = times[following[0]] if following else whole
        state = "failed" if stage in fault else "done" if following or ended_at else "now"
        stages.append(Stage(stage, state, max(0.0, until - times[stage])))
    return tuple(stages)


def _open(ended: bool) -> str:
    return "skipped" if ended else "next"


def _between(start: datetime, end: datetime) -> float:
    return max(0.0, (end - start).total_seconds())
