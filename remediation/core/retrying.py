"""When a message that was not delivered is tried again, and when it is given up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

MAX_ATTEMPTS = 14  # with the waits below about 16 hours: a night with a receiver that is away loses nothing
FIRST, LONGEST = timedelta(seconds=30), timedelta(hours=3)
MOST_ASKED = timedelta(days=1)


def wait_after(attempt: int, roll: float) -> timedelta | None:
    """How long to wait after the ``attempt``-th failure (1 is the first); None: given up.

    Twice as long each time, up to three hours. ``roll`` from 0 to 1 moves it by up to a fifth either way, so that what
    failed together does not come back together.
    """
    if attempt >= MAX_ATTEMPTS:
        return None
    plain = min(FIRST * (1 << (attempt - 1)), LONGEST)
    return plain * (0.8 + 0.4 * min(max(roll, 0.0), 1.0))


def asked(retry_after: str, now: datetime) -> timedelta | None:
    """How long a receiver's ``Retry-After`` asks to be left alone, at most a day; None where it asks for nothing.

    Seconds or a date (RFC 9110, 10.2.3). What is neither, or is over, asks for nothing.
    """
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        wait = timedelta(seconds=min(int(text), MOST_ASKED.total_seconds()))
    else:
        try:
            until = parsedate_to_datetime(text)
        except (ValueError, TypeError, OverflowError):
            return None
        wait = (until if until.tzinfo else until.replace(tzinfo=UTC)) - now
    return min(wait, MOST_ASKED) if wait > timedelta() else None
