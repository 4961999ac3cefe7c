"""A chapter is what its passes say, or it is not there: whatever changes a pass, and in whatever order passes come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from remediation import projections
from remediation.core import condense
from remediation.models import Chapter, CollectionPass, Project
from remediation.projections import chapters, fold
from tests import factories
from tests.dashboard.long_history import lengthen
from tests.remediation.test_rebuild import EVENTFUL, World, arrive, history

pytestmark = pytest.mark.django_db


def stored(project: Project) -> list[tuple[Any, ...]]:
    return list(project.chapters.order_by("until").values_list("since", "until", "fine", "coarse"))


def anew(project: Project) -> list[tuple[Any, ...]]:
    """What would be stored if it were written now."""
    project.chapters.all().delete()
    chapters.write(project)
    return stored(project)


@pytest.fixture
def project(db: None) -> Project:
    project = factories.project()
    factories.counted_pass(project, 1, [factories.missing_module(f"tests/test_{n}.py") for n in range(9)])
    lengthen(project, 330)
    project.refresh_from_db()
    chapters.write(project)
    assert project.chapters.count() == 2
    return project


CHANGES: list[dict[str, Any]] = [
    {"total": 1}, {"cleared": 7}, {"hidden": 7}, {"unmasked": 7}, {"new": 7}, {"regressed": 7}, {"comparable": False},
    {"rules_version": 9}, {"position": 5_000}, {"position": None}, {"effective_at": factories.START},
    {"effective_at": None},
]  # fmt: skip


def test_a_process_remembers_a_chapter_and_forgets_it_with_the_passes_that_it_tells_of(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told() -> chapters.Told:
        return chapters.told([project])[project.pk]

    before = told()
    parts = before.parts
    again = told().parts
    assert len(parts) == 2 and all(one is other for one, other in zip(again, parts, strict=True))
    project.passes.filter(number=150).update(total=99)
    chapters.write(project)
    now = told()
    assert now.parts[0] is parts[0] and now.parts[1] != parts[1]
    monkeypatch.setattr(chapters, "_known", {})
    assert told() == now


def test_a_chapter_of_the_same_id_is_another_one(project: Project) -> None:
    """As after an older copy of the database was put in place of this one."""
    first = project.chapters.order_by("until").first()
    assert first is not None
    chapters.told([project])
    project.chapters.filter(pk=first.pk).delete()
    Chapter.objects.create(
        pk=first.pk, project=project, since=first.since, until=first.until, fine=first.fine[:3], coarse=first.coarse
    )
    assert len(chapters.told([project])[project.pk].parts[0].rows) == 3


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_with_a_pass_that_becomes_another_its_chapter_and_all_later_ones_go(
    project: Project, change: dict[str, Any]
) -> None:
    first = stored(project)[:1]
    project.passes.filter(number=150).update(**change)
    kept = stored(project)
    assert kept in ([], first), "only what lies wholly before it may stay"
    assert anew(project)[: len(kept)] == kept


def test_what_no_chapter_tells_leaves_them_as_they_are(project: Project) -> None:
    before = stored(project)
    project.passes.filter(number=150).update(subject="Other words", held=True, detail="more", seconds=9)
    project.passes.filter(number=329).update(total=3)  # behind the last chapter
    assert stored(project) == before


def test_a_pass_that_comes_between_and_one_that_goes(project: Project) -> None:
    between = project.passes.get(number=40)
    factories.failed_pass(project)  # the last one of all: it touches none
    assert project.chapters.count() == 2
    late = project.passes.order_by("-number").first()
    assert late is not None
    CollectionPass.objects.filter(pk=late.pk).update(observed_at=between.effective_at, effective_at=None)
    assert not project.chapters.exists()
    assert len(anew(project)) == 2
    project.passes.filter(number=150).delete()
    assert project.chapters.count() == 1


def test_control_without_the_trigger_a_chapter_would_lie(project: Project) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE remediation_collectionpass DISABLE TRIGGER chapter_goes_on_update")
    project.passes.filter(number=150).update(total=10_000)
    lies = stored(project)
    assert len(lies) == 2 and anew(project) != lies


def small(patch: pytest.MonkeyPatch) -> None:
    """Chapters of two passes, closed with every pass but for the last counted one."""
    patch.setattr(chapters, "closed", partial(condense.closed, length=2, recent=1))
    patch.setattr(fold, "PART", 1)


def check(worlds: Sequence[World], order: Sequence[int]) -> int:
    with pytest.MonkeyPatch.context() as patch:
        small(patch)
        project = arrive(worlds, order)
        kept = stored(project)
        written = anew(project)
        assert written[: len(kept)] == kept, "each is what it would be, and none is left out before it"
        projections.rebuild(project)
        assert stored(project) == written
        return len(kept)


def test_late_commits_give_the_chapters_that_a_rebuild_gives(db: None) -> None:
    numbers = list(range(1, len(EVENTFUL) + 1))
    assert check(EVENTFUL, numbers) >= 2, "there are some at all"
    check(EVENTFUL, [*numbers[1:], 1])
    check(EVENTFUL, numbers[::-1])


@settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.generate],
)
@given(history, st.randoms(use_true_random=False))
def test_any_history_in_any_order(db: None, worlds: list[World], random: Any) -> None:
    order = list(range(1, len(worlds) + 1))
    random.shuffle(order)
    check(worlds, order)


def test_a_time_that_stands_still_is_not_cut(db: None) -> None:
    """Passes of one moment are never on both sides of an end, or what comes later could not be told from them."""
    project = factories.project()
    factories.counted_pass(project, 1, [factories.missing_module("tests/test_a.py")])
    lengthen(project, 330)
    at = project.passes.get(number=90).effective_at
    project.passes.filter(number__range=(90, 130)).update(effective_at=at)
    chapters.write(project)
    first = project.chapters.order_by("until").first()
    assert first is not None and first.until == at
    assert project.passes.filter(effective_at__lte=first.until).count() == 130
    assert project.passes.get(number=131).effective_at - at > timedelta(0)
    assert Chapter.objects.count() == len(stored(project))
