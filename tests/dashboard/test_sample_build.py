"""Writing the sample repository: the same day gives the same commits, whatever machine it is written on."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from dashboard.sample import Built, build
from dashboard.sample.build import AUTHORS
from dashboard.sample.suite import Extra, Suite, files

NOW = datetime(2025, 11, 7, 9, 0, tzinfo=UTC)


def _git(repository: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=repository, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build(tmp_path_factory.mktemp("sample") / "atlas", now=NOW)


def test_the_same_now_gives_the_same_commits(sample: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    (home / ".config" / "git").mkdir(parents=True)
    hook = home / "hooks" / "post-checkout"
    hook.parent.mkdir()
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/hook-ran\n")
    hook.chmod(0o755)
    (home / ".config" / "git" / "attributes").write_text("*.py eol=crlf text\n")
    (home / ".gitconfig").write_text(
        f"[user]\nname = Somebody\nemail = s@example.org\n[core]\nautocrlf = true\nhooksPath = {home}/hooks\n"
        "[init]\ndefaultBranch = trunk\n[commit]\ngpgsign = true\n"
    )
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Somebody")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    elsewhere = NOW.astimezone(timezone(timedelta(hours=-10)))  # the same moment, another day on the clock
    again = build(tmp_path / "with a space" / "again", now=elsewhere)
    monkeypatch.delenv("GIT_DIR")
    assert again.commits == sample.commits
    assert _git(again.path, "status", "--porcelain") == ""
    assert b"\r\n" not in (again.path / "atlas" / "text.py").read_bytes()
    assert not (tmp_path / "hook-ran").exists()
    assert not (tmp_path / "elsewhere").exists()
    assert build(tmp_path / "later", now=NOW + timedelta(days=3)).commits[0] != sample.commits[0]


def test_a_built_repository_names_its_branch(sample: Built) -> None:
    assert sample.ref == "main"
    assert _git(sample.path, "symbolic-ref", "--short", "HEAD").strip() == sample.ref
    assert _git(sample.path, "rev-parse", sample.ref).strip() == sample.commits[-1]
    assert not [p for p in (sample.path / ".git").rglob("*") if p.parent.name == "hooks"]


@pytest.mark.parametrize("day", range(7))
def test_commits_are_made_in_working_hours_up_to_the_last_working_day(tmp_path: Path, day: int) -> None:
    now = NOW + timedelta(days=day)
    built = build(tmp_path / "atlas", now=now)
    dates = [
        datetime.fromtimestamp(int(stamp), UTC)
        for stamp in _git(built.path, "log", "--reverse", "--format=%ct").split()
    ]
    assert dates == sorted(dates)
    assert all(d.weekday() < 5 and 9 <= d.hour < 18 and d.date() < now.date() for d in dates)
    assert timedelta(days=1) <= now - dates[-1] + timedelta(hours=2) < timedelta(days=4)
    assert timedelta(days=32) < now - dates[0] < timedelta(days=39)
    assert len([d for d in dates if d > now - timedelta(days=7)]) >= 3  # this week has movement
    people = set(_git(built.path, "log", "--format=%an <%ae>%n%cn <%ce>").splitlines())
    assert people == set(AUTHORS)


def test_refuses_what_cannot_work(tmp_path: Path, sample: Built) -> None:
    with pytest.raises(FileExistsError):
        build(sample.path, now=NOW)
    with pytest.raises(ValueError, match="time zone"):
        build(tmp_path / "atlas", now=NOW.replace(tzinfo=None))
    assert list(tmp_path.iterdir()) == []


def test_leaves_nothing_behind_when_git_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "bin" / "git"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    with pytest.raises(subprocess.CalledProcessError):
        build(tmp_path / "out" / "atlas", now=NOW)
    assert list((tmp_path / "out").iterdir()) == []


def test_a_table_with_a_mistake_is_refused() -> None:
    with pytest.raises(ValueError, match="no row called"):
        list(Suite("test_$name.py", "", "one: a", (Extra("two", ""),)).files())
    twice = Suite("test_$name.py", "", "one: a")
    with pytest.raises(ValueError, match=r"two suites write test_one\.py"):
        files((twice, twice))
