"""Reads the numbers of every pass of a long history, to choose those that a page needs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from django.db.models import BooleanField, Case, FloatField, Func, Q, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from dashboard.plot_choice import RANGES
from remediation.core.condense import Row, Step, condense
from remediation.core.picture import edge_of
from remediation.models import CollectionPass, Project

TERMS = ("cleared", "hidden", "unmasked", "new", "regressed")
# Of the columns that a page shows, the first that a pass has.
_AT = Coalesce("effective_at", "observed_at", "ended_at")
_SECONDS = Func(_AT, template="EXTRACT(EPOCH FROM %(expressions)s)::float8", output_field=FloatField())
_REPLAYED = Case(
    When(Q(trigger=CollectionPass.Trigger.REPLAY) | ~Q(requested_commit=""), then=Value(True)),
    default=Value(False),
    output_field=BooleanField(),
)
_NARROW = ("project_id", "pk", "outcome", "total", *TERMS, "comparable", "rules_version", "moment", "of_the_past")


def chosen(projects: Iterable[Project]) -> dict[int, Mapping[int, Step]]:
    """By project the passes to show, by their ids. One query, of numbers alone: there may be many thousands."""
    baselines = {project.pk: project.baseline_id for project in projects}
    found: dict[int, list[Row]] = defaultdict(list)
    of_the_past: set[int] = set()
    every = CollectionPass.objects.filter(project__in=baselines).for_trend()
    numbers = every.annotate(moment=_SECONDS, of_the_past=_REPLAYED).values_list(*_NARROW)
    for project, pk, outcome, total, *terms, comparable, rules, at, replayed in numbers:
        counted = outcome == CollectionPass.Outcome.COUNTED
        moved = tuple(terms) if counted and terms[0] is not None else None
        found[project].append(Row(pk, at, outcome, total, moved, comparable is False, rules if counted else None))
        if replayed:
            of_the_past.add(pk)
    return {pk: _steps(_by_time(found[pk]), baseline, of_the_past) for pk, baseline in baselines.items()}


def _steps(rows: Sequence[Row], baseline: int | None, of_the_past: Container[int]) -> dict[int, Step]:
    return {step.id: step for step in condense(rows, baseline, _starts(rows, of_the_past))}


def _by_time(rows: Sequence[Row]) -> list[Row]:
    """A pass that never learnt its commit has no place in commit order and is put in by its time."""
    return sorted(rows, key=lambda row: row.at)


def _starts(rows: Sequence[Row], of_the_past: Container[int]) -> list[float]:
    """Where the parts of the plot that a reader can choose begin."""
    if not rows:
        return []
    end = rows[-1]
    first, last = (datetime.fromtimestamp(row.at, UTC) for row in (rows[0], end))
    edge = edge_of(first, last, timezone.now(), counted=end.counted, replayed=end.id in of_the_past)
    return [(edge - timedelta(weeks=weeks)).timestamp() for _, weeks in RANGES.values() if weeks]
