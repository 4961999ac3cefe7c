"""What people say is fixed, and from which pass on a saying counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Place = tuple[int, int]  # of a pass: position in commit order, number; a commit may have several passes


@dataclass(frozen=True, slots=True)
class Mark:
    """Somebody named the commit or branch that repairs a ticket; ``named`` "" takes it back.

    ``after``: the last deciding pass when it was said, None when there was none. ``contained_from``: position of the
    first commit of the watched line that contains the named one, None while none is known; ``known_after``: the last
    pass that was recorded without knowing it.
    """

    named: str
    after: Place | None
    contained_from: int | None = None
    known_after: Place | None = None

    def contained_in(self, place: Place) -> bool:
        """Whether the pass at this place is known to contain the named commit."""
        known = self.known_after is None or self.known_after < place
        return known and self.contained_from is not None and self.contained_from <= place[0]


def said_before(marks: Sequence[Mark], place: Place) -> Mark | None:
    """The last word that was said before a pass at ``place``."""
    return next((mark for mark in reversed(marks) if mark.after is None or mark.after < place), None)


def in_force(marks: Sequence[Mark], place: Place, verified_at: Place | None) -> Mark | None:
    """The mark that a pass at ``place`` is asked about: the last one said before it.

    A pass that verified the ticket since has used it up. ``verified_at``: that pass's place.
    """
    last = said_before(marks, place)
    if last is None or not last.named:
        return None
    return None if used_up(last.after, verified_at) else last


def used_up(said_after: Place | None, verified_at: Place | None) -> bool:
    """Whether a pass has verified the ticket since something was said after the pass ``said_after``."""
    return verified_at is not None and (said_after is None or verified_at > said_after)


def without(*, came_back: bool) -> str:
    """The status of a ticket that stands, when no mark is in force: taking a fix back does not undo a regression."""
    return "regressed" if came_back else "open"


def entering(status: str, mark: Mark | None, previous: Place | None, *, came_back: bool = False) -> str:
    """The status in which a ticket meets a pass. ``previous``: place of the counted pass before it.

    A mark that was said since then makes it wait for this pass; without one in force it is what it was before.
    ``came_back``: it was verified once, and seen since. Verified is not changed by a saying.
    """
    if status == "verified":
        return status
    if mark is None:
        return without(came_back=came_back) if status in {"awaiting", "still-seen"} else status
    fresh = previous is None or (mark.after is not None and mark.after >= previous)
    return "awaiting" if fresh or status == "open" else status


def unheard(marks: Sequence[Mark], last: Place | None) -> Mark | None:
    """The last mark, where no pass has come after it yet; ``last``: place of the last deciding pass."""
    if not marks:
        return None
    after = marks[-1].after
    return marks[-1] if last is None or (after is not None and after >= last) else None
