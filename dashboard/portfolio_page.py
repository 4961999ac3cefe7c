"""The rows of the portfolio: each project's count, its week and what needs attention."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dashboard import drawing
from dashboard.history import is_stale, totals_of
from remediation.core import trend as core
from remediation.models import CollectionPass, Project


@dataclass(frozen=True, slots=True)
class Row:
    """One project. ``week`` is None while there is nothing to compare with, or nothing that may be compared."""

    project: Project
    trend: core.Trend
    week: int | None
    latest: CollectionPass | None
    running: bool
    stale: bool
    scope_changed: bool
    spark: drawing.Spark | None

    @property
    def attention(self) -> int:
        """Which projects come first: came back, not counted, stale, rising, the rest."""
        signs = (
            self.project.regressed > 0,
            self.latest is not None and not self.latest.counted,
            self.stale,
            (self.week or 0) > 0,
        )
        return next((i for i, sign in enumerate(signs) if sign), len(signs))


def build(projects: list[Project], now: datetime) -> list[Row]:
    """Rows in order of attention. Two queries, whatever the number of projects."""
    trends = totals_of(projects)
    rows = CollectionPass.objects.filter(project__in=projects).listed()
    latest: dict[int, CollectionPass] = {}
    counted: dict[int, CollectionPass] = {}
    running: dict[int, bool] = defaultdict(bool)
    for row in rows.distinct("project_id", "state", "outcome").order_by("project_id", "state", "outcome", "-number"):
        if row.state != "ended":
            running[row.project_id] = True
        elif row.project_id not in latest or latest[row.project_id].number < row.number:
            latest[row.project_id] = row
        if row.counted:
            counted[row.project_id] = row
    axis = _axis(trends)
    found = [
        Row(
            project=project,
            trend=trends[project.pk],
            week=_week(trends[project.pk]),
            scope_changed=_scope_changed(trends[project.pk]),
            latest=latest.get(project.pk),
            running=running[project.pk],
            stale=is_stale(project, counted.get(project.pk), now),
            spark=_spark(trends[project.pk], axis),
        )
        for project in projects
    ]
    return sorted(found, key=lambda row: (row.attention, row.project.name.lower()))


def errors_left(rows: list[Row]) -> int | None:
    """The sum over projects that have a count; None when none has."""
    counts = [row.trend.last.value for row in rows if row.trend.last]
    return sum(counts) if counts else None


def _week(trend: core.Trend) -> int | None:
    week = core.week(trend)
    return week.change if week and week.comparable else None


def _scope_changed(trend: core.Trend) -> bool:
    """Whether the week's two ends are not comparable."""
    week = core.week(trend)
    return week is not None and not week.comparable


def _axis(trends: dict[int, core.Trend]) -> tuple[datetime, datetime] | None:
    moments = [point.at for trend in trends.values() for point in trend.points]
    return (min(moments), max(moments)) if moments else None


def _spark(trend: core.Trend, axis: Any) -> drawing.Spark | None:
    top = max((point.value for point in trend.counted), default=0)
    return drawing.spark(trend, None, top, axis=axis)
