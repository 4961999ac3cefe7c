"""People are told of what concerns them: once, as they chose, by one mail for what happens together."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from remediation import outbox, passes, projections, telling, tickets
from remediation.core.notices import KINDS, sentence
from remediation.models import CollectionPass, Membership, Notice, NoticeChoice, Outbox, Project, Ticket, User
from tests import factories
from tests.dashboard.cast import WORKING, Cast, errors
from tests.mailbox import Mailbox
from tests.remediation.test_keeping import NOW, Story, ago
from tests.remediation.threads import at_once


@pytest.fixture
def cast(db: None) -> Cast:
    return Cast.make()


def _with_address(*people: User) -> None:
    for person in people:
        User.objects.filter(pk=person.pk).update(email=f"{person.username}@example.org")


def _told(person: User) -> list[tuple[str, str]]:
    """(kind, label or number) of what somebody was told, oldest first."""
    rows = Notice.objects.filter(user=person).order_by("pk")
    return [(row.kind, row.data.get("label") or row.data["number"]) for row in rows]


def _mail_comes_due(**only: Any) -> None:
    past = timezone.now() - timedelta(seconds=1)
    Notice.objects.filter(mail_at__isnull=False, **only).update(mail_at=past)


def test_the_owner_is_told_what_passes_decide(cast: Cast) -> None:
    tickets.claim(cast.ticket(), cast.engineer)
    factories.counted_pass(cast.project, 2, [], WORKING | {"tests/test_c.py": 1})
    factories.counted_pass(cast.project, 3, errors())
    assert _told(cast.engineer) == [("verified", "ATL-1"), ("regressed", "ATL-1")]
    assert Notice.objects.get(kind="regressed").data == {
        "label": "ATL-1",
        "title": cast.ticket().title,
        "number": 3,
        "errors": 2,
    }
    assert _told(cast.lead) == []
    projections.rebuild(cast.project)
    assert Notice.objects.count() == 2


def test_assigning_and_taking_away_is_told_to_whom_it_concerns(cast: Cast) -> None:
    other = factories.member(cast.project, "engineer", "bo.berg")
    tickets.assign(cast.ticket(), cast.engineer, cast.lead)
    tickets.assign(cast.ticket(), other, cast.lead, owner=cast.engineer)
    tickets.release(cast.ticket(), cast.lead, from_anyone=True)
    tickets.claim(cast.ticket(), other)
    tickets.release(cast.ticket(), other)
    assert _told(cast.engineer) == [("assigned", "ATL-1"), ("released", "ATL-1")]
    assert _told(other) == [("assigned", "ATL-1"), ("released", "ATL-1")]
    assert _told(cast.lead) == []


def test_a_silent_claim_is_told_before_it_ends_and_when_it_does(db: None) -> None:
    story = Story()
    tickets.tend_claims(NOW)
    story.later(3)
    story.look(-3.5)
    tickets.tend_claims(ago(-4))
    found = Notice.objects.filter(user=story.owner).order_by("pk")
    assert [sentence(row.kind, row.data) for row in found] == [
        "Your claim of ATL-1 stands still: no sign of life for 9 days, and it ends after 2 days more",
        "Your claim of ATL-1 was released: no sign of life for 13 days",
    ]


def test_what_is_rolled_back_is_not_told(cast: Cast) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        tickets.assign(cast.ticket(), cast.engineer, cast.lead)
        raise ZeroDivisionError
    assert not Notice.objects.exists()


def test_leads_are_told_of_the_first_pass_without_a_count(cast: Cast) -> None:
    second = factories.member(cast.project, "lead", "lea.moe")
    for _ in range(2):
        factories.blocked_pass(cast.project)
    factories.failed_pass(cast.project)
    lost = passes.queue(cast.project, trigger="manual")
    CollectionPass.objects.filter(pk=lost.pk).update(
        state="running", attempts=passes.MAX_ATTEMPTS, lease_until=timezone.now() - timedelta(seconds=1)
    )
    assert passes.reap() == 1
    passes.cancel(passes.queue(cast.project, trigger="manual"))
    for lead in (cast.lead, second):
        assert _told(lead) == [("pass", 2), ("pass", 4), ("pass", 5)]
    assert _told(cast.engineer) == _told(cast.admin) == []
    assert "The worker died" in Notice.objects.filter(data__number=5).first().data["reason"]


def test_history_is_no_news(cast: Cast) -> None:
    tickets.claim(cast.ticket(), cast.engineer)
    factories.counted_pass(cast.project, 5, errors())
    factories.counted_pass(cast.project, 3, [], WORKING | {"tests/test_c.py": 1})  # an older commit arrives late
    assert cast.ticket().status == "regressed" and _told(cast.engineer) == []
    replayed = passes.replay(cast.project, ["9" * 40])[0]
    held = passes.claim(replayed.pk)
    report = passes.Report(verdict=factories.Verdict("failed", "source-unreachable", "No answer."), position=9)
    passes.record(held, report, factories.no_renames)
    assert _told(cast.lead) == []


def test_who_left_or_was_closed_is_told_nothing(cast: Cast) -> None:
    tickets.claim(cast.ticket(), cast.engineer)
    tickets.claim(cast.ticket(2), cast.lead)
    Membership.objects.filter(user=cast.engineer).delete()
    User.objects.filter(pk=cast.lead.pk).update(is_active=False)
    factories.counted_pass(cast.project, 2, [], WORKING | {"tests/test_c.py": 1})
    assert not Notice.objects.exists()


def test_a_choice_holds_for_the_site_and_for_mail(cast: Cast, settings: Any) -> None:
    settings.MAIL = True
    _with_address(cast.engineer)
    quiet = {code: {"site": False, "mail": "off"} for code in KINDS}
    telling.choose(cast.engineer, quiet, digest_hour=8, time_zone="UTC")
    tickets.assign(cast.ticket(), cast.engineer, cast.lead)
    assert not Notice.objects.exists()
    telling.choose(cast.engineer, quiet | {"assigned": {"site": False, "mail": "now"}}, digest_hour=8, time_zone="UTC")
    tickets.assign(cast.ticket(2), cast.engineer, cast.lead)
    row = Notice.objects.get()
    assert (row.shown, row.mail) == (False, "now") and row.mail_at is not None
    assert not Notice.objects.seen_by(cast.engineer).exists()
    telling.choose(cast.engineer, quiet, digest_hour=8, time_zone="UTC")  # what waits is not sent either
    row.refresh_from_db()
    assert row.mail_at is None
    with pytest.raises(telling.Refused, match="no time zone"):
        telling.choose(cast.engineer, quiet, digest_hour=8, time_zone="Mars/Olympus")


def test_without_mail_or_an_address_nothing_waits_to_be_mailed(cast: Cast, settings: Any) -> None:
    _with_address(cast.engineer)
    tickets.assign(cast.ticket(), cast.engineer, cast.lead)
    settings.MAIL = True
    User.objects.filter(pk=cast.engineer.pk).update(email="")
    tickets.assign(cast.ticket(2), cast.engineer, cast.lead)
    assert list(Notice.objects.values_list("mail", "mail_at")) == [("off", None)] * 2
    assert telling.compose() == 0 and not Outbox.objects.exists()


def _many(project: Project, count: int) -> list[Ticket]:
    found = [factories.missing_module(f"tests/test_m{n}.py", f"atlas.m{n}") for n in range(count)]
    factories.counted_pass(project, 2, [*errors(), *found])
    return list(project.tickets.select_related("project").order_by("number"))


def test_twenty_tickets_at_once_are_one_mail(cast: Cast, mailbox: Mailbox) -> None:
    _with_address(cast.engineer)
    rows = _many(cast.project, 18)
    assert len(rows) == 20
    assert all(outcome.done for outcome in tickets.assign_each(rows, cast.engineer, cast.lead))
    assert Notice.objects.count() == 20
    assert telling.compose() == 0  # others may follow within seconds
    _mail_comes_due()
    assert telling.compose() == 1 and telling.compose() == 0
    assert outbox.deliver() == 1
    (mail,) = mailbox.mails
    assert mail["Subject"] == "[atlas] 20 tickets were given to you"
    assert mail["To"] == "mei.lin@example.org"
    text, page = (mail.get_body((kind,)).get_content().replace("\r", "") for kind in ("plain", "html"))
    for row in rows:
        address = f"https://dashboard.example.org/p/atlas/t/{row.label}/"
        assert text.count(f"{address}\n") == 1 and page.count(f'href="{address}"') == 1
        assert f"atlas: Ines Duarte gave {row.label} to you.\n  {row.title}" in text
    stop = f"https://dashboard.example.org/me/notices/stop/{telling.stop_token(cast.engineer)}/"
    assert mail["List-Unsubscribe"].strip() == f"<{stop}>" and stop in text and stop in page
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "<style" not in page and "<img" not in page


def test_the_daily_mail_holds_everything_since_and_nothing_comes_of_nothing(cast: Cast, mailbox: Mailbox) -> None:
    _with_address(cast.engineer, cast.lead)
    tickets.claim(cast.ticket(), cast.engineer)
    factories.counted_pass(cast.project, 2, errors()[2:], WORKING)
    row = Notice.objects.get()
    assert (row.mail, row.kind) == ("digest", "verified") and row.mail_at.minute == 0 and row.mail_at.hour == 8
    tickets.assign(cast.ticket(2), cast.engineer, cast.lead)
    factories.counted_pass(cast.project, 3, errors())
    _mail_comes_due(mail="now")
    assert telling.compose() == 1
    _mail_comes_due()
    assert telling.compose() == 1 and telling.compose() == 0
    outbox.deliver()
    assert [mail["Subject"] for mail in mailbox.mails] == ["[atlas] 2 notices", "[atlas] ATL-1 is verified by pass #2"]
    factories.counted_pass(cast.project, 4, [], WORKING | {"tests/test_c.py": 1})
    assert Notice.objects.filter(mail="digest", mail_at__isnull=False).count() == 2
    telling.mark_read(cast.engineer)  # what was read here is not mailed
    _mail_comes_due()
    assert telling.compose() == 0 and outbox.deliver() == 0


def test_hostile_words_stay_words(cast: Cast, mailbox: Mailbox) -> None:
    _with_address(cast.engineer)
    Ticket.objects.filter(pk=cast.ticket().pk).update(title="<script>alert(1)</script>\r\nBcc: x@example.org")
    User.objects.filter(pk=cast.lead.pk).update(first_name="Eve\r\nBcc: all@example.org", last_name="")
    tickets.assign(cast.ticket(), cast.engineer, User.objects.get(pk=cast.lead.pk))
    _mail_comes_due()
    telling.compose()
    outbox.deliver()
    (mail,) = mailbox.mails
    assert mail["Bcc"] is None and mail["Subject"] == "[atlas] Eve Bcc: all@example.org gave ATL-1 to you"
    page = mail.get_body(("html",)).get_content()
    assert "&lt;script&gt;" in page and "<script" not in page


def test_a_mail_reaches_nobody_who_may_no_longer_see_it(cast: Cast, mailbox: Mailbox) -> None:
    _with_address(cast.engineer)
    tickets.assign(cast.ticket(), cast.engineer, cast.lead)
    Membership.objects.filter(user=cast.engineer).delete()
    _mail_comes_due()
    assert telling.compose() == 0 and not Outbox.objects.exists()
    assert not Notice.objects.seen_by(cast.engineer).exists()


@pytest.mark.django_db(transaction=True)
def test_dispatchers_at_once_compose_one_mail(settings: Any) -> None:
    settings.MAIL = True
    cast = Cast.make()
    _with_address(cast.engineer)
    for number in (1, 2):
        tickets.assign(cast.ticket(number), cast.engineer, cast.lead)
    _mail_comes_due()
    assert sum(at_once([telling.compose] * 4)) == 1
    assert Outbox.objects.filter(kind="mail").count() == 1


def test_the_link_at_a_mails_end_stops_mail_and_nothing_else(cast: Cast, settings: Any) -> None:
    settings.MAIL = True
    _with_address(cast.engineer)
    tickets.assign(cast.ticket(), cast.engineer, cast.lead)
    token = telling.stop_token(cast.engineer)
    assert telling.user_of_token(token) == cast.engineer
    assert telling.user_of_token(token + "x") is None and telling.user_of_token(f"{cast.lead.pk}~abc") is None
    telling.stop_mail(cast.engineer)
    tickets.assign(cast.ticket(2), cast.engineer, cast.lead)
    assert list(Notice.objects.values_list("shown", "mail_at")) == [(True, None)] * 2
    assert NoticeChoice.objects.get().digest_hour == 8


def test_a_pass_that_concerns_nobody_costs_two_questions(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    last = cast.project.passes.select_related("project").get(number=1)
    with django_assert_num_queries(3):  # its lines, whether a later pass stands there already, and receivers
        telling.of_pass(last)
    quiet = factories.counted_pass(cast.project, 2, errors())
    with django_assert_num_queries(2):
        telling.of_pass(quiet)
