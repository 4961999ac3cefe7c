"""Reads a CODEOWNERS file by the rules of GitHub: the last line that matches a path names its owners."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import codeowners

from remediation.rulebook import BadPattern, compile_pattern

# Where a file of that name counts; the first that is there is the one.
PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
LARGEST = 512 * 1024  # bytes of a file that is read
_LINES = 3_000
_LENGTH = 500  # characters of a line
_OWNERS = 20  # named by one line
_COMMENT = re.compile(r"\s#.*")
_SECTION = re.compile(r"\^?\[[^\]]*\](?:\[\d+\])?(?:\s+\S*@\S*)*")


@dataclass(frozen=True, slots=True)
class Rule:
    """One line that counts. ``matches`` is compiled by re2: it takes linear time, whoever wrote the pattern."""

    line: int
    matches: Any
    owners: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Owners:
    """A file that was read; ``ignored``: lines that count for nothing, each with the reason."""

    rules: tuple[Rule, ...] = ()
    ignored: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Owned:
    """What the file says of the path that was asked for. ``line`` None: nothing matches. No owners on a line that
    matches: it takes them away."""

    path: str
    owners: tuple[str, ...] = ()
    line: int | None = None


@functools.lru_cache(maxsize=4)
def read(text: str) -> Owners:
    """The rules of a file, in its order. A line that cannot be read is ignored and said; never raises."""
    rules: list[Rule] = []
    ignored: list[tuple[int, str]] = []
    lines = text.splitlines()
    for number, line in enumerate(lines[:_LINES], start=1):
        words = _COMMENT.sub("", line).strip()
        if not words or words.startswith("#"):
            continue
        try:
            rules.append(_rule(number, words))
        except ValueError as error:
            ignored.append((number, str(error)))
    if len(lines) > _LINES:
        ignored.append((_LINES + 1, f"only the first {_LINES:,} lines are read"))
    return Owners(tuple(rules), tuple(ignored))


def owned(text: str, paths: Sequence[str]) -> Owned:
    """Who owns the first of ``paths`` that has an owner; else what is said of the first of them."""
    found = [_owned(read(text), path) for path in paths]
    return next((one for one in found if one.owners), found[0] if found else Owned(""))


def _owned(file: Owners, path: str) -> Owned:
    asked = path.replace(" ", codeowners.MASK)
    for rule in reversed(file.rules):
        if rule.matches.search(asked):
            return Owned(path, rule.owners, rule.line)
    return Owned(path)


def _rule(number: int, line: str) -> Rule:
    """Raises ValueError with the reason for which GitHub, or we, ignore the line."""
    if len(line) > _LENGTH:
        raise ValueError(f"longer than {_LENGTH} characters")
    if _SECTION.fullmatch(line):
        raise ValueError("a section of GitLab, which is not understood: its lines count as they stand")
    if line.startswith("!"):
        raise ValueError("a pattern cannot be taken back with !")
    try:
        parsed = codeowners.CodeOwners(line).paths
    except (ValueError, re.error) as error:
        raise ValueError("the pattern cannot be read") from error
    words = line.replace("\\ ", codeowners.MASK).split()
    pattern, _, owners, *_ = parsed[0]
    if len(owners) != len(words) - 1:
        raise ValueError("an owner is neither @name, @team nor an address")
    # The library writes Python's end of text, which re2 spells otherwise; it stands at the end and nowhere else.
    regex = re.sub(r"\\Z(?=\|/\)$|$)", r"\\z", pattern.pattern)
    try:
        matches = compile_pattern(regex)
    except BadPattern as error:
        raise ValueError("the pattern cannot be read") from error
    return Rule(number, matches, tuple(name for _, name in owners[:_OWNERS]))
