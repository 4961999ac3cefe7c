"""Delete a directory that a hostile program made hard to delete."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

_ASIDE = "aside-"


def remove(tree: Path) -> None:
    """Delete a directory whatever its owner did to it: no permissions, 10,000 levels, any names.

    Links are never followed and no file's mode is touched (it may be linked to the blob store).
    """
    if not tree.is_symlink() and tree.is_dir():
        _openable(tree)
        top = os.open(tree, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            _empty(top)
        finally:
            os.close(top)
        tree.rmdir()
    else:
        tree.unlink(missing_ok=True)


def set_aside(place: Path) -> Path | None:
    """Free a name at once: what stands there gets another one beside it, to be deleted; None where nothing stands."""
    aside = place.with_name(f"{_ASIDE}{secrets.token_hex(8)}")
    try:
        place.rename(aside)
    except FileNotFoundError:
        return None
    return aside


def aside(folder: Path) -> list[Path]:
    """What was set aside in a folder and is not deleted yet."""
    return list(folder.glob(f"{_ASIDE}*"))


def _openable(directory: Path) -> None:
    with suppress(PermissionError):  # somebody else's: then deleting it is up to its permissions
        directory.chmod(0o700)


def _empty(top: int) -> None:
    """Delete what is in the open directory, flat: a nested directory is moved up before it is emptied.

    Neither the call stack nor a path grows with the depth, and one descriptor is open at a time.
    """
    waiting = _drain(top, top)
    while waiting:
        name = waiting.pop()
        handle = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=top)
        try:
            waiting.extend(_drain(handle, top))
        finally:
            os.close(handle)
        os.rmdir(name, dir_fd=top)


def _drain(directory: int, top: int) -> list[str]:
    """Unlink the files of ``directory``; move its directories into ``top`` under fresh names, which are returned."""
    with os.scandir(directory) as found:
        content = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in found]
    moved = []
    for name, is_directory in content:
        if not is_directory:
            os.unlink(name, dir_fd=directory)
            continue
        with suppress(PermissionError):
            os.chmod(name, 0o700, dir_fd=directory)
        fresh = f"d-{secrets.token_hex(12)}"
        os.rename(name, fresh, src_dir_fd=directory, dst_dir_fd=top)
        moved.append(fresh)
    return moved
