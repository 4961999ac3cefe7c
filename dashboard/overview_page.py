"""Everything the overview says, from rows to values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from dashboard import drawing, lead_page, live_passes, overview_lists, plot
from dashboard.history import history_of
from dashboard.plot_choice import Choice
from remediation.core import sampling
from remediation.core import trend as core
from remediation.core.trend import Layer, Point, Trend
from remediation.hidden_tests import blocked_files
from remediation.models import FileState, Project, Ticket

SPARK_COLUMNS = 104  # places in which a category's line may change: its width in pixels


@dataclass(frozen=True, slots=True)
class CategoryRow:
    """One line of the category table.

    ``week`` is None while there is no week to compare with, or none that may be compared. ``choice`` leads to the
    page with this category alone, or back to all of them from the one that is chosen.
    """

    layer: Layer
    tickets: int
    first: int
    left: int
    week: int | None
    spark: drawing.Spark | None
    choice: Choice
    chosen: bool


def build(project: Project, now: datetime, choice: Choice, asker: Any = None) -> dict[str, Any]:
    """The context of the overview. Raises ArithmeticError rather than show terms that do not sum.

    ``choice``: the part of the plot to draw; a category narrows the lists too. ``asker``: who reads it.
    """
    strip = live_passes.strip(
        project, now, asker
    )  # first: a pass that lands meanwhile is then announced, never overlooked
    history = history_of(project)
    trend = history.trend
    week = core.week(trend)
    since = week.start.at if week else None
    tickets = _tickets(project, trend, since)
    standing = [ticket for ticket in tickets if ticket.status != "verified"]
    gone = [ticket for ticket in tickets if ticket.status == "verified"]
    hidden = sum(ticket.hidden_errors for ticket in standing)
    drawn = plot.build(project, trend, now, choice)
    key = drawn["chosen"].key if drawn["chosen"] else None
    return {
        "trend": trend,
        "hidden": hidden,
        "muted": sum(ticket.errors for ticket in standing if ticket.status == "muted"),
        "silent": FileState.objects.now(project).silent().count(),
        "week": week,
        "terms": drawing.terms(week.ledger) if week else [],
        **drawn,
        **lead_page.build(project, history, week, standing, len(gone), hidden, now),
        "rows": _category_rows(history.tickets, trend, week, choice, key),
        "strip": strip,
        "wall": _wall(standing, trend.last),
        "decisions": overview_lists.decisions(_of(standing, key), now, project.unclaimed_after),
        "largest": overview_lists.largest(_of(standing, key), _left(trend, key), blocked_files(project)),
        "verified": overview_lists.verified(_of(gone, key), since),
        "open_tickets": len(standing),
        "open_listed": len(_of(standing, key)),
    }


def _of(tickets: list[Ticket], category: int | None) -> list[Ticket]:
    """Those of one category; all of them where none is chosen."""
    return tickets if category is None else [ticket for ticket in tickets if ticket.category_id == category]


def _left(trend: Trend, category: int | None) -> int:
    """Errors of the last counted pass, of one category or of all; 0 where nothing was counted."""
    last = trend.last
    if last is None or last.counts is None:
        return 0
    return sum(n for layer, n in zip(trend.layers, last.counts, strict=True) if category in (None, layer.key))


def _tickets(project: Project, trend: Trend, since: datetime | None) -> list[Ticket]:
    """The standing ones, largest first, and those verified after ``since``; at zero all of them. One query."""
    wanted = ~Q(status="verified")
    rows = project.tickets.listed().with_blamed().with_freed()
    if since is not None:
        wanted |= Q(status="verified", verified_pass__effective_at__gt=since)
        rows = rows.with_cleared_since(since)
    if trend.last and not trend.last.value:
        wanted = Q()
    tickets = list(rows.filter(wanted))
    for ticket in tickets:
        ticket.project = project
    return tickets


def _category_rows(
    tickets: tuple[int, ...], trend: Trend, week: core.Week | None, choice: Choice, chosen: int | None
) -> list[CategoryRow]:
    last, base = trend.last, trend.base
    if last is None or base is None:
        return []
    top = max(max(point.counts or (0,)) for point in trend.counted)
    few = sampling.by_pass(trend, SPARK_COLUMNS)
    return [
        CategoryRow(
            layer=layer,
            tickets=tickets[i],
            first=(base.counts or ())[i],
            left=(last.counts or ())[i],
            week=week.by_layer[i] if week and week.comparable else None,
            spark=drawing.spark(few, i, top),
            choice=choice.all_categories if layer.key == chosen else choice.with_category(layer.key),
            chosen=layer.key == chosen,
        )
        for i, layer in enumerate(trend.layers)
    ]


def _wall(standing: list[Ticket], last: Point | None) -> list[Ticket]:
    """The environment's tickets, when they hold most of the errors: a wall that hides the repository's own."""
    if last is None or not core.is_wall(last.total, last.environment):
        return []
    return [ticket for ticket in standing if ticket.environment and ticket.errors]
