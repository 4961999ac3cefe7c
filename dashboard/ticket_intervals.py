"""Where and when the errors of a ticket were seen: its occurrences, as its page reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.db import connection

from dashboard.sparklines import Axis, Interval
from remediation.models import Ticket

# Django writes this down for longer than Postgres answers. The last interval of a file and cause is the one with the
# highest id: those of one pair are written in commit order.
_OWN = """
SELECT one.file_id, file.path AS file__path,
    cause.readable AS fingerprint__readable, cause.home_id AS fingerprint__home_id,
    one.first_pass_id, first.position AS first_pass__position, first.number AS first_pass__number, one.appeared_as,
    one.closed_pass_id, closed.position AS closed_pass__position, closed.number AS closed_pass__number,
    closed.previous_id AS closed_pass__previous_id, one.close_reason, settled.number AS settled_pass__number,
    one.settlement,
    (SELECT json_build_array(now.state, now.reason) FROM remediation_filestate now
        WHERE now.file_id = one.file_id AND now.closed_pass_id IS NULL) AS now
FROM remediation_occurrence one
JOIN remediation_fingerprint cause ON cause.id = one.fingerprint_id
JOIN remediation_testfile file ON file.id = one.file_id
JOIN remediation_collectionpass first ON first.id = one.first_pass_id
LEFT JOIN remediation_collectionpass closed ON closed.id = one.closed_pass_id
LEFT JOIN remediation_collectionpass settled ON settled.id = one.settled_pass_id
WHERE cause.ticket_id = %(ticket)s AND (%(every)s OR one.closed_pass_id = ANY(%(shown)s)
    OR one.appeared_as = 'unmasked' OR one.id IN (
        SELECT max(last.id) FROM remediation_occurrence last
        JOIN remediation_fingerprint own ON own.id = last.fingerprint_id
        WHERE own.ticket_id = %(ticket)s GROUP BY last.fingerprint_id, last.file_id))
ORDER BY first.position, one.id"""


def occurrences_of(ticket: Ticket, axis: Axis) -> list[dict[str, Any]]:
    """The ticket's intervals, oldest first, named as Django names them from the occurrence. One query.

    Of a long history those that tell something: the latest of each file and cause, what reaches into the axis, and
    what came to sight because something else went. ``now``: state of the file with its reason, None without a file.
    """
    given = {"ticket": ticket.pk, "every": axis.start is None, "shown": [*axis.places, *axis.coming]}
    with connection.cursor() as cursor:
        cursor.execute(_OWN, given)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def intervals_within(axis: Axis, occurrences: Sequence[Mapping[str, Any]]) -> Iterator[Interval]:
    """Those that reach into the axis."""
    for row in occurrences:
        closed = row["closed_pass_id"] and (row["closed_pass__position"], row["closed_pass__number"])
        if not (axis.start and closed and closed < axis.start):
            first = axis.first(row["first_pass_id"], row["first_pass__position"], row["first_pass__number"])
            yield first, row["closed_pass_id"]
