"""The paths of a commit's tree, as git lists them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from remediation.collection.source import SourceError
from remediation.core.text import clean_line

_ODD = re.compile(rb"(?:^|/)(?:/|$|\.|git~)", re.IGNORECASE)  # holds a part that may have to be refused
_PATH_LIMIT = 3_900  # bytes; with a prefix in front it must stay below the kernel's 4,096

BLOB_MODES = ("100644", "100755", "100664")  # 100664 was written by very old gits
LINK_MODE = "120000"
SUBMODULE_MODE = "160000"


@dataclass(frozen=True, slots=True)
class Entry:
    """One path of a commit's tree. ``path`` may hold surrogate escapes; ``size`` is -1 when the object is absent."""

    mode: str
    sha: str
    path: str
    size: int


def entries_of(listing: bytes) -> Iterator[Entry]:
    """What ``git ls-tree -z -l`` printed, line by line. Raises SourceError for a path no checkout may contain."""
    return (_entry(record) for record in listing.split(b"\0") if record)


def whole_tree(listing: bytes) -> tuple[Entry, ...]:
    """The same of a whole tree. Raises SourceError also where one path is named twice."""
    entries = tuple(entries_of(listing))
    paths = {entry.path for entry in entries}
    if len(paths) != len(entries) or any(parent in paths for parent in _parents(paths)):
        raise SourceError(
            "source-refused", "The commit's tree names one path twice. It was not made by git; refuse it."
        )
    return entries


def _entry(record: bytes) -> Entry:
    head, _, raw = record.partition(b"\t")
    mode, _, sha, size = head.decode("ascii").split()
    if _ODD.search(raw) and any(map(_is_refused, raw.split(b"/"))):
        raise SourceError(
            "source-refused", f"The commit holds the path {clean_line(raw, 120)}, which no checkout may contain."
        )
    if len(raw) > 255 and (len(raw) > _PATH_LIMIT or max(map(len, raw.split(b"/"))) > 255):
        raise SourceError("too-large", f"The commit holds a path of {len(raw):,} bytes; no file system takes it.")
    return Entry(mode, sha, raw.decode("utf-8", "surrogateescape"), int(size) if size.isdigit() else -1)


def _is_refused(part: bytes) -> bool:
    """Whether a file or folder may not be called that: ".git" in any spelling a file system may fold to it, too."""
    return part in (b"", b".", b"..") or part.lower().rstrip(b". ") in (b".git", b"git~1")


def _parents(paths: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for path in paths:
        parent = path.rpartition("/")[0]
        while parent and parent not in seen:
            seen.add(parent)
            yield parent
            parent = parent.rpartition("/")[0]
