"""The commands that show a ticket's errors again."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

from dashboard.ticket_evidence import Evidence
from remediation.models import Project

FILES_IN_COMMAND = 5
MOST_IN_COMMAND = 200  # files; beyond it the command with all of them names their folders
_PLAIN = re.compile(r"[\w@%+=:,./{}-]+")


def reproduce(
    project: Project, evidence: Evidence | None, blocked: Sequence[str], *, whole: bool
) -> dict[str, Any] | None:
    """The commands that show the errors again; None when there is nothing to see any more.

    ``whole``: what blocks everything shows itself whatever is collected, so the pass's own selection stays.
    """
    if evidence is None or not (blocked or whole):
        return None
    # A conftest is loaded with the directory it serves.
    targets = sorted({str(PurePosixPath(p).parent) if PurePosixPath(p).name == "conftest.py" else p for p in blocked})
    words = [_variable(name, value) for name, value in sorted(project.environment.items())]
    words += ["python -m pytest --collect-only -q", *_options(project.arguments, targets)]

    def command(paths: Sequence[str]) -> str:
        lines = [f"git checkout {evidence.seen_in.short_commit}", " ".join([*words, *map(shlex.quote, paths)])]
        return "\n".join(lines)

    short = targets[:FILES_IN_COMMAND]
    by_folder = len(targets) > MOST_IN_COMMAND
    every = (
        sorted({str(PurePosixPath(target).parent) for target in targets})[:MOST_IN_COMMAND] if by_folder else targets
    )
    return {
        "command": command(short),
        "shown": len(short),
        "of": len(targets),
        "whole": command(every),
        "by_folder": by_folder,
    }


def _options(arguments: str, targets: Sequence[str]) -> list[str]:
    """The project's pytest arguments without the folders that hold the files: only the files are collected again."""
    above = {str(parent) for target in targets for parent in PurePosixPath(target).parents} | set(targets)
    return [shlex.quote(word) for word in shlex.split(arguments) if word.rstrip("/") not in above]


def _variable(name: str, value: str) -> str:
    """NAME=value as a shell reads it; {checkout} is the directory the command runs in."""
    pieces = value.split("{checkout}")
    if all(not piece or _PLAIN.fullmatch(piece) for piece in pieces):
        return f'{name}="{"$PWD".join(pieces)}"' if len(pieces) > 1 else f"{name}={value}"
    return f"{name}=" + '"$PWD"'.join(shlex.quote(piece) if piece else "" for piece in pieces)
