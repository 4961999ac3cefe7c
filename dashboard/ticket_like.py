"""A ticket's neighbours in kind: similar ones and how they ended, and the tickets that had hidden it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import Case, Exists, F, Q, When

from remediation.core import fingerprint
from remediation.core.hiders import hiders
from remediation.core.reconcile import CLEARED
from remediation.core.similar import MOST, Known, similar
from remediation.models import Fingerprint, Occurrence, Regrouping, Ticket

_LOOKED = 2_000  # root causes of a kind that are compared, the newest first
_FACTS = ("module", "name", "package")


@dataclass(frozen=True, slots=True)
class Like:
    """A similar ticket: what it is, and how it ended, as far as that is known."""

    label: str
    title: str
    status: str
    claimed: str
    verified_at: int | None
    commit: str
    subject: str
    solution: str
    fixed_in: str


class KnownCauses(NamedTuple):
    """The fingerprints of a ticket, and with them others of their kinds in its project, the newest first.

    ``regrouped``: whether people ever merged or split in this project; ``joined``: whether the ticket holds others.
    """

    own: Sequence[Any]
    rows: Sequence[Any]
    regrouped: bool = True
    joined: bool = True


def known_causes_of(ticket: Ticket) -> KnownCauses:
    """One query; each row with what its ticket says."""
    own = Fingerprint.objects.filter(ticket=ticket)
    others = Q(project=ticket.project, version=fingerprint.VERSION, kind__in=own.values("kind"))
    rows = Fingerprint.objects.filter(Q(ticket=ticket) | others & Q(ticket__merged_into=None))
    first = Case(When(ticket=ticket, then=0), default=1)
    said = Exists(Regrouping.objects.filter(project=ticket.project))
    held = Exists(Ticket.objects.filter(merged_into=ticket))
    ordered = rows.annotate(regrouped=said, joined=held).order_by(first, "-ticket__number", "pk")
    found = list(ordered.values_list(*_OF_A_CAUSE, "regrouped", "joined", named=True)[:_LOOKED])
    if not found:
        return KnownCauses([], [])
    ours = sorted((row for row in found if row.ticket_id == ticket.pk), key=lambda row: row.pk)
    alike = [row for row in found if row.version == fingerprint.VERSION]
    alike.sort(key=lambda row: (-row.ticket__number, row.pk))
    return KnownCauses(ours, alike, found[0].regrouped, found[0].joined)


_OF_A_CAUSE = (
    "pk", "readable", "kind", "version", "facts", "home_id", "ticket_id", "ticket__number", "ticket__title",
    "ticket__status", "ticket__solution", "ticket__claimed_by__first_name", "ticket__claimed_by__last_name",
    "ticket__verified_pass__number", "ticket__verified_pass__commit", "ticket__verified_pass__subject",
    "ticket__marked_fixed_in",
)  # fmt: skip


def similar_to(ticket: Ticket, causes: KnownCauses) -> list[Like]:
    """At most five, those that a pass verified first."""
    rows = causes.rows
    by_number = {row.ticket__number: row for row in rows}
    known = [_of_row(row) for row in rows]
    # Of each root cause that the ticket holds; people may have merged some.
    alike = [other for one in known if one.number == ticket.number for other in similar(one, known)]
    first = {other.number: other for other in reversed(alike)}
    ranked = sorted(first.values(), key=lambda other: (not other.verified, alike.index(other)))
    return [_like(ticket.project.key, by_number[one.number]) for one in ranked[:MOST]]


def _of_row(row: Any) -> Known:
    named = {fact: row.facts.get(fact) or "" for fact in _FACTS}
    verified = row.ticket__status == "verified"
    return Known(number=row.ticket__number, kind=row.kind, key=row.readable, verified=verified, **named)


def known_causes(wanted: Q) -> list[Known]:
    """The root causes that fit, each numbered by its ticket's id: of any project. The largest first. One query."""
    rows = Fingerprint.objects.filter(wanted, version=fingerprint.VERSION, ticket__merged_into=None)
    values = rows.annotate(**_its_facts()).order_by("-ticket__errors", "ticket", "pk")
    fields = ("readable", "kind", "ticket", "ticket__status", *_its_facts())
    return [_known(row, row["ticket"]) for row in values.values(*fields)[:_LOOKED]]


def _its_facts() -> dict[str, F]:
    return {f"its_{fact}": F(f"facts__{fact}") for fact in _FACTS}


def _known(row: Mapping[str, Any], number: int) -> Known:
    return Known(
        number=number,
        kind=row["kind"],
        key=row["readable"],
        module=row["its_module"] or "",
        name=row["its_name"] or "",
        package=row["its_package"] or "",
        verified=row["ticket__status"] == "verified",
    )


def _like(key: str, row: Any) -> Like:
    return Like(
        label=f"{key}-{row.ticket__number}",
        title=row.ticket__title,
        status=row.ticket__status,
        claimed=" ".join(filter(None, (row.ticket__claimed_by__first_name, row.ticket__claimed_by__last_name))),
        verified_at=row.ticket__verified_pass__number if row.ticket__status == "verified" else None,
        commit=(row.ticket__verified_pass__commit or "")[:9],
        subject=row.ticket__verified_pass__subject or "",
        solution=row.ticket__solution,
        fixed_in=row.ticket__marked_fixed_in,
    )


def unmasked_by(ticket: Ticket, occurrences: Sequence[Mapping[str, Any]]) -> list[tuple[str, int]]:
    """(ticket, errors) that had hidden this one's, the most first. One query, none where nothing was unmasked."""
    came: dict[int, set[str]] = {}
    for row in occurrences:
        if row["appeared_as"] == "unmasked":
            came.setdefault(row["first_pass_id"], set()).add(row["file__path"])
    if not came:
        return []
    gone = Occurrence.objects.filter(Q(close_reason__in=CLEARED), closed_pass__in=came.keys())
    gone = gone.exclude(fingerprint__ticket=ticket).order_by("fingerprint__ticket__number")
    ended: dict[int, list[tuple[str, int]]] = {}
    for number, path, other in gone.values_list("closed_pass_id", "file__path", "fingerprint__ticket__number"):
        ended.setdefault(number, []).append((path, other))
    counts: Counter[int] = Counter()
    for number, paths in came.items():
        for tickets in hiders(paths, ended.get(number, [])).values():
            counts.update(tickets)
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [(f"{ticket.project.key}-{number}", errors) for number, errors in ranked]
