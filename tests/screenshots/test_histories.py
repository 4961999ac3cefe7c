"""The repositories of the pictures can be written: the pictures themselves are made by hand."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from tests.screenshots.histories import HISTORIES, write


@pytest.mark.parametrize("state", ["few-passes", "zero-then-regressed"])
def test_commits_lie_three_days_apart_and_end_yesterday(state: str, tmp_path: Path) -> None:
    path, commits = write(tmp_path, state)
    told = subprocess.run(["git", "-C", path, "log", "--reverse", "--format=%H %cI"], capture_output=True, text=True)
    rows = [line.split() for line in told.stdout.splitlines()]
    assert [commit for commit, _ in rows] == commits and len(commits) == len(HISTORIES[state])
    times = [datetime.fromisoformat(at) for _, at in rows]
    assert {later - earlier for earlier, later in pairwise(times)} == {timedelta(days=3)}
    assert timedelta(hours=23) < datetime.now(UTC) - times[-1] < timedelta(hours=25)
