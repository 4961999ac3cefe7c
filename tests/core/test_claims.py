"""When a claim is flagged and released: every rule as a row, and the clock that runs only while passes count."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from remediation.core.claims import Held, Look, Patience, step, watched
from remediation.core.lifecycle import STATUSES

START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
USUAL = Patience(flag_after=5, release_after=2)


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def looks(story: str) -> list[Look]:
    """One letter a day: c counted, b blocked or failed, . no pass."""
    return [Look(day(at), letter == "c") for at, letter in enumerate(story) if letter != "."]


@pytest.mark.parametrize(
    ("story", "since", "days"),
    [
        ("ccccc", 0, 4),
        ("ccccc", 1.5, 2.5),
        ("ccccc", -3, 4),
        ("ccccc", 9, 0),
        ("c......c", 0, 7),
        ("c........c", 0, 0),  # nine days without any pass
        ("ccbcc", 0, 2),  # a day on either side of what was not counted is unknown
        ("cbbbb", 0, 0),
        ("cc", 0, 1),
        ("c", 0, 0),  # nobody has looked since
        ("", 0, 0),
    ],
)
def test_only_time_between_counted_passes_is_watched(story: str, since: float, days: float) -> None:
    assert watched(looks(story), day(since)) == timedelta(days=days)


@pytest.mark.parametrize(
    ("story", "alive", "flagged", "due"),
    [
        ("cccccc", 0, None, ""),  # five days are not more than five
        ("ccccccc", 0, None, "flag"),
        ("ccccccc", 1.5, None, ""),  # a sign of life in between
        ("ccccccccc", 0, 6, ""),  # two days are left to say something
        ("cccccccccc", 0, 6, "release"),
        ("cccccccccc", 6.5, 6, "unflag"),  # said since: another life, no flag
        ("cccccccccccccccc", 7, 6, "flag"),  # and flagged anew when that one ends in silence
        ("cccccccccccccccc", 12, 6, "unflag"),
        # nobody looks: the clock stands
        ("cccbbbbbbbbbbbb", 0, None, ""),
        ("ccccccc", 0, 6, ""),
        ("cccccccbbbbbbbb", 0, 6, ""),
        # and goes on where it stood
        ("cccbbbbbbcccc", 0, None, ""),
        ("cccbbbbbbccccc", 0, None, "flag"),
        ("cccccccbbbbcc", 0, 6, ""),
        ("cccccccbbbbccc", 0, 6, ""),
        ("cccccccbbbbcccc", 0, 6, "release"),
        # once a week is a rhythm; weeks without any pass are not
        ("c......c", 0, None, "flag"),
        ("c......c......c", 0, 7.01, "release"),
        ("cc......................c", 0, None, ""),
        ("cc......................ccccc", 0, None, ""),
        ("cc......................cccccc", 0, None, "flag"),
    ],
)
def test_what_is_due(story: str, alive: float, flagged: float | None, due: str) -> None:
    at = None if flagged is None else day(flagged)
    assert step(Held("open", day(alive), at), looks(story), USUAL) == due


@pytest.mark.parametrize("status", STATUSES)
def test_only_where_the_next_step_is_the_owners(status: str) -> None:
    theirs = status in {"open", "still-seen", "regressed"}
    story = looks("c" * 30)
    assert step(Held(status, day(0)), story, USUAL) == ("flag" if theirs else "")
    assert step(Held(status, day(0), day(7)), story, USUAL) == ("release" if theirs else "unflag")


@pytest.mark.parametrize(
    ("patience", "fresh", "flagged"),
    [
        (Patience(0, 2), "", "unflag"),  # never flagged, so never released
        (Patience(5, 0), "flag", ""),
        (Patience(0, 0), "", "unflag"),
        (Patience(40, 2), "", "unflag"),
        (Patience(1, 90), "flag", ""),
    ],
)
def test_zero_is_never_and_a_longer_patience_takes_a_flag_back(patience: Patience, fresh: str, flagged: str) -> None:
    story = looks("c" * 30)
    assert step(Held("open", day(0)), story, patience) == fresh
    assert step(Held("open", day(0), day(7)), story, patience) == flagged


def test_where_due_times_on_a_known_commit_are_skipped_long_gaps_were_watched() -> None:
    story = looks("cc......................c")
    assert watched(story, day(1)) == timedelta()
    assert watched(story, day(1), skips=True) == timedelta(days=23)
    assert step(Held("open", day(0)), story, Patience(5, 2, skips=True)) == "flag"


def test_whoever_comes_back_is_told_before_it_is_released() -> None:
    """Through every history, a release comes only after a flag, and after the days more that were watched."""
    for gap in range(40):
        story, flagged = looks("ccc" + "." * gap + "c" * 12), None
        for until in range(1, len(story) + 1):
            due = step(Held("open", day(0), flagged), story[:until], USUAL)
            if due == "flag":
                assert flagged is None
                flagged = story[until - 1].at
            elif due == "release":
                assert flagged is not None and story[until - 1].at - flagged > timedelta(days=2)
                break
        else:
            pytest.fail(f"never released after a gap of {gap} days")
