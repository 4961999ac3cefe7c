"""The facts one pass brings home, as frozen values, and their canonical form.

Paths are relative to the repository's root with forward slashes. Every text has gone through
:func:`remediation.core.text.clean_text` before it gets here (``core.events`` does it).
"""

from __future__ import annotations

import functools
import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from remediation.core.causes import Cause, CollectionError, Frame, Outside, document_of, error_of
from remediation.core.process_end import ProcessEnd
from remediation.core.uncollected import uncollected

__all__ = [
    "FILE_STATES",
    "FORMAT",
    "Cause",
    "CollectionError",
    "FileResult",
    "Frame",
    "Outside",
    "Parsed",
    "PassResult",
    "ProcessEnd",
    "SessionFacts",
    "TreeFacts",
    "Verdict",
    "document_of",
    "error_of",
]

FORMAT = 1  # of the stored JSON; a reader refuses what it does not know


class FileResult(msgspec.Struct, frozen=True, gc=False):
    """What became of one test file: ``state`` is one of FILE_STATES, ``tests`` the tests it gave.

    ``why`` is the code of ``core.silence.MECHANISMS`` by which a file gives no test, where more is known than its
    state says; ``reason`` the details in words. ``written``: tests that the source of a blocked file defines, None
    where nobody counted them; it says nothing of what became of the file, so it makes no other state of it.
    """

    path: str
    state: str
    tests: int = 0
    reason: str = ""
    why: str = ""
    written: int | None = None

    def as_before(self, other: FileResult | None) -> bool:
        """Whether the same became of the file, whatever its source defines by now."""
        if other is None or self == other:  # most often, and a comparison takes no time
            return other is not None
        return msgspec.structs.replace(self, written=other.written) == other

    @property
    def code(self) -> str:
        """The most exact code for what became of the file."""
        return self.why or self.state


FILE_STATES = ("collected", "error", "skipped", "ignored", "deselected", "masked", "not-reached")


@dataclass(frozen=True, slots=True)
class Parsed:
    """Which other interpreters parse a file that the pass's own could not: minor versions, oldest first.

    ``supported``: whether the repository says that it supports the Python of the pass (``requires-python``).
    """

    path: str
    versions: tuple[str, ...] = ()
    supported: bool = False


@dataclass(frozen=True)
class TreeFacts:
    """What the commit's tree says about this pass's errors, and nothing else (so it stays stable).

    ``first_party``: the top-level names among the modules the errors name that are the repository's own.
    ``declared``: normalised names of the missing modules whose distribution it declares under that very name.
    ``elsewhere``: (missing module, path in the repository where a module of that name exists).
    ``declared_as``: (missing module, distribution that the repository declares and that brings it).
    ``unbuilt``: (missing module, source from which a build would make it).
    ``defined_in``: (module, missing name, path of a file that defines the name at its top level now), once for each
    such file, the likeliest first; none where there are too many.
    ``parsed``: the files with syntax errors that were tried with other interpreters.
    ``hooked``: (missing module, file of the repository that offers it by a finder of the old sort).
    """

    first_party: tuple[str, ...] = ()
    declared: tuple[str, ...] = ()
    elsewhere: tuple[tuple[str, str], ...] = ()
    declared_as: tuple[tuple[str, str], ...] = ()
    unbuilt: tuple[tuple[str, str], ...] = ()
    defined_in: tuple[tuple[str, str, str], ...] = ()
    parsed: tuple[Parsed, ...] = ()
    hooked: tuple[tuple[str, str], ...] = ()

    # Each error of a pass asks these, so they are made once for all of them.

    @functools.cached_property
    def module_at(self) -> Mapping[str, str]:
        """Where in the repository a missing module exists, by its name."""
        return dict(self.elsewhere)

    @functools.cached_property
    def distribution_of(self) -> Mapping[str, str]:
        """The declared distribution that brings a missing module, by its name."""
        return dict(self.declared_as)

    @functools.cached_property
    def source_of(self) -> Mapping[str, str]:
        """The source from which a build would make a missing module, by its name."""
        return dict(self.unbuilt)

    @functools.cached_property
    def finder_of(self) -> Mapping[str, str]:
        """The file that offers a missing module by a finder of the old sort, by its name."""
        return dict(self.hooked)

    @functools.cached_property
    def places_of(self) -> Mapping[tuple[str, str], tuple[str, ...]]:
        """The files that define a missing name now, the likeliest first, by its module and name."""
        found: dict[tuple[str, str], tuple[str, ...]] = {}
        for module, name, path in self.defined_in:
            found[module, name] = (*found.get((module, name), ()), path)
        return found

    @functools.cached_property
    def parsed_at(self) -> Mapping[str, Parsed]:
        """What other interpreters make of a file with a syntax error, by its path."""
        return {one.path: one for one in reversed(self.parsed)}


@dataclass(frozen=True, slots=True)
class PassResult:
    """Everything a counted pass saw. Two passes that saw the same are one stored row.

    ``inventory`` lists the tracked files that match the project's test-file patterns (``patterns``), conftests
    included. ``pytest_errors`` is pytest's own count; ours is derived from ``errors``.
    """

    files: tuple[FileResult, ...]
    errors: tuple[CollectionError, ...]
    inventory: tuple[str, ...]
    tests: int
    pytest_errors: int
    deselected: int = 0
    warnings: tuple[str, ...] = ()
    tree: TreeFacts = TreeFacts()
    patterns: tuple[str, ...] = ()

    @uncollected
    def canonical(self) -> bytes:
        """Canonical JSON: the same facts give the same bytes, whatever order they came in."""
        ordered = {
            # By every field: two errors of one node may differ only in their frames.
            "files": sorted(self.files, key=_in_order),
            "errors": sorted(self.errors),
            "inventory": sorted(self.inventory),
            "warnings": sorted(self.warnings),
        }
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return _ENCODER.encode({"format": FORMAT, **fields, **ordered})

    def digest(self) -> str:
        """SHA-256 of the canonical form, 64 hex digits."""
        return digest_of(self.canonical())

    def pack(self) -> bytes:
        """The canonical form, compressed for storage."""
        return compress(self.canonical())

    @classmethod
    @uncollected
    def unpack(cls, packed: bytes) -> PassResult:
        """Inverse of :meth:`pack`. Raises ValueError for an unknown format."""
        canonical = zlib.decompress(packed)
        written_in = _FORMAT.decode(canonical).format
        if written_in != FORMAT:
            raise ValueError(f"stored result has format {written_in!r}, this version reads {FORMAT}")
        return _RESULT.decode(canonical)


def _in_order(file: FileResult) -> tuple[Any, ...]:
    """By every field; what nobody counted comes before any count."""
    return (*msgspec.structs.astuple(file)[:-1], -1 if file.written is None else file.written)


class _Format(msgspec.Struct):
    """Of a stored result only what it is written in; all else is skipped."""

    format: Any = None


_ENCODER = msgspec.json.Encoder(order="sorted")
_FORMAT = msgspec.json.Decoder(_Format)
_RESULT = msgspec.json.Decoder(PassResult)


def digest_of(canonical: bytes) -> str:
    """SHA-256 of a canonical form, 64 hex digits."""
    return hashlib.sha256(canonical).hexdigest()


def compress(canonical: bytes) -> bytes:
    """A canonical form as it is stored. Level 6 takes three times as long for a fifth less."""
    return zlib.compress(canonical, 3)


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """What pytest said about itself at the session's start; the scope is made from it.

    ``places`` are the files and directories that it was given; () where one of its arguments is neither.
    """

    pytest: str = ""
    python: str = ""
    rootdir: str = ""
    inipath: str = ""
    ini_digest: str = ""
    args: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    addopts: tuple[str, ...] = ()
    testpaths: tuple[str, ...] = ()
    python_files: tuple[str, ...] = ("test_*.py", "*_test.py")
    python_functions: tuple[str, ...] = ("test",)
    python_classes: tuple[str, ...] = ("Test",)
    norecursedirs: tuple[str, ...] = ()
    plugins: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()  # "name version" of every distribution the interpreter sees
    platform: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement on one pass. ``result`` is set when and only when ``outcome`` is "counted".

    ``outcome`` is "counted", "blocked" or "failed"; ``reason`` a code of ``core.events.REASONS``
    ("" when counted); ``text`` one sentence for a person; ``detail`` the evidence (traceback or tail of the output).
    ``blocker`` is the one error that keeps a blocked pass from counting anything, where it is known.
    """

    outcome: str
    reason: str = ""
    text: str = ""
    detail: str = ""
    session: SessionFacts = SessionFacts()
    result: PassResult | None = None
    blocker: CollectionError | None = None
