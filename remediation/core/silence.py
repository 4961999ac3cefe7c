"""The ways in which a test file that exists gives no test: a code for each, its words, and whether it is a decision."""

from __future__ import annotations

import fnmatch
import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from remediation.core.records import FileResult

# Directories that pytest leaves out by itself, whatever a project's own norecursedirs say.
DEFAULT_DIRECTORIES = ("*.egg", ".*", "_darcs", "build", "CVS", "dist", "node_modules", "venv", "{arch}", "__pycache__")
SERVING = frozenset({"conftest.py", "__init__.py"})  # files that serve a directory and give no tests of their own
RENAMED, UNMATCHED = "renamed", "unmatched"
LEFT = frozenset({RENAMED, UNMATCHED})  # the file is in the tree, and no longer in the inventory


@dataclass(frozen=True, slots=True)
class Mechanism:
    """One way. ``code`` has at most 12 characters; ``group`` is its word in a sum; ``words`` say what happened."""

    code: str
    group: str
    words: str


_SKIPPED, _IGNORED, _DESELECTED, _EMPTY = "skipped", "ignored", "deselected", "without a test"
_OUTSIDE, _UNNAMED = "outside the test paths", "under no test file pattern"
_MASKED, _NOT_SEEN = "below a failing conftest or package", "not reached"

MECHANISMS: Mapping[str, Mechanism] = {
    mechanism.code: mechanism
    for mechanism in (
        Mechanism("skip", _SKIPPED, "pytest.skip for the whole module"),
        Mechanism("importorskip", _SKIPPED, "pytest.importorskip"),
        Mechanism("unittest", _SKIPPED, "unittest.SkipTest at import"),
        Mechanism("skipped", _SKIPPED, "skipped as a whole"),
        Mechanism("by-option", _IGNORED, "--ignore or --ignore-glob"),
        Mechanism("by-conftest", _IGNORED, "collect_ignore in a conftest"),
        Mechanism("norecurse", _IGNORED, "norecursedirs"),
        Mechanism("default-dir", _IGNORED, "a directory that pytest leaves out by default"),
        Mechanism("by-hook", _IGNORED, "a pytest_ignore_collect hook"),
        Mechanism("ignored", _IGNORED, "ignored"),
        Mechanism("deselected", _DESELECTED, "every test deselected"),
        Mechanism("test-false", _EMPTY, "__test__ = False"),
        Mechanism("empty", _EMPTY, "no test in the file"),
        Mechanism("outside", _OUTSIDE, "outside the test paths"),
        Mechanism(RENAMED, _UNNAMED, "renamed away from the pattern"),
        Mechanism(UNMATCHED, _UNNAMED, "the pattern no longer matches it"),
        Mechanism("masked", _MASKED, "below a failing conftest or package"),
        Mechanism("not-reached", _NOT_SEEN, "not reached, for no known reason"),
    )
}
GROUPS = tuple(dict.fromkeys(mechanism.group for mechanism in MECHANISMS.values()))
_UNDECIDED = {"masked": "masked", "not-reached": "not-seen"}


def told(code: str, reason: str = "") -> str:
    """A mechanism with its details, "norecursedirs: attic"; "" for a code that is none."""
    words = MECHANISMS[code].words if code in MECHANISMS else ""
    return f"{words}: {reason}" if words and reason else words


def reason_of(file: FileResult) -> str:
    """Why what was wrong in this file is hidden: masked, silenced or not-seen; "" for a file that speaks for itself."""
    code = file.code
    if code in MECHANISMS:
        return _UNDECIDED.get(code, "silenced")
    return "silenced" if file.state == "collected" and not file.tests else ""


def is_outside(path: str, places: Sequence[str]) -> bool:
    """Whether pytest was given other places than this file's; False where nobody knows what it was given."""
    return bool(places) and not any(_covers(place, path) for place in places)


def _covers(place: str, path: str) -> bool:
    return place == "." or path == place or path.startswith(place + "/")


def unrecursed(path: str, patterns: Sequence[str], places: Sequence[str]) -> tuple[str, str] | None:
    """(pattern, directory) of norecursedirs that keeps pytest away from a file; None where none does.

    A directory that pytest was given, or that leads to one, is entered whatever it is called.
    """
    parts = path.split("/")[:-1]
    for depth, name in enumerate(parts, start=1):
        directory = "/".join(parts[:depth])
        if any(_covers(directory, place) for place in places):
            continue
        for pattern in patterns:
            # As pytest does it: a pattern with a slash is matched against the path's end, any other against the name.
            whole = f"/{directory}" if "/" in pattern else name
            if fnmatch.fnmatchcase(whole, f"*/{pattern.rstrip('/')}" if "/" in pattern else pattern):
                return pattern, directory
    return None


def matches(path: str, patterns: Sequence[str]) -> bool:
    """Whether a path is a test file by these ``python_files`` patterns."""
    name = posixpath.basename(path)
    return any(
        fnmatch.fnmatchcase(f"/{path}" if "/" in pattern else name, f"*/{pattern}" if "/" in pattern else pattern)
        for pattern in patterns
    )
