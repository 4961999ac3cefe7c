"""Which open tickets wait for a person's decision, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

# The most pressing first.
REASONS = ("blocking", "regressed", "still-seen", "flagged", "unclaimed")


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a ticket that is not verified.

    ``flagged``: its claim shows no sign of life (``core.claims``). ``seen_at``: when a pass first saw it. ``freed_at``:
    when it was last released.
    """

    status: str
    blocks_all: bool = False
    claimed: bool = False
    flagged: bool = False
    seen_at: datetime | None = None
    freed_at: datetime | None = None


def reason(ticket: Standing, now: datetime, unclaimed_after: int) -> str:
    """One of REASONS, or "" for a ticket that can wait. ``unclaimed_after``: days, 0 for never.

    A muted ticket waits for nobody, and one that awaits a pass waits for that.
    """
    if ticket.blocks_all:
        return "blocking"
    if ticket.status in {"regressed", "still-seen"}:
        return ticket.status
    if ticket.status != "open":
        return ""
    if ticket.claimed:
        return "flagged" if ticket.flagged else ""
    free_since = max((at for at in (ticket.seen_at, ticket.freed_at) if at), default=None)
    long = free_since is not None and now - free_since > timedelta(days=unclaimed_after)
    return "unclaimed" if unclaimed_after and long else ""
