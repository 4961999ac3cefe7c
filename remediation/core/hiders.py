"""Which root causes had hidden what a pass could see for the first time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath


def hiders(unmasked: Iterable[str], ended: Iterable[tuple[str, int]]) -> dict[str, tuple[int, ...]]:
    """For each file with unmasked errors, the tickets whose errors ended there in the same pass, as they came.

    Those of the file itself; where it had none, those of the nearest conftest or package above it that failed. ()
    where nothing that ended explains it.
    """
    by_file: dict[str, list[int]] = {}
    for path, ticket in ended:
        tickets = by_file.setdefault(path, [])
        if ticket not in tickets:
            tickets.append(ticket)
    return {path: tuple(_of(path, by_file)) for path in unmasked}


def _of(path: str, by_file: Mapping[str, list[int]]) -> list[int]:
    if path in by_file:
        return by_file[path]
    for folder in PurePosixPath(path).parents:
        for name in ("conftest.py", "__init__.py"):
            if found := by_file.get(str(folder / name)):
                return found
    return []
