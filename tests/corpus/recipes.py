"""Recipes: which release, on which Python and with which packages, and the true causes of its errors."""

from __future__ import annotations

import fnmatch
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from remediation.core.classify import KINDS
from remediation.core.events import REASONS
from remediation.core.records import CollectionError

RECIPES = Path(__file__).with_name("recipes")
_KEYS = {"project", "version", "sha256", "python", "pins", "arguments", "env", "pytest_errors", "blocked", "cause"}
_CAUSE_KEYS = {"kind", "environment", "what", "files", "says", "each_file"}


class RecipeError(Exception):
    """A recipe that is wrong, or whose truth does not cover what pytest said."""


@dataclass(frozen=True, slots=True)
class TrueCause:
    """One root cause: one repair ends all its errors.

    An error belongs to it when its file matches one of ``files`` (globs; none: every file) and one of ``says``
    stands in its "type: message" (none: whatever it says). With ``each_file`` every test file is a cause of its
    own with this reading, which saves a dozen equal sentences about a dozen files to be repaired one by one.
    """

    name: str
    kind: str
    environment: bool
    what: str
    files: tuple[str, ...] = ()
    says: tuple[str, ...] = ()
    each_file: bool = False

    def label(self, error: CollectionError) -> str:
        """What an error's root cause is called; errors of one cause share it."""
        return f"{self.name} in {error.path}" if self.each_file else self.name

    def holds(self, error: CollectionError) -> bool:
        said = f"{error.cause.type}: {error.cause.message}"
        return (not self.files or any(fnmatch.fnmatchcase(error.path, glob) for glob in self.files)) and (
            not self.says or any(part in said for part in self.says)
        )


@dataclass(frozen=True, slots=True)
class Recipe:
    """A tree to collect. ``pins`` is everything that is installed; ``blocked`` a code of ``events.REASONS`` or ""."""

    name: str
    project: str
    version: str
    sha256: str
    python: str
    pins: tuple[str, ...]
    causes: tuple[TrueCause, ...]
    pytest_errors: int = 0
    blocked: str = ""
    arguments: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)

    def cause_of(self, error: CollectionError) -> TrueCause:
        """The one true cause of an error. Raises RecipeError where there is none or more than one."""
        found = [cause for cause in self.causes if cause.holds(error)]
        if len(found) != 1:
            said = f"{error.path}: {error.cause.type}: {error.cause.message[:200]}"
            raise RecipeError(f"{self.name}: {len(found)} causes claim {said}: {[cause.name for cause in found]}")
        return found[0]


def load(path: Path) -> Recipe:
    """Read one recipe. Raises RecipeError for an unknown key, kind or reason."""
    document = tomllib.loads(path.read_text("utf-8"))
    if unknown := document.keys() - _KEYS:
        raise RecipeError(f"{path.name}: unknown keys {sorted(unknown)}")
    blocked = document.get("blocked", "")
    if blocked and blocked not in REASONS:
        raise RecipeError(f"{path.name}: unknown reason {blocked!r}")
    return Recipe(
        name=path.stem,
        project=document["project"],
        version=document["version"],
        sha256=document["sha256"],
        python=document["python"],
        pins=tuple(document["pins"]),
        causes=tuple(_cause(path, number, table) for number, table in enumerate(document["cause"], start=1)),
        pytest_errors=document.get("pytest_errors", 0),
        blocked=blocked,
        arguments=tuple(document.get("arguments", ())),
        env=document.get("env", {}),
    )


def load_all(names: list[str]) -> list[Recipe]:
    """The recipes whose file name starts with one of ``names``; all of them where none is given."""
    paths = sorted(RECIPES.glob("*.toml"))
    chosen = [path for path in paths if not names or any(path.stem.startswith(name) for name in names)]
    if not chosen:
        raise RecipeError(f"no recipe is named {', '.join(names)}")
    return [load(path) for path in chosen]


def _cause(path: Path, number: int, table: dict[str, Any]) -> TrueCause:
    if (unknown := table.keys() - _CAUSE_KEYS) or table["kind"] not in KINDS:
        raise RecipeError(f"{path.name}, cause {number}: unknown keys {sorted(unknown)} or kind {table['kind']!r}")
    return TrueCause(
        name=f"cause {number}",
        kind=table["kind"],
        environment=table["environment"],
        what=table["what"],
        files=tuple(table.get("files", ())),
        says=tuple(table.get("says", ())),
        each_file=table.get("each_file", False),
    )
