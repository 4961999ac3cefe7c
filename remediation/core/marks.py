"""The words that are written on a trend at its passes: what is worth saying without pointing at it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from remediation.core.trend import Point, Trend

MOST_BACK = 3
MOST_UNMASKED = 3


def is_large(unmasked: int, total: int) -> bool:
    """Whether an unmasking is worth its words: at least 5, and a tenth of what is left."""
    return unmasked >= max(5, total / 10)


@dataclass(frozen=True, slots=True)
class Mark:
    """Words at a point of the total. ``kind``: first, peak, last, back, unmasked, scope, rules.

    ``short``: what to write where there is no room for all of it.
    """

    kind: str
    point: Point
    words: str
    short: str = ""


def marks(trend: Trend) -> tuple[Mark, ...]:
    """First, peak and last value, what came back, the largest unmaskings, changes of scope and of rules."""
    counted = trend.counted
    first, last, peak = counted[0], counted[-1], max(counted, key=lambda point: point.value)
    found = [Mark("first", first, f"{first.value:,}")]
    # A step that sums several passes is nobody's own.
    own = [p for p in counted if p.ledger and p.steps == 1]
    if peak.value > first.value and peak is not last:
        from_behind = peak.ledger.unmasked if peak.ledger and peak.steps == 1 else 0
        short = f"peak {peak.value:,}"
        found.append(Mark("peak", peak, f"{short}, +{from_behind:,} unmasked" if from_behind else short, short))
    if last is not first:
        found.append(Mark("last", last, f"{last.value:,}"))
    back = [p for p in own if p.ledger and p.ledger.regressed]
    found += [Mark("back", p, f"{p.ledger.regressed:,} back") for p in back[-MOST_BACK:] if p.ledger]
    shown = [p for p in own if p is not peak and p.ledger and is_large(p.ledger.unmasked, p.value)]
    shown.sort(key=lambda p: -p.ledger.unmasked if p.ledger else 0)
    found += [
        Mark("unmasked", p, f"+{p.ledger.unmasked:,} unmasked", f"+{p.ledger.unmasked:,}")
        for p in shown[:MOST_UNMASKED]
        if p.ledger
    ]
    return (*found, *_changes(trend))


def _changes(trend: Trend) -> Iterator[Mark]:
    """Thin lines: from here on something else was counted, or it was sorted otherwise."""
    for before, point in pairwise((None, *trend.counted)):
        if point is None:
            continue
        if point.scope_changed:
            yield Mark("scope", point, point.scope_note, "scope changed")
        if before is not None and before.rules and point.rules and before.rules != point.rules:
            yield Mark("rules", point, "rules changed", "rules")
