"""What people say is fixed, and from which pass on a saying counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mark:
    """Somebody named the commit or branch that repairs a ticket; ``named`` "" takes it back.

    ``after``: place in commit order of the last deciding pass when it was said, None when there was none.
    ``contained_from``: from this place on a pass is known to contain the named commit; None while none is.
    """

    named: str
    after: int | None
    contained_from: int | None = None

    def contained_in(self, place: int) -> bool:
        """Whether the commit at this place holds the named one."""
        return self.contained_from is not None and self.contained_from <= place


def said_before(marks: Sequence[Mark], place: int) -> Mark | None:
    """The last word that was said before a pass at ``place``."""
    return next((mark for mark in reversed(marks) if mark.after is None or mark.after < place), None)


def in_force(marks: Sequence[Mark], place: int, verified_at: int | None) -> Mark | None:
    """The mark that a pass at ``place`` is asked about: the last one said before it.

    A pass that verified the ticket since has used it up. ``verified_at``: that pass's place.
    """
    last = said_before(marks, place)
    if last is None or not last.named:
        return None
    used = verified_at is not None and (last.after is None or verified_at > last.after)
    return None if used else last


def entering(status: str, mark: Mark | None, previous: int | None) -> str:
    """The status in which a ticket meets a pass. ``previous``: place of the counted pass before it.

    A mark that was said since then makes it wait for this pass; without one in force it is open again. Verified and
    muted are not changed by a saying.
    """
    if status in {"verified", "muted"}:
        return status
    if mark is None:
        return "open" if status in {"awaiting", "still-seen"} else status
    fresh = previous is None or (mark.after is not None and mark.after >= previous)
    return "awaiting" if fresh or status == "open" else status


def unheard(marks: Sequence[Mark], last: int | None) -> Mark | None:
    """The last mark, where no pass has come after it yet; ``last``: place of the last deciding pass."""
    if not marks or (marks[-1].after is None and last is not None):
        return None
    return marks[-1] if last is None or (marks[-1].after or 0) >= last else None
