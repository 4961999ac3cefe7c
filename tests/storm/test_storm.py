"""What holds when very many people act at one moment. Each test prints its promise with what was counted."""

from __future__ import annotations

import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from remediation import tickets
from remediation.models import Project, Ticket, Transition, User
from tests import factories
from tests.dashboard.cast import Cast
from tests.remediation.test_races import overlapping, wild
from tests.remediation.threads import at_once, deadlocks
from tests.storm.site import Answer, people, press, served

pytestmark = [pytest.mark.storm, pytest.mark.django_db(transaction=True)]

PEOPLE, CONNECTIONS, ROUNDS = 200, 40, 50
Say = Callable[[str], None]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    """Print past pytest's capture."""

    def line(text: str) -> None:
        with capsys.disabled():
            print(f"\n{text}", flush=True)

    return line


@pytest.fixture
def project(transactional_db: None) -> Project:
    """A ticket for each round: so many root causes in one pass."""
    made = factories.project("atlas", key="ATL")
    factories.counted_pass(
        made, 1, [factories.missing_module(f"tests/test_{n}.py", f"atlas.m{n}") for n in range(ROUNDS)]
    )
    return made


def test_one_owner_per_ticket_over_http(
    project: Project, child_environment: dict[str, str], tmp_path: Path, say: Say
) -> None:
    cookies = people(project, PEOPLE)
    answers: list[Answer] = []
    before, start = deadlocks(), time.perf_counter()
    with served(child_environment, tmp_path / "gunicorn.log") as port:
        for number in range(1, ROUNDS + 1):
            path = f"/p/atlas/t/ATL-{number}/claim/"
            found = press(port, path, cookies, CONNECTIONS)
            assert Counter(answer.status for answer in found) == {200: 1, 409: PEOPLE - 1}, number
            answers += found
    seconds = time.perf_counter() - start
    claims = Transition.objects.filter(ticket__project=project, verb="claimed")
    assert dict(claims.values_list("ticket__number", "actor")) == dict(
        Ticket.objects.filter(project=project).values_list("number", "claimed_by")
    )
    assert claims.count() == ROUNDS
    assert deadlocks() == before
    times = sorted(answer.seconds for answer in answers)
    say(
        f"one owner per ticket: {ROUNDS} rounds of {PEOPLE} claims over HTTP, {claims.count()} owners, "
        f"{sum(answer.status == 409 for answer in answers):,} told who was first, 0 errors; "
        f"{len(answers) / seconds:,.0f} claims/s, median {1000 * statistics.median(times):.0f} ms, "
        f"p95 {1000 * times[int(0.95 * len(times))]:.0f} ms over {CONNECTIONS} connections"
    )


def test_the_control_that_reads_and_then_saves_has_several_owners(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch, say: Say
) -> None:
    """The same button before the same view, with a claim that looks first and writes after."""
    cast, everyone_has_looked = Cast.make(), threading.Barrier(CONNECTIONS)

    def look_and_save(ticket: Ticket, user: User) -> tickets.Claim:
        owner = Ticket.objects.get(pk=ticket.pk).claimed_by
        everyone_has_looked.wait(120)
        if owner is None:
            Ticket.objects.filter(pk=ticket.pk).update(claimed_by=user, claimed_at=timezone.now())
        return tickets.Claim(owner is None, owner or user, timezone.now())

    monkeypatch.setattr(tickets, "claim", look_and_save)
    clients = [cast.client(factories.member(cast.project, "engineer")) for _ in range(CONNECTIONS)]

    def press_claim(client: Any) -> Callable[[], int]:
        return lambda: client.post("/p/atlas/t/ATL-1/claim/", headers={"HX-Request": "true"}).status_code

    winners = at_once([press_claim(client) for client in clients]).count(200)
    assert winners > 1
    say(f"control, read and then save: {winners} of {CONNECTIONS} were told that the ticket is theirs")


def test_everyone_at_once_ends_in_what_the_histories_explain(transactional_db: None, say: Say) -> None:
    before, start = deadlocks(), time.perf_counter()
    lines = sum(wild(seed) for seed in range(100, 200))
    assert deadlocks() == before
    say(f"histories explain the end: 100 races of people and passes, {lines:,} lines, 0 deadlocks, "
        f"{time.perf_counter() - start:.0f} s")  # fmt: skip


def test_overlapping_recordings_while_people_act(transactional_db: None, say: Say) -> None:
    before, start = deadlocks(), time.perf_counter()
    acts = overlapping(60, people=8)
    assert deadlocks() == before
    say(f"no deadlock: 60 overlapping recordings into one project, {acts:,} acts of people meanwhile, 0 deadlocks, "
        f"{time.perf_counter() - start:.0f} s")  # fmt: skip
