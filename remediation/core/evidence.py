"""Whether a file got past an old error when it now ends in another one: the evidence behind "fixed"."""

from __future__ import annotations

import hashlib

from remediation.core.classify import Classified
from remediation.core.records import Frame


def passed_beyond(before: Classified, after: Classified) -> bool:
    """Whether the file got past what raised ``before`` when it now ends in ``after``.

    Python stops at the first failing import, so another error in the same file either stands behind the
    old one (which is then repaired) or in front of it (which then merely covers it).
    """
    if before.kind == "syntax-error" and not before.cause.frames:
        # The file itself could not be parsed; any error raised by running it comes later.
        return not (after.kind == "syntax-error" and not after.cause.frames)
    if not before.cause.frames or not after.cause.frames:
        return False
    for old, new in zip(before.cause.frames, after.cause.frames, strict=False):
        if old.path != new.path:
            return False
        if old.statement != new.statement:
            return _stands_behind(old, new)
    deeper = len(after.cause.frames) - len(before.cause.frames)
    if deeper:
        # The same statement now reaches further into the repository: what it imports was found.
        return deeper > 0 and before.kind in {"missing-module", "wrong-path", "missing-dependency", "removed-stdlib"}
    return _same_statement(before, after)


def _stands_behind(old: Frame, new: Frame) -> bool:
    """Whether the statement that fails now comes after the one that failed before, in the same file."""
    if not old.statement.startswith(("import ", "from ")):
        return new.line > old.line
    return statement_digest(old.statement) not in new.pending


def _same_statement(before: Classified, after: Classified) -> bool:
    """The same statement fails in another way: progress when the module is found and only a name is missing."""
    missing = {"missing-module", "wrong-path", "missing-dependency", "removed-stdlib"}
    if before.kind in missing and after.kind in missing:
        named = bool(after.name) and not before.name and after.module == before.module
        return named or after.module.startswith(before.module + ".")
    return before.kind in missing and after.kind in {"missing-name", "circular-import"}


def statement_digest(statement: str) -> str:
    """Eight hex digits that stand for a statement in ``Frame.pending``; the reporter computes the same."""
    return hashlib.sha256(statement.encode("utf-8", "surrogatepass")).hexdigest()[:8]
