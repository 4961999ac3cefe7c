"""Backtest: how often the forecast's band of 80 of 100 held, over random histories of several kinds and real ones.

Run it with ``python -m tests.benchmarks.forecast [HISTORIES] [FIGURES.csv ...]``; it prints a table. A CSV has the
columns ``committed_at`` and ``errors``. The same numbers of histories give the same table.

Each history is cut at several passes with at least eight counted ones before them, and the forecast made there is
compared with what followed. A band that is zero all the way to its top, and held, is left out: it proves nothing.
"""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from remediation.core.forecast import NEEDS, Forecast, forecast
from remediation.core.trend import Layer, Point, Trend

START = datetime(2026, 1, 5, 6, tzinfo=UTC)
AHEAD = (1, 3, 5, 10, 20)
CUTS = 4  # of each history


def _walk(random: Random, start: int, change: Callable[[int, int], int], most: int = 100) -> list[int]:
    """Counts until zero, or ``most`` of them."""
    counts = [start]
    while counts[-1] and len(counts) < most:
        counts.append(max(0, counts[-1] + change(len(counts), counts[-1])))
    return counts


def steady(random: Random) -> list[int]:
    """One to five repaired at each pass, sometimes one more breaks."""
    return _walk(random, random.randint(60, 140), lambda *_: random.choice([0, 0, 0, 1]) - random.randint(1, 5))


def bursty(random: Random) -> list[int]:
    """Nothing for most passes, then a root cause with many files."""

    def change(*_: int) -> int:
        return (random.random() < 0.08) - (random.randint(4, 18) if random.random() < 0.25 else 0)

    return _walk(random, random.randint(60, 140), change)


def unmasking(random: Random) -> list[int]:
    """Steady repairs, and at every eighth pass a wave of errors that could not be seen before."""

    def change(*_: int) -> int:
        return (random.randint(5, 20) if random.random() < 0.12 else 0) - random.randint(0, 6)

    return _walk(random, random.randint(60, 120), change)


def rising_then_falling(random: Random) -> list[int]:
    """It gets worse until someone begins to repair: the past says nothing of the future."""
    turn = random.randint(8, 20)
    return _walk(
        random, random.randint(40, 80), lambda i, _: random.randint(-2, 5) if i < turn else -random.randint(-1, 7)
    )


def stalls(random: Random) -> list[int]:
    """Weeks of work and weeks of nothing."""
    working = True

    def change(*_: int) -> int:
        nonlocal working
        if random.random() < (0.1 if working else 0.15):
            working = not working
        return (random.random() < 0.05) - (random.randint(1, 7) if working else 0)

    return _walk(random, random.randint(60, 120), change)


def slowing(random: Random) -> list[int]:
    """The easy ones first: each pass repairs a part of what is left."""

    def change(_: int, count: int) -> int:
        return (random.random() < 0.1) - sum(random.random() < 0.08 for _ in range(count))

    return _walk(random, random.randint(60, 140), change)


KINDS = (steady, bursty, unmasking, rising_then_falling, stalls, slowing)


@dataclass
class Held:
    """How often a band held, by passes ahead (0: the dates of zero), and how often there was no date."""

    tried: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    held: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    no_date: int = 0
    forecasts: int = 0

    def share(self, ahead: int) -> float | None:
        """In percent; None where nothing was tried."""
        return 100 * self.held[ahead] / self.tried[ahead] if self.tried[ahead] else None

    def note(self, ahead: int, held: bool) -> None:
        """One more comparison."""
        self.tried[ahead] += 1
        self.held[ahead] += held


def trend_of(counts: Sequence[int]) -> Trend:
    """One counted pass a day."""
    points = [Point(i + 1, START + timedelta(days=i), "counted", n, (n,), 0, None, 1, 9) for i, n in enumerate(counts)]
    return Trend((Layer(1, "All", 1),), tuple(points))


def check(counts: Sequence[int], cut: int, seed: int, result: Held) -> None:
    """Forecasts from the pass at ``cut`` and compares with what followed; after zero it stays at zero."""
    due = [START + timedelta(days=cut + 1 + i) for i in range(60)]
    made = forecast(trend_of(counts[: cut + 1]), due, seed, due[0] - timedelta(hours=1))
    assert isinstance(made, Forecast)
    result.forecasts += 1
    ended = counts[-1] == 0
    for ahead in AHEAD:
        known = cut + ahead < len(counts)
        if not known and not ended:
            continue
        actual = counts[cut + ahead] if known else 0
        step = made.steps[ahead - 1] if ahead <= len(made.steps) else None
        low, high = (step.low, step.high) if step else (0, 0)
        if high or actual:
            result.note(ahead, low <= actual <= high)
    if made.earliest is None or made.latest is None:
        result.no_date += 1
    elif ended:
        zero = START + timedelta(days=counts.index(0))
        result.note(0, made.earliest <= zero <= made.latest)


def backtest(kind: Callable[[Random], list[int]], histories: int) -> Held:
    """``histories`` random ones of a kind, each cut at up to CUTS places."""
    result, random = Held(), Random(kind.__name__)
    for number in range(histories):
        counts = kind(random)
        cuts = [i for i in range(NEEDS - 1, len(counts) - 1) if counts[i]]
        for cut in random.sample(cuts, min(CUTS, len(cuts))):
            check(counts, cut, number * 1000 + cut, result)
    return result


def real(counts: Sequence[int]) -> Held:
    """A history that happened, cut everywhere."""
    result = Held()
    for cut in range(NEEDS - 1, len(counts) - 1):
        if counts[cut]:
            check(counts, cut, cut, result)
    return result


def row(name: str, result: Held) -> str:
    """One line of the table."""
    shares = [result.share(ahead) for ahead in (*AHEAD, 0)]
    cells = [f"{share:.0f}" if share is not None else "" for share in shares]
    return f"| {name} | {' | '.join(cells)} | {result.no_date} of {result.forecasts} |"


def main(histories: int, files: Sequence[str]) -> None:
    print(f"| history | {' | '.join(f'{ahead} ahead' for ahead in AHEAD)} | dates | no date |")
    print("|---" * (len(AHEAD) + 3) + "|")
    for kind in KINDS:
        print(row(kind.__name__.replace("_", " "), backtest(kind, histories)), flush=True)
    for name in files:
        with Path(name).open(newline="") as lines:
            print(row(Path(name).parent.name, real([int(line["errors"]) for line in csv.DictReader(lines)])))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100, sys.argv[2:])
