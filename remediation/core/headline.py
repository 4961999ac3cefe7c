"""A ticket in one sentence: its root cause, and what it does to how many files now."""

from __future__ import annotations

from dataclasses import dataclass

_NEEDED = frozenset({"missing-module", "missing-dependency", "removed-stdlib", "missing-name", "wrong-path"})


@dataclass(frozen=True, slots=True)
class Standing:
    """What is counted of a ticket now. ``files``: blocked ones; ``tests_only``: none of them is a conftest or package.

    ``direct``: the statement that fails stands in the blocked files themselves. ``blocking`` as on the ticket;
    ``verified``: number of the pass that verified it, None while it is open.
    """

    files: int = 0
    tests_only: bool = True
    direct: bool = False
    hidden: int = 0
    blocking: str = ""
    verified: int | None = None


def headline(title: str, kind: str, now: Standing) -> str:
    """The title and its consequence: "Module a.b has moved: 4 test files still import the old path"."""
    said = _consequence(title, kind, now)
    if not said:
        return title
    # A title that quotes a message has colons of its own.
    return f"{title.rstrip('.')}. {said[:1].upper()}{said[1:]}" if ":" in title else f"{title}: {said}"


def _consequence(title: str, kind: str, now: Standing) -> str:
    if now.blocking == "all":
        return "every test is blocked"
    if now.verified is not None:
        return f"not seen since #{now.verified}"
    if now.files:
        return _doing(title, kind, now)
    if now.hidden:
        return f"{now.hidden:,} error{'' if now.hidden == 1 else 's'} hidden, none visible"
    return "not proved repaired" if now.blocking else ""


def _doing(title: str, kind: str, now: Standing) -> str:
    noun = "test file" if now.tests_only else "file"
    one = now.files == 1
    files = f"{now.files:,} {noun}{'' if one else 's'}"
    if kind == "wrong-path" and title.endswith(" has moved") and now.direct:
        return f"{files} still import{'s' if one else ''} the old path"
    if kind in _NEEDED:
        return f"{files} need{'s' if one else ''} it"
    if kind == "unknown-marker" and now.direct:
        return f"{files} use{'s' if one else ''} it"
    return f"{files} {'is' if one else 'are'} blocked"
