"""A whole pass, from the claim to the record, beside bare ``pytest --collect-only`` on the same tree.

The worker then deletes what was laid out; the time until it is free is measured, too. Byte-code of both is warm. Two
generated trees are always measured; BENCH_REPO (a git repository), BENCH_PYTHON (its interpreter), BENCH_COMMITS (two
or more, oldest first) and BENCH_ARGUMENTS name a real one as well.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from tests.benchmarks import generated
from tests.benchmarks.figures import RUNS, Figure, beside, stopwatch
from tests.environments import environment
from tests.repositories import Repository

_ENDING = re.compile(r"^(?:no tests|(\d+) tests?) collected(?:, (\d+) errors?)?", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Subject:
    """A repository to collect: the same commit again and again, then one commit after the other."""

    name: str
    repository: Path
    python: str
    commits: Sequence[str]
    arguments: str = ""
    environment: str = ""


def measure(data_dir: Path, *, quick: bool) -> list[Figure]:
    """Ratios of seconds: the same commit again, and the next commit of the same project."""
    figures = []
    shapes = {"generated": generated.APPLICATION, "dataclasses": generated.DATACLASSES}
    trees = [_generated(name, generated.SMALL if quick else shape, data_dir) for name, shape in shapes.items()]
    for subject in (*trees, *_given()):
        figures += _measure(subject, data_dir, runs=2 if quick else RUNS)
    return figures


def _generated(name: str, shape: generated.Shape, data_dir: Path) -> Subject:
    repository = Repository(data_dir / name)
    commits = [repository.commit(dict(generated.files(shape)), "Start")]
    for number in range(RUNS + 1):
        path = f"app/part_00/module_0000{number}.py"
        text = (repository.path / path).read_text() + f"\nCHANGED = {number}\n"
        commits.append(repository.commit({path: text}, f"Change module {number}"))
    return Subject(name, repository.path, str(environment("9")), commits)


def _given() -> list[Subject]:
    repository = os.environ.get("BENCH_REPO")
    if not repository:
        return []
    commits = os.environ["BENCH_COMMITS"].split()
    given = {name: os.environ.get(f"BENCH_{name.upper()}", "") for name in ("arguments", "environment")}
    return [Subject("given", Path(repository), os.environ["BENCH_PYTHON"], commits, **given)]


def _measure(subject: Subject, data_dir: Path, runs: int) -> list[Figure]:
    from remediation import projects

    project = projects.create(
        name=f"bench {subject.name}",
        source=str(subject.repository),
        allow_local=True,
        interpreter=subject.python,
        arguments=subject.arguments,
        environment=dict(pair.split("=", 1) for pair in subject.environment.split()),
    )
    bare = _Bare(subject, data_dir / f"bare-{subject.name}")
    first, *later = subject.commits
    bare.check_out(first)
    sizes: list[str] = []

    def floor() -> float:
        return stopwatch(lambda: sizes.append(bare.collect()))

    _pass(project, first, sizes), floor()  # both byte-code caches are warm from here on
    same, following = _Turns(), _Turns()
    for _ in range(runs):
        same.add(_pass(project, first, sizes), floor())
    for commit in later[:runs]:
        ours = _pass(project, commit, sizes)
        bare.check_out(commit)
        bare.collect()  # a checkout's new file times cost it a compilation that ours does not have: give it that one
        following.add(ours, floor())
    _must_agree(sizes, distinct=len(subject.commits) if subject.name == "given" else 1)
    return [
        *same.figures(f"pass-{subject.name}-same-commit", sizes[0]),
        *following.figures(f"pass-{subject.name}-next-commit", "byte-code of unchanged files stays warm"),
    ]


class _Turns:
    """Seconds of passes and of bare runs, taken in turns."""

    def __init__(self) -> None:
        self.recorded: list[float] = []
        self.free: list[float] = []
        self.bare: list[float] = []

    def add(self, ours: tuple[float, float], bare: float) -> None:
        self.recorded.append(ours[0])
        self.free.append(ours[1])
        self.bare.append(bare)

    def figures(self, name: str, note: str) -> list[Figure]:
        return [
            beside(name, self.recorded, self.bare, "s", note),
            beside(f"{name}-free", self.free, self.bare, "s", "until the worker is free for the next one"),
        ]


def _pass(project: object, commit: str, sizes: list[str]) -> tuple[float, float]:
    """One whole pass in this process: queue, claim, check out, collect, record.

    Returns the seconds until it was recorded and until the worker was free; adds its counts in pytest's words.
    """
    from remediation import passes
    from remediation.passes import running

    recorded, record = [], running._record

    def noted(*given: Any) -> None:
        record(*given)
        recorded.append(time.perf_counter())

    start = time.perf_counter()
    row = passes.queue(project, trigger="replay", commit=commit)  # type: ignore[arg-type]
    with mock.patch.object(running, "_record", noted):
        passes.run(row.pk)
    end = time.perf_counter()
    row.refresh_from_db()
    if row.outcome != "counted":
        raise SystemExit(f"The pass was {row.outcome}: {row.reason_text} {row.detail}")
    sizes.append(f"{row.tests_collected} tests, {row.pytest_errors} errors")
    return recorded[0] - start, end - start


def _must_agree(sizes: Sequence[str], distinct: int) -> None:
    if len(set(sizes)) > distinct:
        raise SystemExit(f"Passes and bare pytest disagree: {', '.join(sorted(set(sizes)))}")


class _Bare:
    """pytest as a person would run it, in a checkout of its own."""

    def __init__(self, subject: Subject, place: Path) -> None:
        self.subject, self.place = subject, place
        self.tree = place / "tree"
        place.mkdir()
        subprocess.run(["git", "clone", "-q", "--shared", subject.repository, self.tree], check=True)

    def check_out(self, commit: str) -> None:
        subprocess.run(["git", "-C", self.tree, "checkout", "-q", commit], check=True)

    def collect(self) -> str:
        given = (pair.split("=", 1) for pair in self.subject.environment.split())
        env = {
            "PATH": os.environ["PATH"],
            "PYTHONPYCACHEPREFIX": str(self.place / "bytecode"),
            **{name: value.replace("{checkout}", str(self.tree)) for name, value in given},
        }
        command = [self.subject.python, "-m", "pytest", "--collect-only", "-q", *shlex.split(self.subject.arguments)]
        done = subprocess.run(command, cwd=self.tree, env=env, capture_output=True, text=True, check=False)
        ending = _ENDING.search(done.stdout)
        if ending is None:
            raise SystemExit(f"bare pytest ended with {done.returncode}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        return f"{ending[1] or 0} tests, {ending[2] or 0} errors"
