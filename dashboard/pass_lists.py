"""What came and went in one pass, list by list and ticket by ticket, with the commits that touched it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.db.models import Q

from dashboard import repository
from dashboard.repository import Range
from remediation.core.hiders import hiders
from remediation.core.reconcile import CLEARED, HIDDEN
from remediation.core.silence import told
from remediation.models import CollectionPass, FileState, Occurrence, Ticket

FILES, GROUPS = 30, 60  # files shown of a ticket, and tickets shown of a part of a list

NAMES = ("cleared", "hidden", "regressed", "unmasked", "new", "baseline")
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
    def shown(self) -> list[tuple[str, str]]:
        """The first of its files."""
        return self.files[:FILES]

    @property
    def more(self) -> int:
        """How many files are left out."""
        return max(0, len(self.files) - FILES)

    @property
    def why(self) -> str:
        """How these errors ended, in words; with numbers where they ended in several ways."""
        if len(self.reasons) == 1:
            return REASONS[next(iter(self.reasons))]
        return reasons_told(self.reasons)


@dataclass(frozen=True, slots=True)
class Part:
    """Groups that belong together. ``hiders``: the tickets that had hidden them, where the list is of unmasked ones."""

    groups: tuple[Group, ...]
    hiders: tuple[Ticket, ...] = ()

    @property
    def shown(self) -> tuple[Group, ...]:
        """The largest groups."""
        return self.groups[:GROUPS]

    @property
    def more(self) -> dict[str, int] | None:
        """Tickets and errors that are left out; None where all are shown."""
        rest = self.groups[GROUPS:]
        return {"tickets": len(rest), "errors": sum(len(group.files) for group in rest)} if rest else None

    @property
    def errors(self) -> int:
        """Errors in it."""
        return sum(len(group.files) for group in self.groups)


@dataclass(frozen=True, slots=True)
class Listing:
    """One list of a pass: its parts, how its errors ended, and the commits that touched its files."""

    name: str
    parts: tuple[Part, ...]
    touched: Range | None = None

    @property
    def errors(self) -> int:
        """Errors in it."""
        return sum(part.errors for part in self.parts)

    @property
    def tickets(self) -> int:
        """How many tickets it names."""
        return len({group.ticket.pk for part in self.parts for group in part.groups})

    @property
    def reasons(self) -> str:
        """How all of them ended."""
        return reasons_told(sum((group.reasons for part in self.parts for group in part.groups), Counter()))

    @property
    def paths(self) -> set[str]:
        """The files it names."""
        return {path for part in self.parts for group in part.groups for path, _ in group.files}


@dataclass(frozen=True, slots=True)
class Moved:
    """An occurrence that began or ended in the pass, as plain values: a pass may move thousands."""

    file_id: int
    path: str
    ticket_id: int
    began: bool
    ended: bool
    appeared_as: str
    close_reason: str

    @property
    def places(self) -> list[str]:
        """The lists it belongs in. One that was carried to a new path has neither come nor gone."""
        reason = self.close_reason
        places = ["cleared"] if reason in CLEARED else ["hidden"] if reason in HIDDEN else []
        places = places if self.ended else []
        return places + ([self.appeared_as] if self.began and self.appeared_as != "moved" else [])


def lists_of(collection_pass: CollectionPass, previous: CollectionPass | None) -> list[Listing]:
    """Those that are not empty. Two queries, three where something is hidden; git is asked about new and regressed."""
    rows = _moved(collection_pass)
    notes = _notes(collection_pass, {row.file_id for row in rows if "hidden" in row.places})
    found: dict[str, dict[int, Group]] = defaultdict(dict)
    tickets = Ticket.objects.select_related("category").in_bulk({row.ticket_id for row in rows}) if rows else {}
    for ticket in tickets.values():
        ticket.project = collection_pass.project
    for row in rows:
        for name in row.places:
            group = found[name].setdefault(row.ticket_id, Group(tickets[row.ticket_id]))
            group.files.append((row.path, notes.get(row.file_id, "") if name == "hidden" else ""))
            if name in {"cleared", "hidden"}:
                group.reasons[row.close_reason] += 1
    listings = []
    for name in NAMES:
        if found[name]:
            groups = _largest_first(found[name].values())
            parts = _by_hider(groups, rows, tickets) if name == "unmasked" else (Part(groups),)
            listings.append(_with_commits(Listing(name, parts), collection_pass, previous))
    return listings


def _moved(collection_pass: CollectionPass) -> list[Moved]:
    """Every occurrence that began or ended in the pass. One query."""
    here = Occurrence.objects.filter(Q(first_pass=collection_pass) | Q(closed_pass=collection_pass))
    values = here.order_by("fingerprint__ticket", "file__path").values_list(
        "file_id", "file__path", "fingerprint__ticket_id", "first_pass_id", "closed_pass_id", "appeared_as",
        "close_reason",
    )  # fmt: skip
    own = collection_pass.pk
    return [
        Moved(file, path, ticket, first == own, closed == own, how, reason)
        for file, path, ticket, first, closed, how, reason in values
    ]


def _with_commits(listing: Listing, collection_pass: CollectionPass, previous: CollectionPass | None) -> Listing:
    """With the commits of the range that touched the files, where that says something of a cause."""
    if listing.name not in {"new", "regressed"} or previous is None:
        return listing
    paths = sorted(listing.paths)
    touched = repository.commits(collection_pass.project, previous.commit, collection_pass.commit, paths)
    return Listing(listing.name, listing.parts, touched)


def _by_hider(groups: Iterable[Group], rows: Iterable[Moved], tickets: Mapping[int, Ticket]) -> tuple[Part, ...]:
    """Unmasked errors under the tickets that had hidden them, the most first; those of an unknown hider last."""
    ended = [(row.path, row.ticket_id) for row in rows if row.ended and row.close_reason in CLEARED]
    groups = list(groups)
    who = hiders((path for group in groups for path, _ in group.files), ended)
    found: dict[tuple[int, ...], dict[int, Group]] = defaultdict(dict)
    for group in groups:
        for path, note in group.files:
            part = found[tuple(pk for pk in who[path] if pk != group.ticket.pk)]
            part.setdefault(group.ticket.pk, Group(group.ticket)).files.append((path, note))
    parts = [
        Part(_largest_first(of.values()), tuple(tickets[pk] for pk in hidden_by)) for hidden_by, of in found.items()
    ]
    return tuple(sorted(parts, key=lambda part: (not part.hiders, -part.errors, [t.number for t in part.hiders])))


def reasons_told(reasons: Mapping[str, int]) -> str:
    """ "2 silenced, 1 masked by a failure above it": silenced, masked and not seen are three things."""
    return ", ".join(f"{reasons[reason]:,} {words}" for reason, words in REASONS.items() if reasons.get(reason))


def _notes(collection_pass: CollectionPass, files: set[int]) -> dict[int, str]:
    """By which mechanism this pass found each of these files silent. One query, or none."""
    if not files:
        return {}
    states = FileState.objects.filter(file__in=files, first_pass=collection_pass)
    return {pk: told(state, reason) for pk, state, reason in states.values_list("file_id", "state", "reason")}


def _largest_first(groups: Iterable[Group]) -> tuple[Group, ...]:
    return tuple(sorted(groups, key=lambda group: (-len(group.files), group.ticket.number)))
