"""The rows of the portfolio: each project's count, its week, its forecast and what needs attention."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q

from dashboard import drawing, forecasts
from dashboard.history import is_stale, totals_of
from remediation.core import portfolio, sampling, window
from remediation.core import trend as core
from remediation.models import CollectionPass, Project

SORTS = {"attention": "attention", "name": "name", "left": "errors left"}
SCALES = {"own": "its own", "same": "the same for all"}
LONGEST = timedelta(weeks=12)  # of the time axis that all lines share
SPARK_WIDTH, SPARK_COLUMNS = 132, 66  # pixels, and the places a line may change in


@dataclass(frozen=True, slots=True)
class Choice:
    """How the table is sorted and scaled. ``every``: a single project is listed and not shown at once."""

    sort: str = "attention"
    scale: str = "own"
    every: bool = False

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Choice:
        """Out of ?sort=, ?scale= and ?all; what is not understood is left out."""
        sort, scale = query.get("sort", ""), query.get("scale", "")
        return cls(sort if sort in SORTS else "attention", scale if scale in SCALES else "own", "all" in query)

    def query(self, **changes: Any) -> str:
        """The address of this choice with something changed; what is usual is left out."""
        to = replace(self, **changes)
        pairs = {"sort": to.sort if to.sort != "attention" else "", "scale": to.scale if to.scale != "own" else ""}
        said = urlencode({name: value for name, value in pairs.items() if value})
        return "?" + "&".join(part for part in ("all" if to.every else "", said) if part)

    @property
    def sorts(self) -> list[tuple[str, str, bool]]:
        """(words, address, is it the current one)."""
        return [(words, self.query(sort=key), key == self.sort) for key, words in SORTS.items()]

    @property
    def scales(self) -> list[tuple[str, str, bool]]:
        """(words, address, is it the current one)."""
        return [(words, self.query(scale=key), key == self.scale) for key, words in SCALES.items()]


@dataclass(frozen=True, slots=True)
class Row:
    """One project. ``week`` is None while there is nothing to compare with, or nothing that may be compared.

    ``since``: when its last counted pass ended. ``top``: the count at the upper edge of its line.
    """

    project: Any
    trend: core.Trend
    week: int | None
    latest: CollectionPass | None
    since: datetime | None
    running: bool
    stale: bool
    scope_changed: bool
    forecast: str
    spark: drawing.Spark | None
    top: int

    @property
    def uncounted(self) -> bool:
        """Whether its last pass has no number."""
        return self.latest is not None and not self.latest.counted

    @property
    def at_zero(self) -> bool:
        """Whether zero is reached: visible, in the baseline's scope, confirmed, nothing hidden."""
        return core.headline(self.trend, hidden=self.project.hidden or 0).state == "zero"

    @property
    def attention(self) -> int:
        """Which projects come first: came back, not counted, stale, rising, the rest."""
        signs = (self.project.regressed > 0, self.uncounted, self.stale, (self.week or 0) > 0)
        return next((i for i, sign in enumerate(signs) if sign), len(signs))

    @property
    def standing(self) -> portfolio.Standing:
        """What the sentence over all of them needs."""
        last = self.trend.last
        return portfolio.Standing(
            name=self.project.name,
            left=last.value if last else None,
            hidden=self.project.hidden or 0,
            rise=max(self.week or 0, 0),
            dated=self.uncounted,
        )


def build(projects: Sequence[Project], now: datetime, choice: Choice) -> dict[str, Any]:
    """The context of the page. Two queries, whatever the number of projects."""
    trends = totals_of(list(projects))
    latest, counted, running = _passes(projects, trends)
    axis = _axis(trends, now)
    highest = max((_top(trend) for trend in trends.values()), default=0)
    rows = []
    for project in projects:
        trend = trends[project.pk]
        top = highest if choice.scale == "same" else _top(trend)
        last = counted.get(project.pk)
        rows.append(
            Row(
                project=project,
                trend=trend,
                week=_week(trend),
                scope_changed=_scope_changed(trend),
                latest=latest.get(project.pk),
                since=last.ended_at if last else None,
                running=running[project.pk],
                stale=is_stale(project, last, now),
                forecast=forecasts.in_short(forecasts.forecast_of(project, trend, now)) if trend.last else "",
                spark=_spark(trend, axis, top),
                top=top,
            )
        )
    standings = [row.standing for row in rows]
    return {
        "rows": sorted(rows, key=_order(choice.sort)),
        "axis": axis,
        "choice": choice,
        "sentence": portfolio.sentence(standings),
        "notes": portfolio.notes(standings),
    }


def _order(sort: str) -> Any:
    """The key of a row. What was never counted comes after every number."""

    def key(row: Row) -> tuple[Any, ...]:
        name = row.project.name.lower()
        if sort == "name":
            return (name,)
        if sort == "left":
            last = row.trend.last
            return (last is None, -last.value if last else 0, name)
        return (row.attention, name)

    return key


def _passes(
    projects: Sequence[Project], trends: Mapping[int, core.Trend]
) -> tuple[dict[int, CollectionPass], dict[int, CollectionPass], dict[int, bool]]:
    """By project: the last ended pass, the last counted one, and whether one is at work. One query.

    They are those of its trend, as in its overview: a pass of some other commit says nothing of the project's state.
    """
    ends = {pk: trend.points[-1].id for pk, trend in trends.items() if trend.points}
    counts = {pk: trend.last.id for pk, trend in trends.items() if trend.last}
    wanted = Q(pk__in=[*ends.values(), *counts.values()]) | ~Q(state="ended")
    rows = {row.pk: row for row in CollectionPass.objects.filter(wanted, project__in=projects).listed()}
    running = defaultdict(bool, {row.project_id: True for row in rows.values() if row.state != "ended"})
    latest, counted = ({pk: rows[of[pk]] for pk in of if of[pk] in rows} for of in (ends, counts))
    return latest, counted, running


def _week(trend: core.Trend) -> int | None:
    week = core.week(trend)
    return week.change if week and week.comparable else None


def _scope_changed(trend: core.Trend) -> bool:
    """Whether the week's two ends are not comparable."""
    week = core.week(trend)
    return week is not None and not week.comparable


def _top(trend: core.Trend) -> int:
    return max((point.value for point in trend.counted), default=0)


def _axis(trends: dict[int, core.Trend], now: datetime) -> tuple[datetime, datetime] | None:
    """The last twelve weeks, or as much of them as there are passes; until now, so that a line that ends is seen to.

    Without the bound one old project would press all the others into a corner.
    """
    moments = [point.at for trend in trends.values() for point in trend.points]
    return (max(min(moments), now - LONGEST), max(*moments, now)) if moments else None


def _spark(trend: core.Trend, axis: tuple[datetime, datetime] | None, top: int) -> drawing.Spark | None:
    """What held when the axis begins stands at its edge."""
    if axis is None:
        return None
    shown = window.since(trend, axis[0])
    shown = replace(shown, points=tuple(replace(point, at=max(point.at, axis[0])) for point in shown.points))
    few = sampling.by_time(shown, SPARK_COLUMNS, *axis)
    return drawing.spark(few, None, top, axis=axis, width=SPARK_WIDTH, height=30)
