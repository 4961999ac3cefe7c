"""Turns a wish to run something into orders for the launcher: for bubblewrap (level 3) or for itself (2 and 1)."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from remediation.collection.ownership import NOBODY, give, tasks

TOOLS = ("/usr/bin/prlimit", "/usr/bin/setpriv", "/usr/bin/env")
SHARED_MEMORY = 32 * 1024 * 1024
ETC = ("ld.so.cache", "alternatives", "localtime", "ssl", "ca-certificates")
ETC_NETWORK = ("resolv.conf", "hosts", "nsswitch.conf")
ETC_USERS = ("passwd", "group")  # level 3 makes its own
DEVICES = ("null", "zero", "full", "random", "urandom")
PASSWD = f"root:x:0:0:root:/:/bin/false\nnobody:x:{NOBODY}:{NOBODY}:nobody:/tmp/home:/bin/false\n"
GROUP = f"root:x:0:\nnogroup:x:{NOBODY}:\n"


class SandboxError(Exception):
    """The target cannot be run as asked; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may use: seconds, bytes, and numbers of processes and open files.

    ``file_seconds``: for the import of one test file. ``culprits``: runs of one pass that may die before we give up.
    ``free_bytes`` must stay free on the file system of its tree, or it is stopped: files can be many.
    """

    wall_seconds: float = 600
    file_seconds: float = 120
    culprits: int = 5
    cpu_seconds: int = 1_200
    memory_bytes: int = 8 * 1024**3
    file_bytes: int = 256 * 1024**2
    processes: int = 512
    open_files: int = 1_024
    output_bytes: int = 4 * 1024**2
    temp_bytes: int = 512 * 1024**2
    free_bytes: int = 512 * 1024**2


@dataclass(frozen=True, slots=True)
class Sandbox:
    """What this machine and user can do: ``level`` is the best, every lower one in ``levels`` can be asked for.

    ``namespaces``: levels 2 and 1 can hide processes and network too. ``landlock``: its ABI, 0 without.
    """

    level: int
    root: bool
    bubblewrap: str = ""
    disable_userns: bool = False
    namespaces: bool = False
    landlock: int = 0

    @property
    def levels(self) -> tuple[int, ...]:
        """The levels that can be asked for, best first."""
        # Before ABI 3 a file of the same user can be cut off; before 4 the network must be kept away by other means.
        confined = self.landlock >= (1 if self.root else 3) and (self.landlock >= 4 or self.namespaces)
        return tuple(level for level in (3, 2, 1) if level <= self.level and (level != 2 or confined))


@dataclass(frozen=True, slots=True)
class Request:
    """One call of :func:`run`, turned into the launcher's orders for any level."""

    sandbox: Sandbox
    argv: tuple[str, ...]
    tree: Path
    tree_at: str
    cwd: str
    env: Mapping[str, str]
    readable: Sequence[Path]
    writable: Sequence[Path]
    network: bool
    limits: Limits
    listed: Sequence[Path] = ()

    def environment(self, home: str, temporary: str) -> dict[str, str]:
        defaults = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": home, "TMPDIR": temporary, "LANG": "C.UTF-8"}
        return {**defaults, **self.env}

    def rlimits(self) -> dict[str, int]:
        return {
            "RLIMIT_CPU": self.limits.cpu_seconds,
            "RLIMIT_AS": self.limits.memory_bytes,
            "RLIMIT_FSIZE": self.limits.file_bytes,
            "RLIMIT_NOFILE": self.limits.open_files,
            "RLIMIT_CORE": 0,
        }

    def processes(self) -> int:
        """The kernel counts all tasks of the user, so what it has already comes on top."""
        uid = NOBODY if self.sandbox.root else os.getuid()
        return self.limits.processes + tasks(uid)

    # -- level 3 --------------------------------------------------------------------------------

    def isolated(self, scratch: Path) -> dict[str, Any]:
        command = [
            self.sandbox.bubblewrap,
            "--die-with-parent",
            "--new-session",
            "--clearenv",
            "--json-status-fd",
            "{status}",
        ]
        command += ["--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
        command += [] if self.network else ["--unshare-net"]
        if not self.sandbox.root:
            command += ["--unshare-user", "--uid", str(NOBODY), "--gid", str(NOBODY)]
            command += ["--disable-userns"] if self.sandbox.disable_userns else []
        command += [*self._system(scratch), *self._devices(), *self._binds()]
        # bubblewrap's own / and /dev are tmpfs without a size: nobody may write there.
        command += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", self.cwd]
        command += self._become()
        return {"argv": command, "env": {}, "rlimits": self.rlimits()}

    def _system(self, scratch: Path) -> list[str]:
        # Without it bubblewrap makes the parent of a bound file enterable for its owner only.
        options = ["--perms", "0755", "--dir", "/etc", "--ro-bind", "/usr", "/usr"]
        for name in ("bin", "sbin", "lib", "lib32", "lib64"):
            path = Path("/", name)
            if path.is_symlink():
                options += ["--symlink", str(path.readlink()), str(path)]
            elif path.is_dir():
                options += ["--ro-bind", str(path), str(path)]
        made_up = {"passwd": PASSWD, "group": GROUP}
        if not self.network:
            made_up["hosts"] = "127.0.0.1 localhost\n::1 localhost\n"
        for name, text in made_up.items():
            (scratch / name).write_text(text)
            (scratch / name).chmod(0o644)
            options += ["--ro-bind", str(scratch / name), f"/etc/{name}"]
        for name in (*ETC, *(ETC_NETWORK if self.network else ())):
            options += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
        return options

    def _devices(self) -> list[str]:
        return [
            *("--proc", "/proc", "--dev", "/dev"),
            *("--perms", "1777", "--size", str(SHARED_MEMORY), "--tmpfs", "/dev/shm"),  # noqa: S108
            *("--perms", "1777", "--size", str(self.limits.temp_bytes), "--tmpfs", "/tmp"),  # noqa: S108
            *("--perms", "0777", "--dir", "/tmp/home"),  # noqa: S108
        ]

    def _binds(self) -> list[str]:
        wanted = [("--ro-bind", path, str(path)) for path in self.readable if not path.is_relative_to("/usr")]
        wanted += [("--bind", path, str(path)) for path in self.writable]
        wanted.append(("--bind", self.tree, self.tree_at))
        # A directory before what lies in it, or it would cover it.
        wanted.sort(key=lambda bind: len(Path(bind[2]).parts))
        parents = dict.fromkeys(parent for _, _, target in wanted for parent in reversed(Path(target).parents))
        made = [parent for parent in parents if not any(Path(bind[2]) == parent for bind in wanted)]
        options = [word for parent in made[1:] for word in ("--perms", "0755", "--dir", str(parent))]
        return options + [part for option, source, target in wanted for part in (option, str(source), target)]

    def _become(self) -> list[str]:
        """From bubblewrap's child to the target: its limit of processes, its user, its environment."""
        command = ["--", "/usr/bin/prlimit", f"--nproc={self.processes()}"]
        if self.sandbox.root:
            powers = [word for name in ("SETUID", "SETGID", "SETPCAP") for word in ("--cap-add", f"CAP_{name}")]
            command = [*powers, *command, "/usr/bin/setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY)]
            command += ["--clear-groups", "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"]
        # Only here: LD_PRELOAD and the like must not reach the tools that still run as root.
        environment = self.environment("/tmp/home", "/tmp")  # noqa: S108
        pairs = [f"{key}={value}" for key, value in environment.items()]
        return [*command, "/usr/bin/env", "-i", *pairs, *self.argv]

    # -- levels 2 and 1 -------------------------------------------------------------------------

    def confined(self, scratch: Path) -> dict[str, Any]:
        """As :meth:`trusted`, and nothing else of the machine's files (Landlock)."""
        orders = self.trusted(scratch)
        rules = [(f"/{name}", "read", "may") for name in ("usr", "bin", "sbin", "lib", "lib32", "lib64")]
        etc = (*ETC, *ETC_USERS, *ETC_NETWORK[1:], *(ETC_NETWORK[:1] if self.network else ()))
        # Debian's Pythons have a part of their library there, behind links that level 3 leaves dangling.
        rules += [(str(path), "read", "may") for path in Path("/etc").glob("python3*")]
        rules += [(f"/etc/{name}", "read", "may") for name in etc]
        rules += [(f"/dev/{name}", "device", "may") for name in DEVICES]
        # Of processes that are not its own it sees command lines; what tells more is closed to it as to a debugger.
        rules.append(("/proc", "read", "may"))
        # Shared memory of our own user, a database's for one, is in the same place: then there is none for it.
        if self.sandbox.namespaces or self.sandbox.root:
            rules.append(("/dev/shm", "write", "may"))  # noqa: S108
        rules += [(str(path), "read", "must") for path in self.readable]
        rules += [(str(path), "names", "may") for path in self.listed]
        rules += [(str(path), "write", "must") for path in (*self.writable, self.tree, *orders["scratch"])]
        alone = self.network or self.sandbox.namespaces
        return {**orders, "landlock": {"rules": rules, "deny_tcp": not alone, "abi": self.sandbox.landlock}}

    def trusted(self, scratch: Path) -> dict[str, Any]:
        temporary = Path("/tmp") if self.sandbox.namespaces else scratch / "tmp"  # noqa: S108 (a private one)
        home = temporary / "home" if self.sandbox.namespaces else scratch / "home"
        for directory in () if self.sandbox.namespaces else (home, temporary):
            directory.mkdir()
            give(directory)
        needed = [(path, True) for path in self.readable]
        needed += [(path, False) for path in (*self.writable, self.tree)]
        covers = self._covers([path for path, _ in needed])
        return {
            "argv": list(self.argv),
            "env": self.environment(str(home), str(temporary)),
            "cwd": self.cwd,
            "rlimits": {**self.rlimits(), **({"RLIMIT_NPROC": self.processes()} if sys.platform == "linux" else {})},
            "user": [NOBODY, NOBODY] if self.sandbox.root else None,
            "namespaces": self.sandbox.namespaces,
            "network": self.network,
            "landlock": None,
            "covers": list(covers.items()),
            "binds": [
                (str(path), readonly)
                for path, readonly in sorted(needed, key=lambda need: len(need[0].parts))
                if any(path.is_relative_to(cover) for cover in covers)
            ],
            "scratch": [str(temporary), str(home)],
        }

    def _covers(self, needed: Sequence[Path]) -> dict[str, str]:
        """What a private mount hides, topmost only, with the options of the file system that is put over it.

        The directories on the way to what is needed that the target's user may not enter; and where everybody may
        write, or where others listen.
        """
        ways = {str(wall) for path in needed for wall in (_wall(path), _wall(path.resolve())) if wall}
        walls = sorted(ways) if self.sandbox.root else []
        if walls and not self.sandbox.namespaces:
            raise SandboxError(
                f"The target runs as another user, who cannot enter {walls[0]}. Install bubblewrap (apt install "
                "bubblewrap), or choose an interpreter and a data directory that other users can read."
            )
        if not self.sandbox.namespaces:
            return {}
        public = {
            "/tmp": f"mode=1777,size={self.limits.temp_bytes}",  # noqa: S108
            "/var/tmp": "mode=1777,size=1m",  # noqa: S108
            "/dev/shm": f"mode=1777,size={SHARED_MEMORY}",  # noqa: S108
            **({} if self.network else {"/run": "mode=0755,size=1m"}),
        }
        found = {
            path: options for path, options in public.items() if Path(path).is_dir() and not Path(path).is_symlink()
        }
        found |= dict.fromkeys(walls, "mode=0755,size=1m") | found
        return {path: options for path, options in found.items() if not _is_below(path, found)}


def _is_below(path: str, others: Iterable[str]) -> bool:
    return any(Path(path) != Path(other) and Path(path).is_relative_to(other) for other in others)


def _wall(path: Path) -> Path | None:
    """The topmost directory above ``path`` that the target's user cannot pass."""
    for directory in reversed(path.parents):
        facts = directory.stat()
        entry = stat.S_IXUSR if facts.st_uid == NOBODY else stat.S_IXOTH
        if not facts.st_mode & entry:
            return directory
    return None
