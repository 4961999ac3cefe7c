"""Runs a stranger's program at the strongest isolation this machine allows, and says which one that was."""

from __future__ import annotations

import ctypes
import functools
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from remediation.collection import landlock
from remediation.collection.orders import TOOLS, Limits, Request, Sandbox, SandboxError
from remediation.collection.ownership import NOBODY, give, sweep_shared_memory
from remediation.collection.supervise import supervise
from remediation.core.process_end import ProcessEnd

__all__ = [
    "DEFAULTS",
    "LEVELS",
    "NOBODY",
    "Limits",
    "Sandbox",
    "SandboxError",
    "describe",
    "give",
    "name",
    "probe",
    "remedy",
    "require",
    "run",
]

DEFAULTS = Limits()
PR_SET_DUMPABLE = 4
# For people, here and on the site: a name, then what it means.
LEVELS = {
    3: "isolated: own view of the files, own processes, no network (bubblewrap)",
    2: "confined: no files and no TCP but its own (Landlock); sockets with a path, UDP and file names are not covered",
    1: "trusted code only: own session, limits and a clean environment, but the files are not isolated",
}
# What must fail at level 2 with a file that its permissions would allow, by the shell alone.
OUTSIDE = 'if cat "$0" || echo more >> "$0" || true > "$0" || touch "${0%/*}/new"; then exit 1; fi; exit 0'


@functools.cache
def probe() -> Sandbox:
    """Find out once, by running a harmless program each way as this user."""
    base = Sandbox(level=1, root=os.geteuid() == 0)
    true = [shutil.which("true") or "/bin/true"]
    if sys.platform != "linux":
        return base
    if _works(replace(base, namespaces=True), 1, true):
        base = replace(base, namespaces=True)
    confined = replace(base, level=2, landlock=landlock.version())
    if 2 in confined.levels and _works(confined, 2, true) and _confines(confined):
        base = confined
    bubblewrap = shutil.which("bwrap")
    if bubblewrap and all(os.access(tool, os.X_OK) for tool in TOOLS):
        # Root keeps its user namespace (the target gets a real other user), so the option has no meaning there.
        for disable_userns in (False,) if base.root else (True, False):
            candidate = replace(base, level=3, bubblewrap=bubblewrap, disable_userns=disable_userns)
            if _works(candidate, 3, true):
                return candidate
    return base


def _works(candidate: Sandbox, level: int, argv: Sequence[str], network: bool = False) -> bool:
    with tempfile.TemporaryDirectory(prefix="probe-") as tree:
        Path(tree).chmod(0o755)
        limits = Limits(wall_seconds=20)
        end = run(
            argv,
            tree=Path(tree),
            tree_at=tree,
            cwd=tree,
            network=network,
            limits=limits,
            level=level,
            sandbox=candidate,
        )
    return end.returncode == 0


def _confines(candidate: Sandbox) -> bool:
    """Whether the target is kept from a file that lies outside and is its own user's by all permissions."""
    # Without namespaces: a private /tmp would hide the file, and Landlock would not be asked. With the network, as
    # an older Landlock keeps files and not TCP.
    bare = replace(candidate, namespaces=False)
    with tempfile.TemporaryDirectory(prefix="probe-") as outside:
        secret = Path(outside, "file")
        secret.write_text("kept")
        Path(outside).chmod(0o755)
        give(Path(outside))
        kept = _works(bare, 2, ["/bin/sh", "-c", OUTSIDE, str(secret)], network=True)
        return kept and secret.read_text() == "kept" and not Path(outside, "new").exists()


def describe(level: int) -> str:
    """The level in words, for people."""
    return f"level {level}, {LEVELS.get(level, 'unknown')}"


def name(level: int) -> str:
    """The level's name alone: isolated, confined, trusted code only."""
    return LEVELS.get(level, "unknown").partition(":")[0]


def cuts_network(level: int) -> bool:
    """Whether a target at that level has no network: level 1 needs namespaces for it."""
    return level >= 2 or probe().namespaces


def require(level: int, minimum: int) -> None:
    """Raise SandboxError where ``level`` is below ``minimum``."""
    if level < minimum:
        offered = f"This machine offers {describe(level)}. Level {minimum} is required here"
        raise SandboxError(f"{offered}: {remedy(level, minimum)}.")


def remedy(level: int, minimum: int) -> str:
    """What to do where ``level`` is offered and ``minimum`` is required: a clause without a full stop."""
    install = "install bubblewrap (apt install bubblewrap)"
    trust = "set SANDBOX_MIN_LEVEL=1 if you trust all code that will be collected"
    if level == 2:
        return f"{install}, or set SANDBOX_MIN_LEVEL=2 if confined is enough"
    landlock = "Linux 6.7 or newer with Landlock for level 2"
    return f"{install}, or use {landlock}{'' if minimum == 2 else ' (SANDBOX_MIN_LEVEL=2)'}, or {trust}"


def run(
    argv: Sequence[str],
    *,
    tree: Path,
    tree_at: str,
    cwd: str,
    env: Mapping[str, str] | None = None,
    readable: Sequence[Path] = (),
    writable: Sequence[Path] = (),
    listed: Sequence[Path] = (),
    network: bool = False,
    limits: Limits = DEFAULTS,
    level: int | None = None,
    on_tick: Callable[[], bool] | None = None,
    on_output: Callable[[bytes], None] | None = None,
    sandbox: Sandbox | None = None,
) -> ProcessEnd:
    """Run ``argv`` (absolute program) with ``tree`` visible at ``tree_at`` and nothing of ours in its environment.

    ``readable`` and ``writable`` are further absolute paths it needs, ``listed`` directories whose names alone it may
    read at level 2 (elsewhere it sees them or has its own). ``tree_at`` is the tree's own path below
    level 3. ``on_tick`` is asked about twice a second; False stops the target. ``on_output`` is told as often what
    was printed last (a few kilobytes, raw). When this returns nothing of the target is alive. Raises SandboxError
    where it cannot be run as asked.
    """
    sandbox = sandbox or probe()
    level = sandbox.level if level is None else level
    _check(sandbox, level, tree, tree_at, env or {}, network)
    scratch = Path(tempfile.mkdtemp(prefix="target-"))
    try:
        scratch.chmod(0o755)  # the target's user passes through it
        request = Request(
            sandbox, tuple(argv), tree, tree_at, cwd, env or {}, readable, writable, network, limits, listed
        )
        spec = _orders(request, level, scratch)
        look = functools.partial(_look, tree, limits.free_bytes, on_tick)
        wall, output = limits.wall_seconds, limits.output_bytes
        end = supervise(spec, isolated=level == 3, wall=wall, output=output, look=look, tell=on_output)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        if level < 3 and sandbox.root and not sandbox.namespaces:
            sweep_shared_memory()
    return _unless_never_started(end) if level == 3 else end


def _orders(request: Request, level: int, scratch: Path) -> dict[str, Any]:
    if level < 3 and not request.sandbox.root:
        _shield()
    return {3: request.isolated, 2: request.confined, 1: request.trusted}[level](scratch)


def _look(tree: Path, free: int, on_tick: Callable[[], bool] | None) -> str:
    """Why the target must be stopped now, "" where it need not."""
    if on_tick is not None and not on_tick():
        return "cancelled"
    return "disk-limit" if shutil.disk_usage(tree).free < free else ""


@functools.cache
def _shield() -> None:
    """Close our memory, environment and descriptors to other processes of our user, as the target may be one.

    It lasts as long as this process; core dumps and debuggers of the same user are shut out too.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def _unless_never_started(end: ProcessEnd) -> ProcessEnd:
    """The tools in front of an isolated target speak up where they could not start it."""
    said = (*(f"{Path(tool).name}:" for tool in TOOLS), *(f"{tool}:" for tool in TOOLS))
    never = end.returncode is not None and end.returncode > 0 and end.stderr.startswith(said)
    return replace(end, returncode=None) if never else end


def _check(sandbox: Sandbox, level: int, tree: Path, tree_at: str, env: Mapping[str, str], network: bool) -> None:
    """Raise SandboxError for what cannot be run as asked."""
    # With the network asked for, level 2 need not be able to keep it away.
    if level not in sandbox.levels and not (level == 2 <= sandbox.level and network):
        raise SandboxError(f"Sandbox level {level} is not available; this machine offers {describe(sandbox.level)}.")
    if level < 3 and tree_at != str(tree):
        raise SandboxError(f"Below level 3 the tree stays at its own path {tree}, not at {tree_at}.")
    for key, value in env.items():
        if not key or "=" in key or "\0" in key + value:
            raise SandboxError(f"{key!r} cannot be the name of an environment variable.")
