"""Everything the overview says, from rows to values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from dashboard import drawing, live_passes, plot
from dashboard.history import history_of, is_stale
from dashboard.plot_choice import Choice
from remediation.collection import sandbox
from remediation.core import trend as core
from remediation.core.trend import Layer, Point, Trend
from remediation.models import FileState, Project, Ticket

LISTED = 4
_NEEDS_DECISION = ("regressed", "still-seen")


@dataclass(frozen=True, slots=True)
class CategoryRow:
    """One line of the category table; ``week`` is None while there is no week to compare with."""

    layer: Layer
    tickets: int
    first: int
    left: int
    week: int | None
    spark: drawing.Spark | None


def build(project: Project, now: datetime, choice: Choice) -> dict[str, Any]:
    """The context of the overview. Raises ArithmeticError rather than show terms that do not sum.

    ``choice``: the part of the plot to draw.
    """
    strip = live_passes.strip(project, now)  # first: a pass that lands meanwhile is then announced, never overlooked
    history = history_of(project)
    trend = history.trend
    week = core.week(trend)
    since = week.start.at if week else None
    tickets = _tickets(project, trend, since)
    standing = [ticket for ticket in tickets if ticket.status != "verified"]
    hidden = sum(ticket.hidden_errors for ticket in standing)
    last = trend.last
    return {
        "trend": trend,
        "headline": core.headline(trend, hidden=hidden),
        "base_changes": history.base_changes,
        "fewer": core.fewer(trend.base, last),
        "hidden": hidden,
        "silent": FileState.objects.now(project).silent().count(),
        "week": week,
        "terms": drawing.terms(week.ledger) if week else [],
        **plot.build(project, trend, now, choice),
        "rows": _category_rows(history.tickets, trend, week),
        "latest": history.latest,
        "sandbox": sandbox.name(history.latest.sandbox_level or 0) if history.latest else "",
        "last_row": history.last,
        "stale": is_stale(project, history.last, now),
        "strip": strip,
        "wall": _wall(standing, trend.last),
        "decisions": sorted(
            (ticket for ticket in standing if ticket.status in _NEEDS_DECISION or ticket.blocking == "all"),
            key=lambda ticket: ticket.blocking != "all",
        ),
        "largest": _largest(standing, last),
        "verified": _since([ticket for ticket in tickets if ticket.status == "verified"], since),
        "open_tickets": len(standing),
        "verified_ever": sum(ticket.status == "verified" for ticket in tickets),
    }


def _tickets(project: Project, trend: Trend, since: datetime | None) -> list[Ticket]:
    """The standing ones, largest first, and those verified after ``since``; at zero all of them. One query."""
    wanted = ~Q(status="verified")
    if since is not None:
        wanted |= Q(status="verified", verified_pass__effective_at__gt=since)
    if trend.last and not trend.last.value:
        wanted = Q()
    tickets = list(project.tickets.listed().filter(wanted))
    for ticket in tickets:
        ticket.project = project
    return tickets


def _since(tickets: list[Ticket], since: datetime | None) -> list[Ticket]:
    """Those verified after a moment, the latest first."""
    found = [
        ticket for ticket in tickets if ticket.verified_pass and since and ticket.verified_pass.effective_at > since
    ]
    return sorted(found, key=lambda ticket: ticket.verified_pass.effective_at, reverse=True)


def _category_rows(tickets: tuple[int, ...], trend: Trend, week: core.Week | None) -> list[CategoryRow]:
    last, base = trend.last, trend.base
    if last is None or base is None:
        return []
    top = max(max(point.counts or (0,)) for point in trend.counted)
    return [
        CategoryRow(
            layer=layer,
            tickets=tickets[i],
            first=(base.counts or ())[i],
            left=(last.counts or ())[i],
            week=week.by_layer[i] if week else None,
            spark=drawing.spark(trend, i, top),
        )
        for i, layer in enumerate(trend.layers)
    ]


def _wall(standing: list[Ticket], last: Point | None) -> list[Ticket]:
    """The environment's tickets, when they hold most of the errors: a wall that hides the repository's own."""
    if last is None or not core.is_wall(last.total, last.environment):
        return []
    return [ticket for ticket in standing if ticket.environment and ticket.errors]


def _largest(standing: list[Ticket], last: Point | None) -> dict[str, Any] | None:
    """The tickets with the most visible errors, and how much they are together."""
    visible = [ticket for ticket in standing if ticket.errors][:LISTED]
    if last is None or not last.total or not visible:
        return None
    top = visible[:3]
    return {
        "tickets": [(ticket, round(72 * ticket.errors / visible[0].errors, 1)) for ticket in visible],
        "top": len(top),
        "sum": sum(ticket.errors for ticket in top),
        "total": last.total,
    }
