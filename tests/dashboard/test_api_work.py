"""What a token changes: a pass is queued once for each key, a claim has one winner, all in its owner's name."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from remediation import tickets
from remediation.models import CollectionPass, KeyedPass, Project
from tests import factories
from tests.dashboard.cast import WORKING, Cast
from tests.dashboard.programs import V1, ask, made, row

ATLAS = f"{V1}atlas/"
PASSES = f"{ATLAS}passes/"


@pytest.fixture
def cast(db: None, clean_redis: Any) -> Cast:
    return Cast.make()


def test_a_pass_is_queued_in_the_owners_name_and_can_be_followed(cast: Cast) -> None:
    token = made(cast.engineer, "trigger")
    answer = ask(token, PASSES, {"commit": "e7710ab"})
    assert (answer.status_code, answer["Location"]) == (202, f"http://testserver{PASSES}2/")
    assert answer.json() == {
        "number": 2, "state": "queued", "address": answer["Location"], "page": "http://testserver/p/atlas/passes/2/",
    }  # fmt: skip
    queued = cast.project.passes.get(number=2)
    assert (queued.trigger, queued.requested_by, queued.requested_commit) == ("api", cast.engineer, "e7710ab")
    followed = ask(token, answer["Location"].removeprefix("http://testserver")).json()
    assert (followed["state"], followed["requested"], followed["trigger"]) == ("queued", "e7710ab", "api")
    assert "By token" in cast.client("viewer").get("/p/atlas/passes/").content.decode()


def test_the_tip_is_asked_for_once_however_it_is_named(cast: Cast) -> None:
    token = made(cast.engineer, "trigger")
    first = ask(token, PASSES, b"").json()["number"]
    assert ask(token, PASSES, {}).json()["number"] == first  # the one that waits will look at the newest tip
    Project.objects.filter(pk=cast.project.pk).update(detected={"branch": "main"})  # the ref is HEAD
    assert ask(token, PASSES, {"branch": "main"}).json()["number"] == first
    other = ask(token, PASSES, {"branch": "next"}).json()["number"]
    assert other != first and cast.project.passes.get(number=other).requested_commit == "next"


def test_what_git_would_not_take_is_refused(cast: Cast) -> None:
    token, named = made(cast.engineer, "trigger"), "Name a commit, as in e7710ab, or a branch."
    refused = [
        ({"commit": "--upload-pack=x"}, named),
        ({"branch": "a..b"}, named),
        ({"commit": "e7710ab", "branch": "main"}, "Name a commit or a branch, not both."),
    ]
    for body, says in refused:
        answer = ask(token, PASSES, body)
        assert (answer.status_code, answer.json()["detail"]) == (422, says)
    assert cast.project.passes.count() == 1


def test_a_key_is_one_pass_for_a_day(cast: Cast) -> None:
    token, key = made(cast.engineer, "trigger"), {"Idempotency-Key": "build-7"}
    first = ask(token, PASSES, {"commit": "e7710ab"}, **key).json()
    assert ask(token, PASSES, {"commit": "e7710ab"}, **key).json() == first
    factories.counted_pass(cast.project, 2, [], WORKING)
    other = ask(token, PASSES, {"commit": "5d0e9aa"}, **key)
    assert other.status_code == 422 and "was sent with another request" in other.json()["detail"]
    assert (
        ask(token, PASSES, {"commit": "e7710ab"}, **{"Idempotency-Key": "build-8"}).json()["number"] > first["number"]
    )
    someone = ask(made(cast.lead, "trigger"), PASSES, {"commit": "5d0e9aa"}, **key)
    assert someone.status_code == 202  # a key is its token's own
    for wrong in ("x" * 101, "a b", "ä"):
        assert ask(token, PASSES, {}, **{"Idempotency-Key": wrong}).status_code == 422
    KeyedPass.objects.update(at=KeyedPass.objects.first().at - timedelta(days=2))  # type: ignore[union-attr]
    assert ask(token, PASSES, {"commit": "e7710ab"}, **key).json()["number"] > first["number"]
    assert KeyedPass.objects.filter(token=row(token)).count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_who_send_one_key_at_once_get_one_pass(clean_redis: Any) -> None:
    cast = Cast.make()
    token, numbers, start = made(cast.engineer, "trigger"), [], threading.Barrier(4)

    def send() -> None:
        start.wait()
        answer = ask(token, PASSES, {"commit": "e7710ab"}, **{"Idempotency-Key": "build-7"})
        numbers.append((answer.status_code, answer.json()["number"]))
        connection.close()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert numbers == [(202, 2)] * 4
    assert CollectionPass.objects.filter(requested_commit="e7710ab").count() == 1


def test_a_claim_has_one_winner_and_the_others_are_told_who(cast: Cast) -> None:
    mine, theirs = made(cast.engineer, "write"), made(cast.lead, "write")
    path = f"{ATLAS}tickets/ATL-1/claim/"
    won = ask(mine, path, {})
    assert (won.status_code, won.json()["claimed_by"]) == (200, {"id": cast.engineer.pk, "name": "Mei Lin"})
    assert ask(mine, path, {}).status_code == 200  # asking again for one's own changes nothing
    lost = ask(theirs, path, {})
    assert lost.status_code == 409 and lost.json()["claimed_by"]["name"] == "Mei Lin"
    assert lost.json()["claimed_at"] == won.json()["claimed_at"] and "claimed it" in lost.json()["detail"]
    assert cast.ticket().claimed_by == cast.engineer
    line = cast.ticket().transitions.get(verb="claimed")
    assert line.actor == cast.engineer


def test_release_is_for_the_owner_or_a_lead(cast: Cast) -> None:
    path = f"{ATLAS}tickets/ATL-1/release/"
    tickets.claim(cast.ticket(), cast.lead)
    refused = ask(made(cast.engineer, "write"), path, {})
    assert (refused.status_code, refused.json()["detail"]) == (
        409,
        "ATL-1 belongs to Ines Duarte. Only they or a lead can release it.",
    )
    assert ask(made(cast.lead, "write"), path, {}).json()["claimed_by"] is None
    assert ask(made(cast.lead, "write"), path, {}).json()["detail"] == "ATL-1 is not claimed."


def test_a_note_and_a_fix_are_lines_of_the_history(cast: Cast) -> None:
    token = made(cast.engineer, "write")
    noted = ask(token, f"{ATLAS}tickets/ATL-1/notes/", {"text": " Half of it is done.\r\n"})
    assert (noted.status_code, noted.json()["text"]) == (201, "Half of it is done.")
    fixed = ask(token, f"{ATLAS}tickets/ATL-1/fixed/", {"commit": "e7710ab"}).json()
    assert (fixed["status"], fixed["fixed_in"]) == ("awaiting", "e7710ab")
    assert [line["did"] for line in fixed["history"][:2]] == ["marked-fixed", "note"]
    assert ask(token, f"{ATLAS}tickets/ATL-1/notes/", {"text": " "}).json()["detail"] == "Write something first."
    assert ask(token, f"{ATLAS}tickets/ATL-1/notes/", {"text": "x" * 10_001}).status_code == 422
    factories.counted_pass(cast.project, 2, [], {**WORKING, "tests/test_c.py": 1})
    closed = ask(token, f"{ATLAS}tickets/ATL-1/fixed/", {"commit": "e7710ab"})
    assert (closed.status_code, closed.json()["detail"]) == (409, "ATL-1 is closed already: a pass no longer sees it.")
