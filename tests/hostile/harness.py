"""Runs one hostile project with everything it must not reach around it, and looks afterwards for what it did."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import socket
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from remediation.collection import sandbox
from remediation.collection.checkout import remove
from remediation.collection.rounds import Whole, collect_whole, judge_whole
from remediation.collection.run import Collected, Target
from remediation.collection.sandbox import Limits, Sandbox
from remediation.core.records import Verdict
from tests.environments import environment, open_environment

FACTS = sandbox.probe()
ROOT = os.geteuid() == 0
MEBIBYTE = 1024 * 1024
LIMITS: dict[str, float] = {
    "wall_seconds": 10,  # of which a case that ends by itself needs one; a busy machine may need them all
    "output_bytes": 4 * MEBIBYTE,
    "memory_bytes": 2048 * MEBIBYTE,
    "file_bytes": 16 * MEBIBYTE,
    "temp_bytes": 8 * MEBIBYTE,
    "processes": 64,
}
# What a level may promise to keep away from the target. A case names what it needs; the reasons are for people.
NOT_KEPT = {
    "files": "level 1 does not isolate files that every user may read or write",
    "own files": "at level 1 the target of an ordinary user is that user, with all its files",
    "network": "level 1 without namespaces leaves the network open",
    "udp": "Landlock knows no UDP, and there is no network namespace here",
    "path sockets": "Landlock does not cover sockets that have a path",
    "abstract sockets": "abstract sockets need a network namespace or Landlock's ABI 6",
    "memory": "without namespaces /dev/shm and the scratch space are limited by the size of each file only",
    "processes": "without a process namespace or Landlock's ABI 6 other processes of the same user can be signalled",
}


@dataclass(frozen=True)
class Way:
    """One way of running a target here: a level, with what the machine is taken to offer."""

    name: str
    level: int
    facts: Sandbox

    def keeps(self) -> frozenset[str]:
        """What of NOT_KEPT this way does keep away."""
        if self.level == 3:
            return frozenset(NOT_KEPT)
        kept = {"own files"} if ROOT or self.level == 2 else set()
        with_namespaces = {"network", "udp", "abstract sockets", "processes", "path sockets", "memory"}
        kept |= with_namespaces if self.facts.namespaces else set()
        if self.level == 2:
            kept |= {"files", "network"} | ({"abstract sockets", "processes"} if self.facts.landlock >= 6 else set())
        return frozenset(kept)


def ways(level: int) -> list[Way]:
    """The ways to run at one level here: first as on a machine without namespaces, then with what there is."""
    plain = dataclasses.replace(FACTS, level=min(FACTS.level, 2), namespaces=False)
    found = [Way(f"level {level} without namespaces", level, plain)] if level in plain.levels and level < 3 else []
    found += (
        [Way(f"level {level}", level, FACTS)] if level in FACTS.levels and FACTS not in (w.facts for w in found) else []
    )
    return [way for way in found if interpreter(way) is not None]


def interpreter(way: Way) -> Path | None:
    """A Python with pytest that the target's user can start; None where there is none for a way without mounts."""
    return environment("9") if way.level == 3 or way.facts.namespaces or not ROOT else open_environment("9")


def judged(
    target: Target, tree: Path, work: Path, bytecode: Path, limits: Limits, way: Way, renew: Callable[[], None]
) -> tuple[Whole, Verdict]:
    """Collect and judge as a pass does. The one place where the corpus meets the product."""
    inventory = sorted(str(path.relative_to(tree)) for path in tree.rglob("*.py"))
    before = sandbox.probe
    sandbox.probe = lambda: way.facts  # type: ignore[assignment]  # this machine, taken for a lesser one
    try:
        whole = collect_whole(
            target, tree=tree, work=work, bytecode=bytecode, renew=renew, limits=limits, level=way.level
        )
    finally:
        sandbox.probe = before
    return whole, judge_whole(whole, inventory=inventory)


@dataclass
class Surroundings:
    """What lies around a target: secrets, places it must not write to, and listeners it must not reach."""

    place: Path
    canary: str = field(default_factory=lambda: f"CANARY-{uuid.uuid4().hex}")
    mark: str = field(default_factory=lambda: f"hostile-{uuid.uuid4().hex[:12]}")
    tokens: dict[str, str] = field(default_factory=dict)
    listeners: dict[str, socket.socket] = field(default_factory=dict)

    def __enter__(self) -> Surroundings:
        self.place.mkdir(mode=0o755)
        self._secrets()
        self._listeners()
        # Its first environment is what /proc shows of a process; ours would show too late.
        self.keeper = subprocess.Popen(["sleep", "120"], env={"SECRET": self.canary}, cwd="/")
        self.tokens |= {"@PLACE@": str(self.place), "@MARK@": self.mark, "@KEEPER@": str(self.keeper.pid)}
        self.before = self.outside()
        return self

    def __exit__(self, *error: object) -> None:
        self.keeper.kill()
        self.keeper.wait()
        for listener in self.listeners.values():
            listener.close()

    def _secrets(self) -> None:
        for name, mode in (("home", 0o700), ("private", 0o700), ("open", 0o755), ("public", 0o777), ("project", 0o755)):
            (self.place / name).mkdir()
            (self.place / name).chmod(mode)
        for name in ("home/id_ed25519", "private/settings.env", "open/notes", "public/notes"):
            (self.place / name).write_text(f"{name} {self.canary}\n")

    def _listeners(self) -> None:
        path = self.place / "open/service.sock"
        for name, kind, address in (
            ("tcp", (socket.AF_INET, socket.SOCK_STREAM), ("0.0.0.0", 0)),
            ("udp", (socket.AF_INET, socket.SOCK_DGRAM), ("0.0.0.0", 0)),
            ("path", (socket.AF_UNIX, socket.SOCK_STREAM), str(path)),
            ("abstract", (socket.AF_UNIX, socket.SOCK_STREAM), f"\0{self.mark}"),
        ):
            listener = self.listeners[name] = socket.socket(*kind)
            listener.bind(address)
            listener.setblocking(False)
            if kind[1] == socket.SOCK_STREAM:
                listener.listen()
        path.chmod(0o777)
        self.tokens |= {f"@{n.upper()}@": str(self.listeners[n].getsockname()[1]) for n in ("tcp", "udp")}

    def reached(self) -> list[str]:
        """The listeners that somebody called, by name."""
        called = []
        for name, listener in self.listeners.items():
            with contextlib.suppress(BlockingIOError):
                if listener.type == socket.SOCK_DGRAM:
                    listener.recv(1)
                else:
                    listener.accept()[0].close()
                called.append(name)
        return called

    def outside(self) -> dict[str, str]:
        """Everything around the project with its content, and what bears our mark where everybody may write."""
        found = {"": " ".join(sorted(path.name for path in self.place.iterdir()))}
        for name in ("home", "private", "open", "public"):
            for path in sorted((self.place / name).rglob("*")):
                found[str(path)] = path.read_text() if path.is_file() else oct(path.lstat().st_mode)
        for public in ("/tmp", "/var/tmp", "/dev/shm", str(Path.home())):
            found |= {str(path): "" for path in Path(public).glob(f"*{self.mark}*")}
        return found

    def alive(self) -> list[str]:
        """Processes of the target: by its mark in environment or command line, or by where they are."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            seen = []
            for name in ("environ", "cmdline"):
                with contextlib.suppress(OSError):
                    seen.append((process / name).read_bytes().decode(errors="replace"))
            with contextlib.suppress(OSError):
                seen.append(str((process / "cwd").readlink()))
            if self.mark in "".join(seen) or str(self.place / "project") in "".join(seen):
                found.append(f"{process.name} {seen[1:2]}")
        return found

    def leaked(self, outcome: Outcome) -> list[str]:
        """Where the secret's bytes turned up again."""
        secret = self.canary.encode()
        said = {
            "stream": outcome.collected.stream,
            "left out": repr(outcome.whole.left_out).encode(),
            "verdict": repr(outcome.verdict).encode(),
        }
        said |= {"output": (outcome.collected.end.stdout + outcome.collected.end.stderr).encode()}
        for folder, folders, names in os.walk(self.place / "project"):  # follows no links
            if folder.count("/") > 10:
                folders.clear()
            for path in (Path(folder, name) for name in names):
                if path.is_file() and not path.is_symlink() and path.stat().st_size < 32 * MEBIBYTE:
                    said[str(path)] = path.read_bytes()
        return [name for name, data in said.items() if secret in data]


@dataclass(frozen=True)
class Outcome:
    """One pass: what came back, in how many seconds, and the tree as the target left it."""

    whole: Whole
    verdict: Verdict
    seconds: float
    tree: Path

    @property
    def collected(self) -> Collected:
        """The run that was judged."""
        return self.whole.last


def attack(
    files: Mapping[str, str], way: Way, around: Surroundings, bytecode: Path, limits: Mapping[str, float]
) -> Outcome:
    """Write the project, its tokens replaced, and collect it."""
    tree, work = around.place / "project/tree", around.place / "project/work"
    work.mkdir()
    write(tree, files, around.tokens)
    python = interpreter(way)
    target = Target(str(python), (), {"HOSTILE": around.mark})
    start = time.monotonic()
    bounds = Limits(**{**LIMITS, **limits})  # type: ignore[arg-type]

    def lay_out() -> None:
        remove(tree)
        write(tree, files, around.tokens)

    whole, verdict = judged(target, tree, work, bytecode, bounds, way, lay_out)
    return Outcome(whole, verdict, time.monotonic() - start, tree)


def write(tree: Path, files: Mapping[str, str], tokens: Mapping[str, str]) -> None:
    """Lay the files out; tokens like @PLACE@ become what they stand for."""
    tree.mkdir(mode=0o755, exist_ok=True)
    for name, text in files.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(re.sub("@[A-Z]+@", lambda found: tokens.get(found[0], found[0]), text))


@contextlib.contextmanager
def open_place(parent: Path = Path("/var/tmp")) -> Iterator[Path]:
    """A path for a directory that every user can enter; whatever lies there afterwards is removed."""
    place = parent / f"hostile-{uuid.uuid4().hex[:10]}"
    try:
        yield place
    finally:
        remove(place)
