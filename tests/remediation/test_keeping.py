"""Claims that stand still: flagged, told, renewed or released; by any number of dispatchers, exactly once."""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from remediation import pauses, projects, tickets
from remediation.models import BlamedFiles, CollectionPass, Notice, Project, Ticket, Transition
from remediation.tickets import CLAIM_FLAGGED, Refused, renew, tend_claims
from tests import factories
from tests.remediation.explained import assert_explained
from tests.remediation.threads import at_once

TEST = "tests/test_a.py"
_numbers = itertools.count(100)
NOW = timezone.now()


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


class Story:
    """A project with one claimed ticket, and a counted pass of the tip at each of the given days ago."""

    def __init__(self, *, claimed: float = 9, looked: tuple[float, ...] = (9, 8, 7, 6, 5, 4, 3, 2, 1, 0)) -> None:
        self.project = factories.project("atlas", key="ATL")
        self.owner = factories.member(self.project, name="mei.lin")
        factories.counted_pass(self.project, None, [factories.missing_module(TEST)], at=ago(30))
        tickets.claim(self.ticket(), self.owner)
        Ticket.objects.update(claimed_at=ago(claimed))
        factories.dated(Transition.objects.filter(verb="claimed"), ago(claimed))
        for days in looked:
            self.look(days)

    def look(self, days: float, *, counted: bool = True) -> CollectionPass:
        """A pass of the tip that ended so long ago; what it saw is the first one's."""
        made = CollectionPass.objects.get(project=self.project, number=1)
        made.pk, made.number, made.position = None, next(_numbers), None
        made.requested_commit, made.ended_at = "", ago(days)
        if not counted:
            made.outcome, made.total, made.result = "blocked", None, None
        made.save(force_insert=True)
        return made

    def ticket(self) -> Ticket:
        return Ticket.objects.select_related("project", "claimed_by").get(project=self.project, number=1)

    def lines(self) -> list[tuple[str, Any]]:
        rows = self.ticket().transitions.exclude(verb__in=["opened", "claimed", "blocks"]).order_by("sequence")
        return [(row.verb, row.actor) for row in rows]

    def later(self, days: float) -> datetime:
        """So much later, with a counted pass a day until then; the clock of the caller."""
        for day in range(1, int(days) + 1):
            self.look(-day)
        return ago(-days)


@pytest.fixture
def story(db: None) -> Story:
    return Story()


def test_a_silent_claim_is_flagged_once_and_released_days_later(story: Story) -> None:
    tend_claims(NOW)
    tend_claims(NOW + timedelta(hours=1))
    assert (story.ticket().flagged_at, story.ticket().claimed_by) == (NOW, story.owner)
    line = story.ticket().transitions.first()
    assert (line.verb, line.actor, line.at) == (CLAIM_FLAGGED, None, NOW)
    assert line.data == {"owner": "Mei Lin", "owner_id": story.owner.pk, "days": 9, "release_after": 2}
    tend_claims(story.later(2))
    assert story.ticket().claimed_by == story.owner, "two days are not more than two"
    tend_claims(story.later(1) + timedelta(days=2))
    story.look(-3.5)
    now = ago(-4)
    tend_claims(now)
    tend_claims(now)
    ticket = story.ticket()
    assert (ticket.claimed_by, ticket.claimed_at, ticket.flagged_at, ticket.status) == (None, None, None, "open")
    assert story.lines() == [(CLAIM_FLAGGED, None), ("released", None)]
    told = Notice.objects.filter(user=story.owner).order_by("at").values_list("kind", flat=True)
    assert list(told) == [CLAIM_FLAGGED, "released"]
    assert_explained(story.project)
    assert ticket.transitions.first().data == {
        "owner": "Mei Lin", "owner_id": story.owner.pk, "days": 13, "idle": True
    }  # fmt: skip


@pytest.mark.parametrize("sign", ["renewed", "marked", "sorted", "commit", "news"])
def test_a_sign_of_life_begins_the_time_anew(story: Story, sign: str) -> None:
    ticket = story.ticket()
    if sign == "commit":
        BlamedFiles.objects.create(ticket=ticket, touched_at=ago(2), touched_commit="c" * 40)
    elif sign == "renewed":
        renew(ticket, story.owner)
    elif sign == "marked":
        tickets.mark_fixed(ticket, factories.user(), "e7710ab")
        tickets.mark_fixed(ticket, factories.user(), "")
    elif sign == "sorted":
        tickets.set_category(ticket, story.project.categories.first(), factories.user())
    else:
        seen = story.project.passes.get(number=1)
        Transition.objects.create(ticket=ticket, sequence=90, at=ago(2), verb="regressed", collection_pass=seen)
    tend_claims(NOW)
    assert story.ticket().flagged_at is None


SIGNS = ["nothing", "renewed", "commit", "released", "taken over", "awaiting", "paused", "patience"]


@pytest.mark.parametrize("sign", SIGNS)
def test_a_flagged_claim_that_shows_life_is_never_released(story: Story, sign: str) -> None:
    """The first row is the control: without a sign the same story ends in a release."""
    tend_claims(NOW)
    assert story.ticket().flagged_at
    later = story.later(3)
    ticket, other = story.ticket(), factories.member(story.project, "lead")
    if sign == "renewed":
        renew(ticket, story.owner)
        assert story.ticket().flagged_at is None, "at once"
    elif sign == "commit":
        BlamedFiles.objects.create(ticket=ticket, touched_at=ago(-1), touched_commit="c" * 40)
    elif sign == "released":
        tickets.release(ticket, story.owner)
    elif sign == "taken over":
        tickets.assign(ticket, other, other, owner=story.owner)
    elif sign == "awaiting":
        tickets.mark_fixed(ticket, story.owner, "e7710ab")
    elif sign == "paused":
        pauses.pause(story.project, other, "holidays")
    elif sign == "patience":
        projects.update(story.project, release_claims_after=0)
    tend_claims(later)
    assert (("released", None) in story.lines()) == (sign == "nothing")
    expected = {"nothing": None, "released": None, "taken over": other}.get(sign, story.owner)
    assert story.ticket().claimed_by == expected
    assert (story.ticket().flagged_at is not None) == (sign in {"paused", "patience"})


def test_while_nobody_looks_or_the_schedule_is_paused_claims_do_not_rot(db: None) -> None:
    story = Story(claimed=40, looked=(40, 39, 38))
    tend_claims(NOW)
    for days in (30, 20, 10, 1):
        story.look(days, counted=False)
    tend_claims(NOW)
    assert story.ticket().flagged_at is None, "blocked for weeks"
    pauses.pause(story.project, story.owner, "holidays")
    for days in (0.9, 0.8):
        story.look(days)
    pauses.resume(story.project)
    story.later(4)
    tend_claims(ago(-4))
    assert story.ticket().flagged_at is None, "when the schedule goes on, the time begins anew"
    tend_claims(story.later(7))
    assert story.ticket().flagged_at


def test_a_due_time_that_was_skipped_looked_too(db: None) -> None:
    story = Story(looked=(9,))
    tend_claims(NOW)
    assert story.ticket().flagged_at is None
    Project.objects.update(last_skipped_at=ago(0), skip_unchanged=True)
    tend_claims(NOW)
    assert story.ticket().flagged_at == NOW


def test_a_pass_of_a_commit_that_somebody_named_looked_at_no_tip(db: None) -> None:
    story = Story(looked=(9,))
    CollectionPass.objects.filter(pk=story.look(0).pk).update(requested_commit="c" * 40)
    tend_claims(NOW)
    assert story.ticket().flagged_at is None


def test_only_its_owner_renews_a_claim(story: Story) -> None:
    with pytest.raises(Refused, match="ATL-1 is not yours"):
        renew(story.ticket(), factories.member(story.project, "lead"))
    tickets.release(story.ticket(), story.owner)
    with pytest.raises(Refused, match="ATL-1 is not yours"):
        renew(story.ticket(), story.owner)


def test_a_verified_ticket_keeps_no_flag(story: Story) -> None:
    tend_claims(NOW)
    factories.counted_pass(story.project, None, [], {TEST: 3})
    tend_claims(ago(-9))
    assert story.ticket().status == "verified" and ("released", None) not in story.lines()


def test_most_ticks_ask_one_question(story: Story, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    Ticket.objects.update(claimed_at=NOW)
    with django_assert_num_queries(1):
        tend_claims(NOW)


@pytest.mark.django_db(transaction=True)
def test_of_many_dispatchers_at_once_one_flags_and_one_releases() -> None:
    story = Story()
    assert at_once([lambda: tend_claims(NOW)] * 8) == [None] * 8
    later = story.later(6)
    assert at_once([lambda: tend_claims(later)] * 8) == [None] * 8
    assert Counter(verb for verb, _ in story.lines()) == {CLAIM_FLAGGED: 1, "released": 1}
    assert story.ticket().claimed_by is None


@pytest.mark.django_db(transaction=True)
def test_a_claim_renewed_while_it_is_being_released_is_kept_or_was_gone_before() -> None:
    story = Story()
    tend_claims(NOW)
    later = story.later(6)
    said, *_ = at_once([lambda: renew(story.ticket(), story.owner), *[lambda: tend_claims(later)] * 4])
    assert said is None or isinstance(said, Refused)
    kept = story.ticket().claimed_by is not None
    assert kept == (said is None)
    assert (("released", None) in story.lines()) == (not kept)
