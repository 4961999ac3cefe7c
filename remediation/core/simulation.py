"""Paths of a count into the future, drawn from its past changes: deterministic, the same on every Python."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import add, getitem

PATHS = 4_000
HORIZON = 60  # passes ahead


@dataclass(frozen=True, slots=True)
class Spread:
    """Where the paths stand after one more pass: tenth, fiftieth and ninetieth percentile; how many are at zero."""

    low: int
    median: int
    high: int
    at_zero: int


def draws(seed: int, below: int, count: int, purpose: str) -> bytes:
    """``count`` numbers from 0 to ``below`` - 1 (at most 256), all equally likely, always the same for one seed.

    A hash in counter mode, because the standard generator promises its stream for floats only. Bytes that would
    make some numbers more likely than others are thrown away.
    """
    fair = 256 - 256 % below
    table = bytes(byte % below for byte in range(256))
    size = count * 256 // fair + 512
    found = b""
    while len(found) < count:
        stream = hashlib.shake_128(f"{purpose} {seed} {size}".encode()).digest(size)
        found = stream.translate(table, bytes(range(fair, 256)))
        size *= 2
    return found[:count]


@lru_cache(maxsize=256)
def simulate(
    start: int, changes: tuple[int, ...], seed: int, paths: int = PATHS, horizon: int = HORIZON
) -> tuple[Spread, ...]:
    """One Spread for each of up to ``horizon`` passes; it ends early when every path is at zero.

    Each path first draws a past of its own, as many changes as there were, with replacement, and then its steps
    from that past. Ten changes are few: drawing every path from the same ten would take their mean for certain,
    and the band would be too narrow (tests/benchmarks/forecast.py). A path that reaches zero stays there.
    """
    alive, pasts = [start] * paths, _pasts(changes, seed, paths)
    found: list[Spread] = []
    for step in _columns(seed, len(changes), paths, horizon):
        alive = list(map(add, alive, map(getitem, pasts, step)))
        if min(alive) <= 0:
            pasts = [past for past, count in zip(pasts, alive, strict=True) if count > 0]
            alive = [count for count in alive if count > 0]
        found.append(_spread(alive, paths))
        if not alive:
            break
    return tuple(found)


def _pasts(changes: Sequence[int], seed: int, paths: int) -> list[tuple[int, ...]]:
    size = len(changes)
    picked = list(map(changes.__getitem__, draws(seed, size, size * paths, "past")))
    return [tuple(picked[i : i + size]) for i in range(0, size * paths, size)]


def _columns(seed: int, below: int, paths: int, horizon: int) -> Iterator[bytes]:
    """The draws of one pass after the other."""
    stream = draws(seed, below, paths * horizon, "step")
    return (stream[i : i + paths] for i in range(0, paths * horizon, paths))


def _spread(alive: Sequence[int], paths: int) -> Spread:
    """The nearest-rank percentiles; paths that are not alive stand at zero."""
    seen = paths - len(alive)
    places, at = [], 0
    wanted = [-(-paths * part // 100) for part in (10, 50, 90)]
    values = [(0, seen), *sorted(Counter(alive).items())]
    reached = 0
    for value, number in values:
        reached += number
        while at < 3 and reached >= wanted[at]:
            places.append(value)
            at += 1
    return Spread(places[0], places[1], places[2], seen)
