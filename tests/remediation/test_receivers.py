"""A project's chat and webhooks: what they are told, in which order, once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from remediation import outbox, passes, projections, receivers
from remediation.core.public_addresses import networks_of
from remediation.core.webhook_events import EVENTS
from remediation.models import AuditLine, Outbox, Receiver
from tests import factories
from tests.dashboard.cast import WORKING, Cast, errors
from tests.receivers import Inbox, receiver

ALL = list(EVENTS)


@pytest.fixture
def cast(db: None) -> Cast:
    return Cast.make()


@pytest.fixture
def inbox(settings: Any) -> Iterator[Inbox]:
    settings.SITE_URL = "https://dashboard.example.org"
    settings.WEBHOOK_ALLOW, settings.WEBHOOK_PLAIN_HTTP = networks_of(["127.0.0.0/8"]), True
    with receiver() as found:
        yield found


def _story(cast: Cast) -> None:
    """Two tickets verified, one of them back with a new one beside it, then everything blocked."""
    factories.counted_pass(cast.project, 2, [], WORKING | {"tests/test_c.py": 1})
    factories.counted_pass(cast.project, 3, [*errors()[:2], factories.unknown_marker("tests/test_d.py")])
    factories.blocked_pass(cast.project, 4)
    factories.blocked_pass(cast.project, 5)


def _arrived(inbox: Inbox) -> list[tuple[str, Any]]:
    """(event, ticket or pass) in the order of arrival."""
    found = []
    for heard in inbox.heard:
        data = heard.json["data"]
        found.append((heard.json["type"], data["ticket"]["label"] if "ticket" in data else data["pass"]["number"]))
    return found


def test_a_webhook_is_told_every_event_with_its_numbers(cast: Cast, inbox: Inbox) -> None:
    receivers.add(cast.project, "webhook", inbox.url, ALL)
    _story(cast)
    assert outbox.deliver() == 8
    assert _arrived(inbox) == [
        ("pass.counted", 2), ("ticket.verified", "ATL-1"), ("ticket.verified", "ATL-2"),
        ("pass.counted", 3), ("ticket.regressed", "ATL-1"), ("ticket.opened", "ATL-3"),
        ("pass.blocked", 4), ("pass.blocked", 5),
    ]  # fmt: skip
    by_type = {heard.json["type"]: heard.json["data"] for heard in inbox.heard}
    counted = by_type["pass.counted"]["pass"]
    assert (counted["total"], counted["environment_errors"], counted["trigger"]) == (3, 0, "command")
    assert counted["ledger"] == {
        "before": 0, "cleared": 0, "hidden": 0, "unmasked": 0, "new": 1, "regressed": 2, "after": 3,
    }  # fmt: skip
    assert counted["url"] == "https://dashboard.example.org/p/atlas/passes/3/"
    blocked = by_type["pass.blocked"]["pass"]
    assert (blocked["total"], blocked["ledger"], blocked["reason"]) == (None, None, "conftest-failure")
    back = by_type["ticket.regressed"]
    assert back["ticket"]["label"] == "ATL-1" and back["ticket"]["errors"] == 2 and back["pass"]["number"] == 3
    assert back["project"] == {"slug": "atlas", "name": "atlas"}


def test_a_ticket_is_told_in_its_order_whatever_happens_to_a_message(cast: Cast, inbox: Inbox) -> None:
    receivers.add(cast.project, "webhook", inbox.url, ["ticket.verified", "ticket.regressed"])
    _story(cast)
    inbox.plan = [400]
    assert outbox.deliver() == 1  # ATL-2; what ATL-1 has to say next waits
    assert _arrived(inbox) == [("ticket.verified", "ATL-1"), ("ticket.verified", "ATL-2")]
    Outbox.objects.waiting().update(next_at=timezone.now())
    assert outbox.deliver() == 2
    assert _arrived(inbox)[2:] == [("ticket.verified", "ATL-1"), ("ticket.regressed", "ATL-1")]
    assert inbox.keys[0] == inbox.keys[2] != inbox.keys[3]


def test_nothing_is_told_twice_and_history_not_at_all(cast: Cast, inbox: Inbox) -> None:
    receivers.add(cast.project, "webhook", inbox.url, ALL)
    factories.counted_pass(cast.project, 5, errors()[:2], WORKING | {"tests/test_c.py": 1})
    told = Outbox.objects.count()
    projections.rebuild(cast.project)
    assert Outbox.objects.count() == told == 2
    late = factories.counted_pass(cast.project, 3, [], WORKING | {"tests/test_c.py": 1})
    row = Outbox.objects.get(key=f"pass.counted-{late.pk}-{Receiver.objects.get().pk}")
    assert Outbox.objects.count() == 3  # the pass itself, and nothing of what it moves
    assert row.payload["data"]["pass"]["ledger"]["before"] == 3 and row.payload["data"]["pass"]["total"] == 0
    passes.cancel(passes.replay(cast.project, ["9" * 40])[0])
    assert Outbox.objects.count() == 3
    passes.cancel(passes.queue(cast.project, trigger="manual"))
    assert Outbox.objects.last().payload["data"]["pass"]["reason"] == "cancelled"


def test_a_chat_gets_one_message_for_a_pass_and_the_first_of_a_row(cast: Cast, inbox: Inbox) -> None:
    receivers.add(cast.project, "slack", inbox.url, ALL)
    _story(cast)
    assert outbox.deliver() == 3
    said = [heard.json["text"].split("\n") for heard in inbox.heard]
    here = "https://dashboard.example.org/p/atlas"
    assert said[0][0] == f"*<{here}/passes/2/|atlas: pass #2 counts 0 errors, 3 fewer than before>*"
    assert said[1][1:] == [
        f"• <{here}/t/ATL-1/|Back: ATL-1 Module atlas.core.registry does not exist, 2 errors>",
        f"• <{here}/t/ATL-3/|New: ATL-3 Marker load is not registered, 1 error>",
    ]
    assert "is blocked, nothing was counted" in said[2][0] and "This is not zero errors." in said[2][1]


def test_who_wants_nothing_of_it_gets_nothing(cast: Cast, inbox: Inbox) -> None:
    receivers.add(cast.project, "mattermost", inbox.url, ["ticket.regressed"])
    receivers.add(cast.other, "webhook", inbox.url, ALL)
    factories.counted_pass(cast.project, 2, [], WORKING | {"tests/test_c.py": 1})
    assert not Outbox.objects.exists()


def test_adding_changing_and_removing_leave_a_line_without_the_secret(cast: Cast, inbox: Inbox) -> None:
    url = inbox.url + "/T000/secret-part"
    first = receivers.add(cast.project, "slack", url, ALL)
    hook = receivers.add(cast.project, "webhook", url, ["pass.failed"])
    receivers.add(cast.project, "teams", url, ["pass.blocked"])  # in the place of Slack
    assert not Receiver.objects.filter(pk=first.pk).exists() and Receiver.objects.count() == 2
    old = hook.secret
    assert receivers.new_secret(hook) == hook.secret != old and hook.secret.startswith("whsec_")
    receivers.change(hook, ["ticket.opened", "nonsense"])
    assert hook.events == ["ticket.opened"]
    receivers.remove(hook)
    lines = AuditLine.objects.filter(object__contains=" at localhost").order_by("pk")
    assert [(line.verb, line.object.split(" ")[0]) for line in lines] == [
        ("added", "Slack"), ("added", "Webhook"), ("removed", "Slack"), ("added", "Teams"),
        ("changed", "Webhook"), ("changed", "Webhook"), ("removed", "Webhook"),
    ]  # fmt: skip
    told = repr(list(lines.values()))
    assert "secret-part" not in told and old not in told and hook.secret not in told


@pytest.mark.parametrize(
    ("style", "url", "events", "field"),
    [
        ("slack", "http://hooks.example.org/x", ALL, "url"),
        ("slack", "https://127.0.0.1/x", ALL, "url"),
        ("webhook", "https://[::ffff:10.0.0.1]/", ALL, "url"),
        ("webhook", "", ALL, "url"),
        ("irc", "", ALL, "url"),
    ],
)
def test_what_cannot_work_is_refused(cast: Cast, style: str, url: str, events: list[str], field: str) -> None:
    with pytest.raises(receivers.Refused) as caught:
        receivers.add(cast.project, style, url, events)
    assert caught.value.field == field and not Receiver.objects.exists()


def test_more_refusals(cast: Cast, inbox: Inbox) -> None:
    with pytest.raises(receivers.Refused, match="at least one event"):
        receivers.add(cast.project, "slack", inbox.url, ["nonsense"])
    with pytest.raises(receivers.Refused, match="Choose Slack"):
        receivers.add(cast.project, "irc", inbox.url, ALL)
    for _ in range(receivers.MOST):
        receivers.add(cast.project, "webhook", inbox.url, ALL)
    with pytest.raises(receivers.Refused, match="at most 5"):
        receivers.add(cast.project, "webhook", inbox.url, ALL)
