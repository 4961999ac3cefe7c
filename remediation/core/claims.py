"""What becomes of a claim that stands still: flagged, then released. Its clock runs only while passes count."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

# Statuses in which the next step is the owner's: what awaits a pass, is muted or is verified waits for nobody.
THEIR_TURN = frozenset({"open", "still-seen", "regressed"})

LONGEST_GAP = timedelta(days=8)  # a pass a week is a rhythm, with a day to be late


@dataclass(frozen=True, slots=True)
class Patience:
    """Days without a sign of life until a claim is flagged, and days more until it is released. 0: never.

    ``skips``: due times on a known commit leave no pass, so that long gaps between passes were watched, too.
    """

    flag_after: int
    release_after: int
    skips: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """When the watched ref was looked at, and whether the pass counted."""

    at: datetime
    counted: bool


@dataclass(frozen=True, slots=True)
class Held:
    """A claim. ``alive_at``: its last sign of life, or when the clock began anew; ``flagged_at``: since when it is
    flagged."""

    status: str
    alive_at: datetime
    flagged_at: datetime | None = None


def watched(looks: Sequence[Look], since: datetime, *, skips: bool = False) -> timedelta:
    """The time after ``since`` in which a commit would have been seen: between two counted passes in a row.

    ``looks`` in the order of time. What lies before or after a pass that was not counted is left out, and so is a gap
    longer than LONGEST_GAP, in which nobody watched, unless the project ``skips``. What comes after the last pass
    nobody has looked at yet.
    """
    time = timedelta()
    for before, after in pairwise(looks):
        if before.counted and after.counted and (skips or after.at - before.at <= LONGEST_GAP):
            time += max(timedelta(), after.at - max(before.at, since))
    return time


def step(claim: Held, looks: Sequence[Look], patience: Patience) -> str:
    """What is due now: "flag", "release", "unflag" or "" (nothing).

    A claim is released only when it was flagged before, and then had its days more: whoever comes back after all
    passes were away for a week is told first.
    """
    since = functools.partial(watched, looks, skips=patience.skips)
    flagged = claim.flagged_at is not None and claim.flagged_at > claim.alive_at
    if claim.status not in THEIR_TURN or not _exceeds(since(claim.alive_at), patience.flag_after):
        return "" if claim.flagged_at is None else "unflag"
    if claim.flagged_at is None or not flagged:
        return "flag"
    return "release" if _exceeds(since(claim.flagged_at), patience.release_after) else ""


def _exceeds(time: timedelta, days: int) -> bool:
    return days > 0 and time > timedelta(days=days)
