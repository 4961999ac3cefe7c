"""The list of a project's weeks: what each counted, and what became of its report."""

from __future__ import annotations

import calendar
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from django.conf import settings

from dashboard.history import history_of
from remediation.core.pace import Pace, line, pace
from remediation.core.period import Weeks
from remediation.core.trend import Point
from remediation.exporters import FORMATS
from remediation.models import Project, Recipient, User, WeeklyReport
from remediation.reporting import period_of, plan_of, weeks_of

MOST = 200  # weeks
FEW = 3  # weeks in a row of which there is nothing to say stand in one line


class Numbers(NamedTuple):
    """What a week counted: passes with a number, passes that ended, the net of its steps, and errors at its end."""

    counted: int
    ran: int
    net: int | None
    end: int | None


NOTHING = Numbers(0, 0, None, None)  # of a week without a pass


@dataclass(frozen=True, slots=True)
class Line:
    """One week. ``now``: computed now, None where no pass had ended by then; ``report``: None where it was not drafted.

    ``runs``: it has not ended.
    """

    label: str
    first: date
    now: Numbers | None
    report: WeeklyReport | None
    runs: bool

    @property
    def silent(self) -> bool:
        """Whether it has ended without a pass and without a report."""
        return not self.runs and self.report is None and (self.now is None or not self.now.ran)

    @property
    def own(self) -> Numbers | None:
        """What its final report says, whatever became of the passes since."""
        final = self.report
        if final is None or final.counted is None or final.ran is None:
            return None
        return Numbers(final.counted, final.ran, final.net, final.errors)

    @property
    def shown(self) -> Numbers | None:
        """A final's own numbers; of any other week those of now."""
        return self.own or self.now

    @property
    def changed(self) -> bool:
        """Whether now something else is computed than the final says."""
        return self.own is not None and self.own != (self.now or NOTHING)


@dataclass(frozen=True, slots=True)
class Silent:
    """Weeks in a row, each of them silent, the latest first."""

    weeks: tuple[Line, ...]

    @property
    def words(self) -> str:
        """ "35 weeks without a pass, 2026-W11 to 2026-W45"."""
        return f"{len(self.weeks)} weeks without a pass, {self.weeks[-1].label} to {self.weeks[0].label}"


def build(project: Project, user: User, now: datetime) -> dict[str, Any]:
    """The context of the page: every week since the first pass or report, the latest first."""
    cut, mine = weeks_of(project), Recipient.objects.filter(project=project, user=user).first()
    return {
        "weeks": folded(lines(project, cut, now)),
        "slot": slot(cut),
        "plan": plan_of(project),
        "formats": [format.name for format in FORMATS.values()],
        "subscribed": mine,
        "attached": [FORMATS[code].name for code in mine.formats] if mine else [],
        "mail": settings.MAIL,
    }


def slot(weeks: Weeks) -> str:
    """ "Monday 00:00"."""
    return f"{calendar.day_name[weeks.weekday]} {weeks.at:%H:%M}"


def lines(project: Project, cut: Weeks, now: datetime) -> list[Line]:
    """The newest MOST of them. A report that was drafted stands under its own week, wherever the slot is now."""
    reports = {row.label: row for row in project.weekly_reports.order_by("-end")[:MOST]}
    trend, week = history_of(project, whole=True).trend, cut.of(now)
    found = {row.label: row for row in pace(trend, week, cut, MOST)} if trend.points else {}
    labels = sorted({*reports, *found}, reverse=True)[:MOST]
    return [_line(label, cut, now, found.get(label), reports.get(label), trend.points) for label in labels]


def folded(rows: list[Line]) -> list[Line | Silent]:
    """The same with FEW or more silent weeks in a row as one."""
    found: list[Line | Silent] = []
    for silent, group in itertools.groupby(rows, key=lambda row: row.silent):
        weeks = tuple(group)
        found += (Silent(weeks),) if silent and len(weeks) >= FEW else weeks
    return found


def _line(
    label: str,
    cut: Weeks,
    now: datetime,
    moved: Pace | None,
    report: WeeklyReport | None,
    points: Sequence[Point],
) -> Line:
    week = usual = cut.named(label)
    if report:
        week = period_of(report)
    if (week.start, week.end) != (usual.start, usual.end):
        moved = line(points, week)  # the slot was another one: by that name the report means other days than the cut
    computed = Numbers(moved.counted, moved.ran, moved.net, moved.end) if moved else None
    return Line(label, week.first, computed, report, runs=week.end > now)
