"""Measures one thing: a pass of ours against bare ``pytest --collect-only -q`` on a tree of generated files.

Run it with ``python -m tests.benchmarks.collection [FILES] [ROUNDS]``; it prints seconds and their ratio.
Both have warm byte-code (the first round of each is not counted) and take turns, so a busy machine slows both.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from remediation.collection import sandbox
from remediation.collection.run import Target, collect
from remediation.core.events import judge
from tests.environments import environment

TEXT = """
import dataclasses, decimal, json, unittest
import pytest
@dataclasses.dataclass
class Case:
    number: int = {number}
@pytest.mark.parametrize("case", [Case(value) for value in range(6)])
def test_case(case): assert case
class TestGroup(unittest.TestCase):
    def test_one(self): self.assertTrue(decimal.Decimal(1))
    def test_two(self): self.assertTrue(json.dumps([]))
"""


def generate(tree: Path, files: int) -> None:
    """``files`` test modules in packages of 25; every fiftieth fails at import."""
    for number in range(files):
        package = tree / f"part_{number // 25:03}"
        package.mkdir(parents=True, exist_ok=True)
        (package / "__init__.py").touch()
        broken = "import core.missing\n" if number % 50 == 49 else ""
        (package / f"test_{number:04}.py").write_text(broken + TEXT.format(number=number))


def main(files: int, rounds: int) -> None:
    python = str(environment("9"))
    with tempfile.TemporaryDirectory() as directory:
        base = Path(directory)
        for name in ("tree", "bare", "bytecode", "bare-bytecode"):
            (base / name).mkdir()
        generate(base / "tree", files)
        generate(base / "bare", files)
        bare_env = {"PATH": os.environ["PATH"], "PYTHONPYCACHEPREFIX": str(base / "bare-bytecode")}
        seconds: dict[str, list[float]] = {"bare": [], "ours": []}
        for turn in range(rounds + 1):
            work = base / f"work-{turn}"
            work.mkdir()
            start = time.perf_counter()
            command = [python, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
            bare = subprocess.run(command, cwd=base / "bare", env=bare_env, capture_output=True, text=True, check=False)
            between = time.perf_counter()
            limits = sandbox.Limits()
            ours = collect(Target(python), tree=base / "tree", work=work, bytecode=base / "bytecode", limits=limits)
            end = time.perf_counter()
            result = judge(ours.stream, ours.end).result
            assert result is not None, ours.end
            last = bare.stdout.strip().splitlines()[-1]
            assert f"{result.tests} tests collected, {result.pytest_errors} errors" in last, last
            if turn:
                seconds["bare"].append(between - start)
                seconds["ours"].append(end - between)
    medians = {name: statistics.median(taken) for name, taken in seconds.items()}
    print(f"{files} files, level {ours.sandbox_level}: {last}")
    print(f"bare {medians['bare']:.2f} s, ours {medians['ours']:.2f} s, ratio {medians['ours'] / medians['bare']:.2f}")
    print(f"load average {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    files, rounds = [*map(int, sys.argv[1:]), *(500, 5)[len(sys.argv) - 1 :]]
    main(files, rounds)
