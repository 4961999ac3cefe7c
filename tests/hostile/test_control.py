"""Negative controls: what the corpus is for. A naive run must fail on these cases; if it stops failing, look here."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.environments import environment
from tests.hostile.cases import CASES
from tests.hostile.harness import Surroundings, open_place, write

NAIVE_WALL = 3


@pytest.fixture
def around() -> Iterator[Surroundings]:
    with open_place() as place, Surroundings(place) as surroundings:
        yield surroundings
        for line in surroundings.alive():
            os.kill(int(line.split()[0]), signal.SIGKILL)


def naive(name: str, around: Surroundings) -> tuple[int | None, str, float]:
    """The case by that number as many tools run a stranger's tests: status (None for a timeout), output, seconds."""
    (case,) = (case for case in CASES if case.name.split()[0] == name)
    tree = around.place / "project" / name
    write(tree, case.project(), around.tokens)
    command = [str(environment("9")), "-m", "pytest", "--collect-only", "-q"]
    start = time.monotonic()
    try:
        done = subprocess.run(
            command, cwd=tree, env={**os.environ, "HOSTILE": around.mark, "DATABASE_URL": around.canary},
            capture_output=True, text=True, timeout=NAIVE_WALL,
        )  # fmt: skip
    except subprocess.TimeoutExpired as late:
        return None, str(late.stdout), time.monotonic() - start
    return done.returncode, done.stdout + done.stderr, time.monotonic() - start


def test_a_daemon_survives_it(around: Surroundings) -> None:
    naive("06", around)
    assert around.alive()


def test_a_pipe_holder_makes_it_wait_for_nothing(around: Surroundings) -> None:
    status, _, seconds = naive("07", around)
    assert status is None and seconds >= NAIVE_WALL  # pytest had ended long before


def test_it_takes_status_0_for_no_errors(around: Surroundings) -> None:
    status, output, _ = naive("17", around)
    assert status == 0 and "error" not in output


def test_it_gives_its_secrets_away(around: Surroundings) -> None:
    _, output, _ = naive("12", around)
    assert "HARM key settings" in output
    assert around.canary in (around.place / "project/12/stolen").read_text()


def test_it_lets_the_target_write_and_call_where_it_likes(around: Surroundings) -> None:
    _, output, _ = naive("14c", around)
    assert "HARM path" in output and around.reached() == ["path"]
    _, output, _ = naive("16b", around)
    assert around.outside() != around.before
    for path in around.outside().keys() - around.before.keys():
        Path(path).unlink()
