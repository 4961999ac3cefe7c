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
    causes, paths = _causes(project)
    rows = FileState.objects.filter(file__project=project, closed_pass__isnull=True, state__in=BLOCKED)
    values = rows.values_list(
        "file__path", "state", "tests", "reason", "file__gave", "file__gave_in__number", "file__written"
    )
    found, served = [], set()
    for path, state, tests, reason, gave, number, written in values:
        own = causes.get(path, set())
        if state == "masked":
            own = own | causes.get(paths.get(reason, reason), set())
            served.add(paths.get(reason, reason))
        if own and not _serves(path):
            now = tests if state == "error" else 0
            found.append(Blocked(path, frozenset(own), estimate(gave, number, written, now)))
    # A conftest that fails hides what it serves; where the pass names no such file, nobody knows how much.
    lonely = {path for path in causes if _serves(path)} - served
    return found + [Blocked(path, frozenset(causes[path]), Estimate()) for path in sorted(lonely)]


def impact_of(ticket: Ticket) -> tuple[Impact, dict[str, Blocked]]:
    """What one ticket hides, and its blocked files by path. Two queries, as :func:`blocked_files`."""
    files = blocked_files(ticket.project)
    own = {file.path: file for file in files if ticket.pk in file.causes}
    return impacts(own.values()).get(ticket.pk, Impact()), own


def _causes(project: Project) -> tuple[dict[str, set[int]], dict[str, str]]:
    """Path to the tickets that block it, visibly or behind another; and paths by what a stored reason keeps of them."""
    here = Occurrence.objects.filter(fingerprint__project=project).filter(Q(closed_pass__isnull=True) | UNSETTLED)
    causes: dict[str, set[int]] = defaultdict(set)
    hidden: dict[str, set[int]] = defaultdict(set)
    for path, ticket, closed in here.values_list("file__path", "fingerprint__ticket", "closed_pass"):
        (causes if closed is None else hidden)[path].add(ticket)
    for path, tickets in hidden.items():
        if not _serves(path):
            causes[path] |= tickets
    return causes, {path[:REASON]: path for path in causes if _serves(path)}


def _serves(path: str) -> bool:
    return path.rpartition("/")[2] in SERVING
