"""The stable key of a root cause, and the errors of a pass by what is counted."""

from __future__ import annotations

import hashlib
from pathlib import PurePosixPath

import msgspec

from remediation.core.blame import blamed, place_of, variable_of
from remediation.core.chain import short_type
from remediation.core.classify import Classified, classify
from remediation.core.normal import normalise
from remediation.core.records import PassResult
from remediation.core.uncollected import uncollected
from remediation.core.wording import title_of, why_of

__all__ = ["VERSION", "Identified", "Pair", "digest", "identify", "key_of", "normalise", "title_of", "why_of"]

VERSION = 2

Pair = tuple[str, str]  # (test file's path, readable fingerprint key)


class Identified(msgspec.Struct, frozen=True, gc=False):
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


@uncollected
def identify(result: PassResult) -> dict[Pair, Identified]:
    """Return every error of a pass by what is counted: one (test file, root cause) is one error."""
    found: dict[Pair, Identified] = {}
    for error in sorted(result.errors, key=lambda e: (e.path, e.node)):
        classified = classify(error, result.tree)
        identified = Identified(classified, key_of(classified))
        found.setdefault(identified.pair, identified)
    return found


def key_of(error: Classified) -> str:
    """Return the readable key: never a line number, a path prefix or an address."""
    cause = error.cause
    match error.kind:
        case "circular-import" if error.cycle:
            # Whichever file is imported first, the circle is the same.
            return "cycle:" + ",".join(sorted(set(error.cycle)))
        case "unknown-marker":
            return f"marker:{error.name}"
        case "mro-conflict":
            return "mro:" + ",".join(cause.bases)
        case "import-mismatch":
            name = PurePosixPath(error.path).name
            return f"mismatch-installed:{cause.name.partition('.')[0]}" if error.variant else f"mismatch:{name}"
        case "skip-misuse":
            return f"skip:{blamed(error)}"
        case "syntax-error":
            return f"syntax:{blamed(error)}"
        case "exit-at-import" | "timeout" | "crash":
            return f"{error.kind}:{blamed(error)}"
    return _variant_key(error) or _module_key(error) or _raised_key(error)


def _variant_key(error: Classified) -> str:
    match error.variant:
        case "hook":
            return f"hook:{error.elsewhere}"
        case "relative":
            return f"relative:{PurePosixPath(blamed(error)).parent}"
        case "metadata":
            return f"distribution:{error.module}"
        case "library" if error.module:
            return f"library:{error.module}"
        case "syntax":
            return f"syntax-outside:{error.module}"
        case "broken":
            return f"broken:{error.package}:{error.cause.type}:{normalise(error.cause.message)}"
        case "library" | "conflict":
            return f"{error.variant}:{normalise(error.cause.message)}"
    return ""


def _module_key(error: Classified) -> str:
    if not error.module:
        return ""
    # The repository's own use of what is gone is repaired in the repository, a package's by another release of it.
    whose = f"@{error.package}" if error.package else ""
    # "import a.b" and "from a import b" miss the same thing.
    return f"missing:{error.module}{'.' if error.name else ''}{error.name}{whose}"


def _raised_key(error: Classified) -> str:
    cause = error.cause
    if short_type(cause) == "RecursionError":
        # Where the depth runs out is chance; the files that call each other are not.
        files = sorted({frame.path for frame in cause.frames[-6:]}) or [error.path]
        return f"raised:{cause.type}:{files[0]}"
    if variable := variable_of(error):
        return f"variable:{variable}"
    if cause.filename and cause.type != "" and not PurePosixPath(cause.filename).is_absolute():
        return f"file:{cause.type}:{cause.filename}"
    return f"raised:{cause.type}:{normalise(cause.message)}:{place_of(error)}"
