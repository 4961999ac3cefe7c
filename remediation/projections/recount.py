"""Tickets whose causes were merged or split just now: what they hold, until the history has been computed again."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Count

from remediation.core import fingerprint
from remediation.core.blocker import identify_blocker
from remediation.models import Fingerprint, Occurrence, Project, Ticket

_RECOUNTED = (
    "errors", "hidden_errors", "blocking", "blocked_pass", "first_pass", "verified_pass", "regressed_pass", "status",
)  # fmt: skip


def recount(project: Project, tickets: Collection[int]) -> None:
    """Give tickets the counts of the causes that they hold now.

    Counts are exact at once; which pass verified a ticket or saw it again, and the lines that passes wrote, follow
    with the next fold from the start. The caller holds the locks of the project and its tickets, and has lifted mutes.
    """
    seen = Occurrence.objects.filter(fingerprint__ticket__in=tickets)
    errors, hidden = _by_ticket(seen.visible()), _by_ticket(seen.unsettled())
    rows = list(Ticket.objects.filter(pk__in=tickets).select_related("blocked_pass").order_by("pk"))
    blocked = _blocked(project, rows)
    for row in rows:
        row.errors, row.hidden_errors = errors.get(row.pk, 0), hidden.get(row.pk, 0)
        row.blocking, row.blocked_pass = blocked.get(row.pk, ("", None))
        own = seen.filter(fingerprint__ticket=row)
        first = own.order_by("first_pass__position", "first_pass__number").values_list("first_pass", flat=True).first()
        row.first_pass_id = first or row.blocked_pass_id
        _decide(row, own)
        row.save(update_fields=_RECOUNTED, force_update=True)


def _by_ticket(rows) -> dict[int, int]:  # type: ignore[no-untyped-def]
    counted = rows.order_by().values_list("fingerprint__ticket").annotate(number=Count("pk"))
    return dict(counted)


def _blocked(project: Project, rows: Collection[Ticket]) -> dict[int, tuple[str, object]]:
    """What blocks every pass goes with its own cause: each pass that was blocked knows which that is."""
    found: dict[int, tuple[str, object]] = {}
    for row in rows:
        error = row.blocked_pass.blocking_error if row.blocked_pass else None
        if error is not None:
            key = identify_blocker(error).key
            causes = Fingerprint.objects.filter(project=project, version=fingerprint.VERSION, readable=key)
            for ticket in causes.values_list("ticket_id", flat=True):
                found[ticket] = row.blocking, row.blocked_pass
    return found


def _decide(row: Ticket, own) -> None:  # type: ignore[no-untyped-def]
    """Verified when nothing of it is left; a merged ticket has no state of its own."""
    gone = not (row.errors or row.hidden_errors or row.blocking)
    if row.merged_into_id or (row.status == "verified" and not gone):
        row.status = "open"
        row.verified_pass = row.regressed_pass = None
    elif gone:
        ends = (
            own.values_list(f"{name}__position", f"{name}__number", name) for name in ("closed_pass", "settled_pass")
        )
        ended = [end for rows in ends for end in rows if end[-1] is not None]
        row.verified_pass_id = max(ended)[-1] if ended else row.verified_pass_id
        row.status = "verified" if row.verified_pass_id else "open"
