"""The workers that answer, as the server's page lists them, with what each is doing."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
import time_machine

from dashboard import admin_server, doctor, heartbeat
from dashboard.celery import app
from remediation import passes
from tests.dashboard.cast import Cast, words


class Asked:
    """What Celery's control channel answers: queues and tasks under way, by worker; None where nobody does."""

    def __init__(self, queues: Any, active: Any) -> None:
        self.active_queues, self.active = lambda: queues, lambda: active


def task(name: str, *args: int, since: float = 0.0) -> dict[str, Any]:
    return {"name": f"remediation.tasks.{name}", "args": list(args), "time_start": time.time() - since}


@pytest.mark.django_db
def test_each_is_listed_with_its_queues_and_its_job(monkeypatch: pytest.MonkeyPatch) -> None:
    cast = Cast.make()
    queued = passes.queue(cast.project, trigger="manual")
    queues = {"collector@b": [{"name": "collect"}], "dispatcher@a": [{"name": "default"}, {"name": "collect"}]}
    active = {"collector@b": [task("run_pass", queued.pk, since=61.0), task("clear_folders", since=2.0)]}
    monkeypatch.setattr(app.control, "inspect", lambda **_: Asked(queues, active))
    monkeypatch.setattr("dashboard.doctor.examine", lambda **_: [])
    text = words(cast.client("admin").get("/admin-area/server/checks/").content.decode())
    doing = r"collector@b collect Pass #2 of atlas, for 1 min \d+ s Clear folders, for [\d.]+ s answered just now"
    assert re.search(doing, text), text
    assert "dispatcher@a collect, default waits for work answered just now" in text
    active["collector@b"] = [task("run_pass", 10**6)]
    assert [job for job, _ in admin_server.workers()[0].jobs] == ["run pass"], "a pass that is gone is no failure"


@pytest.mark.django_db
def test_one_that_ended_without_a_word_is_missed_for_a_week(monkeypatch: pytest.MonkeyPatch) -> None:
    cast = Cast.make()
    queues = {"collector@b": [{"name": "collect"}], "dispatcher@a": [{"name": "default"}]}
    monkeypatch.setattr(app.control, "inspect", lambda **_: Asked(queues, {}))
    for name in ("collector@b", "collector@c", "collector@d"):
        heartbeat.note_worker(name)
    heartbeat.forget_worker("collector@d")
    try:
        with time_machine.travel(time.time() + 7_500, tick=False):
            text = words(cast.client("admin").get("/admin-area/server/checks/").content.decode())
            assert "collector@c does not answer It was last heard of 2 h 5 min ago, and did not end in good" in text
            assert "collector@b collect waits" in text and "collector@d" not in text
            found = doctor.worker(up=True)
            assert found.state == "ok" and found.text.endswith("missed: collector@c (last heard of 2 h 5 min ago)")
            del queues["collector@b"]
            found = doctor.worker(up=True)
            assert found.state == "FAIL" and "queue collect; missed: collector@b (last" in found.text, "that is why"
        with time_machine.travel(time.time() + heartbeat.KEPT + 60, tick=False):
            assert heartbeat.missed([]) == []
        assert heartbeat.last_heard() == {}, "and then it is forgotten"
    finally:
        for name in heartbeat.last_heard():
            heartbeat.forget_worker(name)


@pytest.mark.django_db
def test_nobody_and_no_broker_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.control, "inspect", lambda **_: Asked(None, None))
    assert admin_server.workers() == []

    def away(**_: Any) -> Any:
        raise ConnectionRefusedError

    monkeypatch.setattr(app.control, "inspect", away)
    assert admin_server.workers() == []
    monkeypatch.setattr(heartbeat, "_client", away)
    heartbeat.note_worker("collector@b")
    heartbeat.forget_worker("collector@b")
    assert heartbeat.missed([]) == []
