"""The administrators' area: accounts, projects and their end, the machinery, and mail."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import IntegrityError
from django.test import Client, RequestFactory
from django.urls import resolve

from dashboard import admin_projects
from dashboard.vanished import Vanished
from remediation import administrators, deletion, passes
from remediation.models import AuditLine, Project, Ticket, User
from tests import factories
from tests.dashboard.cast import Cast, words
from tests.mailbox import Mailbox, mail_server
from tests.remediation.threads import at_once

AREA = "/admin-area/"


@pytest.fixture
def cast(db: None) -> Cast:
    return Cast.make()


def page(client: Client, path: str = "", **more: Any) -> str:
    answer = client.get(AREA + path, **more)
    assert answer.status_code == 200
    return answer.content.decode()


def test_accounts_are_listed_with_what_they_may_do(cast: Cast, django_assert_max_num_queries: Any) -> None:
    for number in range(60):
        factories.member(cast.project, "viewer", f"zoe{number:02}")
    client = cast.client("admin")
    with django_assert_max_num_queries(6):
        text = words(page(client))
    assert "65 accounts" in text and "Page 1 of 2" in text
    assert re.search(r"Ines Duarte ines\.duarte Lead of atlas open no \w+", text)
    assert re.search(r"Root Admin root\.admin Administrator open", text)
    assert "zoe59" in words(page(client, "?page=2")) and "zoe59" not in text
    found = words(page(client, "?q=duarte"))
    assert "1 of the accounts matches" in found and "Ines Duarte" in found and "Mei Lin" not in found
    assert "No account matches" in words(page(client, "?q=zzz"))
    assert client.get(AREA + "?q=%00&page=x").status_code == 200


def test_an_administrator_is_made_and_dismissed_and_the_log_says_who_did_it(cast: Cast) -> None:
    client = cast.client("admin")
    url = f"{AREA}people/{cast.lead.pk}/"
    answer = client.post(url, {"do": "appoint"}, follow=True)
    assert "Ines Duarte is an administrator now." in words(answer.content.decode())
    assert User.objects.get(pk=cast.lead.pk).is_superuser
    assert cast.client("lead").get(AREA).status_code == 200
    line = AuditLine.objects.all()[0]
    assert (line.actor_id, line.object, line.changes) == (
        cast.admin.pk, "account ines.duarte", {"administrator": [False, True]},
    )  # fmt: skip
    answer = client.post(url, {"do": "dismiss"}, follow=True)
    assert "Ines Duarte is no administrator any more." in words(answer.content.decode())
    assert cast.client("lead").get(AREA).status_code == 403
    assert "Choose what to do" in client.post(url, {"do": "crown"}, follow=True).content.decode()
    assert client.post(f"{AREA}people/999999999/", {"do": "appoint"}).status_code == 404
    assert client.post(f"{AREA}people/{2**63}/", {"do": "appoint"}).status_code == 404


def test_the_last_administrator_stays(cast: Cast) -> None:
    client = cast.client("admin")
    own = f"{AREA}people/{cast.admin.pk}/"
    client.post(own, {"do": "dismiss"})
    assert User.objects.get(pk=cast.admin.pk).is_superuser
    User.objects.filter(pk=cast.lead.pk).update(is_superuser=True, is_active=False)
    client.post(own, {"do": "dismiss"})
    assert User.objects.get(pk=cast.admin.pk).is_superuser  # a closed account helps nobody
    client.post(f"{AREA}people/{cast.engineer.pk}/", {"do": "appoint"})
    assert client.post(own, {"do": "dismiss"}).url == "/"
    assert client.get(AREA).status_code == 403


def test_an_account_is_closed_and_opened_again(cast: Cast) -> None:
    theirs, client = cast.client("engineer"), cast.client("admin")
    theirs.post("/p/atlas/t/ATL-1/claim/")
    url = f"{AREA}people/{cast.engineer.pk}/"
    text = words(client.post(url, {"do": "close"}, follow=True).content.decode())
    assert "The account of Mei Lin is closed: signed out everywhere, its claims released." in text
    assert theirs.get("/p/atlas/").status_code == 302 and cast.ticket().claimed_by is None
    assert "Mei Lin mei.lin Engineer of atlas closed" in text
    assert "open again" in words(client.post(url, {"do": "open"}, follow=True).content.decode())
    assert User.objects.get(pk=cast.engineer.pk).is_active
    answer = client.post(f"{AREA}people/{cast.admin.pk}/", {"do": "close"}, follow=True)
    assert "the last administrator" in answer.content.decode() and User.objects.get(pk=cast.admin.pk).is_active


def test_a_closed_account_is_not_made_one(cast: Cast) -> None:
    User.objects.filter(pk=cast.lead.pk).update(is_active=False)
    answer = cast.client("admin").post(f"{AREA}people/{cast.lead.pk}/", {"do": "appoint"}, follow=True)
    assert "is closed" in answer.content.decode()
    assert not User.objects.get(pk=cast.lead.pk).is_superuser


@pytest.mark.django_db(transaction=True)
def test_two_who_dismiss_each_other_at_once_leave_one() -> None:
    for _ in range(5):
        User.objects.all().delete()
        one, two = factories.user("one", is_superuser=True), factories.user("two", is_superuser=True)
        found = at_once([lambda: administrators.dismiss(one, two), lambda: administrators.dismiss(two, one)])  # noqa: B023
        assert sum(isinstance(each, administrators.Refused) for each in found) == 1
        assert User.objects.filter(is_superuser=True).count() == 1


def test_projects_are_listed_with_what_they_hold(cast: Cast, django_assert_num_queries: Any) -> None:
    client = cast.client("admin")
    page(client, "projects/")
    with django_assert_num_queries(2 * len(admin_projects.belongings()) + 4):
        text = words(page(client, "projects/"))
    assert re.search(r"atlas atlas Ines Duarte 1 2 \d+ ≈ [\d.]+\s\w+", text), text
    counted = {row.project.slug: row for row in admin_projects.build()["rows"]}
    assert (counted["atlas"].passes, counted["atlas"].tickets) == (1, 2)
    assert counted["atlas"].rows > 20 and counted["atlas"].size > 0
    deletion.delete(cast.other, "borealis", cast.admin)
    assert "borealis, deleted" in words(page(client, "projects/"))


def test_a_project_is_deleted_by_typing_its_slug(cast: Cast) -> None:
    client = cast.client("admin")
    url = f"{AREA}projects/atlas/delete/"
    assert "Its 2 tickets, 1 pass, reports" in words(client.get(url).content.decode())
    for typed in ("", "ATLAS", "borealis"):
        answer = client.post(url, {"typed": typed})
        assert answer.status_code == 422 and "Type atlas to delete this project." in answer.content.decode()
    assert Project.objects.filter(slug="atlas").exists()
    answer = client.post(url, {"typed": "atlas"}, follow=True)
    assert "atlas is deleted. Its rows go within minutes." in words(answer.content.decode())
    for gone in ("/p/atlas/", "/p/atlas/t/ATL-1/", "/p/atlas/passes/1/", url):
        assert client.get(gone).status_code == 404
    assert cast.client("lead").get("/p/atlas/").status_code == 404
    assert client.post(url, {"typed": "atlas"}).status_code == 404
    assert "atlas" not in words(client.get("/?all").content.decode())


def test_what_a_view_stumbles_over_when_its_project_is_gone_is_no_failure(cast: Cast) -> None:
    made = Vanished(lambda _: None)  # type: ignore[arg-type,return-value]

    def answer_to(error: Exception, path: str = "/p/atlas/") -> Any:
        request = RequestFactory().get(path)
        request.user, request.resolver_match = cast.admin, resolve(path)
        return made.process_exception(request, error)

    errors = (Project.DoesNotExist(), Ticket.DoesNotExist(), IntegrityError("violates foreign key"))
    assert [answer_to(error) for error in errors] == [None] * 3  # the project is there: these are defects
    deletion.delete(cast.project, "atlas", cast.admin)
    assert [answer_to(error).status_code for error in errors] == [404] * 3
    assert answer_to(ZeroDivisionError()) is None
    assert answer_to(Project.DoesNotExist(), "/") is None


def test_the_server_page_says_what_waits_and_what_is_at_work(cast: Cast, django_assert_max_num_queries: Any) -> None:
    client = cast.client("admin")
    assert "Nothing runs and nothing waits." in words(page(client, "server/"))
    passes.claim(passes.queue(cast.project, trigger="manual").pk)
    passes.queue(cast.project, trigger="manual")
    for number in range(25):
        passes.queue(cast.other, trigger="manual", commit=f"{number:040x}")
    with django_assert_max_num_queries(11):
        text = words(page(client, "server/"))
    assert "1 pass at work, 26 waiting" in text
    assert re.search(r"#2 of atlas: Fetch, for \d+ seconds? Last sign of life \d+ seconds? ago\.", text), text
    assert "26 wait; the first 20 are listed." in text
    assert "Not set up: nothing is sent" in text


def test_what_doctor_says_is_a_part_and_a_page(cast: Cast) -> None:
    client = cast.client("admin")
    text = words(page(client, "server/checks/"))
    assert "Is everything as it should be" in text and "Postgres ok version" in text and "Worker fault" in text
    part = client.get(AREA + "server/checks/", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part and "Sandbox" in part


@pytest.fixture
def inbox(settings: Any) -> Iterator[Mailbox]:
    with mail_server(settings) as box:
        yield box


def test_a_test_mail_is_sent_and_the_servers_answer_said(cast: Cast, inbox: Mailbox, settings: Any) -> None:
    client = cast.client("admin")
    send = lambda: words(client.post(AREA + "server/mail/", follow=True).content.decode())  # noqa: E731
    assert "Your account has no e-mail address." in send()
    User.objects.filter(pk=cast.admin.pk).update(email="root@example.org")
    assert f"127.0.0.1:{settings.EMAIL_PORT} took it for root@example.org." in send()
    [mail] = inbox.mails
    assert mail["To"] == "root@example.org" and "Test of the Remediation Dashboard" in mail["Subject"]
    inbox.answer = "554 no such sender here"
    assert "did not take it:" in (said := send()) and "no such sender here" in said
    settings.EMAIL_PORT = 1
    assert "127.0.0.1:1 did not take it: " in send()
    settings.EMAIL_HOST_PASSWORD = "canary-secret"
    assert "canary-secret" not in page(client, "server/")
    settings.MAIL = False
    assert "Mail is not set up" in send()
    assert AuditLine.objects.filter(verb="tested", object="mail").count() == 5


def test_others_see_nothing_of_it(cast: Cast) -> None:
    for role in ("viewer", "engineer", "lead", "stranger"):
        assert cast.client(role).get(AREA + "projects/").status_code == 403
        assert "Administration" not in cast.client(role).get("/?all").content.decode()
    assert "Administration" in cast.client("admin").get("/?all").content.decode()
