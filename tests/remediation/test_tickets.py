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
from remediation.models import CategoryCount, Membership, Project, Ticket, Transition, User
from tests import factories

PEOPLE, CONNECTIONS = 200, 40


@pytest.fixture
def project(db: None) -> Project:
    made = factories.project("atlas", key="ATL")
    factories.counted_pass(made, 1, [factories.missing_module("tests/test_a.py")])
    return made


def test_the_first_claim_wins_and_the_second_is_told_by_whom_and_when(project: Project) -> None:
    mei, tom = factories.user("mei.lin"), factories.user("tom.okafor")
    first = tickets.claim(_ticket(project), mei)
    second = tickets.claim(_ticket(project), tom)
    assert (first.won, first.owner) == (True, mei)
    assert (second.won, second.owner.label, second.at) == (False, "Mei Lin", first.at)
    assert _ticket(project).claimed_by == mei


def test_claiming_ones_own_ticket_again_changes_nothing(project: Project) -> None:
    mei = factories.user("mei.lin")
    first = tickets.claim(_ticket(project), mei)
    again = tickets.claim(_ticket(project), mei)
    assert (again.won, again.owner, again.at) == (False, mei, first.at)
    assert _verbs(project) == ["opened", "claimed"]


def test_a_verified_ticket_cannot_be_claimed(project: Project) -> None:
    factories.counted_pass(project, 2, [], {"tests/test_a.py": 3})
    with pytest.raises(tickets.Refused, match="ATL-1 is verified"):
        tickets.claim(_ticket(project), factories.user("mei.lin"))
    assert _ticket(project).claimed_by is None


def test_a_merged_ticket_cannot_be_claimed(project: Project) -> None:
    factories.counted_pass(project, 2, _two_causes())
    Ticket.objects.filter(project=project, number=2).update(merged_into=_ticket(project))
    with pytest.raises(tickets.Refused, match="ATL-2 was merged into ATL-1"):
        tickets.claim(_ticket(project, 2), factories.user("mei.lin"))


def test_only_the_owner_releases_unless_a_lead_does(project: Project) -> None:
    mei, tom = factories.user("mei.lin"), factories.user("tom.okafor")
    tickets.claim(_ticket(project), mei)
    with pytest.raises(tickets.Refused, match="ATL-1 belongs to Mei Lin"):
        tickets.release(_ticket(project), tom)
    tickets.release(_ticket(project), tom, from_anyone=True)
    assert _ticket(project).claimed_by is None
    last = _ticket(project).transitions.first()
    assert (last.verb, last.actor, last.data) == ("released", tom, {"owner": "Mei Lin", "owner_id": mei.pk})
    with pytest.raises(tickets.Refused, match="ATL-1 is not claimed"):
        tickets.release(_ticket(project), mei)


def test_history_survives_claim_pass_release_and_a_rebuild(project: Project) -> None:
    mei = factories.user("mei.lin")
    tickets.claim(_ticket(project), mei)
    factories.counted_pass(project, 2, _two_causes())
    tickets.release(_ticket(project), mei)
    lines = Transition.objects.filter(ticket=_ticket(project))
    assert sorted(lines.values_list("sequence", flat=True)) == list(range(1, lines.count() + 1))
    projections.rebuild(project)
    assert Counter(_verbs(project))["claimed"] == Counter(_verbs(project))["released"] == 1
    assert sorted(lines.values_list("sequence", flat=True)) == list(range(1, lines.count() + 1))


def test_a_category_by_hand_survives_a_rebuild_and_moves_the_counts(project: Project) -> None:
    mei = factories.user("mei.lin")
    target = project.categories.get(name="Test infrastructure")
    assert _ticket(project).category != target
    assert tickets.set_category(_ticket(project), target, mei)
    assert not tickets.set_category(_ticket(project), target, mei)
    projections.rebuild(project)
    assert _ticket(project).category == target
    rows = CategoryCount.objects.filter(collection_pass__project=project)
    assert list(rows.values_list("category__name", "errors")) == [(target.name, 1)]
    assert _verbs(project).count("category") == 1


def test_a_category_of_another_project_or_an_archived_one_is_refused(project: Project) -> None:
    other = factories.project("borealis", key="BOR")
    mei = factories.user("mei.lin")
    with pytest.raises(tickets.Refused, match="another project"):
        tickets.set_category(_ticket(project), other.categories.first(), mei)
    archived = project.categories.first()
    archived.archived = True
    archived.save()
    with pytest.raises(tickets.Refused, match="archived"):
        tickets.set_category(_ticket(project), archived, mei)


@pytest.mark.django_db(transaction=True)
def test_of_two_hundred_who_claim_or_are_given_it_at_once_exactly_one_wins() -> None:
    won, refused, errors = _race(_claim_or_be_given)
    assert (won, refused, errors) == (1, PEOPLE - 1, [])
    ticket = Ticket.objects.get()
    line = ticket.transitions.get(verb__in=["claimed", "assigned"])
    assert ticket.claimed_by_id == line.data.get("to_id", line.actor_id)


@pytest.mark.django_db(transaction=True)
def test_the_control_that_reads_and_then_saves_fails_the_same_check() -> None:
    """If this ever gives one winner too, the test above proves nothing."""
    won, _, errors = _race(_read_then_save)
    assert errors == []
    assert won > 1


def _claim_or_be_given(ticket: Ticket, user: User, _: threading.Barrier) -> bool:
    """Every second one claims it; the others are given it by somebody who saw it free."""
    if user.pk % 2:
        return tickets.claim(ticket, user).won
    return tickets.assign(ticket, user, User.objects.get(username="person0")).won


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
    made = factories.project("atlas", key="ATL")
    factories.counted_pass(made, 1, [factories.missing_module("tests/test_a.py")])
    people = User.objects.bulk_create(User(username=f"person{n}") for n in range(PEOPLE))
    Membership.objects.bulk_create(Membership(project=made, user=person, role="engineer") for person in people)
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


def _two_causes() -> list[factories.CollectionError]:
    return [factories.missing_module("tests/test_a.py"), factories.missing_name("tests/test_b.py")]


def _ticket(project: Project, number: int = 1) -> Ticket:
    return project.tickets.get(number=number)


def _verbs(project: Project) -> list[str]:
    return list(_ticket(project).transitions.order_by("sequence").values_list("verb", flat=True))
