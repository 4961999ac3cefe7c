"""Everything one pass's page says: its ledger and what stands behind each term."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q

from dashboard import drawing, live_passes
from dashboard.history import ledger_of
from remediation.collection import sandbox
from remediation.core import fingerprint
from remediation.core.blocker import identify_blocker
from remediation.core.reconcile import CLEARED, HIDDEN
from remediation.core.scope import changes
from remediation.core.silence import told
from remediation.core.trend import is_wall
from remediation.models import CollectionPass, FileState, Occurrence, Ticket

REASONS = {
    "fixed": "repaired",
    "deleted": "file deleted",
    "masked": "masked by a failure above it",
    "silenced": "silenced",
    "not-seen": "not seen, for no known reason",
    "held": "held until a lead confirms",
}


@dataclass(slots=True)
class Group:
    """The files of one ticket in one list, each with a note; ``reasons`` says how they went, where they went."""

    ticket: Ticket
    files: list[tuple[str, str]] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def why(self) -> str:
        """How these errors ended, in words; with numbers where they ended in several ways."""
        if len(self.reasons) == 1:
            return REASONS[next(iter(self.reasons))]
        return reasons_told(self.reasons)


def build(collection_pass: CollectionPass, now: datetime) -> dict[str, Any]:
    """The context of the page. Raises ArithmeticError rather than show terms that do not sum."""
    project = collection_pass.project
    previous = collection_pass.previous if collection_pass.previous_id else None
    ledger = ledger_of(collection_pass, previous.total if previous else None)
    number = collection_pass.number
    return {
        "project": project,
        "page": "passes",
        "pass": collection_pass,
        "previous": previous,
        "label": str(number),
        "previous_label": str(previous.number) if previous else "",
        "in_repository": (collection_pass.total or 0) - (collection_pass.environment_errors or 0),
        "wall": is_wall(collection_pass.total, collection_pass.environment_errors),
        "ledger": ledger,
        "terms": drawing.terms(ledger) if ledger else [],
        "lists": _lists(collection_pass) if collection_pass.counted else [],
        "categories": _categories(collection_pass) if collection_pass.counted else [],
        "differences": _differences(collection_pass, previous),
        "level": sandbox.LEVELS.get(collection_pass.sandbox_level or 0, ""),
        "progress": None if collection_pass.state == "ended" else live_passes.progress(collection_pass, now),
        "before": number - 1 if number > 1 else None,
        "after": number + 1 if number < project.last_pass_number else None,
        "off_ref": bool(collection_pass.counted and collection_pass.position is None),
        "blocker_ticket": _blocker_ticket(collection_pass),
        "held": collection_pass.held and collection_pass.confirmed_at is None,
    }


def _blocker_ticket(collection_pass: CollectionPass) -> Ticket | None:
    """The ticket of what blocked this pass; None where it counted, or where no single cause is known."""
    error = collection_pass.blocking_error
    if error is None or not collection_pass.decides:
        return None
    rows = Ticket.objects.filter(
        project=collection_pass.project,
        fingerprints__version=fingerprint.VERSION,
        fingerprints__readable=identify_blocker(error).key,
    )
    ticket = rows.select_related("project", "claimed_by").first()
    return ticket.merged_into or ticket if ticket else None


def _lists(collection_pass: CollectionPass) -> list[dict[str, Any]]:
    """What came and went, by ticket; a list that is empty is left out. One query, and one where something is hidden."""
    moved = Occurrence.objects.filter(Q(first_pass=collection_pass) | Q(closed_pass=collection_pass))
    rows = moved.select_related("file", "fingerprint__ticket__category").order_by("fingerprint__ticket", "file__path")
    notes = _notes(collection_pass, {row.file_id for row in rows if "hidden" in _places(row, collection_pass)})
    found: dict[str, dict[int, Group]] = defaultdict(dict)
    for row in rows:
        ticket = row.fingerprint.ticket
        for name in _places(row, collection_pass):
            group = found[name].setdefault(ticket.pk, Group(ticket))
            group.files.append((row.file.path, notes.get(row.file_id, "") if name == "hidden" else ""))
            if name in {"cleared", "hidden"}:
                group.reasons[row.close_reason] += 1
            ticket.project = collection_pass.project
    return [
        {
            "name": name,
            "groups": _largest_first(found[name]),
            "errors": sum(len(g.files) for g in found[name].values()),
            "reasons": reasons_told(sum((g.reasons for g in found[name].values()), Counter())),
        }
        for name in ("cleared", "hidden", "regressed", "unmasked", "new", "baseline")
        if found[name]
    ]


def reasons_told(reasons: Mapping[str, int]) -> str:
    """ "2 silenced, 1 masked by a failure above it": silenced, masked and not seen are three things."""
    return ", ".join(f"{reasons[reason]:,} {words}" for reason, words in REASONS.items() if reasons.get(reason))


def _notes(collection_pass: CollectionPass, files: set[int]) -> dict[int, str]:
    """By which mechanism this pass found each of these files silent. One query, or none."""
    if not files:
        return {}
    states = FileState.objects.filter(file__in=files, first_pass=collection_pass)
    return {pk: told(state, reason) for pk, state, reason in states.values_list("file_id", "state", "reason")}


def _largest_first(groups: dict[int, Group]) -> list[Group]:
    return sorted(groups.values(), key=lambda group: (-len(group.files), group.ticket.number))


def _places(row: Occurrence, collection_pass: CollectionPass) -> list[str]:
    """The lists an occurrence belongs in. One that was carried to a new path has neither come nor gone."""
    places = []
    if row.closed_pass_id == collection_pass.pk:
        places += ["cleared"] if row.close_reason in CLEARED else ["hidden"] if row.close_reason in HIDDEN else []
    if row.first_pass_id == collection_pass.pk and row.appeared_as != "moved":
        places.append(row.appeared_as)
    return places


def _categories(collection_pass: CollectionPass) -> list[dict[str, Any]]:
    """Errors and tickets by category, both kinds of error together. One query."""
    sums: dict[int, dict[str, Any]] = {}
    for row in collection_pass.category_counts.select_related("category").order_by("category__order", "category_id"):
        line = sums.setdefault(row.category_id, {"category": row.category, "errors": 0, "tickets": 0})
        line["errors"] += row.errors
        line["tickets"] += row.tickets
    return list(sums.values())


def _differences(collection_pass: CollectionPass, previous: CollectionPass | None) -> list[str]:
    """Why two passes are not comparable, fact by fact; empty when they are."""
    if previous is None or collection_pass.comparable is not False:
        return []
    return [change.sentence for change in changes(previous.scope.facts, collection_pass.scope.facts)]
