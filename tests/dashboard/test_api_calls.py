"""How the API says no: in JSON that says what to do, whatever is sent; and a token is in no address and no log."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.test import Client

from dashboard.api import bearer, work
from dashboard.api.problems import KINDS
from remediation.models import Project, TokenUse
from tests.dashboard.cast import Cast
from tests.dashboard.programs import V1, ask, made, row
from tests.dashboard.test_api_permissions import OPERATIONS, SENT

ATLAS = f"{V1}atlas/"


@pytest.fixture
def cast(db: None, clean_redis: Any) -> Cast:
    return Cast.make()


def kind(answer: Any) -> str:
    """What kind of problem it is; checks that all of it is as it should be."""
    said = answer.json()
    name = said["type"].removeprefix("http://testserver/api/v1/#")
    assert answer["Content-Type"] == "application/problem+json" and answer["Cache-Control"].find("no-store") >= 0
    assert (
        (said["status"], said["title"])
        == (answer.status_code, KINDS[name].title)
        == (KINDS[name].status, said["title"])
    )
    assert len(said["detail"]) > 9
    return name


REFUSED = [
    ("passes/?outcome=green", "Invalid enum value"),
    ("passes/?limit=0", "limit"),
    ("passes/?limit=101", "limit"),
    ("passes/?limit=x", "limit"),
    ("passes/?before=99999999999", "before"),
    ("passes/?since=yesterday", "since"),
    ("passes/?since=2026-03-02T06:00:00", "since"),
    ("passes/?outcom=counted", "outcom"),
    ("tickets/?status=closed", "status"),
    ("tickets/?claimed_by=' or 1=1--", "claimed_by"),
    ("tickets/?claimed_by=9999999999999999999", "claimed_by"),
    ("passes/1/?verbose=1", "nothing behind a question mark"),
]


def test_a_question_that_cannot_be_understood_is_refused_not_ignored(cast: Cast) -> None:
    token = made(cast.viewer)
    for rest, says in REFUSED:
        answer = ask(token, ATLAS + rest)
        assert kind(answer) == "cannot-work" and says in answer.json()["detail"], rest


BODIES = [
    b"", b"{", b"[]", b"null", b"1", b'"x"', b"[" * 100_000, b'{"a":' * 50_000, b"\xff\xfe", b'{"text": 1}',
    b'{"text": ""}', b'{"text": "\\u0000"}', b'{"text": "\\ud800"}', b'{"text": "x", "text": "y"}',
    b'{"commit": {}}', b'{"commit": "\\u0000"}', b'{"commit": "-x"}', b'{"commit": "a..b"}', b'{"commit": ""}',
    b'{"commit": "x", "branch": "y"}', b'{"commit": "x", "more": 1}', b'{"commit": NaN}', b'{"commit": 1e999}',
    b'{"branch": "' + b"x" * 300 + b'"}',
]  # fmt: skip


def test_no_body_makes_it_fail(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bearer, "PER_MINUTE", 10_000)
    token = made(cast.engineer, "write")
    for name, (rest, _) in SENT.items():
        body = OPERATIONS[name][1].body
        for sent in BODIES if body else ():
            answer = ask(token, V1 + rest.format(slug="atlas", key="ATL"), sent)
            assert answer.status_code in {200, 201, 202, 409, 415, 422}, (name, sent[:40], answer.content)
            if answer.status_code > 299:
                kind(answer)
    queued = cast.project.passes.exclude(state="ended")
    assert {row.requested_commit for row in queued} <= {"", "x", "y"}, "a name that git would not take was stored"


def test_whatever_address_is_asked_is_answered_in_json(cast: Cast) -> None:
    token = made(cast.engineer, "write")
    nothing = (
        "atlas", "atlas/passes", "atlas/passes/x/", "atlas/nothing/", "%00/", "atlas/passes/1/2/", "a%2fb/",
        "atlas/reports/a.b.c", "atlas/tickets/%F0%9F%92%A9/", "atlas/tickets/ATL-1%00/", "../../p/atlas/",
    )  # fmt: skip
    for rest in nothing:
        assert kind(ask(token, V1 + rest)) == "not-found", rest


def test_each_address_takes_its_own_methods_only(cast: Cast) -> None:
    token = made(cast.admin, "write")
    taken: dict[str, set[str]] = {}
    for name, (rest, _) in SENT.items():
        taken.setdefault(rest, set()).add(OPERATIONS[name][0].upper())
    for rest, methods in taken.items():
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} - methods:
            answer = ask(token, V1 + rest.format(slug="atlas", key="ATL"), method=method)
            assert (kind(answer), answer["Allow"]) == ("no-such-method", ", ".join(sorted(methods))), (rest, method)
    head = Client().head(ATLAS, headers={"Authorization": f"Bearer {token}"})
    assert (head.status_code, head.content) == (200, b"")


def test_what_is_no_json_and_what_is_too_long_is_refused(cast: Cast, settings: Any) -> None:
    token = made(cast.engineer, "write")
    sent = {"Authorization": f"Bearer {token}"}
    form = Client().post(f"{ATLAS}tickets/ATL-1/notes/", {"text": "x"}, headers=sent)
    assert kind(form) == "not-json"
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000
    assert kind(ask(token, f"{ATLAS}tickets/ATL-1/notes/", {"text": "x" * 1_001})) == "too-large"
    assert not cast.ticket().transitions.filter(verb="note").exists()


def test_a_token_in_an_address_is_refused_and_told_to_be_revoked(cast: Cast) -> None:
    token = made(cast.viewer)
    for path in (f"{V1}?token={token}", f"{V1}?x={token}", f"{V1}{token}/"):
        for sent in (token, None):
            answer = ask(sent, path)
            assert kind(answer) == "token-in-address" and "revoke" in answer.json()["detail"]


def test_a_token_is_in_no_log(cast: Cast, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    token = made(cast.engineer, "write")
    broken = work.claim_ticket.function.__globals__["tickets"]

    def fail(*_: object) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(broken, "claim", fail)
    with caplog.at_level(logging.DEBUG):
        ask(token, f"{V1}?token={token}")
        ask(token, f"{ATLAS}nothing/{token}/")
        ask(token[:-1] + "!", ATLAS)
        ask(token, ATLAS, method="DELETE")
        failed = ask(token, f"{ATLAS}tickets/ATL-1/claim/", {})
    assert kind(failed) == "failed" and "the disk is full" in caplog.text and "disk" not in failed.content.decode()
    assert token not in caplog.text and token[13:-1] not in caplog.text


def test_a_project_that_goes_meanwhile_is_not_there(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def go(*_: object) -> None:
        Project.objects.filter(pk=cast.project.pk).update(slug="gone", deleted_at="2026-03-09T12:00:00Z")
        raise Project.DoesNotExist

    monkeypatch.setattr(work.claim_ticket.function.__globals__["tickets"], "claim", go)
    assert kind(ask(made(cast.engineer, "write"), f"{ATLAS}tickets/ATL-1/claim/", {})) == "not-found"


def test_calls_are_counted_by_token_and_strangers_by_address(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bearer, "PER_MINUTE", 3)
    monkeypatch.setattr(bearer, "UNKNOWN_PER_MINUTE", 2)
    monkeypatch.setattr("dashboard.rates.time.time", lambda: 1_000_000.0)  # 40 s after a minute began
    token = made(cast.viewer)
    assert [ask(token, ATLAS).status_code for _ in range(4)] == [200, 200, 200, 429]
    answer = ask(token, ATLAS)
    assert (kind(answer), answer["Retry-After"]) == ("too-many", "20")
    assert ask(made(cast.viewer), ATLAS).status_code == 200  # another token has its own minute
    assert [ask("wrong", ATLAS).status_code for _ in range(3)] == [401, 401, 429]
    assert ask(made(cast.viewer), ATLAS).status_code == 200  # whoever has one is not held up by them


def test_what_a_use_says_is_bounded(cast: Cast) -> None:
    token = made(cast.viewer)
    ask(token, ATLAS, method="X" * 60)
    ask(token, ATLAS)
    uses = list(TokenUse.objects.filter(token=row(token)).values_list("method", "route", "status"))
    assert uses == [("GET", "api-project", 200), ("XXXXXXX", "api-project", 405)]
