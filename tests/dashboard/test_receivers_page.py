"""The page of a project's chat and webhooks: for leads, who see an address once and never again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db.models.functions import Now
from pytest_django import DjangoAssertNumQueries

from remediation import outbox, receivers
from remediation.core.public_addresses import networks_of
from remediation.core.webhook_events import EVENTS
from remediation.models import Outbox, Receiver
from tests.dashboard.cast import Cast, words
from tests.receivers import Inbox, receiver

URL = "/p/atlas/settings/receivers/"


@pytest.fixture
def cast(db: None) -> Cast:
    return Cast.make()


@pytest.fixture
def inbox(settings: Any) -> Iterator[Inbox]:
    settings.WEBHOOK_ALLOW, settings.WEBHOOK_PLAIN_HTTP = networks_of(["127.0.0.0/8"]), True
    with receiver() as found:
        found.url += "/services/secret-part"
        yield found


def _added(cast: Cast, inbox: Inbox, style: str = "webhook") -> Receiver:
    return receivers.add(cast.project, style, inbox.url, list(EVENTS))


def test_a_chat_is_added_and_its_address_never_shown_again(cast: Cast, inbox: Inbox) -> None:
    client = cast.client("lead")
    assert "Nobody outside is told" in client.get(URL).content.decode()
    form = {"style": "slack", "url": f" {inbox.url} ", "events": ["pass.blocked", "ticket.regressed"]}
    page = client.post(URL, form, follow=True).content.decode()
    stored = Receiver.objects.get()
    assert (stored.style, stored.url, stored.events) == ("slack", inbox.url, ["pass.blocked", "ticket.regressed"])
    assert "Slack is told" in page and "Added." in page and stored.host in page and "secret-part" not in page


def test_a_webhooks_secret_is_shown_once(cast: Cast, inbox: Inbox) -> None:
    client = cast.client("lead")
    page = client.post(URL, {"style": "webhook", "url": inbox.url, "events": list(EVENTS)}).content.decode()
    stored = Receiver.objects.get()
    assert page.count(stored.secret) == 1 and "shown this once" in page
    assert stored.secret not in client.get(URL).content.decode()
    page = client.post(f"{URL}{stored.pk}/", {"do": "secret"}).content.decode()
    new = Receiver.objects.get().secret
    assert new != stored.secret and page.count(new) == 1 and stored.secret not in page


def test_what_cannot_work_is_refused_beside_its_field(cast: Cast, inbox: Inbox) -> None:
    client = cast.client("lead")
    for changes, text in (
        ({"url": "https://169.254.169.254/latest/"}, "is no public address"),
        ({"url": "ftp://x"}, "Give an address as https://host/path"),
        ({"url": ""}, "required"),
        ({"style": "irc"}, "valid choice"),
        ({"events": []}, "Choose at least one event"),
    ):
        answer = client.post(URL, {"style": "slack", "url": inbox.url, "events": ["pass.failed"], **changes})
        assert answer.status_code == 422 and text in words(answer.content.decode()), changes
    assert not Receiver.objects.exists() and inbox.heard == []


def test_events_are_chosen_and_a_receiver_is_removed(cast: Cast, inbox: Inbox) -> None:
    found, client = _added(cast, inbox), cast.client("lead")
    client.post(f"{URL}{found.pk}/", {"do": "events", "events": ["pass.failed"]})
    assert Receiver.objects.get().events == ["pass.failed"]
    page = client.post(f"{URL}{found.pk}/", {"do": "events"}, follow=True).content.decode()
    assert "Choose at least one event" in page and Receiver.objects.get().events == ["pass.failed"]
    client.post(f"{URL}{found.pk}/", {"do": "remove"})
    assert not Receiver.objects.exists()


def test_a_test_message_arrives_and_its_delivery_is_listed(
    cast: Cast, inbox: Inbox, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    hook, chat, client = _added(cast, inbox), _added(cast, inbox, "teams"), cast.client("lead")
    for one in (hook, chat):
        client.post(f"{URL}{one.pk}/", {"do": "test"})
    assert outbox.deliver() == 2
    assert inbox.heard[0].json["type"] == "test" and inbox.heard[1].json["type"] == "message"
    with django_assert_num_queries(5):  # session, account, project, receivers, deliveries
        page = client.get(URL).content.decode()
    assert words(page).count("A test 200") == 2 and "never arrived" not in page


def test_what_never_arrived_is_said_and_tried_again(cast: Cast, inbox: Inbox) -> None:
    found, client = _added(cast, inbox), cast.client("lead")
    inbox.plan = [410]
    client.post(f"{URL}{found.pk}/", {"do": "test"})
    outbox.deliver()
    page = client.get(URL).content.decode()
    assert "1 message never arrived." in page and "The receiver answered 410." in page and "Try again" in page
    message = Outbox.objects.get()
    assert client.post(f"{URL}again/{message.pk}/").status_code == 302
    assert outbox.deliver() == 1 and inbox.keys == [message.key, message.key]
    page = client.get(URL).content.decode()
    assert "never arrived" not in page and "Try again" not in page


def test_another_projects_receivers_and_messages_are_not_there(cast: Cast, inbox: Inbox) -> None:
    found = receivers.add(cast.other, "webhook", inbox.url, list(EVENTS))
    outbox.put([outbox.message("theirs", "webhook", {"type": "test"}, receiver=found)])
    Outbox.objects.update(gave_up_at=Now())
    client = cast.client("lead")
    for url in (f"{URL}{found.pk}/", f"{URL}again/{Outbox.objects.get().pk}/", f"{URL}{10**30}/", f"{URL}again/0/"):
        assert client.post(url, {"do": "remove"}).url == URL
    assert Receiver.objects.count() == 1 and "never arrived" not in client.get(URL).content.decode()
    assert Outbox.objects.get().gave_up_at is not None


def test_only_leads_see_it(cast: Cast) -> None:
    for role, status in (("viewer", 403), ("engineer", 403), ("stranger", 404), ("anonymous", 302)):
        assert cast.client(role).get(URL).status_code == status
    assert "Chat and webhooks" not in cast.client("engineer").get("/p/atlas/settings/").content.decode()
    assert "Chat and webhooks" in cast.client("lead").get("/p/atlas/settings/").content.decode()
