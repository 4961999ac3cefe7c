"""Runs a stranger's program at the strongest isolation this machine allows, and says which one that was."""

from __future__ import annotations

import functools
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from remediation.collection.orders import NOBODY, TOOLS, Limits, Request, Sandbox, SandboxError, give
from remediation.collection.supervise import supervise
from remediation.core.records import ProcessEnd

__all__ = ["DEFAULTS", "NOBODY", "Limits", "Sandbox", "SandboxError", "describe", "give", "probe", "require", "run"]

DEFAULTS = Limits()
LEVELS = {
    3: "isolated: own file system view, processes and network (bubblewrap)",
    1: "trusted code only: clean session, limits, clean environment, no isolation of files",
}


@functools.cache
def probe() -> Sandbox:
    """Find out once, by running ``true`` each way as this user."""
    base = Sandbox(level=1, root=os.geteuid() == 0)
    true = shutil.which("true") or "/bin/true"
    if sys.platform == "linux":
        bubblewrap = shutil.which("bwrap")
        if bubblewrap and all(os.access(tool, os.X_OK) for tool in TOOLS):
            # Root keeps its user namespace (the target gets a real other user), so the option has no meaning there.
            for disable_userns in (False,) if base.root else (True, False):
                candidate = replace(base, level=3, bubblewrap=bubblewrap, disable_userns=disable_userns)
                if _works(candidate, 3, true):
                    base = candidate
                    break
        if _works(replace(base, namespaces=True), 1, true):
            base = replace(base, namespaces=True)
    return base


def _works(candidate: Sandbox, level: int, true: str) -> bool:
    with tempfile.TemporaryDirectory(prefix="probe-") as tree:
        Path(tree).chmod(0o755)
        limits = Limits(wall_seconds=20)
        end = run([true], tree=Path(tree), tree_at=tree, cwd=tree, limits=limits, level=level, sandbox=candidate)
    return end.returncode == 0


def describe(level: int) -> str:
    """The level in words, for people."""
    return f"level {level}, {LEVELS.get(level, 'unknown')}"


def cuts_network(level: int) -> bool:
    """Whether a target at that level has no network: level 1 needs namespaces for it."""
    return level >= 3 or probe().namespaces


def require(level: int, minimum: int) -> None:
    """Raise SandboxError where ``level`` is below ``minimum``."""
    if level < minimum:
        raise SandboxError(
            f"This machine offers {describe(level)}, but level {minimum} is required here. Install bubblewrap "
            "(apt install bubblewrap), or set SANDBOX_MIN_LEVEL=1 if you trust all code that will be collected."
        )


def run(
    argv: Sequence[str],
    *,
    tree: Path,
    tree_at: str,
    cwd: str,
    env: Mapping[str, str] | None = None,
    readable: Sequence[Path] = (),
    writable: Sequence[Path] = (),
    network: bool = False,
    limits: Limits = DEFAULTS,
    level: int | None = None,
    on_tick: Callable[[], bool] | None = None,
    sandbox: Sandbox | None = None,
) -> ProcessEnd:
    """Run ``argv`` (absolute program) with ``tree`` visible at ``tree_at`` and nothing of ours in its environment.

    ``readable`` and ``writable`` are further absolute paths it needs. ``tree_at`` is the tree's own path below
    level 3. ``on_tick`` is asked about twice a second; False stops the target. When this returns nothing of the
    target is alive. Raises SandboxError where it cannot be run as asked.
    """
    sandbox = sandbox or probe()
    level = sandbox.level if level is None else level
    _check(sandbox, level, tree, tree_at, env or {})
    scratch = Path(tempfile.mkdtemp(prefix="target-"))
    try:
        scratch.chmod(0o755)  # the target's user passes through it
        request = Request(sandbox, tuple(argv), tree, tree_at, cwd, env or {}, readable, writable, network, limits)
        spec = request.isolated(scratch) if level == 3 else request.trusted(scratch)
        end = supervise(
            spec, isolated=level == 3, wall=limits.wall_seconds, output=limits.output_bytes, on_tick=on_tick
        )
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return _unless_never_started(end) if level == 3 else end


def _unless_never_started(end: ProcessEnd) -> ProcessEnd:
    """The tools in front of an isolated target speak up where they could not start it."""
    said = (*(f"{Path(tool).name}:" for tool in TOOLS), *(f"{tool}:" for tool in TOOLS))
    never = end.returncode is not None and end.returncode > 0 and end.stderr.startswith(said)
    return replace(end, returncode=None) if never else end


def _check(sandbox: Sandbox, level: int, tree: Path, tree_at: str, env: Mapping[str, str]) -> None:
    """Raise SandboxError for what cannot be run as asked."""
    if level not in LEVELS or level > sandbox.level:
        raise SandboxError(f"Sandbox level {level} is not available; this machine offers {describe(sandbox.level)}.")
    if level < 3 and tree_at != str(tree):
        raise SandboxError(f"Below level 3 the tree stays at its own path {tree}, not at {tree_at}.")
    for key, value in env.items():
        if not key or "=" in key or "\0" in key + value:
            raise SandboxError(f"{key!r} cannot be the name of an environment variable.")
