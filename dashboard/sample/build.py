"""Writes the sample's history as a real git repository."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from dashboard.sample.story import Step, trees

REF = "main"
AUTHORS = (
    "Sample Author <sample@example.org>",
    "Second Sample Author <second.sample@example.org>",
    "Third Sample Author <third.sample@example.org>",
)


@dataclass(frozen=True, slots=True)
class Built:
    """Where the repository lies, the branch to watch, and its commits (40 hex digits), oldest first."""

    path: Path
    ref: str
    commits: tuple[str, ...]


def build(target: Path, *, now: datetime) -> Built:
    """Write the sample repository to ``target`` and return it.

    The last commit is of the working day before ``now`` (aware; taken in UTC); the same ``now`` gives
    the same commits. ``target`` appears complete or not at all. Raises ValueError for a naive
    ``now``, FileExistsError where ``target`` exists, subprocess.CalledProcessError when git fails
    (``stderr`` says why) and FileNotFoundError without git.
    """
    if now.tzinfo is None:
        raise ValueError("now must have a time zone")
    if target.exists() or target.is_symlink():
        raise FileExistsError(f"{target} exists; the sample is written to a new directory")
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        draft.chmod(0o755)
        _git(draft, "init", "--quiet", "--template=", f"--initial-branch={REF}")
        _git(draft, "fast-import", "--quiet", "--date-format=raw", stdin=_stream(now.astimezone(UTC)))
        _git(draft, "reset", "--quiet", "--hard", REF)
        commits = tuple(_git(draft, "rev-list", "--reverse", REF).split())
        draft.rename(target)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return Built(target, REF, commits)


def _stream(now: datetime) -> bytes:
    """The whole history in git's fast-import format: no index, no umask and no clock can change a commit."""
    parts: list[bytes] = []
    for step, tree in trees():
        parts.append(_commit(step, _moment(now, step)))
        parts.append(b"deleteall\n")
        parts.extend(b"M 100644 inline %s\n%s" % (path.encode(), _data(text)) for path, text in sorted(tree.items()))
    return b"".join([*parts, b"done\n"])


def _commit(step: Step, moment: datetime) -> bytes:
    who = f"{AUTHORS[step.author]} {int(moment.timestamp())} +0000"
    return f"commit refs/heads/{REF}\nauthor {who}\ncommitter {who}\n".encode() + _data(step.subject + "\n")


def _data(text: str) -> bytes:
    content = text.encode()
    return b"data %d\n%s\n" % (len(content), content)


def _moment(now: datetime, step: Step) -> datetime:
    return datetime.combine(_working_day(now.date(), step.days), time.fromisoformat(step.clock), UTC)


def _working_day(before: date, days: int) -> date:
    """The day that lies ``days`` working days (Monday to Friday) before ``before``."""
    while days:
        before -= timedelta(days=1)
        days -= before.weekday() < 5
    return before


def _git(repository: Path, *arguments: str, stdin: bytes = b"") -> str:
    """Run git free of the user's configuration, hooks, attributes and GIT_* variables; return its output."""
    command = ["git", "-c", "core.hooksPath=/dev/null", "-c", "core.attributesFile=/dev/null", *arguments]
    done = subprocess.run(  # noqa: S603 - every argument is ours
        command, cwd=repository, env=_environment(), input=stdin, capture_output=True, check=True
    )
    return done.stdout.decode()


def _environment() -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    return {
        **kept,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_DEFAULT_HASH": "sha1",
        "GIT_TERMINAL_PROMPT": "0",
    }
