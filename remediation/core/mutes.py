"""How long a mute holds: until it was ended, or until a pass verified its ticket."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from remediation.core.fix_marks import Place, used_up

LONGEST = 366  # days
FARTHEST = 500  # passes ahead


@dataclass(frozen=True, slots=True)
class Until:
    """When a mute ends by itself: as a day begins, or when a pass of at least this number is counted; never, where
    both are None. Raises ValueError for both."""

    day: date | None = None
    number: int | None = None

    def __post_init__(self) -> None:
        if self.day is not None and self.number is not None:
            raise ValueError("a mute ends by a day or by a pass, not by both")

    @property
    def for_good(self) -> bool:
        """Whether only a person or a verification ends it."""
        return self.day is None and self.number is None

    def refusal(self, today: date, last_number: int) -> str:
        """Why this cannot be the end of a mute that begins now; "" where it can. ``last_number``: the newest pass."""
        if self.day is not None and not 0 < (self.day - today).days <= LONGEST:
            return "Name a day after today, within a year."
        if self.number is not None and not 0 < self.number - last_number <= FARTHEST:
            return f"Name a pass after #{last_number}, and at most {FARTHEST} ahead."
        return ""

    def reached(self, today: date) -> bool:
        """Whether its day has begun."""
        return self.day is not None and self.day <= today


def in_force(said_after: Place | None, verified_at: Place | None) -> bool:
    """Whether a mute that nobody ended still covers its ticket: what comes back after a verification does not.

    ``said_after``: the last deciding pass when it was said. ``verified_at``: the last pass that verified the ticket.
    """
    return not used_up(said_after, verified_at)
