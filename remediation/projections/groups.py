"""What people said of the grouping meets what passes found: the ticket in which every fingerprint is counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from remediation.core import fingerprint
from remediation.core.grouping import Cause, Grouping, Said, group
from remediation.models import Fingerprint, Project, Regrouping, Ticket
from remediation.projections.prints import MOVED_FROM
from remediation.projections.regroup import Inheritance


def said_of(project: Project) -> list[Said]:
    """Everything people ever said of the grouping, in that order. One query."""
    rows = list(Regrouping.objects.filter(project=project).order_by("pk"))
    undone = {row.undoes_id for row in rows}
    return [
        Said(
            row.verb,
            row.source_id,
            row.into_id,
            frozenset(key for version, key in row.keys if version == fingerprint.VERSION),
            row.pk in undone,
        )
        for row in rows
        if row.verb != Regrouping.Verb.UNDO
    ]


def causes_of(project: Project) -> dict[str, Cause]:
    """Where passes put every root cause of this version of the fingerprints. One query."""
    rows = Fingerprint.objects.filter(project=project, version=fingerprint.VERSION)
    values = rows.values_list("readable", "home_id", f"facts__{MOVED_FROM}")
    return {key: Cause(home, moved_from or "") for key, home, moved_from in values}


def grouping_of(project: Project, said: Sequence[Said], inherited: Mapping[str, int] | None = None) -> Grouping:
    """The grouping that follows from ``said``. ``inherited``: homes of keys that have no row yet. Two queries."""
    causes = {key: Cause(home) for key, home in (inherited or {}).items()} | causes_of(project)
    dissolved = Ticket.objects.filter(project=project, dissolved_into__isnull=False)
    return group(causes, said, dict(dissolved.values_list("pk", "dissolved_into_id")))


def write_grouping(project: Project, grouping: Grouping) -> set[int]:
    """Give fingerprints and tickets what the grouping says; returns the tickets whose causes changed.

    The caller holds the project's row lock.
    """
    changed: set[int] = set()
    moved: dict[int, list[int]] = {}
    rows = Fingerprint.objects.filter(project=project, version=fingerprint.VERSION)
    for pk, key, ticket in rows.values_list("pk", "readable", "ticket_id"):
        if (now := grouping.tickets[key]) != ticket:
            moved.setdefault(now, []).append(pk)
            changed |= {ticket, now}
    for ticket, pks in moved.items():
        Fingerprint.objects.filter(pk__in=pks).update(ticket=ticket)
    # In the order of their ids, as every pass locks them.
    for pk, into in project.tickets.order_by("pk").values_list("pk", "merged_into_id"):
        if (now_into := grouping.merged.get(pk)) != into:
            Ticket.objects.filter(pk=pk).update(merged_into=now_into)
            changed.add(pk)
    return changed


def carry_over(project: Project, inherited: Inheritance) -> None:
    """Let what was split off stay split off under the keys of this version of the fingerprints."""
    if not inherited.successors:
        return
    for row in Regrouping.objects.filter(project=project, verb=Regrouping.Verb.SPLIT).order_by("pk"):
        known = {inherited.successors.get((version, key), "") for version, key in row.keys} - {""}
        row.keys += [[fingerprint.VERSION, key] for key in sorted(known) if [fingerprint.VERSION, key] not in row.keys]
        row.save(update_fields=["keys"], force_update=True)
