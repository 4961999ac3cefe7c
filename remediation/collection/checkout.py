"""Lay a commit's files out in a fresh directory, fast and with file times that follow the content."""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from remediation.collection.entries import LINK_MODE, SUBMODULE_MODE, Entry
from remediation.collection.mirror import Mirror
from remediation.collection.removal import remove
from remediation.collection.source import SourceError
from remediation.core.text import clean_line

__all__ = ["Exported", "export", "mtime_of", "remove", "stored"]

MAX_FILES = 200_000
MAX_BYTES = 4 << 30
MAX_FILE_BYTES = 512 << 20  # one file is held in memory while it enters the store
# An absent file of these kinds changes what pytest can collect; a pass without it would count wrongly.
_NEEDED = (".py", ".pyi", ".toml", ".cfg", ".ini", ".pth", ".so")
_STALE_SECONDS = 3_600


@dataclass(frozen=True, slots=True)
class Exported:
    """What was laid out: number of files (links included), their bytes, submodules left out, objects not there.

    ``missing`` are paths whose content a partial clone does not hold; never a Python or configuration file.
    """

    files: int
    bytes: int
    submodules: tuple[str, ...]
    missing: tuple[str, ...] = ()


def mtime_of(sha: str) -> int:
    """The file time of a blob, in whole seconds: a function of its content and of nothing else.

    Python and pytest take byte-code for fresh when (time, size) of the source agree, in 32 bits. A time
    from the clock throws all byte-code away with every export; one time for all makes stale byte-code run.
    """
    return 1 + int(sha[:8], 16) % 0xFFFFFFF0


def export(
    mirror: Mirror,
    sha: str,
    *,
    blobs: Path,
    target: Path,
    link: bool,
    max_files: int = MAX_FILES,
    max_bytes: int = MAX_BYTES,
) -> Exported:
    """Write the commit's tree to ``target``, which must not exist, through the blob store at ``blobs``.

    ``link`` hard-links the store's read-only blobs: only for a target that runs as a user who cannot write
    them. Then change owner or mode of the directories alone, never of the files: they are the store's.
    Without ``link`` every file is a writable copy. Attributes (export-ignore, eol, filters) have no effect.
    Raises SourceError "too-large", "commit-missing" or "source-refused"; ``target`` may be half-written then.
    """
    entries = mirror.tree(sha)
    files = [entry for entry in entries if entry.mode not in (LINK_MODE, SUBMODULE_MODE) and entry.size >= 0]
    links = [entry for entry in entries if entry.mode == LINK_MODE and entry.size >= 0]
    missing = tuple(entry.path for entry in entries if entry.size < 0 and entry.mode != SUBMODULE_MODE)
    _limit(entries, files, max_files, max_bytes)
    _require_code(sha, missing)
    store = os.fsencode(blobs)
    placed = [(entry, _blob(store, entry)) for entry in files]
    _fill(mirror, placed, blobs)
    target.mkdir()
    _directories(target, entries)
    root = os.fsencode(target) + b"/"
    for entry, blob in placed:
        _place(blob, root + _raw(entry.path), entry, link)
    # Links come last, so that nothing above can be written through one.
    _links(mirror, links, root)
    submodules = tuple(entry.path for entry in entries if entry.mode == SUBMODULE_MODE)
    return Exported(len(files) + len(links), sum(entry.size for entry in files), submodules, missing)


def stored(blobs: Path, entry: Entry) -> bytes | None:
    """A file's content from the store that trees are laid out from; None where it is not there, or not whole."""
    try:
        handle = os.open(_blob(os.fsencode(blobs), entry), os.O_RDONLY | os.O_CLOEXEC)
        try:
            content = os.read(handle, entry.size + 1)
        finally:
            os.close(handle)
    except OSError:
        return None
    return content if len(content) == entry.size else None


def _raw(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")


def _executable(entry: Entry) -> bool:
    return entry.mode == "100755"


def _blob(store: bytes, entry: Entry) -> bytes:
    # The executable bit is the inode's, so it must be part of the name that stands for the inode.
    return store + f"/{entry.sha[:2]}/{entry.sha[2:]}{'x' if _executable(entry) else ''}".encode()


def _limit(entries: Sequence[Entry], files: Sequence[Entry], max_files: int, max_bytes: int) -> None:
    size = sum(entry.size for entry in files)
    if len(entries) > max_files or size > max_bytes:
        raise SourceError(
            "too-large",
            f"The commit holds {len(entries):,} files of {size:,} bytes; the limits are {max_files:,} files and "
            f"{max_bytes:,} bytes.",
        )
    largest = max(files, key=lambda entry: entry.size, default=None)
    if largest is not None and largest.size > MAX_FILE_BYTES:
        raise SourceError(
            "too-large",
            f"{clean_line(largest.path, 120)} has {largest.size:,} bytes; one file may have {MAX_FILE_BYTES:,}.",
        )


def _require_code(sha: str, missing: Sequence[str]) -> None:
    needed = [path for path in missing if path.endswith(_NEEDED)]
    if needed:
        raise SourceError(
            "commit-missing",
            f"The source lacks {len(needed)} Python or configuration files of commit {sha[:12]}, "
            f"{clean_line(needed[0], 120)} for one. Fetch them there (git fetch --refetch) or give a full clone.",
        )


def _fill(mirror: Mirror, files: Iterable[tuple[Entry, bytes]], blobs: Path) -> None:
    """Bring every blob the tree needs into the store, through one git process."""
    wanted: dict[str, list[tuple[Entry, bytes]]] = {}
    seen: set[bytes] = set()
    for entry, name in files:
        if name not in seen:
            seen.add(name)
            if not _is_whole(name, entry):
                wanted.setdefault(entry.sha, []).append((entry, name))
    if not wanted:
        return
    for shard in range(256):
        (blobs / f"{shard:02x}").mkdir(parents=True, exist_ok=True)
    _sweep(blobs)
    for sha, content in mirror.blobs(wanted):
        digest = hashlib.sha1(b"blob %d\0" % len(content), usedforsecurity=False)
        digest.update(content)
        if digest.hexdigest() != sha or len(content) != wanted[sha][0][0].size:
            raise SourceError(
                "commit-missing", f"The mirror's object {sha} is damaged. Delete the mirror; it is fetched again."
            )
        for entry, name in wanted[sha]:
            _store(blobs, entry, name, content)


def _is_whole(name: bytes, entry: Entry) -> bool:
    # A crash of the machine or a restored backup may have cut a blob or changed its time.
    try:
        found = os.lstat(name)
    except FileNotFoundError:
        return False
    return found.st_size == entry.size and int(found.st_mtime) == mtime_of(entry.sha) and stat.S_ISREG(found.st_mode)


def _store(blobs: Path, entry: Entry, name: bytes, content: bytes) -> None:
    """Write one blob under a name of our own, then rename: a killed worker leaves no half blob."""
    partial = os.fsencode(blobs / f"tmp-{os.getpid()}-{secrets.token_hex(8)}")
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        os.chmod(partial, 0o555 if _executable(entry) else 0o444)  # noqa: PTH101
        _set_time(partial, entry.sha)
        os.replace(partial, name)  # noqa: PTH105
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(partial)  # noqa: PTH108
        raise
    if not _is_whole(name, entry):
        raise OSError(
            f"the file system under {blobs} does not keep file times after 2038; byte-code could go stale there. "
            "Put the data directory on another one (ext4, btrfs, tmpfs, xfs with bigtime)"
        )


def _set_time(path: bytes, sha: str) -> None:
    nanoseconds = mtime_of(sha) * 1_000_000_000
    os.utime(path, ns=(nanoseconds, nanoseconds))


def _sweep(blobs: Path) -> None:
    for leftover in blobs.glob("tmp-*"):
        with suppress(FileNotFoundError):
            if leftover.stat().st_ctime < time.time() - _STALE_SECONDS:
                leftover.unlink()


def _directories(target: Path, entries: Iterable[Entry]) -> None:
    root = os.fsencode(target) + b"/"
    needed: set[str] = set()
    for entry in entries:
        if entry.mode == SUBMODULE_MODE:
            continue
        parent = entry.path.rpartition("/")[0]
        while parent and parent not in needed:
            needed.add(parent)
            parent = parent.rpartition("/")[0]
    for directory in sorted(needed):
        os.mkdir(root + _raw(directory))  # noqa: PTH102


def _place(blob: bytes, path: bytes, entry: Entry, link: bool) -> None:
    if link:
        try:
            os.link(blob, path)
            return
        except OSError:  # another file system, or 65,000 links to one blob already
            pass
    mode = (0o555 if link else 0o755) if _executable(entry) else (0o444 if link else 0o644)
    source = os.open(blob, os.O_RDONLY | os.O_CLOEXEC)
    copy = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    try:
        _copy(source, copy)
        nanoseconds = mtime_of(entry.sha) * 1_000_000_000
        os.utime(copy, ns=(nanoseconds, nanoseconds))
    finally:
        os.close(copy)
        os.close(source)


def _copy(source: int, copy: int) -> None:
    # In the kernel where that works: btrfs and xfs then share the blocks instead of copying them.
    with suppress(AttributeError, OSError):
        while os.copy_file_range(source, copy, 1 << 30):
            pass
    while chunk := os.read(source, 1 << 20):  # the rest, from where the kernel stopped
        view = memoryview(chunk)
        while view:
            view = view[os.write(copy, view) :]


def _links(mirror: Mirror, links: Sequence[Entry], root: bytes) -> None:
    short = [entry for entry in links if 0 < entry.size < 4_096]
    contents = dict(mirror.blobs(entry.sha for entry in short))
    for entry in links:
        destination = contents.get(entry.sha, b"\0")
        if b"\0" in destination:
            shown = clean_line(entry.path, 120)
            raise SourceError("source-refused", f"The symbolic link {shown} points nowhere a link can.")
        os.symlink(destination, root + _raw(entry.path))  # noqa: PTH211  (bytes: names need not be UTF-8)
