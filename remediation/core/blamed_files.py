"""Which files a root cause is about: whose owner to ask, and whose commits tell that somebody is at work."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from remediation.core.blame import blamed
from remediation.core.classify import Classified
from remediation.core.likely_fix import paths_of

MOST_WATCHED = 50  # files of one ticket


@dataclass(frozen=True, slots=True)
class Knower:
    """Somebody who may know, because git names them. ``how``: "line" (wrote the line that fails), "file" (the last to
    touch the file) or "gone" (the last to touch a path that is no longer there). ``at``: ISO, UTC."""

    name: str
    email: str
    at: str
    commit: str
    path: str
    how: str
    line: int | None = None


def asked_paths(error: Classified, roots: Sequence[str] = (), ini: str = "") -> tuple[str, ...]:
    """The paths of what is to blame: those a missing module would have, the module that lacks a name, the file that
    raises. () where the interpreter or its packages are to blame: no file of the repository is.

    ``roots``: the repository's import roots; ``ini``: its pytest configuration, where markers are registered.
    """
    return () if error.environment else _inside(_asked(error, roots, ini))


def watched_paths(errors: Iterable[Classified], asked: Sequence[str]) -> tuple[str, ...]:
    """``asked``, and the files in which the failing statements stand: the repair may be made there."""
    failing = sorted({blamed(error) for error in errors})
    return tuple(dict.fromkeys([*asked, *_inside(failing)]))[:MOST_WATCHED]


def likeliest_first(paths: Sequence[str], folders: Collection[str]) -> tuple[str, ...]:
    """Paths that may not exist, in the order in which they fit the tree: the more of its folders are there, the
    better. ``folders``: every directory of the commit."""
    return tuple(sorted(paths, key=lambda path: -sum(folder in folders for folder in folders_of(path))))


def folders_of(path: str) -> list[str]:
    """The directories above a path, without the repository's top."""
    return [str(parent) for parent in PurePosixPath(path).parents if str(parent) != "."]


def _asked(error: Classified, roots: Sequence[str], ini: str) -> Sequence[str]:
    match error.kind:
        case "wrong-path" if error.elsewhere:
            return [error.elsewhere]
        case "missing-module" if error.module:
            # A module of which only a part is missing is asked for as it is named.
            return paths_of(f"{error.module}.{error.name}" if error.name else error.module, roots)
        case "missing-name" if error.module:
            return [*_inside([error.cause.path]), *paths_of(error.module, roots)]
        case "circular-import" if error.cycle:
            return error.cycle
        case "unknown-marker" | "configuration" if ini:
            return [ini]
    return [blamed(error)]


def _inside(paths: Iterable[str]) -> tuple[str, ...]:
    """Those that can be a file of the repository."""
    kept = [path for path in paths if path and not path.startswith(("/", "<"))]
    return tuple(dict.fromkeys(path for path in kept if ".." not in PurePosixPath(path).parts))
