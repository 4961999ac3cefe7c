"""Real pytest environments of several versions, and small projects to collect with them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from remediation.collection import sandbox
from remediation.collection.rounds import Whole, collect_whole, judge_whole
from remediation.collection.run import Collected, Target
from remediation.core.records import CollectionError, Verdict
from tests.environments import environment

VERSIONS = ("7.4", "8.3", "9")
OLDEST = "6.2"
# The best this machine has, and the weakest; on a machine without bubblewrap they are one.
LEVELS = tuple(sorted({sandbox.probe().level, 1}, reverse=True))
# Every version in the best sandbox; what a level changes is met with the last of them.
WHERE = [*((version, LEVELS[0]) for version in VERSIONS), *((VERSIONS[-1], level) for level in LEVELS[1:])]


def pytest_terminal_summary(terminalreporter: Any) -> None:
    facts = sandbox.probe()
    missing = "" if facts.level == 3 else " (no bubblewrap here: level 3 was NOT tested)"
    terminalreporter.write_line(f"collection tests ran at sandbox levels {LEVELS}{missing}; {facts}")


@dataclass(frozen=True)
class Outcome:
    """One collection of a small project, judged."""

    whole: Whole
    verdict: Verdict

    @property
    def collected(self) -> Collected:
        return self.whole.last

    def files(self) -> dict[str, tuple[str, int]]:
        assert self.verdict.result is not None, (self.verdict, self.collected.end)
        return {file.path: (file.state, file.tests) for file in self.verdict.result.files}

    def error(self, path: str) -> CollectionError:
        assert self.verdict.result is not None, (self.verdict, self.collected.end)
        (found,) = (error for error in self.verdict.result.errors if error.path == path)
        return found


Collecting = Callable[..., Outcome]


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.fixture(scope="session")
def bytecode(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, int], Path]:
    kept: dict[tuple[str, int], Path] = {}

    def of(version: str, level: int) -> Path:
        if (version, level) not in kept:
            kept[version, level] = tmp_path_factory.mktemp("bytecode")
        return kept[version, level]

    return of


@pytest.fixture
def collecting(tmp_path: Path, bytecode: Callable[[str, int], Path]) -> Collecting:
    """Write a project and collect it: ``collecting(files, version, level, arguments=..., **limits)``."""

    def run(
        files: dict[str, str],
        version: str,
        level: int,
        *,
        arguments: tuple[str, ...] = (),
        env: dict[str, str] | None = None,
        **limits: Any,
    ) -> Outcome:
        tree, work = tmp_path / "tree", tmp_path / "work"
        work.mkdir()

        def lay_out() -> None:
            shutil.rmtree(tree, ignore_errors=True)
            tree.mkdir()
            write(tree, files)

        lay_out()
        target = Target(str(environment(version)), arguments, env or {})
        inventory = sorted(name for name in files if name.endswith(".py"))
        whole = collect_whole(
            target,
            tree=tree,
            work=work,
            bytecode=bytecode(version, level),
            renew=lay_out,
            level=level,
            limits=sandbox.Limits(**{"wall_seconds": 60, **limits}),
        )
        return Outcome(whole, judge_whole(whole, inventory=inventory))

    return run


@dataclass(frozen=True)
class Bare:
    """What pytest itself prints, without anything of ours."""

    returncode: int
    stdout: str
    stderr: str


def bare(files: dict[str, str], version: str, directory: Path, *arguments: str) -> Bare:
    """``python -m pytest --collect-only -q`` on the same project, the way a person runs it."""
    directory.mkdir()
    write(directory, files)
    env = {"PATH": os.environ["PATH"], "HOME": str(directory), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [str(environment(version)), "-m", "pytest", "--collect-only", "-q", *arguments]
    done = subprocess.run(command, cwd=directory, env=env, capture_output=True, text=True, timeout=60, check=False)
    return Bare(done.returncode, done.stdout, done.stderr)
