"""Contents of a commit's Python files, read at the first question for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from remediation.collection.checkout import stored
from remediation.collection.entries import BLOB_MODES, Entry
from remediation.collection.mirror import Mirror
from remediation.collection.searched import Searched

FILE, ALL = 1 << 20, 128 << 20  # bytes


class Contents:
    """Call it with a path: its bytes, or b"" for what is no Python file, too large, or beyond ALL bytes.

    The target may have changed the tree it was collected in; it can write neither into the store of ``blobs``, from
    which that tree was laid out, nor into the mirror, which is asked for what the store does not hold any more.

    ``searched``: a file for what is found out about names (see :meth:`holding`), from one pass to the next.
    """

    def __init__(self, mirror: Mirror, entries: Iterable[Entry], blobs: Path, searched: Path | None = None) -> None:
        self.mirror = mirror
        self.blobs = blobs
        self.entries = {entry.path: entry for entry in _chosen(entries)}
        self.searched = Searched(searched, [entry.sha for entry in self.entries.values()])
        self._known: dict[str, bytes] = {}

    def __call__(self, path: str) -> bytes:
        if path not in self._known:
            entry = self.entries.get(path)
            found = b"" if entry is None else stored(self.blobs, entry)
            if found is None:
                self._read([entry for entry in self.entries.values() if entry.path not in self._known])
            else:
                self._known[path] = found
        return self._known.get(path, b"")

    def only(self, paths: Iterable[str]) -> dict[str, bytes]:
        """The contents of these files; what is not known is left out."""
        return {path: self(path) for path in paths if path in self.entries}

    def holding(self, name: str, paths: Iterable[str]) -> Iterator[str]:
        """Those of ``paths`` whose content holds the name, in their order.

        What a content does not hold it will never hold, so of the thousands of files that an earlier pass has
        searched for the same name only those are read again that held it, or changed.
        """
        raw = name.encode()
        for path in paths:
            entry = self.entries.get(path)
            if entry is None or self.searched.lacks(name, entry.sha):
                continue
            if raw in self(path):
                yield path
            elif path in self._known:
                self.searched.note(name, entry.sha)

    def _read(self, entries: Sequence[Entry]) -> None:
        """All at once: one git for each file would take far longer than one for all."""
        by_sha = dict(self.mirror.blobs({entry.sha for entry in entries}))
        self._known |= {entry.path: by_sha[entry.sha] for entry in entries if entry.sha in by_sha}


def _chosen(entries: Iterable[Entry]) -> Iterable[Entry]:
    """The Python files of a size that is read, smallest first, up to ALL bytes."""
    total = 0
    python = (e for e in entries if e.path.endswith(".py") and e.mode in BLOB_MODES and 0 <= e.size <= FILE)
    for entry in sorted(python, key=lambda entry: entry.size):
        total += entry.size
        if total > ALL:
            return
        yield entry
