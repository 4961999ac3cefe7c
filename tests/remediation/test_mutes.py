"""Muting: it covers what passes decide and changes none of it, it ends when it was said to, and a rebuild agrees."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from remediation import projections, tickets
from remediation.core.mutes import Until
from remediation.models import FixMark, Mute, Project, Ticket
from remediation.projections import fold
from remediation.refusals import Refused
from remediation.schedule import zone
from tests import factories
from tests.remediation.test_fix_marks import A, B, assert_rebuilds, see

pytestmark = pytest.mark.django_db
GOOD = Until()


@pytest.fixture
def project() -> Project:
    return factories.project("atlas", key="ATL", time_zone="Pacific/Auckland")


def muted(project: Project, until: Until = GOOD) -> Ticket:
    """The project's one ticket, muted."""
    ticket = Ticket.objects.get(project=project)
    tickets.mute(ticket, factories.user(), " accepted until\nthe rewrite ", until)
    return ticket


def verbs(project: Project) -> list[str]:
    return sorted(Ticket.objects.get(project=project).transitions.values_list("verb", flat=True))


def test_it_stays_muted_while_it_is_seen_and_its_errors_count(project: Project) -> None:
    see(project, 1, A, B)
    ticket = muted(project)
    assert (ticket.status, ticket.beneath, ticket.mutes.get().reason) == ("muted", "open", "accepted until the rewrite")
    assert (see(project, 2, A).status, see(project, 2, A).errors) == ("muted", 1)
    assert project.passes.order_by("-number")[0].total == 1
    assert see(project, 3, A).status == "muted"  # the same facts again
    factories.blocked_pass(project, 4)
    assert_rebuilds(project)


def test_beneath_it_passes_go_on_deciding(project: Project) -> None:
    ticket = see(project, 1, A)
    muted(project)
    tickets.mark_fixed(ticket, factories.user(), "e7710ab")
    assert (ticket.status, ticket.beneath) == ("muted", "awaiting")
    FixMark.objects.update(contained_from=2)
    ticket = see(project, 2, A)
    assert (ticket.status, ticket.beneath) == ("muted", "still-seen")
    assert_rebuilds(project)
    tickets.unmute(ticket, factories.user())
    assert (ticket.status, ticket.beneath) == ("still-seen", "")
    assert verbs(project) == ["marked-fixed", "muted", "opened", "still-seen", "unmuted"]
    assert_rebuilds(project)


def test_a_pass_that_no_longer_sees_it_verifies_it_and_what_comes_back_is_regressed(project: Project) -> None:
    see(project, 1, A)
    muted(project, Until(number=9))
    assert see(project, 2).status == "verified"
    assert_rebuilds(project)
    assert see(project, 3, A).status == "regressed"
    assert_rebuilds(project)
    ticket = muted(project)  # the old one is used up, so it can be muted anew
    assert (ticket.status, ticket.beneath) == ("muted", "regressed")
    assert see(project, 4, A).status == "muted"
    assert_rebuilds(project)


def test_the_pass_of_its_number_or_the_first_counted_one_after_it_ends_it(project: Project) -> None:
    see(project, 1, A)
    muted(project, Until(number=3))
    assert see(project, 2, A).status == "muted"
    factories.blocked_pass(project, 3)
    factories.failed_pass(project, 3)
    assert Ticket.objects.get(project=project).status == "muted"
    assert see(project, 4, A).status == "open"
    line = Ticket.objects.get(project=project).transitions.get(verb="unmuted")
    assert (line.data["pass"], line.actor, Mute.objects.get().ended_pass.number) == (5, None, 5)
    assert_rebuilds(project)
    factories.counted_pass(project, 2, [factories.missing_module(A)])  # an older commit arrives late
    assert Ticket.objects.get(project=project).status == "open"
    assert verbs(project).count("unmuted") == 1


def test_its_day_ends_it_as_it_begins_in_the_projects_zone_and_only_once(project: Project) -> None:
    see(project, 1, A)
    there = timezone.now().astimezone(zone("Pacific/Auckland")).date()
    muted(project, Until(there + timedelta(days=2)))
    midnight = datetime.combine(there + timedelta(days=2), datetime.min.time(), zone("Pacific/Auckland"))
    assert tickets.end_mutes(midnight - timedelta(seconds=1)) == 0
    assert_rebuilds(project)
    assert tickets.end_mutes(midnight.astimezone(UTC)) == 1
    assert tickets.end_mutes(midnight + timedelta(days=3)) == 0
    ticket = Ticket.objects.get(project=project)
    line = ticket.transitions.get(verb="unmuted")
    assert (ticket.status, line.actor, line.data) == ("open", None, {"until": str(there + timedelta(days=2))})
    assert_rebuilds(project)


def test_one_that_a_verification_used_up_ends_without_a_word(project: Project) -> None:
    see(project, 1, A)
    muted(project, Until(timezone.now().date() + timedelta(days=9)))
    see(project, 2)
    see(project, 3, A)
    assert tickets.end_mutes(timezone.now() + timedelta(days=20)) == 0
    assert "unmuted" not in verbs(project)
    assert not Mute.objects.filter(ended_at=None).exists()


def test_an_older_commit_that_arrives_late_changes_no_mute(project: Project) -> None:
    see(project, 1, A)
    see(project, 5, A)
    muted(project)
    assert see(project, 3, A, B).status == "muted"
    assert see(project, 2).status == "muted"  # verified there, and back before it was muted
    assert_rebuilds(project)


def test_what_cannot_be_muted_so_is_refused(project: Project) -> None:
    ticket = see(project, 1, A)
    for reason, until, text in (
        (" \n", GOOD, "Say why"),
        ("known", Until(date(2020, 1, 1)), "Name a day after today, within a year."),
        ("known", Until(date(9999, 1, 1)), "Name a day after today, within a year."),
        ("known", Until(number=1), "Name a pass after #1, and at most 500 ahead."),
        ("known", Until(number=10_000), "Name a pass after #1"),
    ):
        with pytest.raises(Refused, match=text):
            tickets.mute(ticket, factories.user(), reason, until)
    assert not Mute.objects.exists() and verbs(project) == ["opened"]


def test_in_the_wrong_state_it_is_refused(project: Project) -> None:
    ticket, person = see(project, 1, A), factories.user()
    with pytest.raises(Refused, match="is not muted"):
        tickets.unmute(ticket, person)
    muted(project)
    with pytest.raises(Refused, match="is muted already"):
        tickets.mute(ticket, person, "again", GOOD)
    ticket = see(project, 2)
    with pytest.raises(Refused, match="is verified"):
        tickets.mute(ticket, person, "late", GOOD)
    with pytest.raises(Refused, match="is not muted"):
        tickets.unmute(ticket, person)


def test_the_database_holds_what_it_can(project: Project) -> None:
    row = Ticket.objects.filter(pk=see(project, 1, A).pk)
    for fields in ({"status": "muted"}, {"beneath": "open"}, {"status": "muted", "beneath": "verified"}):
        with pytest.raises(IntegrityError, match="ticket_muted_over_a_status"), transaction.atomic():
            row.update(**fields)
    muted(project)
    with pytest.raises(IntegrityError, match="mute_one_at_a_time"), transaction.atomic():
        Mute.objects.create(ticket=row.get(), at=timezone.now(), reason="twice")
    with pytest.raises(IntegrityError, match="mute_has_a_reason"), transaction.atomic():
        Mute.objects.update(reason="")


def test_the_control_with_mutes_that_are_not_lifted_ends_in_another_state(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If a fold that meets tickets as muted still agreed with a rebuild, the comparisons above would prove nothing."""
    ticket = see(project, 1, A)
    muted(project)
    tickets.mark_fixed(ticket, factories.user(), "e7710ab")
    FixMark.objects.update(contained_from=2)
    with monkeypatch.context() as patched:
        patched.setattr(fold, "lifted", lambda *_: nullcontext())
        see(project, 2, A)
    found = Ticket.objects.get(project=project).beneath
    projections.rebuild(project)
    assert (found, Ticket.objects.get(project=project).beneath) == ("awaiting", "still-seen")
