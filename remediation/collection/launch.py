"""Puts one target process into its own session with limits and, where asked, namespaces, Landlock and another user.

Run by our interpreter as ``python -I -S launch.py SPEC`` and never imported by a worker: what it does to itself
(session, limits, user, mounts) must not happen to us. SPEC is one JSON object, see ``sandbox``. It reports on the
status descriptor in bubblewrap's words: ``{"child-pid": n}``, then ``{"exit-code": n}`` with 128+n for signals, or
``{"error": "..."}`` when nothing could be started.
"""

from __future__ import annotations

# The little that runs before exec stays with system calls.
# ruff: noqa: PTH100, PTH101, PTH103, PTH112, PTH118, PTH120, PTH208, S606
import contextlib
import ctypes
import fcntl
import importlib.util
import json
import os
import resource
import signal
import socket
import struct
import sys
import time
from collections.abc import Sequence
from types import FrameType
from typing import Any

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x0002_0000, 0x0400_0000, 0x0800_0000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x1000_0000, 0x2000_0000, 0x4000_0000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT = 1, 2, 4, 8, 32
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 4, 36, 38
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
LINUX = sys.platform == "linux"

Spec = dict[str, Any]
_libc = ctypes.CDLL(None, use_errno=True)


def landlock() -> Any:
    """Our neighbour, by its path: nothing of ours is importable here."""
    place = os.path.join(os.path.dirname(os.path.abspath(__file__)), "landlock.py")
    found = importlib.util.spec_from_file_location("landlock", place)
    if found is None or found.loader is None:
        raise OSError(f"{place} cannot be loaded")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def checked(result: int, what: str) -> None:
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")


def prctl(option: int, value: int) -> None:
    if LINUX:
        checked(_libc.prctl(option, value, 0, 0, 0), "prctl")


def mount(source: str, target: str, kind: str | None, flags: int, data: str = "") -> None:
    encoded = kind.encode() if kind else None
    checked(_libc.mount(os.fsencode(source), os.fsencode(target), encoded, flags, data.encode()), f"mount {target}")


def set_limits(spec: Spec) -> None:
    for name, value in spec["rlimits"].items():
        number = getattr(resource, name, None)
        if number is None:
            continue
        _, hard = resource.getrlimit(number)
        allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
        # macOS refuses some of them (RLIMIT_AS); the wall limit still holds there.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(number, (allowed, allowed))


def enter_namespaces(spec: Spec) -> None:
    uid, gid = os.geteuid(), os.getegid()
    flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS
    flags |= 0 if spec["network"] else CLONE_NEWNET
    flags |= CLONE_NEWUSER if uid else 0
    checked(_libc.unshare(flags), "unshare")
    if uid:
        for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
            with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
                file.write(text)
    mount("none", "/", None, MS_REC | MS_PRIVATE)
    if flags & CLONE_NEWNET:
        loopback_up()


def loopback_up() -> None:
    """In a network of its own the target may talk to itself, as in bubblewrap's."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        answer = fcntl.ioctl(control, SIOCGIFFLAGS, struct.pack("16sH22x", b"lo", 0))
        (flags,) = struct.unpack_from("16xH", answer)
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sH22x", b"lo", flags | IFF_UP))


def build_view(spec: Spec) -> None:
    """Mounts of the private namespace: sized scratch space, and a way to what the target's user cannot enter.

    ``covers`` are the (path, tmpfs options) of what is not the target's to see or to fill, ``binds`` the (path,
    read-only) it needs. All are opened first: once a cover lies over /root, a path below it leads to the cover.
    Opening must follow the unshare, as a mount of another namespace cannot be bound.
    """
    opened = [(os.open(path, os.O_PATH), path, readonly) for path, readonly in spec["binds"]]
    directories = [os.path.isdir(path) for path, _ in spec["binds"]]
    for cover, options in spec["covers"]:
        mount("tmpfs", cover, "tmpfs", MS_NOSUID | MS_NODEV, options)
    for (descriptor, path, readonly), is_directory in zip(opened, directories, strict=True):
        if is_directory:
            os.makedirs(path, mode=0o755, exist_ok=True)
        else:
            os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
            if not os.path.lexists(path):
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644))
        mount(f"/proc/self/fd/{descriptor}", path, None, MS_BIND | MS_REC)
        if readonly:
            # Without powers over the machine, what the mount forbids already must stay forbidden.
            kept = os.statvfs(path).f_flag & (MS_NOSUID | MS_NODEV | MS_NOEXEC)
            mount("none", path, None, MS_BIND | MS_REMOUNT | MS_RDONLY | kept)
        os.close(descriptor)
    for path in spec["scratch"]:
        os.makedirs(path, exist_ok=True)
        os.chmod(path, 0o777)  # noqa: S103 (a world of its own)
    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV)


def drop_user(spec: Spec) -> None:
    if spec["user"] is not None:
        uid, gid = spec["user"]
        os.setgroups([])
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
    if os.geteuid() == 0 or os.getuid() == 0:
        raise PermissionError("a target never runs as root")
    prctl(PR_SET_NO_NEW_PRIVS, 1)


def become_target(spec: Spec, status: int) -> None:
    """In the last child: user, limits, directory, exec. Never returns."""
    try:
        os.setsid()
        os.umask(0o022)
        drop_user(spec)
        if spec["landlock"]:
            spec["confine"](**spec["landlock"])
        set_limits(spec)
        for number in range(1, signal.NSIG):
            with contextlib.suppress(OSError, ValueError):
                signal.signal(number, signal.SIG_DFL)
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # changing the user would have cleared it
        os.chdir(spec["cwd"])
        os.execve(spec["argv"][0], spec["argv"], spec["env"])
    except BaseException as error:
        report(status, error=f"{type(error).__name__}: {error}")
    os._exit(126)


def wait_for(child: int) -> int:
    """Reap everything until ``child`` has ended; its wait status."""
    while True:
        pid, status = os.waitpid(-1, 0)
        if pid == child:
            return status


def exit_code(status: int) -> int:
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)


def report(status: int, **fields: object) -> None:
    with contextlib.suppress(OSError):
        os.write(status, json.dumps(fields).encode() + b"\n")


def be_init(spec: Spec, status: int) -> None:
    """Process 1 of the new namespaces: when it ends, the kernel ends everything in them. Never returns."""
    try:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        build_view(spec)
    except OSError as error:
        report(status, error=str(error))
        os._exit(125)
    child = os.fork()
    if child == 0:
        become_target(spec, status)
    os._exit(exit_code(wait_for(child)))


def descendants(parents: Sequence[int]) -> list[int]:
    """Every process below ``parents``, by /proc; nothing where there is no /proc."""
    children: dict[int, list[int]] = {}
    with contextlib.suppress(OSError):
        for name in os.listdir("/proc"):
            if name.isdigit():
                with contextlib.suppress(OSError, IndexError, ValueError), open(f"/proc/{name}/stat", "rb") as file:
                    parent = int(file.read().rpartition(b")")[2].split()[1])
                    children.setdefault(parent, []).append(int(name))
    found: list[int] = []
    waiting = list(parents)
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def kill_all(child: int) -> None:
    """End the target and everything it left, adopted orphans too, until no child remains (10 s at most).

    In a pid namespace the first kill does it all. Without one the orphans become ours (subreaper), and the target's
    group and descendants are killed until nothing is left to wait for.
    """
    for _ in range(500):
        with contextlib.suppress(OSError):
            os.killpg(child, signal.SIGKILL)
        for pid in descendants([os.getpid()]):
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        with contextlib.suppress(OSError):
            os.kill(child, signal.SIGKILL)  # still ours to wait for, so the number cannot be another's
        time.sleep(0.02)


def stopped(number: int, frame: FrameType | None) -> None:
    raise InterruptedError(number)


def main() -> int:
    spec: Spec = json.loads(sys.argv[1])
    status: int = spec["status"]
    os.setsid()
    # The worker may be gone before the kernel was told what to do then.
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL if spec["exec"] else signal.SIGTERM)
    if os.getppid() != spec["parent"]:
        return 125
    if spec["exec"]:
        set_limits(spec)
        os.set_inheritable(status, True)
        os.execve(spec["argv"][0], [part.replace("{status}", str(status)) for part in spec["argv"]], spec["env"])
    os.set_inheritable(status, False)
    signal.signal(signal.SIGTERM, stopped)
    child = 0
    try:
        prctl(PR_SET_CHILD_SUBREAPER, 1)
        if spec["landlock"]:
            spec["confine"] = landlock().confine  # now: later its path may be covered, or closed to another user
        if spec["namespaces"]:
            enter_namespaces(spec)
        # The target must not read our memory nor open our descriptors. Not before: the maps of users are then closed.
        prctl(PR_SET_DUMPABLE, 0)
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            if spec["namespaces"]:
                be_init(spec, status)
            become_target(spec, status)
        report(status, **{"child-pid": child})
        report(status, **{"exit-code": exit_code(wait_for(child))})
    except InterruptedError:
        pass
    except OSError as error:
        report(status, error=str(error))
    finally:
        if child:
            kill_all(child)
    return 0


if __name__ == "__main__":
    sys.exit(main())
