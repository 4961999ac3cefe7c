"""Turn Poetry's and Pipenv's tables of dependencies into PEP 508 requirements."""

from __future__ import annotations

import re
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet

_CARET = re.compile(r"\^\s*v?([0-9]+(?:\.[0-9]+)*)(.*)")
_TILDE = re.compile(r"~(?!=)\s*v?([0-9]+(?:\.[0-9]+)*)(.*)")


def poetry_requirements(declared: dict[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(requirements, notes) of a table ``name = "constraint"`` or ``name = {version = ..., git = ...}``.

    Paths are left out (the repository's own code is on the path, not installed), which a note says.
    """
    found: list[str] = []
    notes: list[str] = []
    for name, value in declared.items():
        for item in value if isinstance(value, list) else [value]:
            requirement = _requirement(name, item if isinstance(item, dict) else {"version": item})
            if requirement is None:
                notes.append(f"{name} lies in the repository or has no plain form; it is not installed.")
                continue
            try:
                Requirement(requirement)
            except InvalidRequirement:
                notes.append(f"The constraint on {name} has no plain form; any version is taken.")
                requirement = name
            found.append(requirement)
    return tuple(found), tuple(notes)


def _requirement(name: str, item: dict[str, Any]) -> str | None:
    chosen = item.get("extras")
    extras = ",".join(extra for extra in chosen if isinstance(extra, str)) if isinstance(chosen, list) else ""
    head = f"{name}[{extras}]" if extras else name
    markers = item.get("markers")
    marker = f" ; {markers}" if isinstance(markers, str) else ""
    if isinstance(item.get("git"), str):
        revision = next((str(item[key]) for key in ("rev", "tag", "branch", "ref") if item.get(key)), "")
        return f"{head} @ git+{item['git'].removeprefix('git+')}{'@' + revision if revision else ''}{marker}"
    if isinstance(item.get("url"), str):
        return f"{head} @ {item['url']}{marker}"
    if "path" in item or "file" in item:
        return None
    version = item.get("version", "*")
    return f"{head}{specifier(version)}{marker}" if isinstance(version, str) else head


def specifier(constraint: str) -> str:
    """A Poetry constraint as a PEP 440 specifier; "" (anything) for ``*``.

    Raises nothing: what has no such form (``||``) becomes text that no specifier is.
    """
    parts = [
        _single(part.strip()) for part in re.split(r"[,\s]+(?=[\^~<>=!*0-9v])", constraint.strip()) if part.strip()
    ]
    joined = ",".join(part for part in parts if part)
    try:
        return str(SpecifierSet(joined)) if joined else ""
    except InvalidSpecifier:
        return " ??"


def _single(part: str) -> str:
    if part in ("", "*"):
        return ""
    if match := _CARET.fullmatch(part):
        numbers = [int(number) for number in match.group(1).split(".")]
        # The first number that is not zero may not change; "^0.0" keeps its last given one.
        fixed = next((index for index, number in enumerate(numbers) if number), len(numbers) - 1)
        return f">={match.group(1)}{match.group(2)},<{_after(numbers, fixed)}"
    if match := _TILDE.fullmatch(part):
        numbers = [int(number) for number in match.group(1).split(".")]
        return f">={match.group(1)}{match.group(2)},<{_after(numbers, min(1, len(numbers) - 1))}"
    return part if part[0] in "<>=!~" else f"=={part.removeprefix('v')}"


def _after(numbers: list[int], index: int) -> str:
    return ".".join(str(number) for number in [*numbers[:index], numbers[index] + 1])
