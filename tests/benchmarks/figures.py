"""A measured figure beside its floor, and how a list of them is printed and kept."""

from __future__ import annotations

import functools
import json
import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

RUNS = 5


@dataclass(frozen=True, slots=True)
class Figure:
    """``value`` and ``floor`` are medians of ``runs`` runs in ``unit``; ``ratio`` is the median of the runs' ratios.

    ``floor`` and ``ratio`` are None where nothing comparable exists; ``note`` says what was measured. ``load`` is
    the machine's load average of the last minute when the figure was taken.
    """

    name: str
    value: float
    unit: str
    floor: float | None
    ratio: float | None
    runs: int
    load: float
    note: str = ""


def alone(name: str, values: Sequence[float], unit: str, note: str = "") -> Figure:
    """A figure without a floor."""
    return Figure(name, _round(statistics.median(values)), unit, None, None, len(values), _load(), note)


def beside(name: str, values: Sequence[float], floors: Sequence[float], unit: str, note: str = "") -> Figure:
    """A figure and its floor, taken in turns: the ratio is the median of each run's own."""
    ratio = statistics.median(value / floor for value, floor in zip(values, floors, strict=True))
    value, floor = statistics.median(values), statistics.median(floors)
    return Figure(name, _round(value), unit, _round(floor), round(ratio, 3), len(values), _load(), note)


def in_turns(
    ours: Callable[..., Any], floor: Callable[[], Any], runs: int = RUNS, *, ready: Callable[[], Any] | None = None
) -> tuple[list[float], list[float]]:
    """Seconds of both, one after the other, ``runs`` times after one uncounted round: a busy machine slows both.

    ``ready`` makes what ``ours`` is given, before its time begins.
    """
    taken: tuple[list[float], list[float]] = ([], [])
    for turn in range(runs + 1):
        work = functools.partial(ours, ready()) if ready else ours
        for side, one in zip(taken, (work, floor), strict=True):
            seconds = stopwatch(one)
            if turn:
                side.append(seconds)
    return taken


def stopwatch(work: Callable[[], Any]) -> float:
    """Seconds that ``work`` takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def table(figures: Sequence[Figure]) -> str:
    """For the terminal."""
    rows = [("figure", "value", "floor", "ratio", "runs", "load", "")]
    for figure in figures:
        floor = "" if figure.floor is None else f"{figure.floor:,} {figure.unit}"
        ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
        value = f"{figure.value:,} {figure.unit}"
        rows.append((figure.name, value, floor, ratio, str(figure.runs), f"{figure.load:.1f}", figure.note))
    widths = [max(len(row[column]) for row in rows) for column in range(6)]
    lines = (
        " ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)) + f" {row[6]}" for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def keep(figures: Sequence[Figure], path: Path) -> None:
    """As JSON: a list of objects. Figures of an earlier run stay unless this one took them again."""
    names = {figure.name for figure in figures}
    earlier = json.loads(path.read_text()) if path.exists() else []
    rows = [row for row in earlier if row["name"] not in names] + [asdict(figure) for figure in figures]
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(sorted(rows, key=lambda row: row["name"]), indent=1) + "\n")


def _load() -> float:
    return round(os.getloadavg()[0], 1)


def _round(value: float) -> float:
    """Three figures are all that a shared machine can say."""
    return float(f"{value:.3g}")
