"""An error of collection with the exception behind it, as frozen values.

A pass may bring tens of thousands of them, each with a dozen values: they are made, read and compared as msgspec's
structs are, in a fifth of the time of dataclasses, and the garbage collector need not look at what holds only texts.
"""

from __future__ import annotations

from typing import Any

import msgspec


class Frame(msgspec.Struct, frozen=True, order=True, gc=False):
    """One in-repository frame of a traceback.

    ``statement`` is the source line that was executing. ``pending`` are short digests of the import
    statements that follow it in the same file: they tell later whether another error in this file
    stands before or behind this one.
    """

    path: str
    line: int
    function: str = ""
    statement: str = ""
    pending: tuple[str, ...] = ()


class Outside(msgspec.Struct, frozen=True, order=True, gc=False):
    """One frame outside the repository: dotted module, function, and the statement that was executing.

    ``origin`` is "stdlib", "package" or "pytest". Neither path nor line: they differ between machines and releases.
    """

    module: str
    function: str = ""
    origin: str = ""
    statement: str = ""

    @property
    def package(self) -> str:
        """The top-level package, as it is imported."""
        return self.module.partition(".")[0]


class Cause(msgspec.Struct, frozen=True, order=True, gc=False):
    """The exception behind an error, taken from the object and never from printed text.

    ``type`` is the class name, with its module unless that is ``builtins``. ``name``, ``path`` and
    ``name_from`` are those of ImportError (``path`` relative to the repository where it lies inside),
    ``name`` also that of NameError and AttributeError; ``filename`` and ``lineno`` those of
    SyntaxError, ``filename`` also that of OSError; ``bases`` the class names of an MRO conflict. ``frames``
    holds the in-repository frames, outermost first; the last one is blamed. ``outside`` holds the frames
    below that one.

    What lacks a name is ``owner`` (dotted), which is a "module", "class" or "instance" (``owner_is``, "" for
    ImportError) and belongs to ``origin``: "repository", "stdlib", "package", "pytest" or "" (unknown). ``near``
    are names it has that look alike. ``cycle`` are the files from a module that is still being imported to the
    one that asks it for the name; empty where that is not what happened.

    ``chain`` are the exceptions this one was raised from, nearest first, each with its ``link``: "cause"
    (``raise ... from``), "handled" (raised in the handler), "fallback" (the handler imported something else) or
    "group" (the first of an exception group).
    """

    type: str
    message: str
    name: str = ""
    path: str = ""
    name_from: str = ""
    filename: str = ""
    lineno: int = 0
    bases: tuple[str, ...] = ()
    frames: tuple[Frame, ...] = ()
    outside: tuple[Outside, ...] = ()
    owner: str = ""
    owner_is: str = ""
    origin: str = ""
    near: tuple[str, ...] = ()
    cycle: tuple[str, ...] = ()
    link: str = ""
    chain: tuple[Cause, ...] = ()

    @property
    def blame(self) -> Frame | None:
        """The innermost in-repository frame, if any."""
        return self.frames[-1] if self.frames else None


class CollectionError(msgspec.Struct, frozen=True, order=True, gc=False):
    """One failing collector as pytest reported it, folded into the file it belongs to."""

    path: str
    node: str
    cause: Cause
    traceback: str = ""


def error_of(document: dict[str, Any]) -> CollectionError:
    """An error from what :func:`document_of` made of one, after a way through JSON."""
    return msgspec.convert(document, CollectionError)


def document_of(error: CollectionError) -> dict[str, Any]:
    """An error as plain values for JSON, every field by its name."""
    document: dict[str, Any] = msgspec.to_builtins(error)
    return document
