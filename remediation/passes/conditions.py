"""What a pass ran under, as it is stored with the pass: compared with another pass or a team's CI, never hashed."""

from __future__ import annotations

import shlex
from typing import Any

from remediation.core.records import SessionFacts
from remediation.models import Project


def conditions_of(
    project: Project,
    session: SessionFacts,
    *,
    command: str,
    sandbox_level: int | None,
    network: bool | None,
    interpreter: str,
    source_roots: tuple[str, ...],
    left_out: tuple[str, ...] = (),
) -> dict[str, Any]:
    """JSON-ready; a fact that is not known is left out. Of environment variables the names only: values are secrets.

    ``left_out``: the files that pytest was told to ignore in the end, because they end or block the process.
    ``interpreter``: "given" by the settings, "built" from what the commit declares, "" before that was decided.
    """
    found: dict[str, Any] = {
        "arguments": _words(project.arguments),
        "variables": sorted(project.environment),
        "command": command or None,
        "python": session.python or None,
        "pytest": session.pytest or None,
        "sandbox_level": sandbox_level,
        "network": network,
        "interpreter": interpreter or None,
        "source_roots": list(source_roots) if interpreter else None,
        "left_out": list(left_out) or None,
    }
    if session.rootdir:  # pytest's session began, so it told the rest; an empty list is then a fact
        found |= {
            "platform": session.platform or None,
            "rootdir": session.rootdir,
            "inipath": session.inipath,
            "addopts": list(session.addopts),
            "testpaths": list(session.testpaths),
            "python_files": list(session.python_files),
            "plugins": list(session.plugins),
            "packages": list(session.packages) or None,
        }
    return {name: value for name, value in found.items() if value is not None}


def _words(arguments: str) -> list[str]:
    try:
        return shlex.split(arguments)
    except ValueError:  # an open quotation mark: the settings refuse it, an older row may hold one
        return arguments.split()
