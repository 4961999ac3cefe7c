"""What a project's mirror says, for pages: within seconds and capped, or nothing where it is not at hand.

Only the bare mirror is read, by the functions that a pass uses; the site may run on a machine that has none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.cache import caches

from remediation.collection.mirror import Commit, Mirror, SourceError
from remediation.core.whereabouts import TreeChange
from remediation.models import Project

SECONDS = 3  # that one question may take
KEPT = 600  # seconds that an answer about commits is kept in this process
COMMITS = 20  # shown of a range
PATHS = 200  # asked for in one question
_UNKNOWN = "nobody asked"
LARGEST = 512 * 1024  # bytes of a file that is read


@dataclass(frozen=True, slots=True)
class Range:
    """Commits of a range, newest first; ``more``: there are others. ``touching``: only those that touch some files."""

    commits: tuple[Commit, ...]
    more: bool
    touching: bool = False


def _mirror(project: Project) -> Mirror:
    place = Path(settings.DATA_DIR) / "projects" / str(project.pk) / "mirror.git"
    return Mirror(place, project.source, project.source_is_local, timeout=SECONDS)


def _remembered(project: Project, about: Sequence[str], ask: Callable[[], Any]) -> Any:
    """What git answers about commits, which never change; kept for a while, as is that it took too long."""
    words = "\0".join([str(settings.DATA_DIR), str(project.pk), *about])
    kept_here = caches["process"]
    key = "git-" + hashlib.sha256(words.encode("utf-8", "surrogateescape")).hexdigest()
    if (kept := kept_here.get(key, _UNKNOWN)) != _UNKNOWN:
        return kept
    try:
        found = ask()
    except (SourceError, OSError, ValueError) as error:
        if isinstance(error, SourceError) and error.code == "timeout":
            kept_here.set(key, None, KEPT)
        return None
    kept_here.set(key, found, KEPT)
    return found


def commits(project: Project, before: str, after: str, paths: Sequence[str] = ()) -> Range | None:
    """The commits in ``after`` and not in ``before`` that touch one of ``paths`` (any, where there are none).

    None where the mirror is not at hand, does not know one of the two, or takes too long.
    """
    if not before or not after:
        return None
    asked = sorted(paths)[:PATHS]

    def ask() -> Range:
        found = _mirror(project).log_between(before, after, asked, COMMITS + 1)
        return Range(tuple(found[:COMMITS]), len(found) > COMMITS, touching=bool(paths))

    return _remembered(project, ("commits", before, after, *asked), ask)


def tree_change(project: Project, before: str, after: str) -> TreeChange | None:
    """What git says became of files between two commits; None where it is not known."""
    if not before or not after:
        return None
    try:
        mirror = _mirror(project)
        return TreeChange(mirror.renames(before, after), frozenset(mirror.deleted(before, after)))
    except (SourceError, OSError, ValueError):
        return None


def contents(project: Project, commit: str, paths: Sequence[str]) -> dict[str, bytes]:
    """What stands in those files of a commit, as far as it is at hand."""
    if not commit or not paths:
        return {}
    try:
        return _mirror(project).read_many(commit, list(paths)[:PATHS], LARGEST)
    except (SourceError, OSError, ValueError):
        return {}


def arrival(project: Project, commit: str, path: str) -> Commit | None:
    """The commit that last added a file, seen from ``commit``; None where it is not known."""
    if not commit or not path:
        return None
    return _remembered(project, ("arrival", commit, path), lambda: _mirror(project).added(commit, path))
