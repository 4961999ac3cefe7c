"""The address that a push calls: who knows it may start a pass, and nothing else."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from typing import Any

import pytest
from django.test import Client

from dashboard.rates import allowed
from dashboard.views import hooks as view
from remediation import hooks, pauses
from remediation.models import Project
from tests.dashboard.cast import Cast, words

SETTINGS = "/p/atlas/settings/schedule/hook/"


@pytest.fixture
def cast(db: None, clean_redis: Any) -> Cast:
    return Cast.make()


def _call(token: str, body: Any = None, **headers: str) -> Any:
    client = Client(enforce_csrf_checks=True)
    content = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
    return client.post(f"/hooks/{token}/", content, content_type="application/json", headers=headers)


def test_a_lead_sees_the_address_once_and_a_call_queues_the_tip(cast: Cast) -> None:
    page = cast.client("lead").post(SETTINGS, {"do": "make"}).content.decode()
    token = re.search(r"http://testserver/hooks/([\w-]+)/", page)[1]  # type: ignore[index]
    assert token not in cast.client("lead").get("/p/atlas/settings/schedule/").content.decode()
    assert token not in str(Project.objects.values().get(pk=cast.project.pk))
    answer = _call(token)
    assert (answer.status_code, answer.json()) == (202, {"queued": True, "pass": 2})
    queued = cast.project.passes.get(number=2)
    assert (queued.trigger, queued.state, queued.requested_commit) == ("push", "queued", "")
    assert _call(token).json()["pass"] == 2  # the one that waits will look at the newest tip
    assert "last called" in words(cast.client("lead").get("/p/atlas/settings/schedule/").content.decode())


def test_a_new_address_ends_the_old_one_and_removing_ends_all(cast: Cast) -> None:
    old = hooks.make(cast.project)
    new = hooks.make(cast.project)
    assert _call(old).status_code == 404 and _call(new).status_code == 202
    cast.client("lead").post(SETTINGS, {"do": "remove"})
    assert _call(new).status_code == 404
    assert Project.objects.get(pk=cast.project.pk).hook_digest == ""


@pytest.mark.parametrize("token", ["x", "no-such-token-at-all-here", "a" * 500, "%00", "' or 1=1--aaaaaaaaaaaaa"])
def test_an_unknown_token_is_nothing(cast: Cast, token: str) -> None:
    assert _call(token).status_code == 404
    assert cast.project.passes.count() == 1


def test_only_a_post_is_a_call(cast: Cast) -> None:
    token = hooks.make(cast.project)
    assert Client().get(f"/hooks/{token}/").status_code == 405
    assert cast.project.passes.count() == 1


@pytest.mark.parametrize(
    ("ref", "status"),
    [("refs/heads/main", 202), ("refs/heads/feature", 200), ("refs/tags/main", 202), (None, 202), (7, 202)],
)
def test_a_push_of_another_branch_queues_nothing(cast: Cast, ref: Any, status: int) -> None:
    token = hooks.make(cast.project)
    Project.objects.filter(pk=cast.project.pk).update(detected={"branch": "main"})  # the ref is HEAD
    assert _call(token, {"ref": ref}).status_code == status
    Project.objects.filter(pk=cast.project.pk).update(ref="main", detected={})
    assert _call(token, {"ref": ref}).status_code == status


@pytest.mark.parametrize("body", [b"", b"not json", b"[1]", b"\xff\xfe", b"[" * 200_000, b'{"ref": {"a": 1}}'])
def test_a_body_that_says_nothing_is_a_push_all_the_same(cast: Cast, body: bytes) -> None:
    assert _call(hooks.make(cast.project), body).status_code == 202


def test_a_body_without_end_is_refused(cast: Cast, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000
    assert _call(hooks.make(cast.project), b"x" * 1_001).status_code == 413


def test_with_a_secret_a_call_must_bear_it(cast: Cast) -> None:
    token = hooks.make(cast.project, secret="correct-horse")
    body = b'{"ref": ""}'
    good = "sha256=" + hmac.new(b"correct-horse", body, hashlib.sha256).hexdigest()
    wrong = "sha256=" + hmac.new(b"correct-house", body, hashlib.sha256).hexdigest()
    assert _call(token, body).status_code == 403
    assert _call(token, body, **{"X-Hub-Signature-256": wrong}).status_code == 403
    assert _call(token, b"{}", **{"X-Hub-Signature-256": good}).status_code == 403  # signed for another body
    assert _call(token, body, **{"X-Gitlab-Token": "correct-hors"}).status_code == 403
    assert cast.project.passes.count() == 1
    assert _call(token, body, **{"X-Hub-Signature-256": good}).status_code == 202
    assert _call(token, body, **{"X-Gitlab-Token": "correct-horse"}).status_code == 202


@pytest.mark.parametrize("secret", ["short", "with space in it", "x" * 201, "smörgåsbord"])
def test_a_secret_that_cannot_work_is_refused(cast: Cast, secret: str) -> None:
    answer = cast.client("lead").post(SETTINGS, {"do": "make", "secret": secret})
    assert answer.status_code == 422 and "A secret has 8 to 200" in words(answer.content.decode())
    assert Project.objects.get(pk=cast.project.pk).hook_digest == ""


def test_a_ping_and_a_paused_project_queue_nothing(cast: Cast) -> None:
    token = hooks.make(cast.project)
    assert _call(token, **{"X-GitHub-Event": "ping"}).json() == {"queued": False, "reason": "Heard."}
    pauses.pause(cast.project, cast.lead, "Moving")
    assert _call(token).json() == {"queued": False, "reason": "The project is paused."}
    assert cast.project.passes.count() == 1


def test_calls_are_counted_by_the_minute(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view, "PER_MINUTE", 3)
    monkeypatch.setattr("dashboard.rates.time.time", lambda: 1_000_000.0)
    token = hooks.make(cast.project)
    assert [_call(token).status_code for _ in range(5)] == [202, 202, 202, 429, 429]
    assert _call(hooks.make(cast.other)).status_code == 202  # another project's calls are its own


def test_no_answer_writes_the_secret_into_a_log(cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    token = hooks.make(cast.project, secret="correct-horse")
    with caplog.at_level("DEBUG"):
        statuses = [_call(token).status_code, Client().get(f"/hooks/{token}/").status_code]
        statuses.append(_call(token[:-1] + "x").status_code)
        assert statuses == [403, 405, 404]
        assert token[:-1] not in caplog.text
        Client().get("/hooks/nowhere/else/")  # the control: other paths are written
        assert "/hooks/nowhere/else/" in caplog.text


def test_with_the_broker_away_calls_still_work(cast: Cast, settings: Any) -> None:
    token = hooks.make(cast.project)
    settings.REDIS_URL = "unix:///nowhere/valkey.sock"
    assert allowed("anything", 0)
    assert _call(token).status_code == 202


def test_a_push_shows_as_one_in_the_list(cast: Cast) -> None:
    _call(hooks.make(cast.project))
    assert "Push" in cast.project.passes.get(number=2).get_trigger_display()
