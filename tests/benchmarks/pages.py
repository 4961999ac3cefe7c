"""Pages at two lengths of history, beside a view that returns a constant through the same server."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

from tests.benchmarks import histories
from tests.benchmarks.figures import RUNS, Figure, alone, beside, stopwatch
from tests.benchmarks.site import FLOOR, Visitor, served

ASKED = 15  # times in one run; a run's value is the median of them
PAGES = ("overview", "trend", "tickets", "ticket", "passes", "pass", "portfolio", "my-work")
LENGTHS = (1_000, 10_000)  # passes


def measure(data_dir: Path, *, quick: bool) -> list[Figure]:
    """Each page at 1,000 passes of 100 errors, and the same project again at 10,000."""
    short, long = (30, 90) if quick else LENGTHS
    project = histories.project("pages")
    figures: list[Figure] = []
    with served(data_dir) as visitor:
        since = 1
        for length in (short, long):
            histories.long_history(project, length - since + 1, errors=100, changed=2, since=since)
            histories.settle()
            since = length + 1
            figures += of_project(visitor, project, length, runs=2 if quick else RUNS)
    return [*figures, *growth(figures, short, long)]


def of_project(visitor: Visitor, project: Any, length: int, runs: int = RUNS) -> list[Figure]:
    """Every page of a project with so many passes, page and floor in turns."""
    paths = _paths(project)
    return [
        beside(f"page-{name}-{length}", *_measure(visitor, paths[name], runs), "ms", f"{length:,} passes")
        for name in PAGES
    ]


def growth(figures: list[Figure], short: int, long: int) -> list[Figure]:
    """How many times its floor a page takes with the long history, over that with the short one."""
    ratios = {figure.name: figure.ratio or 0.0 for figure in figures}
    note = f"ratio at {long:,} passes over that at {short:,}"
    return [
        alone(f"page-{name}-growth", [ratios[f"page-{name}-{long}"] / ratios[f"page-{name}-{short}"]], "x", note)
        for name in PAGES
    ]


def _paths(project: Any) -> dict[str, str]:
    base = f"/p/{project.slug}"
    ticket = project.tickets.order_by("number").first()
    last = project.passes.order_by("-number").first()
    return {
        "overview": f"{base}/",
        "trend": f"{base}/trend.json",
        "tickets": f"{base}/tickets/",
        "ticket": f"{base}/t/{ticket.label}/",
        "passes": f"{base}/passes/",
        "pass": f"{base}/passes/{last.number}/",
        "portfolio": "/?all",
        "my-work": "/me/",
    }


def _measure(visitor: Visitor, path: str, runs: int) -> tuple[list[float], list[float]]:
    """Milliseconds: the median of each run, page and floor in turns."""
    visitor.get(path), visitor.get(FLOOR)
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(runs):
        ours, floor = [], []
        for _ in range(ASKED):
            ours.append(stopwatch(lambda: visitor.get(path)) * 1000)
            floor.append(stopwatch(lambda: visitor.get(FLOOR)) * 1000)
        taken[0].append(statistics.median(ours))
        taken[1].append(statistics.median(floor))
    return taken
