"""The state that the counted passes so far have left in the tables, as a value for the pure step."""

from __future__ import annotations

import functools
import operator
from collections.abc import Collection
from typing import Any

from django.db.models import Exists, Q, QuerySet

from remediation.core import fingerprint
from remediation.core.fingerprint import Pair
from remediation.core.reconcile import CLEARED, State
from remediation.core.records import FileResult
from remediation.core.silence import LEFT
from remediation.models import CollectionPass, FileState, Fingerprint, Occurrence, Project, TestFile, Ticket


def last_counted(project: Project) -> CollectionPass | None:
    """The last counted pass in commit order, with its result."""
    return project.passes.counted().select_related("result", "scope").in_commit_order().last()


def load_state(project: Project, last: CollectionPass | None, errors: Collection[Pair] = ()) -> State:
    """The state after ``last``, as far as a pass with these ``errors`` asks for it.

    Reads the last result, what is hidden, and how those of the errors ended that are not open: what a pass costs does
    not grow with the passes before.
    """
    if last is None:
        # What a rename joined is found again by the fold, wherever the rename stands by then.
        return State(ticket_of=_tickets(project, facts__moved_from__isnull=True))
    result = last.result.unpack()
    opened = fingerprint.identify(result)
    return State(
        open=opened,
        hidden=_hidden(project),
        cleared=_cleared(project, set(errors) - opened.keys()),
        files={**_left(project), **{file.path: file for file in result.files}},
        reference_tests=_reference_tests(project, last),
        verified=frozenset(Ticket.objects.filter(project=project, status="verified").values_list("pk", flat=True)),
        ticket_of=_tickets(project),
        baseline_done=True,
    )


def is_settled(project: Project, last: CollectionPass) -> bool:
    """Whether the same facts once more would change nothing: no ending is open, and git need not be asked.

    An ending is open while the pass is held, an error is hidden, a file has left the patterns, or something that
    blocked every pass is not proved repaired; a ticket that is said to be fixed in a commit waits for an answer too.
    """
    return not last.held and not _any(
        project,
        Occurrence.objects.filter(fingerprint__project=project).unsettled(),
        FileState.objects.filter(file__project=project, closed_pass__isnull=True, state__in=LEFT),
        Ticket.objects.filter(project=project).filter(~Q(blocking="") | Q(status="awaiting")),
    )


def _left(project: Project) -> dict[str, FileResult]:
    """Files under no pattern any more: no later result names them, only their interval does."""
    rows = FileState.objects.filter(file__project=project, closed_pass__isnull=True, state__in=LEFT)
    return {
        path: FileResult(path, "not-reached", reason=reason, why=state)
        for path, reason, state in rows.values_list("file__path", "reason", "state")
    }


def _reference_tests(project: Project, last: CollectionPass) -> int | None:
    """Tests of the latest pass up to ``last`` that was not held; a pass just recorded stands behind it."""
    if not last.held:
        return last.tests_collected
    unheld = project.passes.counted().before(last).filter(held=False).in_commit_order().last()
    return unheld.tests_collected if unheld else None


def is_current(project: Project) -> bool:
    """Whether every occurrence, ended ones too, was grouped by this version, and every ticket keeps what rules need."""
    old = Fingerprint.objects.filter(project=project).exclude(version=fingerprint.VERSION)
    bare = Ticket.objects.filter(project=project, first_pass__isnull=False, rule_facts__isnull=True, merged_into=None)
    return not _any(project, old, bare)


def _any(project: Project, *rows: QuerySet[Any]) -> bool:
    """Whether any of these queries finds a row. One question to the database for all."""
    found = functools.reduce(operator.or_, (Q(Exists(query)) for query in rows))
    return Project.objects.filter(found, pk=project.pk).exists()


def _tickets(project: Project, **only: object) -> dict[str, object]:
    rows = Fingerprint.objects.filter(project=project, version=fingerprint.VERSION, **only)
    return dict(rows.values_list("readable", "ticket_id"))


def _hidden(project: Project) -> dict[Pair, str]:
    """Pairs whose ending is still open, with its reason."""
    rows = Occurrence.objects.filter(fingerprint__project=project).unsettled()
    values = rows.values_list("file__path", "fingerprint__readable", "close_reason")
    return {(path, key): reason for path, key, reason in values}


def _cleared(project: Project, wanted: Collection[Pair]) -> frozenset[Pair]:
    """Of some pairs, none of them open, those whose latest interval ended cleared."""
    if not wanted:
        return frozenset()
    files = {TestFile.digest_of(path) for path, _ in wanted}
    causes = {key for _, key in wanted}
    rows = Occurrence.objects.filter(file__project=project, file__digest__in=files, closed_pass__isnull=False)
    rows = rows.filter(fingerprint__project=project, fingerprint__readable__in=causes).order_by("pk")
    # Rows of one pair are written in commit order, so the last one read is the latest interval.
    latest = {
        (path, key): reason in CLEARED or settlement in CLEARED
        for path, key, reason, settlement in rows.values_list(
            "file__path", "fingerprint__readable", "close_reason", "settlement"
        )
    }
    return frozenset(pair for pair in wanted if latest.get(pair))
