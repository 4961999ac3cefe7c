"""Which ticket each root cause is counted in: where passes put it, and what people said of that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Cause:
    """Where passes put a root cause: its ``home`` ticket; ``moved_from``: the key it had before its file was renamed.

    Causes that renames connect are one family, and stay together: the error is the same under another name.
    """

    home: int
    moved_from: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """Somebody merged ticket ``source`` into ``into``, or split ``keys`` off from ``source`` and gave them ``into``."""

    verb: str  # "merge" or "split"
    source: int
    into: int
    keys: frozenset[str] = frozenset()
    undone: bool = False


@dataclass(frozen=True, slots=True)
class Grouping:
    """``tickets``: readable key to the ticket it is counted in. ``merged``: a ticket to the one that it is part of.

    ``bases``: readable key to the ticket it would have without any merge. ``split``: keys that somebody split off, and
    the ticket they got.
    """

    tickets: Mapping[str, int] = field(default_factory=dict)
    merged: Mapping[int, int] = field(default_factory=dict)
    bases: Mapping[str, int] = field(default_factory=dict)
    split: Mapping[str, int] = field(default_factory=dict)

    def empty(self, tickets: Iterable[int]) -> set[int]:
        """Those of ``tickets`` that stand for themselves and hold no root cause."""
        return {ticket for ticket in tickets if ticket not in self.merged} - set(self.tickets.values())


def group(causes: Mapping[str, Cause], said: Sequence[Said], dissolved: Mapping[int, int]) -> Grouping:
    """Apply what people said, in the order in which they said it, to where passes put the causes.

    A split holds for the whole family of its keys, the last word first. Merged tickets are one, whatever passes join
    them with by a rename; the ticket that somebody merged into is the one that stays. ``dissolved``: a ticket whose
    only cause turned out to be another's, and that one.
    """
    roots = {key: root_of(key, causes) for key in causes}
    words = [one for one in said if one.verb == "split" and not one.undone]
    split = {key: one.into for one in words for key in sorted(one.keys & roots.keys())}
    families = {roots[key]: one.into for one in words for key in sorted(one.keys & roots.keys())}
    bases = {key: families.get(root, causes[root].home) for key, root in roots.items()}
    holders = set(bases.values())
    given = {one.source: one.into for one in said if one.verb == "merge" and not one.undone}
    back = {one.into: one.source for one in said if one.verb == "split" and one.undone}
    back = {ticket: into for ticket, into in back.items() if ticket not in holders and ticket not in given}
    left = {ticket: into for ticket, into in dissolved.items() if ticket not in holders}
    merged: dict[int, int] = {}
    for tickets in _joined([*given.items(), *back.items(), *left.items()]):
        # Who was given away by a person never stays; who was merely left by a rename does if a person merged into it.
        stays = min(
            tickets,
            key=lambda one: (
                2 * (one in given or one in back) + (one in left),
                one not in given.values(),
                one not in holders,
                one,
            ),
        )
        merged |= {ticket: stays for ticket in tickets if ticket != stays}
    return Grouping({key: merged.get(base, base) for key, base in bases.items()}, merged, bases, split)


def root_of(key: str, causes: Mapping[str, Cause]) -> str:
    """The first name of the cause; where names lead in a circle, the first of them by the alphabet."""
    seen = [key]
    while (before := causes[seen[-1]].moved_from) in causes:
        if before in seen:
            return min(seen[seen.index(before) :])
        seen.append(before)
    return seen[-1]


def _joined(links: Sequence[tuple[int, int]]) -> list[set[int]]:
    """The tickets that links connect, directly or through others."""
    group_of: dict[int, set[int]] = {}
    for one, other in links:
        both = group_of.get(one, {one}) | group_of.get(other, {other})
        group_of |= dict.fromkeys(both, both)
    return list({id(tickets): tickets for tickets in group_of.values()}.values())
