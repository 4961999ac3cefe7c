"""Everything the overview says, from rows to values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any

from django.db.models import Q

from dashboard import drawing, live_passes
from dashboard.history import history_of, is_stale
from remediation.collection import sandbox
from remediation.core import trend as core
from remediation.core.picture import Picture, picture, thin
from remediation.core.trend import Layer, Point, Trend
from remediation.models import FileState, Project, Ticket

TABLE_ROWS = 60  # of the numbers under the chart; every pass stands on the passes page
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


def build(project: Project, now: datetime) -> dict[str, Any]:
    """The context of the overview. Raises ArithmeticError rather than show terms that do not sum."""
    strip = live_passes.strip(project, now)  # first: a pass that lands meanwhile is then announced, never overlooked
    history = history_of(project)
    trend = history.trend
    week = core.week(trend)
    since = week.start.at if week else None
    tickets = _tickets(project, trend, since)
    standing = [ticket for ticket in tickets if ticket.status != "verified"]
    hidden = sum(ticket.hidden_errors for ticket in standing)
    shown = picture_of(project, trend, now)
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
        "drawing": drawing.draw(shown) if shown else None,
        "summary": _summary(trend),
        "numbers": thin(trend).points[::-1][:TABLE_ROWS],
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


def picture_of(project: Project, trend: Trend, now: datetime) -> Picture | None:
    """The trend's picture with the project's target date; None while nothing was counted."""
    target = datetime.combine(project.target_date, time(), UTC) if project.target_date else None
    return picture(trend, now, target)


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


def _summary(trend: Trend) -> str:
    """The chart in words, for who cannot see it."""
    base, last, peak = trend.base, trend.last, trend.peak
    if base is None or last is None or peak is None:
        return ""
    said = [f"{base.value:,} errors at pass #{base.number} on {_day(base.at)}"]
    if peak.value > base.value:
        said.append(f"{peak.value:,} at the peak on {_day(peak.at)}")
    if last is not base:
        said.append(f"{last.value:,} at pass #{last.number} on {_day(last.at)}")
    blank = [f"#{point.number}" for point in trend.points if not point.counted]
    gaps = (
        f" Not counted, without a value: {', '.join(blank[:12])}{' and more' if blank[12:] else ''}." if blank else ""
    )
    return f"Stacked steps by category: {', '.join(said)}.{gaps} The table below holds the numbers."


def _day(at: datetime) -> str:
    return f"{at.day} {at:%B %Y}"
