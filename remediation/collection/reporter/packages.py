"""The distributions that the target's interpreter sees. PYTEST_DONT_REWRITE"""

from __future__ import annotations

# Strings, not Path: half the price, paid for every node.
# ruff: noqa: PTH208
import os
import re

PACKAGES = 2_000

_DISTRIBUTION = re.compile(r"(?P<name>[^-]+)(?:-(?P<version>[^-]+))?(?:-py[\d.]+(?:-.*)?)?\.(?:dist|egg)-info")


def packages(path: list[str]) -> list[str]:
    """ "name version" of every distribution on ``path``, sorted; the first of a name is the one that is imported.

    By the names of entries alone: opening the METADATA of two hundred packages costs more than the collection of a
    small project.
    """
    found: dict[str, str] = {}
    for folder in path:
        try:
            entries = os.listdir(folder or ".")
        except OSError:  # a zip file, or nothing at all
            continue
        for entry in entries:
            match = _DISTRIBUTION.fullmatch(entry) if entry.endswith("-info") else None
            if match:
                found.setdefault(match["name"].lower(), (match["name"] + " " + (match["version"] or "")).strip())
    return sorted(found.values())[:PACKAGES]
