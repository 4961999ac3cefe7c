"""Why the errors of a ticket are one: its root causes, the rule for each, and what people said of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from dashboard.ticket_like import KnownCauses
from remediation import grouping
from remediation.core.reconcile import HIDDEN
from remediation.models import Fingerprint, Regrouping, Ticket


@dataclass(frozen=True, slots=True)
class CauseRow:
    """One root cause, under all the names that renames gave it. ``pk``: of one of its fingerprints, to choose it by.

    ``brought``: the merge or split by which it is here, None where passes put it here.
    """

    pk: int
    key: str
    former: tuple[str, ...]
    why: str
    errors: int
    hidden: int
    files: int
    brought: Regrouping | None = None


@dataclass(frozen=True, slots=True)
class Causes:
    """The root causes, most errors first, and every word on them that can be taken back, the last one first."""

    rows: tuple[CauseRow, ...]
    said: tuple[Regrouping, ...]


def causes_of(
    ticket: Ticket,
    known: KnownCauses,
    occurrences: Iterable[Mapping[str, Any]],
    whys: Mapping[str, str] | None = None,
) -> Causes:
    """One query where people ever regrouped. ``occurrences``: the ticket's; ``whys``: rules in words, by key."""
    said = _said(ticket) if known.regrouped else []
    counts = _counts(occurrences)
    families = _families(known.own)
    rows = [_row(family, counts, whys or {}, _brought(ticket, family, said)) for family in families]
    return Causes(tuple(sorted(rows, key=lambda row: (-row.errors, -row.hidden, row.pk))), tuple(said))


_Counts = tuple[Counter[str], Counter[str], dict[str, set[int]]]  # visible, hidden, and the files of both, by key


def _row(
    family: Sequence[Fingerprint], counts: _Counts, whys: Mapping[str, str], brought: Regrouping | None
) -> CauseRow:
    errors, hidden, files = counts
    # Under its present name: the one that is seen, else the last one that it got.
    now = max(reversed(family), key=lambda one: errors[one.readable])
    return CauseRow(
        pk=now.pk,
        key=now.readable,
        former=tuple(one.readable for one in family if one is not now),
        # The rule as the last pass that saw it has it, else as the first one had it.
        why=whys.get(now.readable) or now.facts.get("why") or "Same exception, and what it names.",
        errors=sum(errors[one.readable] for one in family),
        hidden=sum(hidden[one.readable] for one in family),
        files=len(set().union(*(files[one.readable] for one in family))),
        brought=brought,
    )


def _said(ticket: Ticket) -> list[Regrouping]:
    rows = Regrouping.objects.filter(project=ticket.project, undone_by=None).exclude(verb=Regrouping.Verb.UNDO)
    parts = Q(into__merged_into=ticket) | Q(source__merged_into=ticket)
    rows = rows.filter(Q(source=ticket) | Q(into=ticket) | parts)
    found = list(rows.select_related("actor", "source", "into").order_by("-pk"))
    for row in found:
        row.source.project = row.into.project = ticket.project
    return found


def _families(rows: Sequence[Fingerprint]) -> list[list[Fingerprint]]:
    """Fingerprints that renames connect, the first name first."""
    here = {row.readable: row for row in rows}
    families: dict[str, list[Fingerprint]] = defaultdict(list)
    for key, root in grouping.roots(rows).items():
        families[root].append(here[key])
    return list(families.values())


def _counts(occurrences: Iterable[Mapping[str, Any]]) -> _Counts:
    errors: Counter[str] = Counter()
    hidden: Counter[str] = Counter()
    files: dict[str, set[int]] = defaultdict(set)
    for row in occurrences:
        key, seen = row["fingerprint__readable"], row["closed_pass_id"] is None
        unsettled = row["close_reason"] in HIDDEN and not row["settlement"]
        errors[key] += seen
        hidden[key] += unsettled
        if seen or unsettled:
            files[key].add(row["file_id"])
    return errors, hidden, files


def _brought(ticket: Ticket, family: Sequence[Fingerprint], said: Sequence[Regrouping]) -> Regrouping | None:
    keys, homes = {one.readable for one in family}, {one.home_id for one in family}
    for row in said:
        if row.verb == Regrouping.Verb.SPLIT and row.into_id == ticket.pk and keys & {key for _, key in row.keys}:
            return row
        if row.verb == Regrouping.Verb.MERGE and row.source_id in homes:
            return row
    return None
