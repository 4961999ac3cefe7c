"""Messages leave at least once, under one key, in their order, and a receiver that is away delays nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from dashboard import doctor
from dashboard.management.commands.deliver import Command
from remediation import notifiers, outbox, passes, tasks
from remediation.core.public_addresses import networks_of
from remediation.core.retrying import MAX_ATTEMPTS
from remediation.models import CollectionPass, Delivery, Outbox, Receiver
from remediation.notifiers.signed import signature
from tests import factories
from tests.mailbox import Mailbox
from tests.receivers import Inbox, receiver
from tests.remediation.threads import at_once

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def inbox(settings: Any) -> Iterator[Inbox]:
    settings.WEBHOOK_ALLOW, settings.WEBHOOK_PLAIN_HTTP = networks_of(["127.0.0.0/8"]), True
    with receiver() as found:
        yield found


def _receiver(url: str, style: str = "webhook") -> Receiver:
    project = factories.project()
    return Receiver.objects.create(project=project, style=style, url=url, secret="whsec_c2VjcmV0", made_at=Now())


def _put(to: Receiver, *keys: str, topic: str = "") -> None:
    outbox.put(outbox.message(key, "webhook", {"type": "test", "n": 1}, receiver=to, topic=topic) for key in keys)


def _row(key: str) -> Outbox:
    return Outbox.objects.get(key=key)


def _come_due() -> None:
    """Time passes: what waits for its next try may have it, and leases end."""
    past = timezone.now() - timedelta(seconds=1)
    Outbox.objects.waiting().update(next_at=past)
    Outbox.objects.filter(lease_until__isnull=False).update(lease_until=past)


@pytest.mark.django_db
def test_a_message_leaves_signed_once_and_is_forgotten_after_a_week(inbox: Inbox) -> None:
    to = _receiver(inbox.url)
    _put(to, "one", "two")
    _put(to, "one")  # known by its key
    assert outbox.deliver() == 2 and outbox.deliver() == 0
    assert inbox.keys == ["one", "two"]
    heard = inbox.heard[0]
    sent_at = int(heard.headers["webhook-timestamp"])
    assert abs(sent_at - time.time()) < 5 and heard.json == {"type": "test", "n": 1}
    assert heard.headers["webhook-id"] == "one"
    assert heard.headers["webhook-signature"] == signature("whsec_c2VjcmV0", "one", sent_at, heard.body)
    assert list(Delivery.objects.values_list("key", "status", "error")) == [("two", 200, ""), ("one", 200, "")]
    week, quarter = timedelta(days=7), timedelta(days=90)
    assert outbox.forget(week, quarter, most=10) == 0
    Outbox.objects.update(done_at=timezone.now() - timedelta(days=8))
    assert outbox.forget(week, quarter, most=1) == 1 and outbox.forget(week, quarter, most=10) == 1
    assert Outbox.objects.count() == 0 and Delivery.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_never_leaves(inbox: Inbox) -> None:
    to = _receiver(inbox.url)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        _put(to, "never")
        raise ZeroDivisionError
    assert outbox.deliver() == 0 and inbox.heard == []


@pytest.mark.django_db
@pytest.mark.parametrize("trouble", [500, 503, 429, 404, 302, "close", 1.5], ids=str)
def test_what_did_not_arrive_comes_later_with_the_same_key(
    inbox: Inbox, trouble: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("remediation.notifiers.http.READ_SECONDS", 0.2)
    inbox.plan = [trouble]
    _put(_receiver(inbox.url), "late")
    assert outbox.deliver() == 0
    row = _row("late")
    assert (row.attempts, row.done_at, row.gave_up_at, row.lease_until) == (1, None, None, None)
    assert timedelta(seconds=20) < row.next_at - timezone.now() < timedelta(seconds=40) and row.last_error
    assert outbox.deliver() == 0 and len(inbox.heard) == 1  # not before its time
    _come_due()
    assert outbox.deliver() == 1
    assert inbox.keys == ["late", "late"] and _row("late").done_at is not None and _row("late").last_error == ""


@pytest.mark.django_db
def test_a_receiver_that_asks_for_time_gets_it_for_all_its_messages(inbox: Inbox) -> None:
    inbox.plan = [(429, "3600"), (503, "Wed, 21 Oct 2015 07:28:00 GMT")]
    to = _receiver(inbox.url)
    _put(to, "first", "second")
    assert outbox.deliver() == 0 and inbox.keys == ["first"]
    for key in ("first", "second"):
        assert timedelta(minutes=59) < _row(key).next_at - timezone.now() <= timedelta(hours=1)
    _come_due()
    assert outbox.deliver() == 0 and len(inbox.heard) == 2
    # A time that is over asks for nothing: the usual wait.
    assert max(row.next_at for row in Outbox.objects.all()) - timezone.now() < timedelta(minutes=2)


@pytest.mark.django_db
def test_a_receiver_that_is_down_is_tried_once_a_round_and_others_do_not_wait(inbox: Inbox) -> None:
    down = _receiver("http://localhost:9/")
    _put(down, *(f"d{number}" for number in range(5)))
    _put(_receiver(inbox.url), "fine")
    assert outbox.deliver() == 1 and inbox.keys == ["fine"]
    assert sorted(Outbox.objects.filter(receiver=down).values_list("attempts", flat=True)) == [0, 0, 0, 0, 1]
    assert "the connection is refused" in _row("d0").last_error
    Receiver.objects.filter(pk=down.pk).update(url=inbox.url)  # it came back
    _come_due()
    assert outbox.deliver() == 5 and sorted(inbox.keys) == ["d0", "d1", "d2", "d3", "d4", "fine"]


@pytest.mark.django_db
def test_messages_of_one_topic_keep_their_order(inbox: Inbox) -> None:
    to = _receiver(inbox.url)
    _put(to, "opened", "verified", topic="t1")
    _put(to, "other", topic="t2")
    inbox.plan = [400]  # this message's fault, not the receiver's: others go on
    assert outbox.deliver() == 1 and inbox.keys == ["opened", "other"]
    _come_due()
    assert outbox.deliver() == 2 and inbox.keys[2:] == ["opened", "verified"]


@pytest.mark.django_db
def test_it_is_given_up_for_all_to_see_and_can_be_tried_again(inbox: Inbox) -> None:
    to = _receiver(inbox.url)
    _put(to, "dead", "next", topic="t1")
    Outbox.objects.filter(key="dead").update(attempts=MAX_ATTEMPTS - 1)
    inbox.plan = [500, 410]
    outbox.deliver()
    row = _row("dead")
    assert (row.attempts, row.gave_up_at is not None, row.last_error) == (
        MAX_ATTEMPTS,
        True,
        "The receiver answered 500.",
    )
    _come_due()
    outbox.deliver()
    assert _row("next").gave_up_at is not None and _row("next").attempts == 1  # 410: nobody listens any more
    found = doctor.outbox()
    assert (
        found.state == "warn" and "2 messages never arrived; the last: next: The receiver answered 410." in found.text
    )
    assert outbox.again(to.messages.filter(key="dead")) == 1
    assert outbox.deliver() == 1 and inbox.keys == ["dead", "next", "dead"]
    assert "1 message never arrived" in doctor.outbox().text
    assert Command().work(again=True) is None
    assert doctor.outbox().state == "ok" and inbox.keys[-1] == "next"
    Outbox.objects.update(done_at=None, made_at=timezone.now() - timedelta(hours=2))
    assert "2 messages not delivered for an hour" in doctor.outbox().text


@pytest.mark.django_db
def test_a_message_that_is_being_sent_is_not_sent_again_beside(inbox: Inbox) -> None:
    to = _receiver(inbox.url)
    _put(to, "under way")
    held = outbox._claim()
    assert held is not None and outbox.again(to.messages.all()) == 0 and outbox.deliver() == 0
    _come_due()
    assert outbox.again(to.messages.all()) == 1 and outbox.deliver() == 1
    before = _row("under way")
    outbox._send(held)  # the late one, that was only slow: the same key again, and nothing is written over
    assert inbox.keys == ["under way"] * 2
    assert (_row("under way").done_at, _row("under way").fence) == (before.done_at, before.fence)


@pytest.mark.django_db
def test_a_message_that_kills_its_workers_ends_among_the_given_up(inbox: Inbox) -> None:
    _put(_receiver(inbox.url), "killer")
    Outbox.objects.update(attempts=MAX_ATTEMPTS, lease_until=timezone.now() - timedelta(seconds=1))
    outbox.give_up()
    assert _row("killer").last_error == "Its worker died each time." and outbox.deliver() == 0


@pytest.mark.django_db
def test_fifty_deliveries_of_a_receiver_are_kept(inbox: Inbox) -> None:
    to, other = _receiver(inbox.url), _receiver(inbox.url)
    Delivery.objects.bulk_create(
        Delivery(receiver=to, key=f"k{n}", event="test", at=timezone.now(), seconds=1) for n in range(60)
    )
    Delivery.objects.create(receiver=other, key="other", event="test", at=timezone.now(), seconds=1)
    _put(to, "last")
    outbox.deliver()
    kept = list(Delivery.objects.filter(receiver=to).values_list("key", flat=True))
    assert len(kept) == outbox.LOGGED and kept[0] == "last" and kept[-1] == "k11"
    assert Delivery.objects.filter(receiver=other).count() == 1


@pytest.mark.django_db(transaction=True)
def test_dispatchers_at_once_send_each_message_once(inbox: Inbox) -> None:
    to = _receiver(inbox.url)
    _put(to, *(f"m{number:02}" for number in range(20)))
    _put(to, *(f"t{number:02}" for number in range(10)), topic="t")
    assert sum(at_once([outbox.deliver] * 4)) == 30
    assert sorted(inbox.keys) == sorted({f"m{n:02}" for n in range(20)} | {f"t{n:02}" for n in range(10)})
    assert [key for key in inbox.keys if key[0] == "t"] == [f"t{number:02}" for number in range(10)]


@pytest.mark.django_db(transaction=True)
def test_control_look_then_send_doubles_them(inbox: Inbox) -> None:
    _put(_receiver(inbox.url), "doubled")
    seen = threading.Barrier(3)

    def careless() -> None:
        row = Outbox.objects.due().select_related("receiver").get()
        seen.wait(timeout=30)
        notifiers.send(row.kind, outbox._message(row))
        Outbox.objects.filter(pk=row.pk).update(done_at=Now())

    at_once([careless] * 3)
    assert inbox.keys == ["doubled"] * 3


def test_a_worker_killed_between_sending_and_noting_doubles_at_most_that_one(
    child_environment: dict[str, str], inbox: Inbox
) -> None:
    """kill -9, at the moment when the receiver has the whole message and the worker not yet its answer."""
    _put(_receiver(inbox.url), "first", "second", "third")
    environment = child_environment | {"WEBHOOK_ALLOW": "127.0.0.0/8", "WEBHOOK_PLAIN_HTTP": "1"}
    command = [sys.executable, "manage.py", "deliver"]
    child = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    inbox.on_request = lambda: os.kill(child.pid, signal.SIGKILL) if len(inbox.heard) == 2 else None
    assert child.wait(timeout=60) == -signal.SIGKILL
    assert inbox.keys == ["first", "second"] and _row("second").done_at is None
    assert outbox.deliver() == 1  # the lease keeps the second for its worker, for all that one knows
    _come_due()
    assert outbox.deliver() == 1 and outbox.deliver() == 0
    assert inbox.keys == ["first", "second", "third", "second"]


@pytest.mark.django_db(transaction=True)
def test_a_dead_receiver_delays_no_pass(inbox: Inbox, monkeypatch: pytest.MonkeyPatch, clean_redis: Any) -> None:
    """The dispatcher's tick goes on while a message hangs; the pass's record waits for nobody."""
    inbox.plan = [30.0]
    to = _receiver(inbox.url)
    _put(to, "hangs")
    since = time.monotonic()
    queued = passes.queue(to.project, trigger="manual")
    tasks.dispatch()
    until = time.monotonic() + 10
    while not inbox.heard and time.monotonic() < until:
        time.sleep(0.01)
    assert inbox.keys == ["hangs"]
    tasks.dispatch()  # a second thread is not begun, and nothing waits for the first
    factories.counted_pass(factories.project(), 1, [factories.missing_module("tests/test_a.py")])
    assert time.monotonic() - since < 10
    assert CollectionPass.objects.get(pk=queued.pk).nudged_at is not None
    sending = [thread for thread in threading.enumerate() if thread.name == "outbox"]
    assert len(sending) == 1
    inbox.release()
    sending[0].join(timeout=20)
    assert _row("hangs").attempts == 1


MAIL = {"subject": "Two\r\nBcc: all@example.org", "text": "Hello", "html": "<p>Hello</p>", "headers": {"X-A": "b\nc"}}


@pytest.mark.django_db
def test_a_mail_leaves_with_its_key_as_message_id(mailbox: Mailbox) -> None:
    ada = factories.user("ada", email="ada@example.org")
    outbox.put([outbox.message("mail-1", "mail", MAIL, user=ada)])
    outbox.put([outbox.message("mail-2", "mail", MAIL | {"to": "team@example.org"})])
    assert outbox.deliver() == 2
    first, second = mailbox.mails
    assert (first["To"], second["To"], first["From"]) == (
        "ada@example.org", "team@example.org", "Dashboard <dashboard@example.org>",
    )  # fmt: skip
    assert (first["Subject"], first["Bcc"], first["X-A"]) == ("Two Bcc: all@example.org", None, "b c")
    assert first["Message-ID"] == "<mail-1@example.org>"
    assert [part.get_content_type() for part in first.iter_parts()] == ["text/plain", "text/html"]


@pytest.mark.django_db
def test_a_closed_account_gets_no_mail(mailbox: Mailbox) -> None:
    closed, silent = factories.user("ada", email="ada@example.org", is_active=False), factories.user("bo")
    outbox.put([outbox.message(f"mail-{user.pk}", "mail", MAIL, user=user) for user in (closed, silent)])
    assert outbox.deliver() == 0 and mailbox.mails == [] and not Outbox.objects.waiting().exists()


@pytest.mark.django_db
def test_an_address_that_is_refused_is_given_up_and_a_server_that_is_away_is_not(
    mailbox: Mailbox, settings: Any
) -> None:
    mailbox.answer = "550 no such user"
    outbox.put([outbox.message("refused", "mail", MAIL | {"to": "gone@example.org"})])
    outbox.deliver()
    assert _row("refused").gave_up_at is not None
    mailbox.answer = "451 later"
    outbox.put([outbox.message("greylisted", "mail", MAIL | {"to": "ada@example.org"})])
    outbox.deliver()
    assert _row("greylisted").gave_up_at is None and "451" in _row("greylisted").last_error
    mailbox.answer = "250 OK"
    _come_due()
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 9
    outbox.put([outbox.message("waits", "mail", MAIL | {"to": "ada@example.org"})])
    assert outbox.deliver() == 0
    assert [_row(key).gave_up_at for key in ("greylisted", "waits")] == [None, None]
    settings.EMAIL_PORT, settings.EMAIL_USE_TLS = port, True  # which this server does not offer
    _come_due()
    assert outbox.deliver() == 0 and "STARTTLS" in _row("greylisted").last_error
    settings.EMAIL_USE_TLS = False
    _come_due()
    assert outbox.deliver() == 2 and len(mailbox.mails) == 2
