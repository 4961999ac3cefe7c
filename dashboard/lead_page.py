"""The top of the overview: the sentence, what stands beside it, and the warnings above it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import redis

from dashboard import drawing
from dashboard.heartbeat import seconds_since_dispatch
from dashboard.history import History, is_stale
from dashboard.templatetags.figures import age
from remediation.collection import sandbox
from remediation.core import lead
from remediation.core import trend as core
from remediation.core.picture import thin
from remediation.core.text import clean_line
from remediation.core.trend import Trend
from remediation.models import CollectionPass, Project, Ticket
from remediation.schedule import BadSchedule, next_times

ANSWERS_WITHIN = 60  # seconds; the dispatcher comes every 15
MANY = 50  # due times that are counted one by one


@dataclass(frozen=True, slots=True)
class Stale:
    """The last counted pass is old. ``missed``: scheduled passes since, none of which ended with a count.

    ``quiet_since``: the worker's last sign of life where that is long ago; ``unknown``: nobody can tell.
    """

    missed: int
    quiet_since: datetime | None = None
    unknown: bool = False

    @property
    def many(self) -> bool:
        """Whether there are more than were counted."""
        return self.missed >= MANY


def build(
    project: Project,
    history: History,
    week: core.Week | None,
    standing: Sequence[Ticket],
    verified: int,
    hidden: int,
    now: datetime,
) -> dict[str, Any]:
    """What the lead says. No query: whether a worker answers is asked of the broker, where the count is old."""
    trend, latest = history.trend, history.latest
    headline = core.headline(trend, hidden=hidden)
    uncounted = latest is not None and not latest.counted
    old = is_stale(project, history.last, now)
    return {
        "headline": headline,
        "title": _title(headline, history, week, hidden, uncounted),
        "base_changes": history.base_changes,
        # Hidden is not repaired: where nothing is visible and something hidden, "100% fewer" would be said of silence.
        "fewer": core.fewer(trend.base, trend.last) if headline.state != "zero-hidden" else None,
        "latest": latest,
        "last_row": history.last,
        "sandbox": sandbox.name(latest.sandbox_level or 0) if latest else "",
        "uncounted": trend.uncounted_since,
        "evidence": last_line(latest.evidence or "") if latest and uncounted else "",
        # What blocks everything may have a ticket; then not everything is as it was.
        "blocking": [t for t in standing if t.blocking == "all" and latest and t.blocked_pass_id == latest.pk],
        # A pass that ended just now without a count has its own banner; only silence is stale beside it.
        "stale": _stale(project, history, now) if old and not (uncounted and _fresh(project, latest, now)) else None,
        "zero": _zero(history, verified, len(standing)) if headline.state == "zero" and not uncounted else None,
    }


def _title(headline: core.Headline, history: History, week: core.Week | None, hidden: int, uncounted: bool) -> str:
    last = headline.last
    if last is not None and uncounted and history.last:
        return lead.last_counted(last, age(history.last.ended_at))
    reached = lead.zero_since(history.trend)
    return lead.title(
        headline,
        hidden=hidden,
        rise=week.change if week else 0,
        changed=_files_fewer(history) or history.base_changes,
        reached=reached.number if reached else 0,
    )


def _files_fewer(history: History) -> str:
    """ "431 to 120 files", from the baseline to the last counted pass."""
    base, last = history.trend.base, history.last
    return lead.files_fewer(history.rows[base.number].files_total, last.files_total) if base and last else ""


def _zero(history: History, verified: int, standing: int) -> dict[str, Any]:
    """The facts of a project at zero, and the line that goes down to it."""
    trend = history.trend
    base, last, reached = trend.base, trend.last, lead.zero_since(trend)
    assert base and last and reached
    return {
        "line": zero_line(trend),
        "row": history.rows[reached.number],
        "since": reached is not last,
        "days": max((reached.at - base.at).days, 1),
        "verified": verified,
        "tickets": verified + standing,
        "files": _files_fewer(history),
    }


def zero_line(trend: Trend) -> drawing.Spark | None:
    """The total from the first pass to the last in a box of 1,000 by 100, over time."""
    drawn = thin(trend)
    top = drawn.peak.value if drawn.peak else 0
    return drawing.spark(drawn, None, top, axis=(drawn.points[0].at, drawn.points[-1].at), width=1_000, height=100)


def last_line(evidence: str) -> str:
    """Of the end of what a pass left behind: pytest's last line of error, or the last line."""
    lines = [line.strip() for line in evidence.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("E ")]
    return clean_line((errors or lines or [""])[-1], 200)


def _fresh(project: Project, row: CollectionPass | None, now: datetime) -> bool:
    return row is not None and not is_stale(project, row, now)


def _stale(project: Project, history: History, now: datetime) -> Stale:
    """How many scheduled passes brought no count, and whether a worker still answers."""
    assert history.last and history.last.ended_at
    # A due time that was skipped, because the commit was counted already, is not missed.
    since = max(history.last.ended_at, project.last_skipped_at or history.last.ended_at)
    try:
        due = next_times(project.schedule, project.time_zone, since, MANY)
    except BadSchedule:
        due = []
    missed = sum(at <= now for at in due)
    try:
        silent = seconds_since_dispatch()
    except (redis.RedisError, OSError):
        return Stale(missed, unknown=True)
    if silent is None:
        return Stale(missed, unknown=True)
    return Stale(missed, datetime.fromtimestamp(now.timestamp() - silent, UTC) if silent > ANSWERS_WITHIN else None)
