"""Who wrote a line, who touched a file last, and how many commits lie between: what the mirror answers about people."""

from __future__ import annotations

import os

from remediation.collection.git import run_git
from remediation.collection.mirror import Commit, Mirror, SourceError


def line_author(mirror: Mirror, sha: str, path: str, line: int) -> Commit | None:
    """The commit that wrote a line of a file as it stands in ``sha``; None where there is no such line.

    Raises SourceError as the mirror does.
    """
    if line < 1:
        return None
    name = os.fsdecode(path.encode("utf-8", "surrogateescape"))
    asked = ["blame", "--porcelain", f"-L{line},{line}", mirror.resolve(sha), "--", name]
    end = run_git(mirror.path, *asked, timeout=mirror.timeout)
    found = end.stdout.partition(b" ")[0].decode("ascii", "replace")
    return mirror.commit(found) if end.returncode == 0 and len(found) == 40 else None


def last_touch(mirror: Mirror, sha: str, path: str) -> Commit | None:
    """The newest commit up to ``sha`` that touched a path, be it the one that removed it; None where none did."""
    found = mirror.log_between("", sha, [path], 1)
    return found[0] if found else None


def commits_between(mirror: Mirror, before: str, after: str) -> int | None:
    """How many commits are in ``after`` and not in ``before``; None where ``before`` does not lead to ``after``.

    Raises SourceError as the mirror does.
    """
    if not mirror.is_ancestor(before, after):
        return None
    span = f"{mirror.resolve(before)}..{mirror.resolve(after)}"
    end = run_git(mirror.path, "rev-list", "--count", span, timeout=mirror.timeout)
    if end.returncode:
        raise SourceError("commit-missing", "git could not count the commits between two passes.")
    return int(end.stdout)
