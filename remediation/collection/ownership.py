"""What belongs to the target's user: the files it may write, the processes it runs, the memory it leaves."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from remediation.collection.removal import remove

NOBODY = 65534  # user and group of every target that a root worker starts


def tasks(uid: int) -> int:
    """Threads of a user, by /proc; 0 where there is none."""
    count = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if process.stat().st_uid == uid:
                count += sum(1 for _ in (process / "task").iterdir())
        except OSError:  # it ended meanwhile
            continue
    return count


def sweep_shared_memory() -> None:
    """Free the memory that a target left in /dev/shm, unless another target runs and may be using its own."""
    if tasks(NOBODY):
        return
    for left in Path("/dev/shm").glob("*"):  # noqa: S108
        with contextlib.suppress(OSError):
            if left.lstat().st_uid == NOBODY:
                remove(left)


def give(path: Path) -> None:
    """Let the target's user write below ``path``: a matter of ownership when we are root, nothing otherwise.

    Symbolic links are not followed. A file with further hard links is left alone: its other names are not the
    target's.
    """
    if os.geteuid() != 0:
        return
    os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    if not path.is_dir() or path.is_symlink():
        return
    waiting = [os.fspath(path)]
    while waiting:
        with os.scandir(waiting.pop()) as found:
            for entry in found:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                elif entry.stat(follow_symlinks=False).st_nlink > 1:
                    continue
                os.chown(entry.path, NOBODY, NOBODY, follow_symlinks=False)
