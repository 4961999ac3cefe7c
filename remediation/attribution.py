"""The commit to which a verified ticket is attributed: the one that people had named, else the one that git tells."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from remediation.core.credit import UNKNOWN, Credit
from remediation.core.fix_marks import Mark, Place, in_force
from remediation.models import Attribution, FixMark


@dataclass(frozen=True, slots=True)
class Verified:
    """By which pass a ticket was verified, and the place of the pass that had verified it before, if one had."""

    pass_id: int
    place: Place
    before: Place | None = None


def credits(verified: Mapping[int, Verified]) -> dict[int, Credit]:
    """Ticket id to what is known of its commit; tickets of which nothing is known are left out. Two queries."""
    rows = Attribution.objects.filter(ticket__in=verified).select_related("seen_pass")
    found = {
        row.ticket_id: Credit(row.how, row.commit, commits=row.commits, seen=row.seen_pass.number)
        for row in rows
        if row.verified_pass_id == verified[row.ticket_id].pass_id
    }
    for ticket, (mark, commit, by) in _confirmed(verified).items():
        known = found.get(ticket, UNKNOWN)
        if mark.named and commit:
            found[ticket] = Credit("marked", commit, by, known.commits, known.seen)
    return found


def _confirmed(verified: Mapping[int, Verified]) -> dict[int, tuple[Mark, str, str]]:
    """The mark that was in force when its ticket was verified by a pass that contains the named commit, with that
    commit and who had named it."""
    said: dict[int, list[tuple[Mark, str, str]]] = defaultdict(list)
    for row in (
        FixMark.objects.filter(ticket__in=verified).select_related("actor", "after", "known_after").order_by("pk")
    ):
        after, known = (_place(one) for one in (row.after, row.known_after))
        mark = Mark(row.named, after, row.contained_from, known)
        said[row.ticket_id].append((mark, row.commit, row.actor.label if row.actor else "somebody"))
    found = {}
    for ticket, rows in said.items():
        at = verified[ticket]
        holds = in_force([mark for mark, *_ in rows], at.place, at.before)
        if holds is not None and holds.contained_in(at.place):
            found[ticket] = next(row for row in reversed(rows) if row[0] is holds)
    return found


def _place(row: object) -> Place | None:
    position = getattr(row, "position", None)
    return None if position is None else (position, row.number)  # type: ignore[attr-defined]
