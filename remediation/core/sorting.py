"""What a set of rules would do to a project's tickets: which move, and what that makes of the counts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from remediation.core.rules import Rule, RuleFacts, Search, first_match


@dataclass(frozen=True, slots=True)
class SortedTicket:
    """A ticket as it is sorted now. ``errors``: visible in the last counted pass. ``facts`` None: not known yet."""

    label: str
    title: str
    errors: int
    category: str
    by_hand: bool
    facts: RuleFacts | None


@dataclass(frozen=True, slots=True)
class Move:
    """A ticket that would change its category. ``rule``: the place from 0 of the rule that takes it, None for none."""

    ticket: SortedTicket
    to: str
    rule: int | None


@dataclass(frozen=True, slots=True)
class Matched:
    """What one rule takes: the first match wins, so every ticket is taken once at most."""

    tickets: int = 0
    errors: int = 0
    origins: tuple[tuple[str, int], ...] = ()  # (category now, errors), largest first


@dataclass(frozen=True, slots=True)
class Preview:
    """Before and after, by category; the totals are equal or making it raises ArithmeticError."""

    before: dict[str, int]
    after: dict[str, int]
    moves: tuple[Move, ...]
    matched: tuple[Matched, ...]  # by rule
    by_hand: int  # tickets that stay because a person sorted them
    unknown: int = 0  # tickets that stay because nobody knows yet what rules would look at

    def __post_init__(self) -> None:
        if sum(self.before.values()) != sum(self.after.values()):
            raise ArithmeticError(f"sorting changed a total: {self.before} to {self.after}")

    @property
    def total(self) -> int:
        """Errors of the last counted pass, the same before and after."""
        return sum(self.before.values())

    @property
    def moved_errors(self) -> int:
        """Errors of the tickets that move."""
        return sum(move.ticket.errors for move in self.moves)


def preview(
    tickets: Sequence[SortedTicket], rules: Sequence[Rule], active: Collection[str], fallback: str, search: Search
) -> Preview:
    """Sort every ticket by ``rules``. A rule whose category is not ``active`` takes nothing.

    By hand stays, and so does a ticket whose first occurrence is not known.
    """
    usable = [(at, rule) for at, rule in enumerate(rules) if rule.category in active]
    before: Counter[str] = Counter()
    after: Counter[str] = Counter()
    taken: dict[int, list[SortedTicket]] = defaultdict(list)
    moves: list[Move] = []
    for ticket in tickets:
        before[ticket.category] += ticket.errors
        to, rule = ticket.category, None
        if not ticket.by_hand and ticket.facts is not None:
            found = first_match(ticket.facts, [rule for _, rule in usable], search)
            to, rule = (found[1].category, usable[found[0]][0]) if found else (fallback, None)
        after[to] += ticket.errors
        if rule is not None:
            taken[rule].append(ticket)
        if to != ticket.category:
            moves.append(Move(ticket, to, rule))
    moves.sort(key=lambda move: (-move.ticket.errors, move.ticket.label))
    return Preview(
        before=dict(before),
        after=dict(after),
        moves=tuple(moves),
        matched=tuple(_matched(taken.get(at, [])) for at in range(len(rules))),
        by_hand=sum(ticket.by_hand for ticket in tickets),
        unknown=sum(ticket.facts is None and not ticket.by_hand for ticket in tickets),
    )


def _matched(tickets: Sequence[SortedTicket]) -> Matched:
    origins: Counter[str] = Counter()
    for ticket in tickets:
        origins[ticket.category] += ticket.errors
    seen = [ticket for ticket in tickets if ticket.errors]
    return Matched(
        tickets=len(seen),
        errors=sum(origins.values()),
        origins=tuple(sorted(((name, n) for name, n in origins.items() if n), key=lambda pair: (-pair[1], pair[0]))),
    )
