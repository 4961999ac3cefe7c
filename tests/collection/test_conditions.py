"""What a collection tells of its conditions, and what pytest's own printed output tells of the same run."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from remediation.collection.reporter import packages as reporter
from remediation.core.ci_log import parse
from remediation.core.comparison import compare
from remediation.core.conditions import of_log, of_pass
from tests.collection.conftest import LEVELS, OLDEST, VERSIONS, Collecting, write
from tests.environments import environment

PROJECT = {
    "pyproject.toml": '[tool.pytest.ini_options]\ntestpaths = ["tests"]\naddopts = "-ra"\n',
    "tests/test_missing.py": "import nothing_like_it\n",
    "tests/test_name.py": "from os import nothing_like_it\n",
    "tests/test_works.py": "def test_one(): pass\n\ndef test_two(): pass\n",
}
SHOWN = {
    "collect only": (["--collect-only"], 2),
    "quiet": (["--collect-only", "-q"], 2),
    "a run": ([], 2),
    "coloured": (["--color=yes", "-v"], 2),
    "the first error only": (["-x"], 1),
}


def printed(arguments: list[str], version: str, directory: Path) -> str:
    """The command as a CI service shows it, and what pytest writes."""
    directory.mkdir()
    write(directory, PROJECT)
    env = {"PATH": os.environ["PATH"], "HOME": str(directory), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [str(environment(version)), "-m", "pytest", *arguments]
    done = subprocess.run(command, cwd=directory, env=env, capture_output=True, text=True, timeout=60, check=False)
    return f"$ python -m pytest {' '.join(arguments)}\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize("shown", SHOWN)
@pytest.mark.parametrize("version", [OLDEST, *VERSIONS])
def test_the_printed_log_and_our_own_count_agree(
    version: str, shown: str, tmp_path: Path, collecting: Collecting
) -> None:
    arguments, errors = SHOWN[shown]
    outcome = collecting(PROJECT, version, LEVELS[-1])
    session, result = outcome.verdict.session, outcome.verdict.result
    assert result is not None
    facts = {
        "arguments": [], "addopts": list(session.addopts), "testpaths": list(session.testpaths),
        "rootdir": session.rootdir, "inipath": session.inipath, "python": session.python, "pytest": session.pytest,
        "platform": session.platform, "plugins": list(session.plugins),
    }  # fmt: skip
    files = {error.path for error in result.errors}
    ours = of_pass(facts, commit="", errors=result.pytest_errors, tests=result.tests, files=files)
    compared = compare(ours, of_log(parse(printed(arguments, version, tmp_path / "ci"))))
    assert (result.pytest_errors, result.tests) == (2, 2)
    if errors == result.pytest_errors:
        assert compared.explaining == ()
        assert compared.differing == ()
        assert compared.files is not None and len(compared.files.both) == 2
    else:
        assert compared.explaining == ("an early end",)
        assert {row.topic for row in compared.differing} >= {"Collection errors, as pytest counts", "Stopped early"}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_session_tells_its_packages_and_its_platform(version: str, collecting: Collecting) -> None:
    session = collecting(PROJECT, version, LEVELS[-1]).verdict.session
    assert session.platform == "linux" or session.platform == "darwin"
    names = [package.partition(" ")[0] for package in session.packages]
    assert {"pytest", "pluggy"} <= set(names)
    assert f"pytest {session.pytest}" in session.packages
    assert len(names) == len(set(names))


def test_packages_are_read_by_their_names_alone(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder, entries in {
        first: ("numpy-1.26.4.dist-info", "zope.interface-6.0.dist-info", "numpy"),
        second: ("numpy-1.0.dist-info", "old_style-2.0-py3.8.egg-info", "atlas.egg-info", "a-b-c-1.dist-info", "x.py"),
    }.items():
        for entry in entries:
            (folder / entry).mkdir(parents=True)
    found = reporter.packages([str(first), str(tmp_path / "gone.zip"), str(second)])
    assert found == ["atlas", "numpy 1.26.4", "old_style 2.0", "zope.interface 6.0"]


def test_two_hundred_packages_cost_a_few_milliseconds_and_thousands_are_cut(tmp_path: Path) -> None:
    for i in range(200):
        (tmp_path / f"package_{i}-1.{i}.dist-info").mkdir()
    started = time.perf_counter()
    assert len(reporter.packages([str(tmp_path)])) == 200
    assert time.perf_counter() - started < 0.05, "a tenth of it where the machine is idle"
    for i in range(200, reporter.PACKAGES + 50):
        (tmp_path / f"package_{i}-1.dist-info").mkdir()
    assert len(reporter.packages([str(tmp_path)])) == reporter.PACKAGES
