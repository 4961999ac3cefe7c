"""Lists of distributions as "name version", and how two of them differ."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from remediation.core.text import clean_line

Packages = Mapping[str, str]

LARGEST, MOST = 1_000_000, 5_000  # characters that are read, and distributions

_DISTRIBUTION = re.compile(
    r"[+~ ]{0,4}([A-Za-z0-9][\w.-]{0,100})(?:\s*={2,3}\s*([\w.+!-]{1,80})|\s+@\s+\S+|\s+(\d[\w.+!-]{0,80})(?:\s+\S+)*)"
)
_EDITABLE = re.compile(r"-e\s.*#egg=([\w.-]{1,100})")
# Tools that every environment has in some version, and that pip freeze leaves out.
_TOOLS = {"pip", "setuptools", "wheel", "distribute", "pkg-resources"}


def read_packages(texts: Iterable[str] | None, *, plugins: bool = False) -> Packages | None:
    """{normalised name: version, "" where it is not said}, sorted; without the tools that install.

    ``plugins``: "pytest-" is left out of the names, as pytest's own header leaves it out. None stays None.
    """
    if texts is None:
        return None
    found = {}
    for text in texts:
        name, _, version = text.strip().partition(" ")
        name = re.sub(r"[-_.]+", "-", name).lower()
        name = name.removeprefix("pytest-") if plugins else name
        if name and name not in _TOOLS:
            found[name] = version
    return dict(sorted(found.items()))


def differing(ours: Packages, theirs: Packages) -> tuple[tuple[str, ...], tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Only here, only there, and (ours, theirs) of those in two versions. An unsaid version differs from none."""
    here = tuple(f"{name} {version}".strip() for name, version in ours.items() if name not in theirs)
    there = tuple(f"{name} {version}".strip() for name, version in theirs.items() if name not in ours)
    changed = tuple(
        (f"{name} {version}", f"{name} {theirs[name]}")
        for name, version in ours.items()
        if version and theirs.get(name) and _same(version) != _same(theirs[name])
    )
    return here, there, changed


def _same(version: str) -> str:
    """1.0 and 1.0.0 are one version; what stands behind "+" is a build of it."""
    return re.sub(r"(?:\.0)+$", "", version.partition("+")[0].lower().lstrip("v"))


def read_freeze(text: str) -> tuple[str, ...] | None:
    """ "name version" for each line of ``pip freeze``, ``pip list`` or ``uv pip list``; None where there is none."""
    found: dict[str, None] = {}
    for raw in text[:LARGEST].splitlines():
        line = clean_line(raw[:2_000], 400)
        match = _EDITABLE.match(line) or _DISTRIBUTION.fullmatch(line)
        if match and match[1].lower() != "package" and len(found) < MOST:
            version = next((group for group in match.groups()[1:] if group), "")
            found[f"{match[1]} {version}".strip()] = None
    return tuple(found) or None
