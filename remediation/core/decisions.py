"""Which open tickets wait for a person's decision, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

UNCLAIMED_AFTER = timedelta(days=3)
IDLE_AFTER = timedelta(days=5)

# The most pressing first.
REASONS = ("blocking", "regressed", "still-seen", "idle", "unclaimed")


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a ticket that is not verified.

    ``seen_at``: when a pass first saw it. ``freed_at``: when somebody last released it. ``noted_at``: the last line
    of its history, whoever wrote it. Commits that nobody named are not known here.
    """

    status: str
    blocks_all: bool = False
    claimed_at: datetime | None = None
    seen_at: datetime | None = None
    freed_at: datetime | None = None
    noted_at: datetime | None = None


def reason(ticket: Standing, now: datetime) -> str:
    """One of REASONS, or "" for a ticket that can wait.

    A claim is idle when nothing at all was noted for so long: a pass that sees the ticket again, a commit that
    somebody named and a note each begin the time anew. A muted ticket waits for nobody.
    """
    if ticket.blocks_all:
        return "blocking"
    if ticket.status in {"regressed", "still-seen"}:
        return ticket.status
    if ticket.status != "open":
        return ""
    if ticket.claimed_at is not None:
        last = max(ticket.claimed_at, ticket.noted_at or ticket.claimed_at)
        return "idle" if now - last > IDLE_AFTER else ""
    free_since = max((at for at in (ticket.seen_at, ticket.freed_at) if at), default=None)
    return "unclaimed" if free_since and now - free_since > UNCLAIMED_AFTER else ""
