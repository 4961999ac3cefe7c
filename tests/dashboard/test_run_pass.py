"""Starting a pass, running one again, stopping one."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from kombu.exceptions import OperationalError

from remediation import passes, tasks
from tests.dashboard.cast import Cast, words

RUN, AGAIN, STOP = "/p/atlas/passes/run/", "/p/atlas/passes/1/again/", "/p/atlas/passes/2/stop/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def cast(db: None) -> Cast:
    return Cast.make()


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Ids in the messages that would go to the broker."""
    ids: list[int] = []

    def send(arguments: tuple[int], **_: Any) -> None:
        ids.append(arguments[0])

    monkeypatch.setattr(tasks.run_pass, "apply_async", send)
    return ids


def test_it_works(cast: Cast, sent: list[int], django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        answer = cast.client("engineer").post(RUN)
    assert (answer.status_code, answer.url) == (302, "/p/atlas/")
    queued = cast.project.passes.get(number=2)
    assert (queued.state, queued.trigger, queued.requested_by) == ("queued", "manual", cast.engineer)
    assert sent == [queued.pk]


def test_asked_twice_it_is_one_pass(cast: Cast, sent: list[int]) -> None:
    client = cast.client("engineer")
    client.post(RUN)
    client.post(RUN)
    assert cast.project.passes.count() == 2


def test_htmx_gets_the_strip(cast: Cast, sent: list[int]) -> None:
    answer = cast.client("engineer").post(RUN, headers=HTMX)
    assert answer.content.decode().lstrip().startswith('<div id="live"')
    assert "Pass #2 waits for a worker" in words(answer.content.decode())


def test_without_a_broker_the_pass_waits_for_the_dispatcher(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OperationalError("Connection refused")

    monkeypatch.setattr(tasks.run_pass, "apply_async", refuse)
    with django_capture_on_commit_callbacks(execute=True):
        assert cast.client("engineer").post(RUN).status_code == 302
    assert passes.waiting() == [cast.project.passes.get(number=2).pk]


def test_again_runs_the_same_commit(cast: Cast, sent: list[int]) -> None:
    answer = cast.client("engineer").post(AGAIN)
    assert answer.url == "/p/atlas/passes/2/"
    queued = cast.project.passes.get(number=2)
    assert queued.requested_commit == cast.project.passes.get(number=1).commit


def test_stop(cast: Cast) -> None:
    passes.queue(cast.project, trigger="manual")
    client = cast.client("engineer")
    said = words(client.post(STOP, follow=True).content.decode())
    assert "Pass #2 failed" in said
    assert "Stopped by hand. Nothing was counted." in said
    assert "Pass #2 had ended already." in words(client.post(STOP, follow=True).content.decode())


@pytest.mark.parametrize("path", [RUN, AGAIN, STOP])
def test_a_viewer_may_not(cast: Cast, path: str) -> None:
    passes.queue(cast.project, trigger="manual", commit="a" * 40)
    assert cast.client("viewer").post(path).status_code == 403
    assert [row.state for row in cast.project.passes.order_by("number")] == ["ended", "queued"]


@pytest.mark.parametrize("path", [RUN, AGAIN, STOP])
def test_another_project_is_not_there(cast: Cast, path: str) -> None:
    assert cast.client("stranger").post(path).status_code == 404
    assert cast.client("engineer").post(path.replace("atlas", "borealis")).status_code == 404
    assert cast.other.passes.count() == 1


@pytest.mark.parametrize("path", [RUN, AGAIN, STOP])
def test_only_by_post_and_signed_in(cast: Cast, path: str) -> None:
    assert cast.client("engineer").get(path).status_code == 405
    assert Client().post(path).status_code == 302
    assert Client(enforce_csrf_checks=True).post(path).status_code in {302, 403}
    assert cast.project.passes.count() == 1


def test_bad_ids(cast: Cast) -> None:
    for path in ("/p/atlas/passes/9/again/", "/p/atlas/passes/9/stop/", "/p/nothing/passes/run/"):
        assert cast.client("admin").post(path).status_code == 404


def test_a_pass_that_never_learnt_its_commit_runs_on_the_tip_again(cast: Cast, sent: list[int]) -> None:
    claimed = passes.claim(passes.queue(cast.project, trigger="manual").pk)
    assert claimed is not None
    passes.cancel(claimed)
    cast.client("engineer").post("/p/atlas/passes/2/again/")
    assert cast.project.passes.get(number=3).requested_commit == ""
