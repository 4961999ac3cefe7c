"""Small real git repositories, written on the fly."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

_IDENTITY = {
    "GIT_AUTHOR_NAME": "Sample Author",
    "GIT_AUTHOR_EMAIL": "sample@example.org",
    "GIT_COMMITTER_NAME": "Sample Author",
    "GIT_COMMITTER_EMAIL": "sample@example.org",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "PATH": "/usr/local/bin:/usr/bin:/bin",
}


class Repository:
    """A git repository with one branch, ``main``; each :meth:`commit` is the whole change."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True)
        self._git("init", "-q", "-b", "main")

    def commit(self, files: Mapping[str, str | None], subject: str = "Change", *, by: str = "", at: str = "") -> str:
        """Write files (None deletes one) and commit; returns the commit's id. ``by``: "Name <address>", ``at``: ISO."""
        for name, text in files.items():
            file = self.path / name
            if text is None:
                file.unlink()
            else:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text)
        self._git("add", "-A")
        author = [f"--author={by}"] if by else []
        self._git("commit", "-q", "--allow-empty", "-m", subject, *author, at=at)
        return self.head()

    def branch(self, name: str) -> None:
        """A new branch at the last commit; ``main`` stays checked out."""
        self._git("branch", name)

    def commit_aside(self, branch: str, files: Mapping[str, str | None], subject: str = "Change") -> str:
        """A commit on a new branch; ``main`` is checked out again. Returns the commit's id."""
        self._git("checkout", "-q", "-b", branch)
        made = self.commit(files, subject)
        self._git("checkout", "-q", "main")
        return made

    def merge(self, branch: str, *, at: str = "") -> str:
        """A merge commit of a branch into ``main``; returns its id."""
        self._git("merge", "-q", "--no-ff", "-m", f"Merge {branch}", branch, at=at)
        return self.head()

    def head(self) -> str:
        """The id of the last commit."""
        return self._git("rev-parse", "HEAD").strip()

    def move(self, old: str, new: str) -> None:
        """git mv, not committed yet."""
        (self.path / new).parent.mkdir(parents=True, exist_ok=True)
        self._git("mv", old, new)

    def _git(self, *arguments: str, at: str = "") -> str:
        times = {"GIT_AUTHOR_DATE": at, "GIT_COMMITTER_DATE": at} if at else {}
        done = subprocess.run(
            ["git", "-C", str(self.path), *arguments],
            env=_IDENTITY | times,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout
