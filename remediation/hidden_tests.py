"""Which test files errors block now, by which tickets, and how many tests each hides."""

from __future__ import annotations

from collections import defaultdict

from django.db.models import Q

from remediation.core.impact import Blocked, Estimate, Impact, estimate, impacts
from remediation.core.silence import SERVING
from remediation.core.whereabouts import REASON
from remediation.core.written import BLOCKED
from remediation.models import FileState, Occurrence, Project, Ticket
from remediation.querysets import UNSETTLED

__all__ = ["blocked_files", "impact_of"]


def blocked_files(project: Project) -> list[Blocked]:
    """Every test file that is blocked as of the last counted pass; causes are ticket ids. Two queries.

    Below a failing conftest or package stand the files that it masks. A cause that is hidden behind another one in
    the same file counts as well: the file is whole when both are gone.
    """
    visible, hidden = _causes(project)
    rows = FileState.objects.filter(file__project=project, closed_pass__isnull=True, state__in=BLOCKED)
    values = rows.values_list(
        "file", "file__path", "state", "tests", "reason", "file__gave", "file__gave_in__number", "file__written"
    )
    states = list(values)
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
    """What one ticket hides, and its blocked files by path. Two queries, as :func:`blocked_files`."""
    files = blocked_files(ticket.project)
    own = {file.path: file for file in files if ticket.pk in file.causes}
    return impacts(own.values()).get(ticket.pk, Impact()), own


def _causes(project: Project) -> tuple[dict[int, set[int]], dict[int, set[int]]]:
    """File id to the tickets that are seen in it, and to those that are hidden there behind something else."""
    here = Occurrence.objects.filter(fingerprint__project=project).filter(Q(closed_pass__isnull=True) | UNSETTLED)
    visible: dict[int, set[int]] = defaultdict(set)
    hidden: dict[int, set[int]] = defaultdict(set)
    for file, ticket, closed in here.values_list("file", "fingerprint__ticket", "closed_pass"):
        (visible if closed is None else hidden)[file].add(ticket)
    return visible, hidden


def _serves(path: str) -> bool:
    return path.rpartition("/")[2] in SERVING
