"""Merging while others merge, claim or record a pass: no deadlock, and an end that the history explains."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from remediation import grouping, projections, rebuilding, tickets
from remediation.models import Project, Regrouping, Ticket, User
from tests import factories
from tests.remediation.test_rebuild import check_sums, snapshot
from tests.remediation.threads import at_once

CAUSES, ROUNDS = 8, 3
HEALTHY: factories.Files = {"tests/test_healthy.py": 90}


def errors() -> list[Any]:
    """As many causes as files."""
    return [factories.missing_module(f"tests/test_{n}.py", f"atlas.m{n}") for n in range(CAUSES)]


def check(project: Project) -> None:
    """The end is what the facts say, and no count was lost."""
    assert not Ticket.objects.filter(project=project, merged_into__merged_into__isnull=False).exists()
    assert not project.fingerprints.filter(ticket__merged_into__isnull=False).exists()
    rebuilding.run(project.pk)
    check_sums(project)
    expected = snapshot(project)
    projections.rebuild(project)
    assert snapshot(project) == expected


def explain(ticket: Ticket, person: User, end: Any) -> None:
    """A claim that was won stands in the history of its ticket; one that was not, and why, was told."""
    claimed = ticket.transitions.filter(verb="claimed", actor=person).exists()
    if isinstance(end, grouping.Refused):
        assert "was merged into" in end.text or "is verified" in end.text
    else:
        assert claimed or not end.won


@pytest.mark.django_db(transaction=True)
def test_merges_undos_claims_and_passes_at_one_moment() -> None:
    project = factories.project()
    factories.counted_pass(project, 1, errors(), HEALTHY)
    people = [factories.member(project) for _ in range(3)]
    for number in range(ROUNDS):
        standing = list(project.tickets.filter(merged_into=None).select_related("project").order_by("number"))
        one, other, third = standing[0], standing[1], standing[2]
        seen = errors()[number % 2 :]
        jobs: list[Callable[[], Any]] = [
            partial(grouping.merge, one, other, people[0], "one way"),
            partial(grouping.merge, other, one, people[1], "the other way"),
            partial(grouping.merge, third, one, people[2], "a third"),
            partial(tickets.claim, one, people[0]),
            partial(tickets.claim, other, people[1]),
            partial(factories.counted_pass, project, number + 2, seen, {**HEALTHY, "tests/test_0.py": 3}),
        ]
        earlier = Regrouping.objects.filter(project=project, undone_by=None).exclude(verb="undo").first()
        ended = at_once(jobs if earlier is None else [*jobs, partial(grouping.undo, earlier, people[2])])
        faults = [end for end in ended if isinstance(end, Exception) and not isinstance(end, grouping.Refused)]
        assert not faults, faults
        # Of two merges of each other exactly one is made; the other is told.
        assert [isinstance(end, Regrouping) for end in ended[:2]].count(True) == 1
        check(project)
        merged, kept = (one, other) if isinstance(ended[0], Regrouping) else (other, one)
        assert merged.transitions.filter(verb="merged").exists() and kept.transitions.filter(verb="took-in").exists()
        explain(one, people[0], ended[3])
        explain(other, people[1], ended[4])
