"""Which test files errors block now, by which tickets, and how many tests each hides."""

from __future__ import annotations

from collections import defaultdict

from django.db import connection

from remediation.core.impact import Blocked, Estimate, Impact, estimate, impacts
from remediation.core.reconcile import HIDDEN
from remediation.core.silence import SERVING
from remediation.core.whereabouts import REASON
from remediation.core.written import BLOCKED
from remediation.models import Project, Ticket

__all__ = ["blocked_files", "impact_of"]

# One statement, so that both halves are of one moment; as text, because pages ask it again and again.
_BLOCKED = f"""
SELECT (
    SELECT json_agg(json_build_array(file.id, file.path, seen.state, seen.tests, seen.reason, file.gave, p.number,
        file.written))
    FROM remediation_testfile file
    JOIN remediation_filestate seen ON seen.file_id = file.id
    LEFT JOIN remediation_collectionpass p ON p.id = file.gave_in_id
    WHERE file.project_id = %s AND seen.closed_pass_id IS NULL AND seen.state IN {tuple(sorted(BLOCKED))}
), (
    SELECT json_agg(json_build_array(one.file_id, cause.ticket_id, one.closed_pass_id IS NULL))
    FROM remediation_occurrence one
    JOIN remediation_fingerprint cause ON cause.id = one.fingerprint_id
    WHERE cause.project_id = %s AND (one.closed_pass_id IS NULL
        OR (one.close_reason IN {tuple(sorted(HIDDEN))} AND one.settled_pass_id IS NULL))
)"""  # noqa: S608  (nothing but constants)


def blocked_files(project: Project) -> list[Blocked]:
    """Every test file that is blocked as of the last counted pass; causes are ticket ids. One query.

    Below a failing conftest or package stand the files that it masks. A cause that is hidden behind another one in
    the same file counts as well: the file is whole when both are gone.
    """
    with connection.cursor() as cursor:
        cursor.execute(_BLOCKED, [project.pk, project.pk])
        states, causes = (rows or [] for rows in cursor.fetchone())
    visible: dict[int, set[int]] = defaultdict(set)
    hidden: dict[int, set[int]] = defaultdict(set)
    for file, ticket, seen in causes:
        (visible if seen else hidden)[file].add(ticket)
    serving = {path[:REASON]: visible.get(pk, set()) for pk, path, *_ in states if _serves(path)}
    found, served = [], set()
    for pk, path, state, tests, reason, gave, number, written in states:
        if _serves(path):
            continue
        own = visible.get(pk, set()) | hidden.get(pk, set())
        if state == "masked":
            own |= serving.get(reason, set())
            served.add(reason)
        if own:
            found.append(
                Blocked(path, frozenset(own), estimate(gave, number, written, tests if state == "error" else 0))
            )
    # A conftest that fails hides what it serves; where the pass names no such file, nobody knows how much.
    lonely = [
        (path, frozenset(serving[path[:REASON]])) for _, path, *_ in states if path[:REASON] in serving.keys() - served
    ]
    return found + [Blocked(path, own, Estimate()) for path, own in sorted(lonely) if own]


def impact_of(ticket: Ticket) -> tuple[Impact, dict[str, Blocked]]:
    """What one ticket hides, and its blocked files by path. One query, as :func:`blocked_files`."""
    files = blocked_files(ticket.project)
    own = {file.path: file for file in files if ticket.pk in file.causes}
    return impacts(own.values()).get(ticket.pk, Impact()), own


def _serves(path: str) -> bool:
    return path.rpartition("/")[2] in SERVING
