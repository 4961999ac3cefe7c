"""Rebuilt equals incremental, whatever the order in which passes ran; ledgers always sum."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from remediation import projections
from remediation.core.reconcile import Ledger
from remediation.models import CategoryCount, CollectionPass, FileState, Occurrence, Project, Ticket, Transition
from tests import factories

PATHS = ["tests/test_a.py", "tests/test_b.py", "tests/unit/test_c.py", "tests/unit/test_d.py"]
MODULES = ["atlas.core.one", "atlas.cache.two", "atlas.users.three"]

file_now = st.one_of(
    st.integers(0, 4),  # collected with so many tests
    st.sampled_from([("skipped", 0), ("masked", 0), ("ignored", 0), "gone", "gone"]),
    st.sampled_from(MODULES),  # blocked by that module
    st.tuples(st.just("marker"), st.sampled_from(["load", "slow"])),
)
history = st.lists(st.fixed_dictionaries({path: file_now for path in PATHS}), min_size=2, max_size=6)


def snapshot(project: Project) -> dict[str, Any]:
    """Everything computed, without ticket numbers, row ids and clock times."""
    passes = project.passes.counted().in_commit_order()
    names = (
        "position",
        "total",
        "comparable",
        "held",
        "cleared",
        "hidden",
        "unmasked",
        "new",
        "regressed",
        "effective_at",
    )
    ticket = "fingerprint__readable"
    return {
        "passes": [
            {name: getattr(row, name) for name in (*names, "previous_id")}
            | {"previous_id": row.previous and row.previous.position}
            for row in passes.select_related("previous")
        ],
        "counts": sorted(
            CategoryCount.objects.filter(collection_pass__project=project).values_list(
                "collection_pass__position", "category__name", "environment", "errors", "tickets"
            )
        ),
        "occurrences": sorted(
            map(
                str,
                Occurrence.objects.filter(fingerprint__project=project).values_list(
                    ticket,
                    "file__path",
                    "appeared_as",
                    "first_pass__position",
                    "closed_pass__position",
                    "close_reason",
                    "settled_pass__position",
                    "settlement",
                ),
            )
        ),
        "files": sorted(
            map(
                str,
                FileState.objects.filter(file__project=project).values_list(
                    "file__path", "state", "tests", "first_pass__position", "closed_pass__position"
                ),
            )
        ),
        "tickets": sorted(
            map(
                str,
                Ticket.objects.filter(project=project).values_list(
                    "title",
                    "kind",
                    "category__name",
                    "status",
                    "errors",
                    "hidden_errors",
                    "first_pass__position",
                    "verified_pass__position",
                    "regressed_pass__position",
                ),
            )
        ),
        "history": sorted(
            map(
                str,
                Transition.objects.filter(ticket__project=project).values_list(
                    "ticket__title", "verb", "collection_pass__position", "data"
                ),
            )
        ),
    }


def record(project: Project, position: int, files: dict[str, Any]) -> CollectionPass:
    errors, rows = [], {"tests/test_healthy.py": 9}
    for path, now in files.items():
        if now in MODULES:
            errors.append(factories.missing_module(path, now))
        elif isinstance(now, tuple) and now[0] == "marker":
            errors.append(factories.unknown_marker(path, now[1]))
        elif now != "gone":
            rows[path] = now
    return factories.counted_pass(project, position, errors, rows)


@pytest.mark.django_db
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(states=history, data=st.data())
def test_any_order_of_arrival_gives_the_same(states: list[dict[str, Any]], data: st.DataObject) -> None:
    in_order, shuffled = factories.project(), factories.project()
    for position, files in enumerate(states, start=1):
        record(in_order, position, files)
    for position in data.draw(st.permutations(range(1, len(states) + 1))):
        record(shuffled, position, states[position - 1])
    expected = snapshot(in_order)
    assert snapshot(shuffled) == expected
    projections.rebuild(in_order)
    assert snapshot(in_order) == expected


@pytest.mark.django_db
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(states=history)
def test_every_ledger_sums_to_the_next_total(states: list[dict[str, Any]]) -> None:
    project = factories.project()
    steps = []
    for position, files in enumerate(states, start=1):
        row = record(project, position, files)
        counts = CategoryCount.objects.filter(collection_pass=row)
        assert sum(count.errors for count in counts) == row.total
        if row.previous:
            terms = {name: getattr(row, name) for name in ("cleared", "hidden", "unmasked", "new", "regressed")}
            steps.append(Ledger(before=row.previous.total, after=row.total, **terms))
    week = Ledger.over(steps)
    assert (week.before, week.after) == (steps[0].before, steps[-1].after)
    visible = Occurrence.objects.visible().filter(fingerprint__project=project).count()
    assert visible == row.total == sum(t.errors for t in Ticket.objects.filter(project=project))
    assert not Ticket.objects.filter(project=project, status="verified").exclude(errors=0, hidden_errors=0).exists()
