"""The words along the two axes of a plot: round counts, and days or hours. All in UTC."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta


def count_ticks(highest: int, steps: int = 4) -> tuple[int, ...]:
    """Round numbers from 0 up to at least ``highest`` (and to ``steps`` at least), at most ``steps`` + 1 of them."""
    rough = max(highest, steps) / steps
    magnitude = 10 ** math.floor(math.log10(rough))
    step = next(
        int(m * magnitude) for m in (1, 2, 2.5, 3, 4, 5, 10) if m * magnitude >= rough and m * magnitude % 1 == 0
    )
    return tuple(range(0, step * (math.ceil(max(highest, 1) / step) + 1), step))


def day_ticks(since: datetime, until: datetime, most: int = 9) -> tuple[tuple[datetime, str], ...]:
    """At most ``most`` moments with their words: days, or hours within two days. All in UTC."""
    span = until - since
    hours = [timedelta(hours=h) for h in (1, 3, 6, 12)]
    days = [timedelta(days=d) for d in (1, 2, 7, 14, 28, 56, 91, 182, 364, 728, 1820, 3640, 36400)]
    step = next(s for s in [*(hours if span < timedelta(days=2) else []), *days] if span / s < most)
    start = since.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    if step >= timedelta(days=1):
        start = start.replace(hour=0)
    else:
        start -= timedelta(hours=start.hour % (step.seconds // 3600))
    moments = [start + step * i for i in range(most + 2)]
    if step >= timedelta(days=1) and moments[0] < since <= until:  # the day on which it begins
        moments[0] = since
    return tuple((m, _moment(m, step)) for m in moments if since <= m <= until)


def _moment(at: datetime, step: timedelta) -> str:
    if step < timedelta(days=1):
        return f"{at.day} {at:%b} {at:%H:%M}" if at.hour == 0 else f"{at:%H:%M}"
    return f"{at:%b %Y}" if step > timedelta(days=60) else f"{at.day} {at:%b}"
