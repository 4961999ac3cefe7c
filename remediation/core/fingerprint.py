"""The stable key of a root cause, its title, and why errors share it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from remediation.core.classify import Classified, classify
from remediation.core.records import PassResult
from remediation.core.text import clean_line

VERSION = 1

# What changes between two runs of the same failure: addresses, ids, absolute paths, temporary names, numbers.
_ADDRESS = re.compile(r"0x[0-9a-fA-F]+")
_UUID = re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b", re.IGNORECASE)
_HEX_ID = re.compile(r"\b(?=[0-9a-f]*[0-9])(?=[0-9a-f]*[a-f])[0-9a-f]{12,}\b", re.IGNORECASE)
_TEMPORARY = re.compile(r"\btmp[a-z0-9_]{8}\b")  # as Python's tempfile makes them
_ABSOLUTE = re.compile(r"(?:[A-Za-z]:)?(?:/[^\s/'\",:;()]+)+/(?=[^\s/'\",:;()]+)")
_NUMBER = re.compile(r"\d+")
_MARKS = (
    (_ADDRESS, "ADDR"),
    (_UUID, "ID"),
    (_HEX_ID, "ID"),
    (_TEMPORARY, "TMP"),
    (_ABSOLUTE, ""),
    (_NUMBER, "N"),
)

Pair = tuple[str, str]  # (test file's path, readable fingerprint key)


@dataclass(frozen=True, slots=True)
class Identified:
    """An error with the readable key of its root cause."""

    error: Classified
    key: str

    @property
    def pair(self) -> Pair:
        """What is counted: (test file, root cause)."""
        return self.error.path, self.key


def digest(key: str) -> str:
    """SHA-256 of a readable key, 64 hex digits: what is stored and unique."""
    return hashlib.sha256(key.encode()).hexdigest()


def identify(result: PassResult) -> dict[Pair, Identified]:
    """Return every error of a pass by what is counted: one (test file, root cause) is one error."""
    found: dict[Pair, Identified] = {}
    for error in sorted(result.errors, key=lambda e: (e.path, e.node)):
        classified = classify(error, result.tree)
        identified = Identified(classified, key_of(classified))
        found.setdefault(identified.pair, identified)
    return found


def normalise(message: str) -> str:
    """The first 300 characters of a message without what varies: addresses, ids, numbers, path prefixes."""
    text = clean_line(message, 1_000)
    for pattern, mark in _MARKS:
        text = pattern.sub(mark, text)
    return text[:300]


def key_of(error: Classified) -> str:
    """Return the readable key: never a line number, a path prefix or an address."""
    cause = error.cause
    if error.module:
        return f"name:{error.module}:{error.name}" if error.name else f"module:{error.module}"
    match error.kind:
        case "unknown-marker":
            return f"marker:{error.name}"
        case "mro-conflict":
            return "mro:" + ",".join(cause.bases)
        case "import-mismatch":
            return f"mismatch:{PurePosixPath(error.path).name}"
        case "skip-misuse":
            return f"skip:{_blamed(error)}"
    return f"{error.kind}:{cause.type}:{normalise(cause.message)}:{_blamed(error)}"


def _blamed(error: Classified) -> str:
    """The in-repository file that is to blame: where the syntax is wrong, else the last frame, else the test file."""
    if error.kind == "syntax-error" and error.cause.filename and not PurePosixPath(error.cause.filename).is_absolute():
        return error.cause.filename  # an absolute one lies outside the repository, under this machine's prefix
    blame = error.cause.blame
    return blame.path if blame else error.path


def title_of(error: Classified) -> str:
    """Return the ticket's title: a short statement of the root cause, in plain words."""
    cause = error.cause
    match error.kind:
        case "missing-module":
            title = f"Module {error.module} does not exist"
        case "wrong-path":
            title = f"Module {error.module} has moved"
        case "missing-dependency" if error.name:
            title = f"The installed {error.module.partition('.')[0]} has no {error.name} in {error.module}"
        case "missing-dependency":
            title = f"Package {error.module.partition('.')[0]} is not installed"
            if "." in error.module:
                title = f"Module {error.module} of an installed package is missing"
        case "removed-stdlib" if error.name:
            title = f"{error.name} was removed from Python's {error.module}"
        case "removed-stdlib":
            title = f"Module {error.module} was removed from Python"
        case "missing-name":
            title = f"{error.name} is not exported by {error.module}"
        case "circular-import":
            title = f"Importing {error.name} from {error.module} is circular"
        case "unknown-marker":
            title = f"Marker {error.name} is not registered"
        case "mro-conflict":
            title = f"Bases {', '.join(cause.bases)} have no consistent order"
        case "syntax-error":
            title = f"Syntax error in {_blamed(error)}"
        case "import-mismatch":
            title = f"Two test modules are named {PurePosixPath(error.path).stem}"
        case "conftest-failure":
            title = f"{error.path} raises {cause.type.rpartition('.')[2]}"
        case "skip-misuse":
            title = f"pytest.skip used outside a test in {_blamed(error)}"
        case _:
            title = f"{cause.type.rpartition('.')[2]} at import of {_blamed(error)}"
    return clean_line(title, 290)


def why_of(error: Classified) -> str:
    """Return why errors are one ticket: the rule, as a sentence."""
    if error.name and error.module:
        return f"Same missing name {error.name} in the same module {error.module}."
    if error.module:
        return f"Same missing module: {error.module}."
    match error.kind:
        case "unknown-marker":
            return f"Same unregistered marker: {error.name}."
        case "mro-conflict":
            return f"Same bases in the same order: {', '.join(error.cause.bases)}."
        case "import-mismatch":
            return f"Same module name: {PurePosixPath(error.path).stem}."
        case "skip-misuse":
            return f"Same file to blame: {_blamed(error)}."
    return f"Same exception {error.cause.type.rpartition('.')[2]}, same message, same file to blame: {_blamed(error)}."
