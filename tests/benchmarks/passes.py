"""A whole pass, from the claim to the record, beside bare ``pytest --collect-only`` on the same tree.

Byte-code of both is warm. Two generated trees are always measured; BENCH_REPO (a git repository), BENCH_PYTHON (its
interpreter), BENCH_COMMITS (two or more, oldest first) and BENCH_ARGUMENTS name a real one as well.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

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

    def ours(commit: str) -> float:
        return stopwatch(lambda: sizes.append(_pass(project, commit)))

    def floor() -> float:
        return stopwatch(lambda: sizes.append(bare.collect()))

    ours(first), floor()  # both byte-code caches are warm from here on
    same: tuple[list[float], list[float]] = ([], [])
    following: tuple[list[float], list[float]] = ([], [])
    for _ in range(runs):
        same[0].append(ours(first))
        same[1].append(floor())
    for commit in later[:runs]:
        following[0].append(ours(commit))
        bare.check_out(commit)
        bare.collect()  # a checkout's new file times cost it a compilation that ours does not have: give it that one
        following[1].append(floor())
    _must_agree(sizes, distinct=len(subject.commits) if subject.name == "given" else 1)
    return [
        beside(f"pass-{subject.name}-same-commit", *same, "s", sizes[0]),
        beside(f"pass-{subject.name}-next-commit", *following, "s", "byte-code of unchanged files stays warm"),
    ]


def _pass(project: object, commit: str) -> str:
    """One whole pass in this process: queue, claim, check out, collect, record. Its counts in pytest's words."""
    from remediation import passes

    row = passes.queue(project, trigger="replay", commit=commit)  # type: ignore[arg-type]
    passes.run(row.pk)
    row.refresh_from_db()
    if row.outcome != "counted":
        raise SystemExit(f"The pass was {row.outcome}: {row.reason_text} {row.detail}")
    return f"{row.tests_collected} tests, {row.pytest_errors} errors"


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
