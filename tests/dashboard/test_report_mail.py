"""A final report goes once to each recipient: by mail, to chat and webhooks, and to whoever has a shared address."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import time as clock
from datetime import timedelta
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from dashboard import finals
from remediation import outbox, receivers, reporting, sharing
from remediation.core.public_addresses import networks_of
from remediation.exporters import FORMATS
from remediation.models import AuditLine, Outbox, Recipient, ReportFile, WeeklyReport
from tests import factories
from tests.dashboard.cast import WORKING, Cast, errors, words
from tests.dashboard.test_issuing import DAY, MONDAY, WEEK, drafted, final
from tests.mailbox import Mailbox
from tests.receivers import receiver

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def cast(db: None) -> Cast:
    return Cast.make()


def add(cast: Cast, address: str = "board@example.org", formats: tuple[str, ...] = ("pdf",)) -> Recipient:
    return reporting.add(cast.project, cast.lead, address=address, formats=formats, now=timezone.now())


def subscribed(cast: Cast, role: str) -> Recipient:
    person = getattr(cast, role)
    person.email = f"{role}@example.org"
    person.save()
    return reporting.subscribe(cast.project, person, formats=[], now=timezone.now())


def part(mail: EmailMessage, kind: str) -> str:
    found = mail.get_body((kind,))
    assert found is not None
    return str(found.get_content())


def test_each_recipient_gets_one_mail_with_what_they_chose(cast: Cast, mailbox: Mailbox) -> None:
    factories.counted_pass(cast.project, 2, [errors()[2]], WORKING)
    add(cast, "board@example.org", ("pdf", "xlsx"))
    for role in ("viewer", "engineer"):
        subscribed(cast, role)
    cast.project.memberships.filter(user=cast.engineer).delete()  # who left the project gets none
    row = final(cast)
    assert outbox.deliver() == 2 and outbox.deliver() == 0
    board, viewer = mailbox.mails
    assert (board["To"], viewer["To"]) == ("board@example.org", "viewer@example.org")
    assert board["Subject"] == "[atlas] 2026-W10: 3 collection errors became 1 this week"
    assert [one.get_content_type() for one in board.iter_parts()] == [
        "multipart/alternative", "application/pdf", FORMATS["xlsx"].content_type,
    ]  # fmt: skip
    body = next(board.iter_parts())
    assert [one.get_content_type() for one in body.iter_parts()] == ["text/plain", "text/html"]
    kept = {file.name: bytes(file.content) for file in ReportFile.objects.filter(format__in=["pdf", "xlsx"])}
    attached = {one.get_filename(): one.get_content() for one in board.iter_attachments()}
    assert attached == kept and set(kept) == {"atlas-2026-W10.pdf", "atlas-2026-W10.xlsx"}
    assert [one.get_content_type() for one in viewer.iter_parts()] == ["text/plain", "text/html"]  # chose nothing
    for said in (part(board, "plain"), words(part(board, "html"))):
        for expected in (
            "3 − 2 cleared = 1", "From #1 to #2", "ATL-1", "verified by pass #2", "No verified ticket was seen again.",
            "ATL-2", "owner none", row.content_hash, "Collected is not passing",
        ):  # fmt: skip
            assert expected in said, expected
    assert f"https://dashboard.example.org{WEEK}" in part(board, "plain")
    assert "<script" not in part(board, "html") and "src=" not in part(board, "html")
    factories.counted_pass(cast.project, 3, errors(), WORKING)
    assert Outbox.objects.filter(kind="mail").count() == 2


def test_a_link_takes_one_address_off_the_list(cast: Cast, mailbox: Mailbox) -> None:
    add(cast), add(cast, "other@example.org")
    final(cast)
    outbox.deliver()
    mail = mailbox.mails[0]
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = mail["List-Unsubscribe"].strip(" <>").removeprefix("https://dashboard.example.org")
    assert path in part(mail, "plain")
    client = Client(enforce_csrf_checks=True)
    assert "board@example.org then gets none" in words(client.get(path).content.decode())
    assert Recipient.objects.count() == 2
    assert "do not come to this address any more" in words(client.post(path).content.decode())
    assert [one.address for one in Recipient.objects.all()] == ["other@example.org"]
    line = AuditLine.objects.latest("pk")
    assert (line.verb, line.object) == ("removed", "report by mail to board@example.org")
    for wrong in (path, path[:-3] + "x/"):
        assert client.post(wrong).status_code == 404


def test_who_is_taken_off_gets_nothing_that_still_waits(cast: Cast, mailbox: Mailbox) -> None:
    leaves, stays = add(cast), add(cast, "other@example.org")
    final(cast)
    cast.client("lead").post(f"/p/atlas/settings/reports/recipients/{leaves.pk}/")
    assert outbox.deliver() == 1 and mailbox.mails[0]["To"] == stays.address
    again = cast.client("lead").post(f"/p/atlas/settings/reports/recipients/{leaves.pk}/", follow=True)
    assert "They are not on the list any more." in words(again.content.decode())


def test_without_a_mail_server_nothing_is_put_in_and_the_page_says_so(cast: Cast) -> None:
    add(cast)
    final(cast)
    assert not Outbox.objects.exists()
    assert "This site sends no mail" in words(cast.client("lead").get("/p/atlas/settings/reports/").content.decode())


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ({"address": "board"}, "This is no e-mail address."),
        ({"address": ""}, "This field is required."),
        ({"address": "a@example.org\nBcc: b@example.org"}, "This is no e-mail address."),
        ({"address": "BOARD@example.org"}, "BOARD@example.org gets the reports already."),
        ({"address": "x@example.org", "formats": "docx"}, "Select a valid choice."),
    ],
)
def test_an_address_that_cannot_be_is_refused(cast: Cast, sent: dict[str, str], says: str) -> None:
    add(cast)
    answer = cast.client("lead").post("/p/atlas/settings/reports/recipients/", sent)
    assert answer.status_code == 422 and says in words(answer.content.decode())
    assert Recipient.objects.count() == 1


def test_a_member_subscribes_and_leaves_by_themselves(cast: Cast) -> None:
    client, url = cast.client("viewer"), "/p/atlas/reports/subscribe/"
    text = words(client.post(url, {"do": "on", "formats": "pdf"}, follow=True).content.decode())
    assert "Your account has no e-mail address." in text
    cast.viewer.email = "vera@example.org"
    cast.viewer.save()
    for _ in range(2):
        text = words(client.post(url, {"do": "on", "formats": "pdf"}, follow=True).content.decode())
        assert "You get each final report, with PDF attached." in text
    assert Recipient.objects.count() == 1
    client.post(url, {"do": "off"})
    assert not Recipient.objects.exists()
    assert cast.client("stranger").post(url).status_code == 404


def test_chat_and_webhooks_that_chose_it_are_told(cast: Cast, settings: Any) -> None:
    settings.WEBHOOK_ALLOW, settings.WEBHOOK_PLAIN_HTTP = networks_of(["127.0.0.0/8"]), True
    factories.counted_pass(cast.project, 2, [errors()[2]], WORKING)
    with receiver() as inbox:
        receivers.add(cast.project, "webhook", inbox.url, ["report.released"])
        receivers.add(cast.project, "mattermost", inbox.url, ["report.released"])
        receivers.add(cast.project, "webhook", inbox.url, ["pass.failed"])
        drafted(cast)
        page = words(cast.client("lead").get(WEEK).content.decode())
        assert "It goes to the chat and 1 webhook." in page
        row = finals.release(WeeklyReport.objects.get(), cast.lead, MONDAY + DAY)
        assert outbox.deliver() == 2
        hook = next(heard.json for heard in inbox.heard if "data" in heard.json)
        report = hook["data"]["report"]
        assert (hook["type"], report["label"], report["total"]) == ("report.released", "2026-W10", 1)
        assert report["ledger"] | {"cleared": 2, "after": 1} == report["ledger"]
        assert report["content_hash"] == row.content_hash
        chat = next(str(heard.json) for heard in inbox.heard if "data" not in heard.json)
        assert "atlas, week 2026-W10: 3 collection errors became 1 this week" in chat and "3 − 2 cleared = 1" in chat


def test_a_shared_address_shows_the_one_final_and_nothing_of_later(cast: Cast, clean_redis: Any) -> None:
    row = final(cast)
    client, url = cast.client("lead"), "/p/atlas/settings/sharing/"
    sent = {"shows": "report", "week": "2026-W10", "name": "Board", "days": "30"}
    page = client.post(url, sent).content.decode()
    path = page.split("http://testserver")[1].split("<")[0]
    kept = bytes(row.files.get(format="html").content)
    factories.counted_pass(cast.project, 9, [errors()[2]], WORKING)
    assert Client().get(path).content == kept
    assert "Report 2026-W10" in words(client.get(url).content.decode())
    assert AuditLine.objects.filter(object="report 2026-W10 for “Board”").exists()
    newest = sharing.make(cast.project, cast.lead, shows="report", name="x", days=30, now=timezone.now())
    shown = Client().get(f"/s/{newest}/report/").content
    assert shown != kept and b"2026-W11" in shown
    assert client.post(url, sent | {"week": "2026-W11"}).status_code == 422  # no final of that week
    with pytest.raises(sharing.Refused):
        sharing.make(cast.other, cast.stranger, shows="report", name="x", days=30, now=timezone.now(), report=row)


def test_a_worker_killed_anywhere_leaves_each_recipient_one_mail_and_only_the_one_in_hand_two(
    child_environment: dict[str, str], mailbox: Mailbox, settings: Any
) -> None:
    """kill -9: while the report is made, and, of two later ones, when a mail has arrived and is not yet noted."""
    cast = Cast.make()
    everybody = [f"r{number}@example.org" for number in range(5)]
    for address in everybody:
        add(cast, address)
    long_ago = timezone.now() - timedelta(days=14)
    reporting.change(cast.project, cast.lead, on=True, weekday=0, at=clock(), release_after=0, now=long_ago)
    mail = f"smtp://127.0.0.1:{settings.EMAIL_PORT}?tls=no"
    environment = child_environment | {"EMAIL_URL": mail, "DEFAULT_FROM_EMAIL": "dashboard@example.org"}
    work = (
        "import django; django.setup(); from dashboard import tasks, sending; from remediation import outbox;"
        "sending.deliver_soon = lambda: None; tasks.issue_reports(); outbox.deliver()"
    )

    def run() -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-c", work], cwd=ROOT, env=environment)

    child = run()
    until = time.monotonic() + 60
    while not WeeklyReport.objects.exists() and time.monotonic() < until:
        time.sleep(0.01)
    os.kill(child.pid, signal.SIGKILL)  # drafts are there, and the first one is being made
    child.wait(timeout=30)
    assert set(WeeklyReport.objects.values_list("state", flat=True)) == {"draft"} and not ReportFile.objects.exists()
    for moment in (2, 5):
        child = run()
        mailbox.on_mail = partial(_kill_at, moment, mailbox, child)
        assert child.wait(timeout=60) == -signal.SIGKILL
        _leases_end()
    mailbox.on_mail = lambda: None
    outbox.deliver()
    reports = list(WeeklyReport.objects.values_list("label", "state"))
    assert len(reports) == 2 and {state for _, state in reports} == {"final"}
    got = Counter((mail["To"], mail["Message-ID"]) for mail in mailbox.mails)
    assert Counter(to for to, _ in got) == dict.fromkeys(everybody, 2)  # one of each week, none missing
    assert sorted(got.values()) == [*[1] * 8, 2, 2]  # only the two that were in hand came twice, under their old names
    assert not Outbox.objects.waiting().exists()


def _kill_at(moment: int, mailbox: Mailbox, child: subprocess.Popen[bytes]) -> None:
    if len(mailbox.mails) == moment:
        os.kill(child.pid, signal.SIGKILL)


def _leases_end() -> None:
    Outbox.objects.filter(lease_until__isnull=False).update(lease_until=timezone.now() - timedelta(seconds=1))
