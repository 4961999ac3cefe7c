"""When a message that was not delivered is tried again, and when it is given up."""

from __future__ import annotations

from datetime import timedelta

MAX_ATTEMPTS = 14  # with the waits below about 16 hours: a night with a receiver that is away loses nothing
FIRST, LONGEST = timedelta(seconds=30), timedelta(hours=3)


def wait_after(attempt: int, roll: float) -> timedelta | None:
    """How long to wait after the ``attempt``-th failure (1 is the first); None: given up.

    Twice as long each time, up to three hours. ``roll`` from 0 to 1 moves it by up to a fifth either way, so that what
    failed together does not come back together.
    """
    if attempt >= MAX_ATTEMPTS:
        return None
    plain = min(FIRST * (1 << (attempt - 1)), LONGEST)
    return plain * (0.8 + 0.4 * min(max(roll, 0.0), 1.0))
