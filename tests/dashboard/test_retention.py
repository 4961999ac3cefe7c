"""How long things stay: set within limits, applied some at a time, and nothing that a number stands on ever goes."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone

from dashboard import backup, retention_page
from remediation import checks, operations, outbox, passes, projections, receivers, retention, tickets
from remediation.models import (
    AuditLine,
    CollectionPass,
    ConnectionCheck,
    Delivery,
    Notice,
    Outbox,
    Retention,
)
from tests import factories
from tests.dashboard.cast import Cast, errors, words

URL = "/admin-area/retention/"
USUAL = {"output": 365, "notices": 365, "sent": 7, "lost": 90, "checks": 1, "backup": 7}
PAGES = (
    "/p/atlas/", "/p/atlas/tickets/", "/p/atlas/t/ATL-1/", "/p/atlas/passes/", "/p/atlas/trend.json", "/p/atlas/rules/",
    "/p/atlas/reports/2026-W10.md", "/p/atlas/settings/audit/", "/?all",
)  # fmt: skip
# What a rule may take rows or words from; all else must be the same to the bit.
TOUCHED = {"remediation_notice", "remediation_outbox", "remediation_connectioncheck", "remediation_delivery"}


@pytest.fixture
def cast(db: None) -> Cast:
    cast = Cast.make()
    factories.counted_pass(cast.project, 2, errors()[:1])
    tickets.claim(cast.ticket(), cast.engineer)
    tickets.note(cast.ticket(), cast.lead, "Half of it is done.")
    return cast


def shown(client: Client) -> dict[str, str]:
    """Every page as it is at one moment, without what is new in every answer."""
    with time_machine.travel(datetime.fromisoformat("2026-03-20T12:00:00+00:00"), tick=False):
        answers = {path: client.get(path) for path in PAGES}
    assert {answer.status_code for answer in answers.values()} == {200}
    drop = r'(csrfmiddlewaretoken" value="|X-CSRFToken[^a-zA-Z0-9]+)[A-Za-z0-9]+'
    return {path: re.sub(drop, r"\1", answer.getvalue().decode()) for path, answer in answers.items()}


def kept() -> dict[str, Any]:
    """Rows and sums of everything that no rule may touch; of passes, all but what they printed."""
    tables = dict(backup.contents_of(connection.connection).tables)
    long = {"output_tail", "install_log"}
    names = [field.name for field in CollectionPass._meta.concrete_fields if field.name not in long]
    rows = list(CollectionPass.objects.order_by("pk").values_list(*names))
    return {name: found for name, found in tables.items() if name not in TOUCHED | {"remediation_collectionpass"}} | {
        "passes": rows
    }


def fill(cast: Cast) -> None:
    """Something old and something young of every kind that goes."""
    now = timezone.now()
    CollectionPass.objects.update(
        output_tail="1 error", install_log="uv pip install", ended_at=now - timedelta(days=400)
    )
    old = {"at": now - timedelta(days=400), "project": cast.project, "kind": "assigned"}
    Notice.objects.create(key="read", user=cast.lead, read_at=now, **old)
    Notice.objects.create(key="unread", user=cast.lead, **old)
    Notice.objects.create(key="to be mailed", user=cast.lead, read_at=now, mail_at=now, **old)
    Notice.objects.create(key="young", user=cast.lead, read_at=now, **old | {"at": now})
    hook = receivers.add(cast.project, "webhook", "https://1.1.1.1/x", ["pass.failed"])
    outbox.put([outbox.message(key, "webhook", {}, receiver=hook) for key in ("sent", "fresh", "lost", "waits")])
    Outbox.objects.filter(key="sent").update(done_at=now - timedelta(days=8))
    Outbox.objects.filter(key="fresh").update(done_at=now - timedelta(days=6))
    Outbox.objects.filter(key="lost").update(gave_up_at=now - timedelta(days=91))
    sent = Outbox.objects.get(key="sent")
    Delivery.objects.create(receiver=hook, message=sent, key="sent", event="test", at=now, seconds=0.1, status=200)
    for days in (2, 0):
        row = checks.test(cast.project, cast.admin)
        ConnectionCheck.objects.filter(pk=row.pk).update(created_at=now - timedelta(days=days))


def test_what_is_old_goes_and_every_page_stays_as_it_was(cast: Cast) -> None:
    fill(cast)
    client = cast.client("lead")
    projections.rebuild(cast.project, passes.renames_between(cast.project))
    pages, rows = shown(client), kept()
    for _ in range(2):
        retention.keep(timezone.now())
    assert set(Notice.objects.values_list("key", flat=True)) >= {"unread", "to be mailed", "young"}
    assert not Notice.objects.filter(key="read").exists()
    assert set(Outbox.objects.values_list("key", flat=True)) == {"fresh", "waits"}
    assert Delivery.objects.get().message is None, "a receiver's last deliveries stay listed"
    assert ConnectionCheck.objects.count() == 1
    printed = dict(cast.project.passes.values_list("number", "output_tail"))
    assert printed == {1: "", 2: "1 error"}, "what the last pass printed is what people look at"
    assert kept() == rows
    after = shown(client)
    assert [path for path in PAGES if after[path] != pages[path]] == []
    projections.rebuild(cast.project, passes.renames_between(cast.project))
    again = shown(client)
    assert [path for path in PAGES if again[path] != pages[path]] == [], "and computed again it is the same"
    assert "1 error" not in client.get("/p/atlas/passes/1/output.txt").getvalue().decode()


def test_the_control_a_rule_that_took_a_count_would_be_found(cast: Cast) -> None:
    fill(cast)
    client = cast.client("lead")
    pages, rows = shown(client), kept()
    cast.project.tickets.order_by("-number")[0].transitions.all().delete()
    CollectionPass.objects.filter(project=cast.project, number=2).update(held=True)
    assert kept() != rows and shown(client) != pages


def test_some_of_it_at_a_time(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(cast)
    monkeypatch.setattr(retention, "BATCH", 1)
    gone = [retention.keep(timezone.now()) for _ in range(3)]
    assert [one["messages"] for one in gone] == [1, 1, 0] and [one["notices"] for one in gone] == [1, 0, 0]
    assert [one["output"] for one in gone] == [1, 0, 0]


def test_administrators_set_the_days_within_limits(cast: Cast) -> None:
    client = cast.client("admin")
    text = words(client.get(URL).content.decode())
    assert "What is kept, and for how long" in text and "7 to 3,650 days; usually 365." in text
    answer = client.post(URL, {**USUAL, "output": 30, "checks": 5}, follow=True)
    assert "Saved." in answer.content.decode()
    assert (operations.retention().output, operations.retention().checks, Retention.objects.count()) == (30, 5, 1)
    line = AuditLine.objects.latest("pk")
    assert (line.object, line.changes) == ("retention", {"output": [365, 30], "checks": [1, 5]})
    for wrong in ({"output": 6}, {"sent": 91}, {"checks": 0}, {"backup": ""}, {"lost": "x"}, {"notices": 10**6}):
        answer = client.post(URL, {**USUAL, **wrong})
        assert answer.status_code == 422 and "Nothing was saved." in answer.content.decode()
    assert operations.retention().output == 30
    with pytest.raises(operations.Refused) as refused:
        operations.set_retention({**USUAL, "output": 6}, cast.admin)
    assert refused.value.field == "output"
    for role in ("viewer", "lead"):
        assert cast.client(role).post(URL, USUAL).status_code == 403


def test_the_page_says_what_there_is(cast: Cast, settings: Any, tmp_path: Any, django_assert_num_queries: Any) -> None:
    fill(cast)
    settings.DATA_DIR = tmp_path
    for name in ("a", "b/c"):
        (tmp_path / "projects" / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "projects" / "a").write_bytes(b"x" * 3_000)
    (tmp_path / "projects" / "b" / "c").hardlink_to(tmp_path / "projects" / "a")
    (tmp_path / "projects" / "b" / "d").symlink_to("/etc")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE remediation_notice, remediation_auditline, remediation_outbox")
    client = cast.client("admin")
    client.get(URL)
    with django_assert_num_queries(5):
        text = words(client.get(URL).content.decode())
    assert re.search(r"the log of the installation. .* usually 365. 3 rows, \d+ bytes", text), text
    assert re.search(r"Audit log ≈ \d+ rows, [\d.]+ KB", text) and "as long as the project" in text
    assert "environments of its last 30 passes 2.9 KB" in text, "a file of two names is one"
    assert len(client.get(URL).content) < 40_000
    assert retention_page._folder(tmp_path, until=0.0) == (0, True)


def test_what_the_server_has_not_looked_at_is_not_zero(cast: Cast) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE remediation_nobody (id int)")
    assert retention_page._tables()["nobody"][0] is None
    assert retention_page._sum([(1, 10), (None, 20)]) == (None, 30)
