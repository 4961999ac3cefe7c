"""Which earlier root causes are like this one: same kind, and the same module, package or shape of exception."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

MOST = 5

# Keys that are told apart by a file or a name, though what repairs one repairs the other.
_SHAPES = ("marker", "mro", "mismatch", "mismatch-installed", "variable", "syntax", "skip", "relative", "cycle", "hook")


@dataclass(frozen=True, slots=True)
class Known:
    """A root cause as its fingerprint keeps it, ``key`` the readable one; ``number`` and ``verified`` of its ticket."""

    number: int
    kind: str
    key: str = ""
    module: str = ""
    name: str = ""
    package: str = ""
    verified: bool = False

    @property
    def shape(self) -> str:
        """ "raised:KeyError", "marker": what else it has in common with others; "" where only a module tells."""
        head, _, rest = self.key.removeprefix("blocked:").partition(":")
        if head in {"raised", "file", "broken"}:
            return f"{head}:{rest.split(':')[0]}"
        return head if head in _SHAPES else ""


def likeness(one: Known, other: Known) -> int:
    """0 where they are not alike; else the higher, the more they have in common. Symmetric."""
    if one.kind != other.kind:
        return 0
    score = 10 * _common(one.module, other.module)
    score += 10 if one.package and one.package == other.package else 0
    score += 5 if one.name and one.name == other.name else 0
    return score + (3 if one.shape and one.shape == other.shape else 0)


def similar(one: Known, others: Iterable[Known], most: int = MOST) -> list[Known]:
    """The tickets most like it: verified ones first, then the likest, then the newest; each ticket once."""
    best: dict[int, tuple[int, Known]] = {}
    for other in others:
        score = likeness(one, other)
        if other.number != one.number and score and score > best.get(other.number, (0, other))[0]:
            best[other.number] = score, other
    ranked = sorted(best.values(), key=lambda found: (not found[1].verified, -found[0], -found[1].number))
    return [known for _, known in ranked[:most]]


def next_like(done: Iterable[Known], free: Iterable[Known], most: int) -> list[tuple[Known, Known]]:
    """Free tickets that are like one of those done, the likest first, each with the one that it is most like.

    Of equal ones ``free`` and ``done`` keep their order. Without likeness there is no pair: nothing is guessed.
    """
    earlier = list(done)
    best: dict[int, tuple[int, Known, Known]] = {}
    for candidate in free:
        for known in earlier:
            score = likeness(candidate, known)
            if candidate.number != known.number and score > best.get(candidate.number, (0,))[0]:
                best[candidate.number] = score, candidate, known
    ranked = sorted(best.values(), key=lambda found: -found[0])
    return [(candidate, known) for _, candidate, known in ranked[:most]]


def _common(one: str, other: str) -> int:
    """How many leading parts two dotted names share."""
    count = 0
    for mine, theirs in zip(one.split("."), other.split("."), strict=False):
        if mine != theirs or not mine:
            break
        count += 1
    return count
