"""A project's forecast, in the sentence under its headline and in a row of a table."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.template.loader import render_to_string
from django.utils import timezone

from dashboard.forecasts import forecast_of, in_short
from dashboard.history import history_of, totals_of
from remediation.core.forecast import Forecast
from remediation.models import Project
from tests import factories
from tests.dashboard.cast import words

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)


def project_with(*totals: int, **values: object) -> Project:
    project = factories.project("zephyr", **values)
    for i, total in enumerate(totals):
        broken = [factories.missing_module(f"tests/test_{n:02}.py", "gone") for n in range(total)]
        working = {f"tests/test_{n:02}.py": 4 for n in range(total, 40)}
        factories.counted_pass(project, None, broken, working, at=NOW - timedelta(days=len(totals) - i))
    return project


def said(project: Project) -> str:
    made = forecast_of(project, history_of(project).trend, NOW)
    return words(render_to_string("dashboard/_forecast.html", {"forecast": made}))


def test_the_sentence_is_a_range_over_simulations(db: None) -> None:
    project = project_with(30, 28, 27, 24, 21, 20, 18, 15, 14, schedule="0 6 * * 1-5", target_date=date(2026, 4, 1))
    text = said(project)
    assert "At the pace of the last 8 counted passes, zero falls between" in text
    assert "in 80 of 100 simulations. The target of 1 Apr is met in" in text
    assert "of passes #2 to #9, one counted pass at each due time" in text
    made = forecast_of(project, history_of(project).trend, NOW)
    assert isinstance(made, Forecast)
    assert made.seed == project.passes.get(number=9).pk, "the last pass's id: a reload says the same"
    assert all(step.at.weekday() < 5 and step.at.hour == 6 for step in made.steps), "on the schedule's calendar"


def test_without_a_schedule_it_says_so(db: None) -> None:
    assert "without a schedule, so passes stay as far apart as before" in said(project_with(*range(30, 20, -1)))


def test_too_few_passes_and_no_end(db: None) -> None:
    assert said(project_with(5, 4, 3)) == "No forecast: 3 counted passes, needs 8."


def test_a_pace_that_leads_nowhere_has_no_date(db: None) -> None:
    text = said(project_with(*[6, 5] * 5))
    assert "No date: at this pace zero is not reached." in text
    assert "falls" not in text


def test_zero_needs_no_forecast(db: None) -> None:
    assert said(project_with(3, 2, 0)) == ""


@pytest.mark.parametrize(
    ("totals", "expected"),
    [
        ((5, 4, 3), "no forecast: 3 counted passes, needs 8"),
        ((3, 0), ""),
        ([6, 5] * 5, "no date: at this pace zero is not reached"),
    ],
)
def test_a_table_says_it_in_short_and_the_same_of_totals_alone(db: None, totals: list[int], expected: str) -> None:
    project = project_with(*totals)
    alone = totals_of([project])[project.pk]
    assert in_short(forecast_of(project, alone, NOW)) == expected
    assert in_short(forecast_of(project, history_of(project).trend, NOW)) == expected


def test_it_asks_nothing_of_the_database(db: None, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    project = project_with(*range(20, 10, -1), schedule="0 6 * * *")
    trend = history_of(project).trend
    with django_assert_num_queries(0):
        assert "to" in in_short(forecast_of(project, trend, timezone.now()))
