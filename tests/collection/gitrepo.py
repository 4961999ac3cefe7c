"""Real git repositories for tests, made by the git program in a directory of the test."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


class Repository:
    """A work tree at ``path``; every commit gets the next minute as its time, so histories are the same each run."""

    def __init__(self, path: Path, *options: str) -> None:
        self.path = path
        self.minute = 0
        path.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "--initial-branch=main", *options)

    def git(self, *arguments: str, stdin: bytes | None = None) -> str:
        """Run git in the work tree; its standard output without white space at the ends."""
        when = f"{1_757_000_000 + 60 * self.minute} +0000"
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.path),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "Ada",
            "GIT_AUTHOR_EMAIL": "ada@example.org",
            "GIT_COMMITTER_NAME": "Ada",
            "GIT_COMMITTER_EMAIL": "ada@example.org",
            "GIT_AUTHOR_DATE": when,
            "GIT_COMMITTER_DATE": when,
        }
        command = ["git", "-c", "protocol.file.allow=always", "-C", str(self.path), *arguments]
        done = subprocess.run(command, env=environment, input=stdin, capture_output=True)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode("utf-8", "surrogateescape").strip()

    def commit(self, files: dict[str, str | bytes | None], message: str = "change") -> str:
        """Write (or with None delete) the files, commit everything and return the 40-hex id."""
        for name, content in files.items():
            file = self.path / name
            if content is None:
                file.unlink()
                continue
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.encode() if isinstance(content, str) else content)
        self.git("add", "--all")
        self.minute += 1
        self.git("commit", "--quiet", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def commit_tree(self, tree: bytes) -> str:
        """Commit a tree object given as raw bytes, as no git would make it; a branch "hostile" names it."""
        made = self.git("hash-object", "-t", "tree", "--literally", "-w", "--stdin", stdin=tree)
        commit = self.git("commit-tree", made, "-m", "hostile")
        self.git("update-ref", "refs/heads/hostile", commit)
        return commit

    def blob(self, content: bytes) -> str:
        """Store one blob and return its id."""
        return self.git("hash-object", "-w", "--stdin", stdin=content)
