"""Random and told histories of passes, whose ledgers follow on each other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from remediation.core.ledger import Ledger
from remediation.core.trend import Layer, Point, Trend

START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
LAYERS = (Layer(1, "Missing core modules", 1), Layer(2, "Monitoring & caching", 2), Layer(3, "Uncategorised", 0))


def told(
    *totals: int | str | None, every: timedelta = timedelta(days=1), layers: Sequence[Layer] = LAYERS[:1]
) -> Trend:
    """One pass a day with these totals; a word such as "blocked" is a pass without a count."""
    points: list[Point] = []
    before: int | None = None
    for i, total in enumerate(totals):
        at = START + every * i
        if not isinstance(total, int):
            points.append(Point(i + 1, at, str(total)))
            continue
        counts = (total, *(0 for _ in layers[1:]))
        points.append(
            Point(i + 1, at, "counted", total, counts, 0, None if before is None else net(before, total), 1, 500)
        )
        before = total
    return Trend(tuple(layers), tuple(points))


def net(before: int, after: int) -> Ledger:
    """The shortest ledger between two totals."""
    return Ledger(before, max(before - after, 0), 0, 0, max(after - before, 0), 0, after)


_PASS = st.tuples(
    st.integers(0, 60),  # hours since the pass before
    st.sampled_from(["counted", "counted", "counted", "again", "blocked", "failed"]),
    st.tuples(*(st.integers(0, 60) for _ in LAYERS)),
    st.integers(0, 10**6),  # decides everything else
)


def histories(most: int = 40) -> st.SearchStrategy[Trend]:
    """Up to ``most`` passes: any outcomes, any movements, equal times allowed. "again" repeats the last count."""
    return st.lists(_PASS, max_size=most).map(_trend)


def _trend(passes: list[tuple[int, str, tuple[int, ...], int]]) -> Trend:
    points: list[Point] = []
    last: tuple[int, ...] | None = None
    at = START
    for number, (hours, outcome, fresh, seed) in enumerate(passes, start=1):
        at += timedelta(hours=hours)
        if outcome in {"blocked", "failed"}:
            points.append(Point(number, at, outcome, replayed=bool(seed % 2)))
            continue
        counts = last if outcome == "again" and last is not None else fresh
        total = sum(counts)
        ledger = _ledger(sum(last), total, 0 if outcome == "again" else seed) if last is not None else None
        scope, tests = 1 + (seed % 4 == 3), seed % 901
        points.append(Point(number, at, "counted", total, counts, seed % (total + 1), ledger, scope, tests))
        last = counts
    return Trend(LAYERS, tuple(points))


def _ledger(before: int, after: int, seed: int) -> Ledger:
    """Any ledger from ``before`` to ``after``, as the seed has it."""
    least = max(before - after, 0)
    gone = least + seed % (before - least + 1)
    come = after - before + gone
    cleared, unmasked = seed % (gone + 1), seed // 7 % (come + 1)
    new = seed // 49 % (come - unmasked + 1)
    return Ledger(before, cleared, gone - cleared, unmasked, new, come - unmasked - new, after)
