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

# One statement, so that both halves are of one moment; as text, because pages ask it again and again. Each half goes
# from the project's own rows to what belongs to them (OFFSET 0 forbids another way): what other projects have is more.
_BLOCKED = f"""
SELECT (
    SELECT json_agg(json_build_array(file.id, file.path, seen.state, seen.tests, seen.reason, file.gave, p.number,
        file.written))
    FROM remediation_testfile file
    CROSS JOIN LATERAL (SELECT * FROM remediation_filestate
        WHERE file_id = file.id AND closed_pass_id IS NULL OFFSET 0) seen
    LEFT JOIN remediation_collectionpass p ON p.id = file.gave_in_id
    WHERE file.project_id = %s AND seen.state IN {tuple(sorted(BLOCKED))}
), (
    SELECT json_agg(json_build_array(one.file_id, cause.ticket_id, one.seen))
    FROM remediation_fingerprint cause
    CROSS JOIN LATERAL (
        SELECT file_id, true AS seen FROM remediation_occurrence
        WHERE fingerprint_id = cause.id AND closed_pass_id IS NULL
        UNION ALL
        SELECT file_id, false FROM remediation_occurrence
        WHERE fingerprint_id = cause.id AND close_reason IN {tuple(sorted(HIDDEN))} AND settled_pass_id IS NULL
        OFFSET 0) one
    WHERE cause.project_id = %s
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
