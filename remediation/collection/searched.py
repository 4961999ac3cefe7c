"""What earlier passes found out about names in a commit's files, so that few of these are searched again."""

from __future__ import annotations

import functools
import os
import secrets
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

import msgspec

_LACKS, _UNKNOWN = b"1"[0], b"0"[0]


class _Kept(msgspec.Struct):
    """``files``: git's ids of contents; ``lacks``: for each name a text with a "1" for each content that lacks it."""

    files: list[str] = []
    lacks: dict[str, str] = {}


class Searched:
    """For each name that this pass looks for, which of its contents are known not to hold it.

    A content never changes under git's id for it, so none of this ever becomes wrong. It is kept in the file at
    ``path``, a byte for each name and content: forty names in fifty thousand files are two megabytes. What is lost or
    damaged is searched again; None keeps nothing.
    """

    def __init__(self, path: Path | None, contents: Collection[str]) -> None:
        self.path = path
        self._contents = contents
        self._marks: dict[str, bytearray] = {}

    def lacks(self, name: str, content: str) -> bool:
        """Whether the content, one of this pass's, does not hold the name; False where nobody has looked."""
        return self._marks_of(name)[self._places[content]] == _LACKS

    def note(self, name: str, content: str) -> None:
        """Somebody has looked: the content does not hold the name."""
        self._marks_of(name)[self._places[content]] = _LACKS

    def keep(self) -> None:
        """For the next pass: what is known of this pass's names in this pass's contents. All else is forgotten."""
        if self.path is None or not (self._marks or self._earlier.lacks):
            return
        found = _Kept(list(self._places), {name: marks.decode() for name, marks in self._marks.items()})
        if found == self._earlier:
            return
        partial = self.path.with_name(f"{self.path.name}-{os.getpid()}-{secrets.token_hex(4)}")
        try:
            partial.write_bytes(msgspec.json.encode(found))
            partial.replace(self.path)
        except OSError:  # a full disk is no reason to lose the pass: the next one searches again
            with suppress(OSError):
                partial.unlink(missing_ok=True)

    def _marks_of(self, name: str) -> bytearray:
        if name not in self._marks:
            earlier = self._earlier.lacks.get(name, "").encode()
            self._marks[name] = bytearray(
                earlier[place] if 0 <= place < len(earlier) else _UNKNOWN for place in self._places_before
            )
        return self._marks[name]

    @functools.cached_property
    def _places(self) -> dict[str, int]:
        return {content: place for place, content in enumerate(sorted(set(self._contents)))}

    @functools.cached_property
    def _places_before(self) -> list[int]:
        """Where the last pass had each content of this one, -1 where it had none."""
        before = {content: place for place, content in enumerate(self._earlier.files)}
        return [before.get(content, -1) for content in self._places]

    @functools.cached_property
    def _earlier(self) -> _Kept:
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=_Kept) if self.path else _Kept()
        except (OSError, msgspec.DecodeError):
            return _Kept()
