"""Looks over the numbers of a long history, to choose the passes that a page needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from django.utils import timezone

from dashboard.plot_choice import RANGES
from remediation.core.condense import Step, condense
from remediation.core.picture import edge_of
from remediation.core.trend import WEEK
from remediation.models import Project
from remediation.projections import chapters

TERMS = ("cleared", "hidden", "unmasked", "new", "regressed")


def chosen(projects: Iterable[Project]) -> dict[int, Mapping[int, Step]]:
    """By project the passes to show, by their ids. Two queries, whose cost hardly grows with the passes."""
    asked = list(projects)
    baselines = {project.pk: project.baseline_id for project in asked}
    histories = chapters.told(asked)
    starts = {pk: _starts(history) for pk, history in histories.items()}
    found = chapters.opened(histories, {pk: _moments(histories[pk], starts[pk]) for pk in histories})
    return {pk: {step.id: step for step in condense(found[pk], baselines[pk], starts[pk])} for pk in histories}


def _moments(history: chapters.Told, starts: Iterable[float]) -> list[float]:
    """Those at which it must be known what held."""
    last, based_at = history.counted, history.based_at
    week = [last.at - WEEK.total_seconds()] if last else []
    return [*starts, *week, *([] if based_at is None else [based_at])]


def _starts(history: chapters.Told) -> list[float]:
    """Where the parts of the plot that a reader can choose begin."""
    if history.first is None or history.last is None:
        return []
    first, last = (datetime.fromtimestamp(row.at, UTC) for row in (history.first, history.last))
    edge = edge_of(first, last, timezone.now(), counted=history.last.counted, replayed=history.replayed)
    return [(edge - timedelta(weeks=weeks)).timestamp() for _, weeks in RANGES.values() if weeks]
