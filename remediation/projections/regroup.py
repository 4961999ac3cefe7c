"""Carries tickets over to a new version of the fingerprints: what people did stays with the errors it was about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from remediation.core import fingerprint
from remediation.models import Fingerprint, Occurrence, Project, Ticket

Interval = tuple[Fingerprint, int, int | None]  # seen from this pass on, until before that one (their ids)


@dataclass(frozen=True, slots=True)
class Inheritance:
    """``homes``: new readable key to the ticket it takes over. ``heirs``: old fingerprint's id to its new key.

    ``successors``: (version, old readable key) to the new key that took its ticket over.
    """

    homes: Mapping[str, int] = field(default_factory=dict)
    heirs: Mapping[int, str] = field(default_factory=dict)
    successors: Mapping[tuple[int, str], str] = field(default_factory=dict)


def inheritance(project: Project) -> Inheritance:
    """Which new key takes over which ticket, read from the old intervals before they are forgotten.

    An old root cause goes to the new key that groups most of its errors, by the same file in the same pass. A key
    that several want takes the ticket that people worked on, else the one with most errors.
    """
    old = Fingerprint.objects.filter(project=project).exclude(version=fingerprint.VERSION).select_related("ticket")
    rows = {row.pk: row for row in old}
    if not rows:
        return Inheritance()
    files = _shared_files(project, rows)
    heirs = {pk: max(keys, key=lambda key: (len(keys[key]), key)) for pk, keys in files.items()}
    wishes: dict[str, list[tuple[bool, int, int, int]]] = defaultdict(list)
    for pk, key in heirs.items():
        ticket = rows[pk].ticket
        wishes[key].append((is_touched(ticket), len(files[pk][key]), -ticket.number, pk))
    winners = {key: rows[max(wish)[-1]] for key, wish in wishes.items()}
    return Inheritance(
        {key: row.home_id for key, row in winners.items()},
        heirs,
        {(row.version, row.readable): key for key, row in winners.items()},
    )


def is_touched(ticket: Ticket) -> bool:
    """Whether people did anything with the ticket: then it is never simply gone."""
    return bool(
        ticket.claimed_by_id or ticket.category_by_hand or ticket.marked_fixed_in
        or ticket.solution or ticket.business_value or ticket.transitions.filter(collection_pass=None).exists()
        or ticket.merged.exists()
    )  # fmt: skip


def _shared_files(project: Project, rows: Mapping[int, Fingerprint]) -> dict[int, dict[str, set[str]]]:
    """Old fingerprint's id to new keys, each with the files in which both stood in one pass."""
    passes = project.passes.counted().select_related("result").in_commit_order()
    place = {pk: number for number, pk in enumerate(passes.values_list("pk", flat=True))}
    intervals = _intervals(project, rows)
    files: dict[int, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for collection_pass in passes.iterator(chunk_size=50):
        for (path, key), known in fingerprint.identify(collection_pass.result.unpack()).items():
            here = _standing(intervals.get(path, ()), place, place[collection_pass.pk])
            for row in _alike(here, known):
                files[row.pk][key].add(path)
    return files


def _intervals(project: Project, rows: Mapping[int, Fingerprint]) -> dict[str, list[Interval]]:
    found: dict[str, list[Interval]] = defaultdict(list)
    seen = Occurrence.objects.filter(fingerprint__project=project, fingerprint__in=list(rows))
    values = seen.values_list("file__path", "fingerprint_id", "first_pass_id", "closed_pass_id")
    for path, pk, first, closed in values.iterator():
        found[path].append((rows[pk], first, closed))
    return found


def _standing(intervals: Iterable[Interval], place: Mapping[int, int], now: int) -> list[Fingerprint]:
    """The old root causes that a file had in the pass at this place."""
    return [
        row
        for row, first, closed in intervals
        if place.get(first, now + 1) <= now and (closed is None or now < place.get(closed, now))
    ]


def _alike(rows: list[Fingerprint], known: fingerprint.Identified) -> list[Fingerprint]:
    """Of several old causes in one file, the one that names the same, else those of the same kind, else all."""
    error = known.error
    named = [row for row in rows if (row.facts.get("module"), row.facts.get("name")) == (error.module, error.name)]
    same = named if error.module or error.name else []
    return same or [row for row in rows if row.kind == error.kind] or rows
