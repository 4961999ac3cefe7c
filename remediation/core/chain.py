"""Which exception of a chain is the root cause: the missing module behind a re-raise, not the words around it."""

from __future__ import annotations

import re

from msgspec.structs import replace

from remediation.core.records import Cause
from remediation.core.stdlib_history import module_left, name_left

_CANNOT_IMPORT = re.compile(r"cannot import name '([^']+)' from (?:partially initialized module )?'([^']+)'")
_NO_MODULE = re.compile(r"No module named '([^']+)'")
_SYNTAX = frozenset({"SyntaxError", "IndentationError", "TabError"})


def short_type(cause: Cause) -> str:
    """The class name without its module."""
    return cause.type.rpartition(".")[2]


def asked_module(cause: Cause) -> str:
    """The module that is missing; "" also where code raises ModuleNotFoundError itself and names none."""
    if short_type(cause) != "ModuleNotFoundError":
        return ""
    return cause.name or first(_NO_MODULE, cause.message)


def missing_name(cause: Cause) -> tuple[str, str] | None:
    """Return (module, name) of a "cannot import name" error, else None.

    ``name_from`` exists since Python 3.12; older interpreters say it only in the message.
    """
    if cause.name and cause.name_from:
        return cause.name, cause.name_from
    match = _CANNOT_IMPORT.search(cause.message)
    return (match[2], match[1]) if match else None


def first(pattern: re.Pattern[str], text: str) -> str:
    """The pattern's first group where it is found, else ""."""
    match = pattern.search(text)
    return match[1] if match else ""


def root_of(cause: Cause) -> Cause:
    """The exception of the chain that is the root cause; most often the one that reached pytest.

    An import that failed stands behind whatever was raised from it or in its handler. It does not where the handler
    tried another import, for then that one is what is missing: except that a fallback for Python 2 proves nothing.
    """
    root = current = cause
    for link in cause.chain:
        if link.link == "fallback" or (link.link == "handled" and _by_import(current)):
            if not (_of_python2(current) and _by_import(link) and not _of_python2(link)):
                break
            root = link
        elif _says_more(link):
            root = link
        current = link
    return root if root.frames else replace(root, frames=cause.frames)


def _says_more(link: Cause) -> bool:
    short = short_type(link)
    if _by_import(link) or short in _SYNTAX or link.link == "group":
        return True
    # An attribute is looked up to see whether it is there; only "raise ... from" says that it was the reason.
    return link.link == "cause" and short == "AttributeError" and link.owner_is in {"module", "class"}


def _by_import(cause: Cause) -> bool:
    """Whether Python's import system raised it, not somebody's own ``raise ImportError``."""
    return bool(asked_module(cause)) or (short_type(cause) == "ImportError" and missing_name(cause) is not None)


def _of_python2(cause: Cause) -> bool:
    module, pair = asked_module(cause), missing_name(cause)
    return (module_left(module) if module else name_left(*pair) if pair else "") == "3.0"
