"""Due times that run nothing: on a commit that is known, and while a project is paused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction

from remediation import passes, pauses, projects
from remediation.collection.fetching import SourceError, tip
from remediation.models import CollectionPass, Project
from remediation.passes import queueing
from tests import factories
from tests.remediation.threads import at_once
from tests.repositories import Repository

NOW = datetime(2026, 3, 12, 6, 0, 30, tzinfo=UTC)
DUE = NOW.replace(second=0)


def due_project(name: str = "", *, schedule: str = "0 6 * * *", zone: str = "UTC", **values: object) -> Project:
    project = factories.project(name, schedule=schedule, time_zone=zone)
    Project.objects.filter(pk=project.pk).update(**{"next_pass_at": DUE, "skip_unchanged": True, **values})
    project.refresh_from_db()
    return project


def source_says(monkeypatch: pytest.MonkeyPatch, commit: str) -> None:
    monkeypatch.setattr(queueing, "tip", lambda source, ref, **_: commit)


@pytest.mark.django_db
def test_a_known_commit_is_skipped_and_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    project = due_project()
    known = factories.counted_pass(project, 1, [factories.missing_module("tests/test_a.py")])
    source_says(monkeypatch, known.commit)
    assert passes.queue_due(NOW) == []  # it waits to be asked
    assert passes.to_ask(NOW) == [project.pk]
    assert passes.queue_or_skip(project.pk, NOW) is None
    project.refresh_from_db()
    assert project.passes.count() == 1 and project.last_pass_number == 1
    assert (project.last_skipped_at, project.last_skipped_commit) == (DUE, known.commit)
    assert project.next_pass_at == DUE + timedelta(days=1)
    assert passes.to_ask(NOW) == [] and passes.queue_or_skip(project.pk, NOW) is None


@pytest.mark.django_db
def test_a_new_commit_and_a_first_pass_run(monkeypatch: pytest.MonkeyPatch) -> None:
    first = due_project()
    source_says(monkeypatch, "a" * 40)
    assert passes.queue_or_skip(first.pk, NOW).slot == DUE
    project = due_project()
    factories.counted_pass(project, 1)
    queued = passes.queue_or_skip(project.pk, NOW)
    assert (queued.trigger, queued.slot, queued.state) == ("schedule", DUE, "queued")
    project.refresh_from_db()
    assert project.last_skipped_at is None


@pytest.mark.django_db
def test_a_blocked_commit_is_known_and_a_failed_pass_has_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    project = due_project()
    blocked = factories.blocked_pass(project, 1)
    source_says(monkeypatch, blocked.commit)
    assert passes.queue_or_skip(project.pk, NOW) is None
    other = due_project()
    failed = factories.failed_pass(other, 1)
    source_says(monkeypatch, failed.commit)
    assert passes.queue_or_skip(other.pk, NOW) is not None


@pytest.mark.django_db
def test_a_source_that_does_not_answer_gets_its_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(source: str, ref: str, **_: object) -> str:
        raise SourceError("timeout", "no answer")

    project = due_project()
    factories.counted_pass(project, 1)
    monkeypatch.setattr(queueing, "tip", silent)
    assert passes.queue_or_skip(project.pk, NOW) is not None


@pytest.mark.django_db
def test_without_the_wish_to_skip_a_known_commit_runs_again() -> None:
    project = due_project(skip_unchanged=False)
    factories.counted_pass(project, 1)
    assert passes.to_ask(NOW) == []
    assert [row.project_id for row in passes.queue_due(NOW)] == [project.pk]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("unchanged", [True, False])
def test_four_workers_that_ask_at_once_use_a_due_time_once(monkeypatch: pytest.MonkeyPatch, unchanged: bool) -> None:
    project = due_project()
    known = factories.counted_pass(project, 1)
    source_says(monkeypatch, known.commit if unchanged else "b" * 40)
    found = at_once([lambda: passes.queue_or_skip(project.pk, NOW)] * 4)
    assert not [error for error in found if isinstance(error, Exception)]
    project.refresh_from_db()
    assert project.passes.filter(slot=DUE).count() == (0 if unchanged else 1)
    assert project.last_skipped_at == (DUE if unchanged else None)
    assert project.next_pass_at == DUE + timedelta(days=1)


@pytest.mark.django_db
def test_a_skipped_due_time_keeps_the_teams_hour_through_the_change_of_the_clock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = datetime(2026, 3, 28, 5, 0, tzinfo=UTC)  # 06:00 in Berlin, the day before it goes to summer time
    project = due_project(zone="Europe/Berlin", next_pass_at=before)
    known = factories.counted_pass(project, 1)
    source_says(monkeypatch, known.commit)
    passes.queue_or_skip(project.pk, before + timedelta(seconds=5))
    project.refresh_from_db()
    assert (project.last_skipped_at, project.next_pass_at) == (before, datetime(2026, 3, 29, 4, 0, tzinfo=UTC))


# --- the source's tip ---------------------------------------------------------


def test_the_tip_of_a_source_that_is_a_path(tmp_path: Path) -> None:
    made = Repository(tmp_path / "cirrus")
    made.commit({"a.py": ""}, "Start")
    head = tip(str(tmp_path / "cirrus"), "HEAD")
    assert len(head) == 40
    made.branch("next")
    assert tip(str(tmp_path / "cirrus"), "next") == head
    made.commit({"a.py": "1"}, "More")
    assert {tip(str(tmp_path / "cirrus"), "HEAD"), head} != {head}
    with pytest.raises(SourceError) as refusal:
        tip(str(tmp_path / "cirrus"), "nothing")
    assert refusal.value.code == "ref-missing"


def test_the_tip_of_a_source_behind_https(https_repository: str) -> None:
    head = tip(https_repository, "HEAD")
    assert len(head) == 40 and tip(https_repository, "main") == head
    with pytest.raises(SourceError) as refusal:
        tip(https_repository, "nothing")
    assert refusal.value.code == "ref-missing"


# --- paused -------------------------------------------------------------------


@pytest.mark.django_db
def test_a_paused_project_is_never_due_and_goes_on_with_the_first_time_after() -> None:
    lead = factories.user("ines.duarte")
    project = due_project(skip_unchanged=False)
    asked = due_project()
    for one in (project, asked):
        pauses.pause(one, lead, "The CI network moves")
    assert passes.queue_due(NOW) == [] and passes.to_ask(NOW) == []
    assert passes.queue_or_skip(asked.pk, NOW) is None
    assert passes.queue(project, trigger="manual", user=lead).number == 1  # a person still can
    pauses.pause(project, factories.user(), "Another reason")
    assert Project.objects.get(pk=project.pk).paused_reason == "The CI network moves"  # the first one stands
    pauses.resume(project)
    project.refresh_from_db()
    assert project.paused_at is None and project.next_pass_at > NOW
    pauses.resume(project)


@pytest.mark.django_db
def test_a_paused_project_with_a_due_time_is_refused_by_the_database() -> None:
    project = due_project()
    with pytest.raises(IntegrityError), transaction.atomic():
        Project.objects.filter(pk=project.pk).update(paused_at=NOW)


@pytest.mark.django_db
def test_a_new_schedule_does_not_end_a_pause() -> None:
    project = due_project()
    pauses.pause(project, factories.user(), "Moving")
    projects.update(project, schedule="0 7 * * *")
    assert Project.objects.get(pk=project.pk).next_pass_at is None
    assert CollectionPass.objects.count() == 0
