"""Due times become passes once; what waits is hinted at; what was lost comes back or fails for all to see."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from remediation import passes, projects
from remediation.models import CollectionPass, Project
from tests import factories
from tests.remediation.threads import at_once

NOW = datetime(2026, 3, 12, 6, 0, 30, tzinfo=UTC)  # a Thursday


def due_project(schedule: str, due: datetime, zone: str = "UTC") -> Project:
    project = factories.project(schedule=schedule, time_zone=zone)
    Project.objects.filter(pk=project.pk).update(next_pass_at=due)
    return project


def expire(collection_pass: CollectionPass) -> None:
    past = timezone.now() - timedelta(seconds=1)
    CollectionPass.objects.filter(pk=collection_pass.pk).update(lease_until=past)


def claimed(project: Project) -> CollectionPass:
    found = passes.claim(passes.queue(project, trigger="manual").pk)
    assert found is not None
    return found


# --- due ---------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_four_schedulers_at_once_queue_every_due_time_once() -> None:
    due = NOW.replace(second=0)
    made = [due_project("0 6 * * *", due) for _ in range(30)]
    found = at_once([lambda: passes.queue_due(NOW)] * 4)
    assert not [error for error in found if isinstance(error, Exception)]
    rows = CollectionPass.objects.all()
    assert sorted(rows.values_list("project_id", flat=True)) == sorted(project.pk for project in made)
    assert {*rows.values_list("slot", "trigger", "state", "number")} == {(due, "schedule", "queued", 1)}
    assert {*Project.objects.values_list("next_pass_at", flat=True)} == {due + timedelta(days=1)}
    assert sum(len(rows) for rows in found if isinstance(rows, list)) == 30


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("schedule", "first_due", "slot", "following"),
    [
        ("0 6 * * *", "2026-03-12 06:00", "2026-03-12 06:00", "2026-03-13 06:00"),  # half a minute late
        ("0 6 * * *", "2026-03-09 06:00", "2026-03-12 06:00", "2026-03-13 06:00"),  # three days missed
        ("0 6 * * *", "2026-03-11 06:00", "2026-03-12 06:00", "2026-03-13 06:00"),
        ("0 6 * * 1", "2026-02-16 06:00", "2026-03-09 06:00", "2026-03-16 06:00"),  # three weeks missed
        ("0 6 1 * *", "2025-11-01 06:00", "2026-03-01 06:00", "2026-04-01 06:00"),
        ("0 6 1 1 *", "2023-01-01 06:00", "2026-01-01 06:00", "2027-01-01 06:00"),
        ("* * * * *", "2021-01-01 00:00", "2026-03-12 06:00", "2026-03-12 06:01"),  # five years of minutes
        ("0 6 * * 1", "2026-03-09 06:00", "2026-03-09 06:00", "2026-03-16 06:00"),
    ],
)
def test_of_missed_due_times_the_latest_runs_once(schedule: str, first_due: str, slot: str, following: str) -> None:
    project = due_project(schedule, utc(first_due))
    (queued,) = passes.queue_due(NOW)
    project.refresh_from_db()
    assert (queued.slot, project.next_pass_at) == (utc(slot), utc(following))
    assert passes.queue_due(NOW) == []


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.django_db
def test_a_slot_that_has_its_pass_is_not_queued_again() -> None:
    project = due_project("0 6 * * *", NOW.replace(second=0))
    passes.queue_due(NOW)
    Project.objects.filter(pk=project.pk).update(next_pass_at=NOW.replace(second=0))  # as after a restored backup
    assert passes.queue_due(NOW) == []
    assert project.passes.count() == 1
    project.refresh_from_db()
    assert (project.last_pass_number, project.next_pass_at) == (1, utc("2026-03-13 06:00"))


@pytest.mark.django_db
def test_nothing_is_due_early_or_without_a_schedule() -> None:
    factories.project()
    due_project("0 6 * * *", NOW + timedelta(seconds=1))
    assert passes.queue_due(NOW) == []


@pytest.mark.django_db
def test_a_due_time_keeps_the_teams_hour_through_the_change_of_the_clock() -> None:
    project = due_project("0 6 * * *", utc("2026-03-28 05:00"), "Europe/Berlin")
    passes.queue_due(utc("2026-03-28 05:00"))
    project.refresh_from_db()
    assert project.next_pass_at == utc("2026-03-29 04:00")


@pytest.mark.django_db
def test_one_project_that_cannot_be_scheduled_keeps_no_other_from_its_pass() -> None:
    broken, well = due_project("0 6 * * *", NOW), due_project("0 6 * * *", NOW)
    Project.objects.filter(pk=broken.pk).update(time_zone="Gone/Zone")  # as after a change of the zone data
    assert [row.project for row in passes.queue_due(NOW)] == [well]
    broken.refresh_from_db()
    assert broken.next_pass_at == NOW  # due again, once its zone works


# --- by hand -----------------------------------------------------------------


@pytest.mark.django_db
def test_a_waiting_pass_of_the_tip_is_not_doubled() -> None:
    project = factories.project()
    first = passes.queue(project, trigger="manual", user=factories.user())
    assert passes.queue(project, trigger="command") == first
    commit = passes.queue(project, trigger="command", commit="a" * 40)
    assert commit != first
    assert passes.claim(first.pk)
    assert passes.queue(project, trigger="manual") not in (first, commit)  # the running one has its commit already
    assert [*project.passes.order_by("number").values_list("number", flat=True)] == [1, 2, 3]


@pytest.mark.django_db(transaction=True)
def test_numbers_have_no_gap_when_many_queue_at_once() -> None:
    project = factories.project()
    jobs = [lambda n=n: passes.queue(project, trigger="command", commit=f"{n:040x}") for n in range(12)]
    assert not [error for error in at_once(jobs) if isinstance(error, Exception)]
    assert sorted(project.passes.values_list("number", flat=True)) == list(range(1, 13))


@pytest.mark.django_db
def test_a_replay_queues_every_commit_in_its_order() -> None:
    project = factories.project()
    rows = passes.replay(project, ["c" * 40, "a" * 40, "b" * 40])
    assert [(row.number, row.requested_commit[0], row.trigger) for row in rows] == [
        (1, "c", "replay"), (2, "a", "replay"), (3, "b", "replay"),
    ]  # fmt: skip


# --- hints -------------------------------------------------------------------


@pytest.mark.django_db
def test_the_oldest_pass_of_every_idle_project_is_hinted_at_once_a_minute() -> None:
    idle, busy = factories.project(), factories.project()
    oldest, second = passes.replay(idle, ["a" * 40, "b" * 40])
    passes.claim(passes.queue(busy, trigger="manual").pk)
    passes.queue(busy, trigger="manual")
    assert passes.waiting() == [oldest.pk]
    assert passes.waiting() == []
    CollectionPass.objects.filter(pk=oldest.pk).update(nudged_at=timezone.now() - timedelta(seconds=61))
    assert passes.waiting() == [oldest.pk]
    passes.cancel(oldest)
    assert passes.waiting() == [second.pk]


# --- lost --------------------------------------------------------------------


@pytest.mark.django_db
def test_a_lost_pass_is_queued_again_and_fails_visibly_after_three_attempts() -> None:
    row = claimed(factories.project())
    for attempt in (1, 2):
        expire(row)
        assert passes.reap() == 1
        row.refresh_from_db()
        assert (row.state, row.stage, row.outcome, row.attempts) == ("queued", "", "", attempt)
        assert row.live is None
        assert passes.waiting() == [row.pk]
        assert passes.claim(row.pk)
    expire(row)
    assert passes.reap() == 1
    row.refresh_from_db()
    assert (row.state, row.outcome, row.reason, row.attempts) == ("ended", "failed", "lost-worker", 3)
    assert "3 times" in row.reason_text
    assert "run the pass again" in row.reason_text
    assert (row.total, row.result, row.position) == (None, None, None)
    assert None not in (row.ended_at, row.effective_at)
    assert passes.claim(row.pk) is None
    assert passes.reap() == 0


@pytest.mark.django_db
def test_a_pass_with_a_lease_and_a_queued_one_are_left_alone() -> None:
    running, queued = claimed(factories.project()), passes.queue(factories.project(), trigger="manual")
    assert passes.reap() == 0
    assert {*CollectionPass.objects.values_list("pk", "state")} == {(running.pk, "running"), (queued.pk, "queued")}


@pytest.mark.django_db
def test_a_queued_and_a_running_pass_can_be_stopped_and_an_ended_one_not() -> None:
    project = factories.project()
    ended = factories.counted_pass(project, 1)
    before = CollectionPass.objects.filter(pk=ended.pk).values().get()
    running = claimed(project)
    queued = passes.queue(project, trigger="manual")
    assert passes.cancel(queued)
    assert passes.cancel(running)
    assert not passes.cancel(ended)
    assert CollectionPass.objects.filter(pk=ended.pk).values().get() == before
    for row in (queued, running):
        row.refresh_from_db()
        assert (row.state, row.outcome, row.reason, row.total) == ("ended", "failed", "cancelled", None)
        assert passes.claim(row.pk) is None
    assert projects.Project.objects.get(pk=project.pk).passes.counted().count() == 1
