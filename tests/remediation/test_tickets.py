"""Claims, releases and categories by hand, with real concurrency on a real Postgres."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from remediation import projections, tickets
from remediation.models import CategoryCount, Project, Ticket, Transition, User
from tests.dashboard import cast

PEOPLE, CONNECTIONS = 200, 40


@pytest.fixture
def project(db: None) -> Project:
    made = cast.project()
    cast.counted(made, 1, [cast.missing_module("tests/test_a.py", "atlas.core.auth")])
    return made


def test_the_first_claim_wins_and_the_second_is_told_by_whom_and_when(project: Project) -> None:
    mei, tom = cast.person("mei", full_name="Mei Lin"), cast.person("tom")
    first = tickets.claim(cast.ticket(project), mei)
    second = tickets.claim(cast.ticket(project), tom)
    assert (first.won, first.owner) == (True, mei)
    assert (second.won, second.owner.label, second.at) == (False, "Mei Lin", first.at)
    assert cast.ticket(project).claimed_by == mei


def test_claiming_ones_own_ticket_again_changes_nothing(project: Project) -> None:
    mei = cast.person("mei")
    first = tickets.claim(cast.ticket(project), mei)
    again = tickets.claim(cast.ticket(project), mei)
    assert (again.won, again.owner, again.at) == (False, mei, first.at)
    assert _verbs(project) == ["opened", "claimed"]


def test_a_verified_ticket_cannot_be_claimed(project: Project) -> None:
    cast.counted(project, 2, [], working={"tests/test_a.py": 3, "tests/test_fine.py": 40})
    with pytest.raises(tickets.Refused, match="ATL-1 is verified"):
        tickets.claim(cast.ticket(project), cast.person("mei"))
    assert cast.ticket(project).claimed_by is None


def test_a_merged_ticket_cannot_be_claimed(project: Project) -> None:
    cast.counted(project, 2, [*_two_causes()])
    Ticket.objects.filter(project=project, number=2).update(merged_into=cast.ticket(project))
    with pytest.raises(tickets.Refused, match="ATL-2 was merged into ATL-1"):
        tickets.claim(cast.ticket(project, 2), cast.person("mei"))


def test_only_the_owner_releases_unless_a_lead_does(project: Project) -> None:
    mei, tom = cast.person("mei", full_name="Mei Lin"), cast.person("tom")
    tickets.claim(cast.ticket(project), mei)
    with pytest.raises(tickets.Refused, match="ATL-1 belongs to Mei Lin"):
        tickets.release(cast.ticket(project), tom)
    tickets.release(cast.ticket(project), tom, from_anyone=True)
    assert cast.ticket(project).claimed_by is None
    last = cast.ticket(project).transitions.first()
    assert (last.verb, last.actor, last.data) == ("released", tom, {"owner": "Mei Lin"})
    with pytest.raises(tickets.Refused, match="ATL-1 is not claimed"):
        tickets.release(cast.ticket(project), mei)


def test_history_survives_claim_pass_release_and_a_rebuild(project: Project) -> None:
    mei = cast.person("mei")
    tickets.claim(cast.ticket(project), mei)
    cast.counted(project, 2, [*_two_causes()])
    tickets.release(cast.ticket(project), mei)
    lines = Transition.objects.filter(ticket=cast.ticket(project))
    assert sorted(lines.values_list("sequence", flat=True)) == list(range(1, lines.count() + 1))
    projections.rebuild(project)
    assert Counter(_verbs(project))["claimed"] == Counter(_verbs(project))["released"] == 1
    assert sorted(lines.values_list("sequence", flat=True)) == list(range(1, lines.count() + 1))


def test_a_category_by_hand_survives_a_rebuild_and_moves_the_counts(project: Project) -> None:
    mei = cast.person("mei")
    target = project.categories.get(name="Test infrastructure")
    assert cast.ticket(project).category != target
    assert tickets.set_category(cast.ticket(project), target, mei)
    assert not tickets.set_category(cast.ticket(project), target, mei)
    projections.rebuild(project)
    assert cast.ticket(project).category == target
    rows = CategoryCount.objects.filter(collection_pass__project=project)
    assert list(rows.values_list("category__name", "errors")) == [(target.name, 1)]
    assert _verbs(project).count("category") == 1


def test_a_category_of_another_project_or_an_archived_one_is_refused(project: Project) -> None:
    other = cast.project("borealis", slug="borealis", key="BOR")
    mei = cast.person("mei")
    with pytest.raises(tickets.Refused, match="another project"):
        tickets.set_category(cast.ticket(project), other.categories.first(), mei)
    archived = project.categories.first()
    archived.archived = True
    archived.save()
    with pytest.raises(tickets.Refused, match="archived"):
        tickets.set_category(cast.ticket(project), archived, mei)


@pytest.mark.django_db(transaction=True)
def test_of_two_hundred_who_claim_at_once_exactly_one_wins() -> None:
    won, refused, errors = _race(_claim)
    assert (won, refused, errors) == (1, PEOPLE - 1, [])
    ticket = Ticket.objects.get()
    assert list(ticket.transitions.filter(verb="claimed").values_list("actor", flat=True)) == [ticket.claimed_by_id]


@pytest.mark.django_db(transaction=True)
def test_the_control_that_reads_and_then_saves_fails_the_same_check() -> None:
    """If this ever gives one winner too, the test above proves nothing."""
    won, _, errors = _race(_read_then_save)
    assert errors == []
    assert won > 1


def _claim(ticket: Ticket, user: User, _: threading.Barrier) -> bool:
    return tickets.claim(ticket, user).won


def _read_then_save(ticket: Ticket, user: User, everyone_has_read: threading.Barrier) -> bool:
    with transaction.atomic():
        free = Ticket.objects.get(pk=ticket.pk).claimed_by_id is None
        # The first wave meets between its look and its write, as unlucky timing would have it.
        if not everyone_has_read.broken:
            try:
                everyone_has_read.wait(10)
            except threading.BrokenBarrierError:
                pass
            everyone_has_read.abort()
        if not free:
            return False
        Ticket.objects.filter(pk=ticket.pk).update(claimed_by=user, claimed_at=timezone.now())
    return True


def _race(attempt: Callable[[Ticket, User, threading.Barrier], bool]) -> tuple[int, int, list[str]]:
    """Let 200 people try over 40 connections that start together: (winners, losers, errors)."""
    made = cast.project()
    cast.counted(made, 1, [cast.missing_module("tests/test_a.py", "atlas.core.auth")])
    people = User.objects.bulk_create(User(username=f"person{n}") for n in range(PEOPLE))
    start, has_read = threading.Barrier(CONNECTIONS), threading.Barrier(CONNECTIONS)
    waves = [people[n::CONNECTIONS] for n in range(CONNECTIONS)]
    backends: set[int] = set()
    errors: list[str] = []

    def one_connection(wave: list[User]) -> list[bool]:
        outcomes: list[bool] = []
        try:
            ticket = Ticket.objects.get()
            connection.ensure_connection()
            backends.add(connection.connection.info.backend_pid)
            start.wait(30)
            for user in wave:
                outcomes.append(attempt(ticket, user, has_read))
        except Exception as error:
            errors.append(repr(error))
        finally:
            connections.close_all()
        return outcomes

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        outcomes = [outcome for wave in pool.map(one_connection, waves) for outcome in wave]
    assert len(backends) == CONNECTIONS
    return outcomes.count(True), outcomes.count(False), errors


def _two_causes() -> list:
    return [
        cast.missing_module("tests/test_a.py", "atlas.core.auth"),
        cast.missing_name("tests/test_b.py", "atlas.models", "Ledger"),
    ]


def _verbs(project: Project) -> list[str]:
    return list(cast.ticket(project).transitions.order_by("sequence").values_list("verb", flat=True))
