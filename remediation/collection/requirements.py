"""Read requirement strings and requirements files as text: nothing is resolved and nothing is run."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_EGG = re.compile(r"[#&]egg=([A-Za-z0-9._-]+)")
_COMMENT = re.compile(r"(?:^|\s)#.*$")
_LOCAL = re.compile(r"(?:file:|\.{0,2}/|\.{1,2}(?:\[[^\]]*\])?$|[A-Za-z]:\\)")
_EXTRAS = re.compile(r"\./?\[([A-Za-z0-9._, -]+)\]")
_OPTION = re.compile(r"(--?[A-Za-z][A-Za-z-]*)[=\s]*(.*)", re.DOTALL)
_INCLUDE = {"-r": "-r", "--requirement": "-r", "-c": "-c", "--constraint": "-c"}
_VCS = ("git+", "hg+", "svn+", "bzr+")


@dataclass(frozen=True, slots=True)
class Line:
    """One logical line. ``kind``: requirement, include (-r), constraint (-c), editable, local or option.

    ``value`` is the requirement, the path or the option's argument; ``text`` the line as it stands in the file.
    """

    kind: str
    value: str
    text: str


def parse_lines(data: bytes) -> list[Line]:
    """The logical lines of a requirements file, comments and blank lines left out."""
    text = data.decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\\\n", " ")
    return [_line(line) for line in (_COMMENT.sub("", raw).strip() for raw in text.split("\n")) if line]


def _line(text: str) -> Line:
    if not text.startswith("-"):
        return Line("local" if _LOCAL.match(text) else "requirement", text.split(" --", 1)[0].strip(), text)
    match = _OPTION.match(text)
    name, value = (match.group(1), match.group(2).strip()) if match else (text, "")
    short = text[:2]
    if short in ("-r", "-c", "-e", "-f", "-i") and not text.startswith("--"):  # also "-rbase.txt"
        name, value = short, text[2:].strip().removeprefix("=").strip()
    if name in _INCLUDE:
        return Line("include" if _INCLUDE[name] == "-r" else "constraint", value.strip("\"'"), text)
    if name in ("-e", "--editable"):
        return Line("editable" if value.startswith(_VCS) else "local", value, text)
    return Line("option", value, text)


def normal(name: str) -> str:
    """A name of a distribution, an extra or a group in its one normalised spelling."""
    return str(canonicalize_name(name))


def distribution_of(requirement: str) -> str:
    """The normalised name in a requirement, also in spellings that only old pips take; "" where there is none."""
    try:
        return normal(Requirement(requirement).name)
    except InvalidRequirement:
        egg = _EGG.search(requirement)
        match = egg or (None if "://" in requirement.partition("@")[0] else _NAME.match(requirement))
        return normal(match.group(1) if egg else match.group(0)) if match else ""


def extras_of(local: str) -> tuple[str, ...]:
    """The extras in ``.[test,docs]``: the project itself with extras."""
    match = _EXTRAS.fullmatch(local)
    return tuple(part.strip() for part in match.group(1).split(",") if part.strip()) if match else ()


def join(base: str, path: str) -> str | None:
    """``path`` as written in the file ``base``, from the repository's root; None when it leaves the repository."""
    joined = posixpath.normpath(posixpath.join(posixpath.dirname(base), path))
    outside = joined.startswith(("../", "/")) or joined in ("..", ".")
    return None if outside else joined


def closure(start: Sequence[str], files: Mapping[str, bytes]) -> Iterator[tuple[str, list[Line]]]:
    """Every file reached from ``start`` by -r and -c, once each, with its lines; absent ones with no lines."""
    waiting, seen = list(reversed(start)), set(start)
    while waiting:
        path = waiting.pop()
        lines = parse_lines(files[path]) if path in files else []
        yield path, lines
        for line in lines:
            included = join(path, line.value) if line.kind in ("include", "constraint") else None
            if included is not None and included not in seen and "://" not in line.value:
                seen.add(included)
                waiting.append(included)
