"""A long history is read in fewer passes, and says what the whole one says."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from dashboard.history import History, history_of, totals_of
from remediation.core.condense import LIMIT, PART
from remediation.core.marks import marks
from remediation.core.picture import picture
from remediation.core.trend import headline, week
from remediation.projections import chapters
from tests.dashboard.cast import Cast
from tests.dashboard.long_history import lengthen
from tests.e2e import story

pytestmark = pytest.mark.django_db


@pytest.fixture
def long(cast: Cast) -> Any:
    story.tell(cast.project)
    lengthen(cast.project, LIMIT + 160)
    cast.project.refresh_from_db()
    return cast.project


@pytest.fixture
def cast(db: None) -> Cast:
    return Cast.make()


def said(history: History) -> dict[str, Any]:
    trend, now = history.trend, timezone.now()
    moved = week(trend)
    drawn = picture(trend, now, start=trend.points[-1].at - timedelta(weeks=4))
    assert moved and drawn and trend.peak
    return {
        "headline": headline(trend).state,
        "week": (moved.start.number, moved.ledger, moved.by_layer),
        "peak": (trend.peak.number, trend.peak.value),
        "marks": [(mark.kind, mark.point.number, mark.words) for mark in marks(trend)],
        "gaps": [gap.words for gap in drawn.gaps],
        "ends": (trend.points[0].number, trend.points[-1].number),
        "layers": (trend.layers, history.tickets),
        "words": [history.rows[point.number].reason_text for point in trend.points if not point.counted],
    }


def test_it_says_the_same_with_fewer_passes(long: Any, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(2):
        few = history_of(long)
    with django_assert_num_queries(1):
        whole = history_of(long, whole=True)
    assert len(few.trend.points) < len(whole.trend.points) == LIMIT + 160
    assert said(few) == said(whole)
    assert sum(point.steps for point in few.trend.counted) == len(whole.trend.counted)
    points = {point.number: point for point in whole.trend.points}
    for point in few.trend.points:
        own = points[point.number]
        assert replace(point, ledger=None, steps=1, scope_words="") == replace(own, ledger=None, scope_words="")
        assert point.steps > 1 or point.ledger == own.ledger


def test_chapters_say_the_same(long: Any, django_assert_num_queries: Any) -> None:
    chapters.write(long)
    assert long.chapters.count() == (LIMIT + 160 - 60) // PART == 3
    passes = [point.id for point in history_of(long, whole=True).trend.points]
    for baseline in (None, passes[-5], passes[150]):
        long.baseline_id = baseline
        type(long).objects.filter(pk=long.pk).update(baseline=baseline)
        with django_assert_num_queries(3):  # the week begins in the first chapter
            few = history_of(long)
        whole = history_of(long, whole=True)
        assert said(few) == said(whole)
        assert len(few.trend.points) < LIMIT
        assert sum(point.steps for point in few.trend.counted) == len(whole.trend.counted)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chapters.Part, "holds", lambda self, at: False)
        assert history_of(long).trend.baseline != whole.trend.baseline, "it is the opened chapter that tells"


def test_many_projects_are_read_in_two_questions(long: Any, cast: Cast, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(2):
        totals = totals_of([long, cast.other])
    assert week(totals[long.pk]).ledger == week(history_of(long).trend).ledger  # type: ignore[union-attr]
    assert totals[long.pk].points[-1].number == LIMIT + 160


def test_a_reading_of_several_passes_says_so(long: Any, cast: Cast) -> None:
    readings = cast.client("viewer").get(f"/p/{long.slug}/trend.json").json()["readings"]
    joined = [reading["moved"] for reading in readings if " passes" in reading["moved"]]
    assert joined, "some stand for several passes"
    assert all(text.rpartition(", ")[2].startswith("in ") for text in joined)
