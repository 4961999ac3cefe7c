"""Collects one exported tree with the project's own pytest, and brings home the stream and the process's end."""

from __future__ import annotations

import os
import shutil
import stat
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from remediation.collection import sandbox
from remediation.collection.runtime import InterpreterFacts, describe_interpreter, interpreter_paths
from remediation.collection.sandbox import DEFAULTS, Limits, SandboxError, give
from remediation.core.culprit import FILE_LIMIT
from remediation.core.records import ProcessEnd

__all__ = ["CHECKOUT", "Collected", "InterpreterFacts", "Target", "collect", "describe_interpreter"]

CHECKOUT = "/checkout"  # where every tree stands at level 3, so byte-code and tracebacks stay the same
PLUGIN = "remediation_reporter"
REPORTER = Path(__file__).with_name("reporter")
STREAM_LIMIT = 256 * 1024**2
# The events that begin a file, or end the last one.
_BEGINS = (b'{"event": "start"', b'{"event": "loading"')
_ENDS = (b'{"event": "loaded-conftest"', b'{"event": "reached-end"')
CONFIGURATIONS = ("pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml", "pyproject.toml", "tox.ini", "setup.cfg")


@dataclass(frozen=True, slots=True)
class Target:
    """What to run: interpreter, pytest arguments, variables ({checkout} in a value becomes the tree's path)."""

    interpreter: str
    arguments: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Collected:
    """What one collection left behind, to be judged by ``core.events``. ``full``: the stream met its limit of size."""

    end: ProcessEnd
    stream: bytes
    sandbox_level: int
    command: tuple[str, ...]
    full: bool = False


def collect(
    target: Target,
    *,
    tree: Path,
    work: Path,
    bytecode: Path,
    limits: Limits = DEFAULTS,
    level: int | None = None,
    on_tick: Callable[[], bool] | None = None,
) -> Collected:
    """Run ``pytest --collect-only`` on ``tree``, a throw-away export that the target may write to.

    ``work`` is ours, for this pass; ``bytecode`` is kept by the caller per project environment. All three are
    existing directories. What keeps the target from starting is a ProcessEnd without a return code.
    """
    level = sandbox.probe().level if level is None else level
    tree, work, bytecode = tree.resolve(), work.resolve(), bytecode.resolve()
    place = tree_at(tree, level)
    seconds = file_seconds(limits)
    plugin, cache, stream = work / "plugin", work / "cache", work / "stream.jsonl"
    stop = _stop_the_search(tree) if level < 3 else None
    command = _command(target, cache, tree if stop else None)
    try:
        readable = (*interpreter_paths(target.interpreter), plugin, *([stop] if stop else []))
        _prepare(tree, plugin, cache, bytecode)
        descriptor = _new_stream(stream)
        clock = _FileClock(descriptor, seconds, on_tick)
        try:
            end = sandbox.run(
                command,
                tree=tree,
                tree_at=place,
                cwd=place,
                env=_environment(target, place, plugin, bytecode, stream, seconds),
                readable=readable,
                writable=(cache, bytecode, stream),
                listed=(tree.parent,),  # a root with an __init__.py is a package: Python looks for it from above
                limits=limits,
                level=level,
                on_tick=clock.tick,
            )
            if clock.expired:
                end = replace(end, stopped=FILE_LIMIT)
            kept, full = _read(descriptor, limits)
            return Collected(end, kept, level, command, full)
        finally:
            os.close(descriptor)
    except (SandboxError, OSError) as error:  # also a full disk, or orders too long for the launcher
        return Collected(ProcessEnd(returncode=None, stderr=str(error)), b"", level, command)


def tree_at(tree: Path, level: int) -> str:
    """Where the target sees ``tree``."""
    return CHECKOUT if level >= 3 else str(tree.resolve())


def file_seconds(limits: Limits) -> float:
    """How long one file may take: never more than a third of the pass, so that the others get their turn again."""
    return min(limits.file_seconds, limits.wall_seconds / 3)


class _FileClock:
    """Asked twice a second: has the file that is being imported begun too long ago?"""

    def __init__(self, descriptor: int, seconds: float, on_tick: Callable[[], bool] | None) -> None:
        self.descriptor = descriptor
        self.seconds = seconds
        self.on_tick = on_tick
        self.offset = 0
        self.since: float | None = None
        self.expired = False

    def tick(self) -> bool:
        if self.on_tick is not None and not self.on_tick():
            return False
        self._look()
        # Python's own fault handler says first where the import stands.
        self.expired = self.since is not None and time.monotonic() - self.since > self.seconds + 1
        return not self.expired

    def _look(self) -> None:
        while new := os.pread(self.descriptor, 1 << 20, self.offset):
            whole = new[: new.rfind(b"\n") + 1]
            if not whole:
                # A line longer than a megabyte holds an error; the next one shows whether that was the last of it.
                self.offset += len(new) if len(new) == 1 << 20 else 0
                return
            self.offset += len(whole)
            for line in whole.splitlines():
                if line.startswith(_BEGINS):
                    self.since = time.monotonic()
                elif line.startswith(_ENDS):
                    self.since = None


def _command(target: Target, cache: Path, root: Path | None) -> tuple[str, ...]:
    own = ("--maxfail=0", "-o", f"cache_dir={cache}", *([f"--rootdir={root}"] if root else []))
    # Ours must come last, as the last --maxfail holds; but behind "--" they would be taken for files.
    stop = target.arguments.index("--") if "--" in target.arguments else len(target.arguments)
    before, after = target.arguments[:stop], target.arguments[stop:]
    start = (target.interpreter, "-m", "pytest", "--collect-only", "-q", "-p", PLUGIN)
    return (*start, *before, *own, *after)


def _stop_the_search(tree: Path) -> Path | None:
    """An empty configuration beside the tree, where one that is not the project's lies further up.

    pytest looks for its configuration upwards without end, and at level 3 there is nothing above. Our own would be
    taken, with our plugins; at level 2 it cannot even be opened.
    """
    above = tree.parents[1:]
    if not any((directory / name).exists() for directory in above for name in CONFIGURATIONS):
        return None
    stop = tree.parent / "pytest.ini"
    stop.touch(mode=0o644)
    return stop


def _environment(
    target: Target, place: str, plugin: Path, bytecode: Path, stream: Path, seconds: float
) -> dict[str, str]:
    given = {key: value.replace("{checkout}", place) for key, value in target.env.items()}
    search = f"{Path(target.interpreter).parent}:/usr/local/bin:/usr/bin:/bin"
    path = os.pathsep.join(part for part in (str(plugin), given.get("PYTHONPATH", "")) if part)
    return {
        "PATH": search,
        "NO_COLOR": "1",
        "PYTHONHASHSEED": "0",
        **given,
        "PYTHONPATH": path,
        "PYTHONPYCACHEPREFIX": str(bytecode),
        "REMEDIATION_STREAM": str(stream),
        "REMEDIATION_ROOT": place,
        "REMEDIATION_FILE_SECONDS": str(seconds),
    }


def _prepare(tree: Path, plugin: Path, cache: Path, bytecode: Path) -> None:
    """The reporter in a directory of its own, and what the target must write in its user's hands."""
    copy = plugin / PLUGIN
    copy.mkdir(mode=0o755, parents=True, exist_ok=True)
    plugin.chmod(0o755)
    for module in REPORTER.glob("*.py"):
        shutil.copy2(module, copy)  # with its time, so its byte-code stays valid
        (copy / module.name).chmod(0o644)
    cache.mkdir(exist_ok=True)
    for path in (tree, cache):
        give(path)
    # What lies in it was written by the target's own user in earlier passes: thousands of files, all right already.
    if os.geteuid() == 0 and bytecode.stat().st_uid != sandbox.NOBODY:
        give(bytecode)


def _new_stream(path: Path) -> int:
    """A new, empty stream file. We keep it open: a target that puts a link in its place is not followed."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    give(path)
    return descriptor


def _read(descriptor: int, limits: Limits) -> tuple[bytes, bool]:
    facts = os.fstat(descriptor)
    if not stat.S_ISREG(facts.st_mode):
        return b"", False
    with os.fdopen(os.dup(descriptor), "rb") as file:
        file.seek(0)
        stream = file.read(STREAM_LIMIT + 1)
    # At its limit a stream is not complete, whatever its last line says; half of one has no end at all.
    limit = min(STREAM_LIMIT, limits.file_bytes)
    return (stream[: limit // 2], True) if len(stream) >= limit else (stream, False)
