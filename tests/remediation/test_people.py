"""Accounts, memberships and invitations: each rule, and what holds when several act at once."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
import time_machine
from django.utils import timezone

from remediation import people, tickets
from remediation.models import GitIdentity, Invitation, Membership, Remembered, Session, User
from tests import factories
from tests.dashboard.cast import errors
from tests.remediation.threads import at_once


@pytest.fixture
def project(db: None) -> factories.Project:
    return factories.project("atlas")


@pytest.fixture
def lead(project: factories.Project) -> User:
    return factories.member(project, "lead", "ines.duarte")


# --- invitations --------------------------------------------------------------


def test_a_link_makes_one_person_a_member_once(project: factories.Project, lead: User) -> None:
    made, token = people.invite(project, "engineer", lead)
    assert token not in str(Invitation.objects.values().get())  # only its hash is kept
    found = people.find(token)
    assert found == made
    mei = people.register(found, username="mei.lin", password="correct horse", name="Mei Lin")
    assert (mei.label, mei.check_password("correct horse"), mei.is_superuser) == ("Mei Lin", True, False)
    assert project.memberships.get(user=mei).role == "engineer"
    assert people.find(token) is None
    with pytest.raises(people.Refused, match="has been used"):
        people.accept(found, factories.user())
    with pytest.raises(people.Refused, match="accepted meanwhile"):
        people.revoke(found)


@pytest.mark.parametrize("how", ["revoked", "expired", "wrong", "empty", "not a token"])
def test_a_link_that_is_over_does_nothing(project: factories.Project, lead: User, how: str) -> None:
    made, token = people.invite(project, "viewer", lead)
    if how == "revoked":
        people.revoke(made)
        people.revoke(made)  # twice is once
    later = timedelta(days=people.DAYS, seconds=1) if how == "expired" else timedelta()
    asked = {"wrong": "A" * 43, "empty": "", "not a token": "ü" * 43 + "\0"}.get(how, token)
    with time_machine.travel(timezone.now() + later):
        assert people.find(asked) is None
        if how in {"revoked", "expired"}:
            with pytest.raises(people.Refused):
                people.register(made, username="eve", password="correct horse")
    assert not User.objects.filter(username="eve").exists()
    assert project.memberships.count() == 1


def test_who_has_a_higher_role_keeps_it(project: factories.Project, lead: User) -> None:
    viewer = factories.member(project, "viewer")
    made, _ = people.invite(project, "engineer", lead)
    assert people.accept(made, viewer).role == "engineer"
    made, _ = people.invite(project, "viewer", lead)
    assert people.accept(made, lead).role == "lead"


@pytest.mark.parametrize(("role", "email", "field"), [("owner", "", "role"), ("viewer", "not an address", "email")])
def test_an_invitation_that_cannot_work_is_refused(
    project: factories.Project, lead: User, role: str, email: str, field: str
) -> None:
    with pytest.raises(people.Refused) as refused:
        people.invite(project, role, lead, email=email)
    assert refused.value.field == field


def test_invitations_do_not_pile_up(project: factories.Project, lead: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("remediation.people.invitations.OPEN_AT_MOST", 2)
    first, _ = people.invite(project, "viewer", lead)
    people.invite(project, "viewer", lead)
    with pytest.raises(people.Refused, match="2 invitations are open"):
        people.invite(project, "viewer", lead)
    people.revoke(first)
    people.invite(project, "viewer", lead)


def test_a_name_is_taken_in_any_spelling(project: factories.Project, lead: User) -> None:
    made, token = people.invite(project, "viewer", lead)
    with pytest.raises(people.Refused) as refused:
        people.register(made, username="INES.Duarte", password="correct horse")
    assert refused.value.field == "username"
    assert people.find(token) == made  # the link is not used up


def test_of_many_who_use_a_link_at_once_one_joins(transactional_db: None) -> None:
    project = factories.project("atlas")
    made, _ = people.invite(project, "engineer", factories.member(project, "lead"))

    def join(number: int) -> bool:
        try:
            people.register(made, username=f"person-{number}", password=None)
        except people.Refused:
            return False
        return True

    assert sum(at_once([partial(join, number) for number in range(8)])) == 1
    assert User.objects.filter(username__startswith="person-").count() == 1  # the losers' accounts are not left behind
    assert project.memberships.count() == 2


# --- members ------------------------------------------------------------------


def test_the_last_lead_stays_unless_an_administrator_is_there(project: factories.Project, lead: User) -> None:
    own = project.memberships.get(user=lead)
    for leave in (lambda: people.change_role(own, "viewer"), lambda: people.remove(own, lead)):
        with pytest.raises(people.Refused, match="last lead, and there is no administrator"):
            leave()
    closed = factories.member(project, "lead")
    people.deactivate(closed, lead)  # a lead who cannot sign in leads nobody
    with pytest.raises(people.Refused, match="last lead"):
        people.change_role(own, "viewer")
    factories.user("root", is_superuser=True)
    people.change_role(own, "viewer")
    assert project.memberships.get(user=lead).role == "viewer"


def test_two_leads_who_remove_each_other_at_once_do_not_both_go(transactional_db: None) -> None:
    project = factories.project("atlas")
    leads = [factories.member(project, "lead") for _ in range(2)]

    def remove(number: int) -> bool:
        try:
            people.remove(project.memberships.get(user=leads[number]), leads[1 - number])
        except (people.Refused, Membership.DoesNotExist):
            return False
        return True

    assert sum(at_once([partial(remove, number) for number in range(2)])) == 1
    assert project.memberships.filter(role="lead").count() == 1


def test_who_is_removed_loses_claims_and_open_invitations(project: factories.Project, lead: User) -> None:
    other = factories.project("borealis")
    for each in (project, other):
        factories.counted_pass(each, 1, errors())
    mei = factories.member(project, "lead", "mei.lin")
    Membership.objects.create(project=other, user=mei, role="lead")
    for each in (project, other):
        tickets.claim(each.tickets.get(number=1), mei)
    gone, stays = (people.invite(each, "viewer", mei)[1] for each in (project, other))
    assert people.remove(project.memberships.get(user=mei), lead) == 1
    freed = project.tickets.get(number=1)
    line = freed.transitions.first()
    assert (freed.claimed_by, line.verb, line.actor, line.data["owner"]) == (None, "released", lead, mei.label)
    assert other.tickets.get(number=1).claimed_by == mei
    assert people.find(gone) is None and people.find(stays) is not None


def test_who_no_longer_leads_invites_nobody(project: factories.Project, lead: User) -> None:
    second = factories.member(project, "lead")
    _, token = people.invite(project, "lead", second)
    people.change_role(project.memberships.get(user=second), "engineer")
    assert people.find(token) is None


# --- accounts -----------------------------------------------------------------


def test_a_closed_account_is_signed_out_and_holds_nothing(project: factories.Project, lead: User) -> None:
    factories.counted_pass(project, 1, errors())
    mei = factories.member(project, "engineer", "mei.lin")
    tickets.claim(project.tickets.get(number=1), mei)
    Session.objects.create(session_key="a" * 32, user=mei, expire_date=timezone.now() + timedelta(days=1))
    people.deactivate(mei, lead)
    mei.refresh_from_db()
    assert (mei.is_active, mei.sessions.count(), project.tickets.get(number=1).claimed_by) == (False, 0, None)
    people.activate(mei)
    assert User.objects.get(pk=mei.pk).is_active


def test_the_last_administrator_cannot_be_closed(db: None) -> None:
    root = factories.user("root", is_superuser=True)
    with pytest.raises(people.Refused, match="last administrator"):
        people.deactivate(root, root)
    second = factories.user("second", is_superuser=True)
    people.deactivate(root, second)
    with pytest.raises(people.Refused, match="last administrator"):
        people.deactivate(second, second)


def test_an_address_in_commits_is_one_persons(project: factories.Project, lead: User) -> None:
    mei = factories.member(project, "engineer", "mei.lin")
    people.add_identity(mei, " Sample@Example.org ")
    assert people.add_identity(mei, "sample@example.org").user == mei  # again is nothing new
    with pytest.raises(people.Refused, match="another account"):
        people.add_identity(lead, "SAMPLE@example.org")
    people.remove_identity(lead, "sample@example.org")
    assert mei.git_identities.count() == 1
    for bad in ("", "no address", "a@b@c", "x" * 260 + "@y", "<a@b>"):
        with pytest.raises(people.Refused) as refused:
            people.add_identity(mei, bad)
        assert refused.value.field == "git_email"
    people.remove_identity(mei, "Sample@example.org")
    assert not GitIdentity.objects.exists()


def test_authors_of_passes_are_proposed_until_somebody_is_them(project: factories.Project, lead: User) -> None:
    factories.counted_pass(project, 1, errors())  # by sample@example.org
    stranger = factories.member(factories.project("borealis"), "lead")
    assert people.seen_authors(lead) == ["sample@example.org"]
    assert people.seen_authors(stranger) == []
    people.add_identity(lead, "sample@example.org")
    assert people.seen_authors(lead) == []


def test_what_has_expired_is_dropped_and_nothing_else(lead: User) -> None:
    now = timezone.now()
    for name, hours in (("a", -1), ("b", 1)):
        at = now + timedelta(hours=hours)
        Session.objects.create(session_key=name * 32, user=lead, expire_date=at)
        Remembered.objects.create(key=name, value=1, expires_at=at)
    Remembered.objects.create(key="for ever", value=1, expires_at=None)
    people.forget()
    assert [row.session_key[0] for row in Session.objects.all()] == ["b"]
    assert sorted(Remembered.objects.values_list("key", flat=True)) == ["b", "for ever"]
