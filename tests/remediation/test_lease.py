"""One worker holds a pass; an old holder can write nothing; many projects never wait in a circle."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from remediation import passes
from remediation.core.records import Verdict
from remediation.models import CollectionPass, Project
from remediation.passes import lease
from remediation.passes.lease import LEASE, Heartbeat
from tests import factories
from tests.remediation.rows import contents
from tests.remediation.threads import at_once


def report(errors: int = 2) -> passes.Report:
    found = [factories.missing_module(f"tests/test_{n}.py", f"atlas.part{n % 2}") for n in range(errors)]
    verdict = Verdict("counted", session=factories.SESSION, result=factories.result(found))
    return passes.Report(verdict=verdict, position=1, observed_at=factories.START, sandbox_level=3)


def expire(pass_id: int) -> None:
    CollectionPass.objects.filter(pk=pass_id).update(lease_until=timezone.now() - timedelta(seconds=1))


def eventually(check: Callable[[], bool], seconds: float = 10) -> bool:
    until = time.monotonic() + seconds
    while not check() and time.monotonic() < until:
        time.sleep(0.02)
    return check()


@pytest.mark.django_db(transaction=True)
def test_of_twenty_workers_one_gets_the_pass() -> None:
    queued = passes.queue(factories.project(), trigger="manual")
    found = at_once([lambda: passes.claim(queued.pk)] * 20)
    assert sum(isinstance(row, CollectionPass) for row in found) == 1
    assert found.count(None) == 19
    queued.refresh_from_db()
    assert (queued.state, queued.stage, queued.fence, queued.attempts) == ("running", "fetch", 1, 1)
    assert timedelta(0) < queued.lease_until - timezone.now() <= LEASE


@pytest.mark.django_db(transaction=True)
def test_control_read_then_save_gives_the_pass_to_several() -> None:
    queued = passes.queue(factories.project(), trigger="manual")
    seen = threading.Barrier(4)

    def careless() -> bool:
        row = CollectionPass.objects.get(pk=queued.pk)
        free = row.state == "queued"
        seen.wait(timeout=30)
        if free:
            row.state, row.lease_until = "running", timezone.now()
            row.save()
        return free

    assert at_once([careless] * 4) == [True] * 4


@pytest.mark.django_db(transaction=True)
def test_of_one_projects_passes_one_runs_at_a_time() -> None:
    project = factories.project()
    rows = passes.replay(project, [f"{n:040x}" for n in range(6)])
    found = at_once([lambda row=row: passes.claim(row.pk) for row in rows])
    assert not [error for error in found if isinstance(error, Exception)]
    assert sum(row is not None for row in found) == 1
    assert project.passes.filter(state="running").count() == 1
    assert project.passes.filter(state="queued", fence=0, attempts=0).count() == 5


@pytest.mark.django_db
def test_an_old_holder_writes_nothing_at_all() -> None:
    project = factories.project()
    factories.counted_pass(project, 1, [factories.missing_module("tests/test_a.py")])
    old = passes.claim(passes.queue(project, trigger="manual").pk)
    assert passes.claim(old.pk) is None  # its lease still runs
    expire(old.pk)
    new = passes.claim(old.pk)
    assert (new.fence, new.attempts) == (old.fence + 1, 2)
    before = contents()
    with pytest.raises(passes.LostLease):
        passes.record(old, report(), factories.no_renames)
    assert contents() == before
    passes.record(new, report(), factories.no_renames)
    with pytest.raises(passes.LostLease):
        passes.record(new, report(), factories.no_renames)  # recorded once
    assert CollectionPass.objects.get(pk=new.pk).total == 2


@pytest.mark.django_db
@pytest.mark.parametrize("loss", ["cancelled", "reaped", "reaped and claimed again"])
def test_after_a_loss_nothing_is_written(loss: str) -> None:
    held = passes.claim(passes.queue(factories.project(), trigger="manual").pk)
    if loss == "cancelled":
        passes.cancel(held)
    else:
        expire(held.pk)
        passes.reap()
    if "again" in loss:
        assert passes.claim(held.pk)
    before = contents()
    with pytest.raises(passes.LostLease):
        passes.record(held, report(), factories.no_renames)
    assert contents() == before


@pytest.mark.django_db
def test_a_project_deleted_under_a_running_pass_leaves_no_ghost_rows() -> None:
    project = factories.project()
    factories.counted_pass(project, 1, [factories.missing_module("tests/test_a.py")])
    held = passes.claim(passes.queue(project, trigger="manual").pk)
    other = factories.project()
    factories.counted_pass(other, 1, [factories.missing_module("tests/test_a.py")])
    project.delete()
    before = contents()
    with pytest.raises(passes.LostLease):
        passes.record(held, report(), factories.no_renames)
    assert contents() == before
    assert {row[1] for row in before["CollectionPass"]} == {other.pk}
    assert Project.objects.get() == other
    assert passes.claim(held.pk) is None


@pytest.mark.django_db(transaction=True)
def test_a_heartbeat_extends_the_lease_and_brings_the_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "BEAT_SECONDS", 0.05)
    held = passes.claim(passes.queue(factories.project(), trigger="manual").pk)
    soon = timezone.now() + timedelta(seconds=2)
    CollectionPass.objects.filter(pk=held.pk).update(lease_until=soon)

    def row() -> CollectionPass:
        return CollectionPass.objects.get(pk=held.pk)

    with Heartbeat(held) as heartbeat:
        assert eventually(lambda: row().lease_until > soon + timedelta(seconds=30))
        heartbeat.report(stage="collect", now=True)
        heartbeat.report(files_reached=7, errors_so_far=2)
        assert eventually(lambda: (row().stage, row().files_reached, row().errors_so_far) == ("collect", 7, 2))
        assert heartbeat.alive
        passes.cancel(held)
        ended = row()
        assert eventually(lambda: not heartbeat.alive)
    assert row().lease_until is None
    assert (row().state, row().ended_at) == (ended.state, ended.ended_at)  # a late beat revives nothing


@pytest.mark.django_db(transaction=True)
def test_a_heartbeat_outlives_the_loss_of_its_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "BEAT_SECONDS", 0.05)
    held = passes.claim(passes.queue(factories.project(), trigger="manual").pk)
    end_others = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname=current_database() AND pid<>pg_backend_pid()"
    )
    with Heartbeat(held) as heartbeat:
        time.sleep(0.2)
        with connection.cursor() as cursor:
            cursor.execute(end_others)
            assert cursor.rowcount >= 1
        soon = timezone.now() + timedelta(seconds=2)
        CollectionPass.objects.filter(pk=held.pk).update(lease_until=soon)
        assert eventually(lambda: CollectionPass.objects.get(pk=held.pk).lease_until > soon + timedelta(seconds=30))
        assert heartbeat.alive


@pytest.mark.django_db(transaction=True)
def test_twenty_workers_record_and_claim_across_projects_without_a_deadlock() -> None:
    made = [factories.project() for _ in range(5)]

    def work(project: Project, number: int) -> str:
        for _ in range(3):
            queued = passes.queue(project, trigger="command", commit=f"{number:040x}")
            held = passes.claim(queued.pk)
            if held is not None:
                passes.record(held, report(number % 7), factories.no_renames)
            passes.reap()
            passes.waiting()
            passes.queue_due(timezone.now())
        return "done"

    jobs = [lambda p=made[n % 5], n=n: work(p, n) for n in range(20)]
    assert at_once(jobs) == ["done"] * 20
    for project in made:
        project.refresh_from_db()
        assert project.passes.count() == project.last_pass_number == 12
        assert project.passes.filter(outcome="counted").exists()
        assert not project.passes.filter(state="running").exists()
