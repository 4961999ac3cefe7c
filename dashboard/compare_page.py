"""Two counted passes compared, net: what one saw and the other did not, whatever happened in between."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dashboard import drawing, repository
from dashboard.history import ledger_of
from dashboard.pass_lists import GROUPS, Group
from remediation.core import fingerprint
from remediation.core.fingerprint import Pair
from remediation.core.ledger import Ledger
from remediation.core.net import Net, chained, net
from remediation.core.reconcile import CLEARED
from remediation.core.scope import changes
from remediation.core.whereabouts import TreeChange
from remediation.models import CollectionPass, Fingerprint, Rename
from remediation.projections import change_of
from remediation.querysets import LONG_TEXTS

OFFERED = 100  # passes to choose from


@dataclass(frozen=True, slots=True)
class NoTicket:
    """An error that no ticket knows: a pass off the ref opens none."""

    title: str
    number: int = 0
    label: str = ""


@dataclass(frozen=True, slots=True)
class Side:
    """One list of the comparison; ``groups`` the largest first, ``more`` the number of those left out."""

    name: str
    groups: tuple[Any, ...]
    errors: int
    more: int


def build(collection_pass: CollectionPass, other: CollectionPass) -> dict[str, Any]:
    """The context of the page. With a pass that has no count, or twice the same one, only words and what is near."""
    project = collection_pass.project
    context: dict[str, Any] = {
        "project": project,
        "page": "passes",
        "pass": collection_pass,
        "other": other,
        "others": _others(collection_pass),
        "refused": "",
    }
    uncounted = [one for one in (other, collection_pass) if not one.counted]
    if uncounted or other.pk == collection_pass.pk:
        why = "same" if not uncounted else "running" if uncounted[0].state != "ended" else "uncounted"
        bad = uncounted[0] if uncounted else other
        return {**context, "refused": why, "bad": bad, "nearest": _nearest(collection_pass, bad)}
    first, last = sorted((other, collection_pass), key=_order)
    between = _between(first, last)
    assert first.result is not None and last.result is not None
    found = net(
        first.result.unpack(), last.result.unpack(), _change(first, last, between),
        held=last.held and last.confirmed_at is None,
    )  # fmt: skip
    return {
        **context,
        "first": first,
        "last": last,
        "ledger": found.ledger,
        "terms": drawing.terms(found.ledger),
        "from": f"#{first.number}",
        "to": f"#{last.number}",
        "change": found.ledger.after - found.ledger.before,
        "differences": [change.sentence for change in changes(first.scope.facts, last.scope.facts)],
        "comparable": first.scope_id == last.scope_id,
        "steps": _steps(first, between),
        "kept": found.ledger.after - len(found.came),
        "sides": _sides(collection_pass, found),
        "between": max(0, len(between) - 1),
    }


def _order(one: CollectionPass) -> tuple[bool, int, int]:
    """Commit order; what stands off the ref comes last, as it is compared with what is watched."""
    return one.position is None, one.position or 0, one.number


def _between(first: CollectionPass, last: CollectionPass) -> list[CollectionPass]:
    """The counted passes after ``first`` up to ``last`` in commit order; none where one is off the ref. One query."""
    if first.position is None or last.position is None:
        return []
    rows = first.project.passes.counted().defer(*LONG_TEXTS).after(first).in_commit_order()
    found = [row for row in rows if (row.position, row.number) <= (last.position, last.number)]
    for row in found:
        row.project = first.project
    return found


def _change(first: CollectionPass, last: CollectionPass, between: list[CollectionPass]) -> TreeChange:
    """Renames and deletions between the two: those that the passes in between stored, or else what git says now."""
    if not between:
        return repository.tree_change(first.project, first.commit, last.commit) or TreeChange()
    rows = Rename.objects.filter(project=first.project, after__in=[row.commit for row in between])
    stored = {(row.before, row.after): change_of(row) for row in rows}
    befores = [first, *between[:-1]]
    nothing = TreeChange(deleted=frozenset())  # a step in which no file was gone asked nothing
    return chained(stored.get((a.commit, b.commit), nothing) for a, b in zip(befores, between, strict=True))


def _steps(first: CollectionPass, between: list[CollectionPass]) -> dict[str, Any] | None:
    """The sum of every step between the two, where there are several."""
    before, ledgers = first.total, []
    for row in between:
        ledger = ledger_of(row, before)
        if ledger is None:
            return None
        ledgers.append(ledger)
        before = row.total
    if len(ledgers) < 2:
        return None
    total = Ledger.over(ledgers)
    return {"ledger": total, "terms": drawing.terms(total)}


def _sides(collection_pass: CollectionPass, found: Net) -> list[Side]:
    """What is gone and what came, by ticket. One query."""
    keys = {key for _, key in (*found.gone, *found.came)}
    rows = Fingerprint.objects.filter(
        project=collection_pass.project, version=fingerprint.VERSION, readable__in=keys
    ).select_related("ticket__category", "ticket__merged_into__category")
    tickets: dict[str, Any] = {}
    for row in rows:
        ticket = row.ticket.merged_into or row.ticket
        ticket.project = collection_pass.project
        tickets[row.readable] = ticket
    cleared = {pair: how for pair, how in found.gone.items() if how in CLEARED}
    hidden = {pair: how for pair, how in found.gone.items() if how not in CLEARED}
    sides = (("cleared", cleared), ("hidden", hidden))
    shown = [_side(name, pairs, found, tickets, reasons=True) for name, pairs in sides if pairs]
    for how in ("unmasked", "new"):
        if pairs := {pair: way for pair, way in found.came.items() if way == how}:
            shown.append(_side(how, pairs, found, tickets, reasons=False))
    return shown


def _side(name: str, pairs: Mapping[Pair, str], found: Net, tickets: Mapping[str, Any], *, reasons: bool) -> Side:
    groups: dict[object, Group] = {}
    for pair in sorted(pairs):
        path, key = pair
        ticket = tickets.get(key) or NoTicket(_title(found, pair))
        group = groups.setdefault(getattr(ticket, "pk", key), Group(ticket))
        group.files.append((path, ""))
        if reasons:
            group.reasons[pairs[pair]] += 1
    ranked = sorted(groups.values(), key=lambda group: (-len(group.files), group.ticket.number, group.ticket.title))
    return Side(name, tuple(ranked[:GROUPS]), len(pairs), max(0, len(ranked) - GROUPS))


def _title(found: Net, pair: Pair) -> str:
    known = found.known.get(pair) or found.known.get(found.moved.get(pair, pair))
    return fingerprint.title_of(known.error) if known else pair[1]


def _others(collection_pass: CollectionPass) -> list[CollectionPass]:
    """Counted passes that it can be compared with, newest first. One query."""
    rows = collection_pass.project.passes.filter(outcome="counted").exclude(pk=collection_pass.pk)
    return list(rows.only("project", "number", "total", "commit", "effective_at").order_by("-number")[:OFFERED])


def _nearest(collection_pass: CollectionPass, bad: CollectionPass) -> list[int]:
    """The counted passes just before and after one that has no count, by number. Two queries."""
    counted = collection_pass.project.passes.filter(outcome="counted")
    if bad.pk != collection_pass.pk:
        counted = counted.exclude(pk=collection_pass.pk)
    numbers = counted.values_list("number", flat=True)
    before = numbers.filter(number__lt=bad.number).order_by("-number")[:1]
    return [*before, *numbers.filter(number__gt=bad.number).order_by("number")[:1]]
