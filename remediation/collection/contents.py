"""Contents of a commit's Python files, read from the mirror at the first question."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from remediation.collection.mirror import BLOB_MODES, Entry, Mirror

FILE, ALL = 1 << 20, 128 << 20  # bytes


class Contents:
    """Call it with a path: its bytes, or b"" for what is no Python file, too large, or beyond ALL bytes.

    The target may have changed the tree it was collected in; the mirror it has never seen.
    """

    def __init__(self, mirror: Mirror, entries: Iterable[Entry]) -> None:
        self.mirror = mirror
        self.entries = [e for e in entries if e.path.endswith(".py") and e.mode in BLOB_MODES and 0 <= e.size <= FILE]
        self._known: dict[str, bytes] | None = None

    def __call__(self, path: str) -> bytes:
        if self._known is None:
            self._known = self._read(self.entries)
        return self._known.get(path, b"")

    def only(self, paths: Iterable[str]) -> dict[str, bytes]:
        """The contents of these files alone, where the others were not asked for; what is not known is left out."""
        wanted = set(paths)
        if self._known is not None:
            return {path: self._known[path] for path in wanted if path in self._known}
        return self._read([entry for entry in self.entries if entry.path in wanted])

    def _read(self, entries: Sequence[Entry]) -> dict[str, bytes]:
        chosen, total = [], 0
        for entry in sorted(entries, key=lambda entry: entry.size):
            total += entry.size
            if total > ALL:
                break
            chosen.append(entry)
        by_sha = dict(self.mirror.blobs({entry.sha for entry in chosen}))
        return {entry.path: by_sha[entry.sha] for entry in chosen if entry.sha in by_sha}
