"""An order of base classes that Python would accept, where one can be found from the classes' definitions."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

MOST = 5  # bases; more orders than 120 are not tried

CLASSES = 500  # more are not looked at: a stranger's source may define as many as it likes
_DEEP = 50  # classes above each other; more are a circle

Classes = Mapping[str, Sequence[str]]  # class -> its bases as written


def consistent_order(bases: Sequence[str], classes: Classes) -> tuple[str, ...]:
    """The order nearest to the written one that has a consistent method resolution, () where none is known.

    Every base must be defined in ``classes``; what is further up and not defined there counts as a class without
    bases. () also where the written order is consistent by these definitions: then they do not explain the error.
    """
    if (
        len(classes) > CLASSES
        or not 2 <= len(bases) <= MOST
        or len(set(bases)) != len(bases)
        or any(base not in classes for base in bases)
    ):
        return ()
    if _unknown(bases, classes) or _linear(bases, classes) is not None:
        return ()
    # Permutations come in lexicographic order of places; the one that moves the fewest bases is wanted.
    orders = sorted(
        itertools.permutations(range(len(bases))), key=lambda order: (sum(i != n for i, n in enumerate(order)), order)
    )
    for order in orders:
        tried = tuple(bases[place] for place in order)
        if _linear(tried, classes) is not None:
            return tried
    return ()


def _unknown(names: Sequence[str], classes: Classes) -> bool:
    """Whether a base on the way up is no name, so that nobody knows what stands above it."""
    seen: set[str] = set()
    to_do = list(names)
    while to_do:
        name = to_do.pop()
        if name not in seen:
            seen.add(name)
            to_do += classes.get(name, ())
    return "?" in seen


Known = dict[str, list[str] | None]


def _linear(bases: Sequence[str], classes: Classes) -> list[str] | None:
    """C3: the resolution order of a class with these bases, None where it has none."""
    known: Known = {}
    lines: list[list[str]] = []
    for base in bases:
        line = _line_of(base, classes, (), known)
        if line is None:
            return None
        lines.append(line)
    return _merge([*lines, list(bases)])


def _line_of(name: str, classes: Classes, below: tuple[str, ...], known: Known) -> list[str] | None:
    """A class and everything above it, in order; each is worked out once, however often it is inherited."""
    if name in known:
        return known[name]
    if name in below or len(below) > _DEEP:
        return None  # a name that is defined by itself: two classes of one name
    bases = [base for base in classes.get(name, ()) if base != "object"]
    lines: list[list[str]] = []
    for base in bases:
        line = _line_of(base, classes, (*below, name), known)
        if line is None:
            known[name] = None
            return None
        lines.append(line)
    merged = _merge([*lines, bases])
    known[name] = None if merged is None else [name, *merged]
    return known[name]


def _merge(lines: list[list[str]]) -> list[str] | None:
    found: list[str] = []
    lines = [line for line in lines if line]
    while lines:
        head = next((line[0] for line in lines if not any(line[0] in other[1:] for other in lines)), None)
        if head is None:
            return None
        found.append(head)
        lines = [rest for line in lines if (rest := [one for one in line if one != head])]
    return found
