"""Whatever becomes of slot and zone, the reports of a plan follow on one another: no gap, no overlap, no name twice."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from remediation.models import Project, ReportPlan, WeeklyReport
from remediation.reporting.slots import cut, next_week

SINCE = datetime(2025, 10, 1, 12, tzinfo=UTC)  # two changes of the clock lie ahead in Europe and America
MOVES = st.tuples(
    st.integers(0, 40 * 24),  # hours until it is moved
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Pacific/Auckland"]),
    st.integers(0, 6),
    st.builds(time, st.integers(0, 23), st.integers(0, 59)),
)


def _reports(moves: list[tuple[int, str, int, time]]) -> list[WeeklyReport]:
    """As the task drafts them; before a plan is moved, it drafts what the old one owes."""
    project = Project(time_zone="UTC")
    plan = ReportPlan(project=project, since=SINCE)
    now, made = SINCE, []
    for hours, zone, weekday, at in [*moves, (24 * 30, "UTC", 0, time())]:
        now += timedelta(hours=hours)
        while (week := next_week(plan, made[-1] if made else None)) is not None and week.end <= now:
            made.append(WeeklyReport(label=week.label, start=week.start, end=week.end))
        project.time_zone, plan.weekday, plan.at = zone, weekday, at
    return made


@given(st.lists(MOVES, max_size=5))
def test_reports_tile_the_time_from_the_first_one_on(moves: list[tuple[int, str, int, time]]) -> None:
    made = _reports(moves)
    assert made and made[0].start <= SINCE < made[0].end
    for before, after in pairwise(made):
        assert before.end == after.start and before.label < after.label
        # Longer by as much as the slot was moved, and once a week more where the name was taken.
        assert timedelta() < after.end - after.start < timedelta(days=15)
    unmoved = [(after.end - after.start) / timedelta(hours=1) for _, after in pairwise(_reports([]))]
    assert set(unmoved) == {168}


def test_a_plan_that_is_off_has_no_next_week_and_on_again_begins_with_the_week_that_runs() -> None:
    plan = ReportPlan(project=Project(time_zone="UTC"))
    assert next_week(plan, None) is None
    last = WeeklyReport(label="2025-W40", start=SINCE - timedelta(days=9), end=SINCE - timedelta(days=2))
    plan.since = SINCE + timedelta(days=60)
    assert next_week(plan, last) == cut(plan).of(plan.since)
