"""A history that is computed again: asked for once, seen while it runs, taken from a lost worker, never forgotten."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from remediation import projections, rebuilding, tasks
from remediation.models import Project, Rebuild
from tests import factories
from tests.dashboard.cast import words


@pytest.fixture
def project(db: None) -> Project:
    made = factories.project()
    for position in (1, 2, 3):
        factories.counted_pass(made, position, [factories.missing_module("tests/test_a.py")])
    return made


def lose(row: Rebuild) -> None:
    Rebuild.objects.filter(pk=row.pk).update(beat_at=timezone.now() - timedelta(seconds=61))


def test_asked_for_twice_it_is_done_once_and_its_row_is_gone(project: Project) -> None:
    assert rebuilding.ask(project) == rebuilding.ask(project)
    assert rebuilding.current(project).state == "queued"
    rebuilding.run(project.pk)
    assert rebuilding.current(project) is None


def test_nobody_asked_so_nothing_is_done(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projections, "rebuild", lambda *_: pytest.fail("nobody asked"))
    rebuilding.run(project.pk)


def test_the_dispatcher_finds_what_no_message_reached(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    rebuilding.ask(project)
    sent: list[int] = []
    monkeypatch.setattr(tasks.rebuild, "delay", sent.append)
    tasks.hint()
    tasks.hint()
    assert sent == [project.pk], "at most once a minute"


def test_a_lost_one_is_tried_three_times_and_then_said_to_have_failed(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = rebuilding.ask(project)
    monkeypatch.setattr(rebuilding, "_Beat", _Dies)
    for attempt in (1, 2, 3):
        with pytest.raises(KeyboardInterrupt):
            rebuilding.run(project.pk)
        row.refresh_from_db()
        assert (row.state, row.attempts) == ("running", attempt)
        rebuilding.run(project.pk)  # its worker may still be at it
        assert Rebuild.objects.get().attempts == attempt
        lose(row)
        assert rebuilding.waiting() == [project.pk]
    rebuilding.run(project.pk)
    assert rebuilding.current(project).state == "failed"
    assert rebuilding.waiting() == []
    monkeypatch.undo()
    rebuilding.ask(project)
    rebuilding.run(project.pk)
    assert rebuilding.current(project) is None


class _Dies:
    """A worker that is killed at the start."""

    def __init__(self, row: Rebuild) -> None:
        raise KeyboardInterrupt


def test_what_cannot_be_computed_is_tried_again_later_and_not_for_ever(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> int:
        raise ValueError("a defect of ours")

    monkeypatch.setattr(projections, "rebuild", broken)
    row = rebuilding.ask(project)
    for _ in range(3):
        rebuilding.run(project.pk)
        lose(row)
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("failed", 3)


def test_asked_for_again_while_it_runs_it_runs_once_more(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    real, runs = projections.rebuild, []

    def slow(*arguments: Any) -> int:
        runs.append(1)
        if len(runs) == 1:
            rebuilding.ask(project)  # the rules changed meanwhile
            rebuilding.run(project.pk)  # another worker gets the message: one runs already
        return real(*arguments)

    monkeypatch.setattr(projections, "rebuild", slow)
    rebuilding.ask(project)
    rebuilding.run(project.pk)
    assert (len(runs), rebuilding.current(project).state) == (1, "queued")
    rebuilding.run(project.pk)
    assert (len(runs), rebuilding.current(project)) == (2, None)


@pytest.mark.django_db(transaction=True)
def test_a_page_sees_how_far_it_is_while_its_one_transaction_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rebuilding, "BEAT_SECONDS", 0.02)
    project = factories.project()
    for position in (1, 2, 3):
        factories.counted_pass(project, position, [])
    real, seen = projections.rebuild, threading.Event()

    def paused(asked: Project, renames: Any, on_pass: Any) -> int:
        def after(count: int) -> None:
            on_pass(count)
            if count == 2:
                assert seen.wait(30)

        return real(asked, renames, after)

    monkeypatch.setattr(projections, "rebuild", paused)
    client = Client()
    client.force_login(factories.user("root.admin", is_superuser=True))
    url = f"/p/{project.slug}/work/"
    rebuilding.ask(project)
    assert "History is computed again." in words(client.get(url).content.decode())

    def work() -> None:
        rebuilding.run(project.pk)
        connection.close()  # this thread's own

    thread = threading.Thread(target=work)
    thread.start()
    try:
        for _ in range(500):
            answer = client.get(url)
            if "2 of 3 counted passes" in words(answer.content.decode()):
                break
        assert "2 of 3 counted passes" in words(answer.content.decode())
        assert (answer.status_code, 'value="2"' in answer.content.decode()) == (200, True)
        rules = client.get(f"/p/{project.slug}/rules/").content.decode()
        assert "2 of 3 counted passes" in words(rules) and f'hx-get="{url}"' in rules
    finally:
        seen.set()
        thread.join(60)
    answer = client.get(url)
    assert (answer.status_code, answer.headers["HX-Trigger"]) == (286, "pass-done")
    assert "hx-trigger" not in answer.content.decode()
