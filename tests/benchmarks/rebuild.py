"""Computing every projection of a long history again, from its facts."""

from __future__ import annotations

from pathlib import Path

from tests.benchmarks import histories
from tests.benchmarks.figures import RUNS, Figure, alone, stopwatch


def measure(data_dir: Path, *, quick: bool) -> list[Figure]:
    """Few changes and many changes, at two lengths: is it linear in changes?"""
    from remediation import projections

    passes, runs = (40, 2) if quick else (1_000, RUNS)
    figures = []
    for length, changed in ((passes // 2, 2), (passes, 2), (passes, 10)):
        project = histories.project(f"rebuild {length} {changed}")
        histories.long_history(project, length, errors=100, changed=changed)
        seconds = [stopwatch(lambda of=project: projections.rebuild(of)) for _ in range(runs)]
        note = f"100 errors a pass, {changed} change between two passes"
        figures.append(alone(f"rebuild-{length}-{changed}", seconds, "s", note))
    return figures
