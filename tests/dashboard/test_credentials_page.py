"""Credentials on their pages: put in by leads, listed for administrators, and readable by nobody."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import Client

from dashboard import doctor_stored
from remediation import checks, credentials, tasks
from remediation.collection import ssh_keys
from remediation.models import AuditLine, ConnectionCheck, Credential, Project
from tests.dashboard.cast import Cast, words
from tests.gitserver import Door, serve
from tests.repositories import Repository

URL = "/p/atlas/settings/credentials/"
CANARY = "canary-0123456789-abcdef"


@pytest.fixture
def cast(db: None, monkeypatch: pytest.MonkeyPatch) -> Cast:
    monkeypatch.setattr(tasks.run_check, "apply_async", lambda *_, **__: None)
    return Cast.make()


def by_ssh(cast: Cast) -> Project:
    Project.objects.filter(pk=cast.project.pk).update(source="git@git.example.org:team/atlas.git")
    cast.project.refresh_from_db()
    return cast.project


def send(client: Client, **data: str) -> tuple[int, str]:
    answer = client.post(URL, data, follow=True)
    return answer.status_code, answer.content.decode()


def test_a_token_is_stored_and_no_page_shows_it(cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    client = cast.client("lead")
    assert "git.example.org is asked without a credential" in words(client.get(URL).content.decode())
    with caplog.at_level(logging.DEBUG):
        status, page = send(client, do="token", user="ada", token=CANARY)
    assert status == 200 and "Stored, and never shown again." in page
    text = words(page)
    assert "git.example.org is opened with a token" in text and "for ada" in text and "Last used not yet" in text
    assert "Ends with …cdef" in text and "by Ines Duarte" in text
    admin = cast.client("admin")
    pages = [client.get(path).content.decode() for path in (URL, "/p/atlas/settings/", "/p/atlas/settings/audit/")]
    pages += [admin.get(path).content.decode() for path in ("/admin-area/credentials/", "/admin-area/audit/")]
    pages.append(admin.get("/admin-area/audit.csv").getvalue().decode())
    assert not [page for page in [*pages, page, caplog.text] if CANARY in page]
    assert "atlas User name and token ada git.example.org …cdef" in words(pages[3])
    line = AuditLine.objects.latest("pk")
    assert (line.verb, line.object, line.project) == ("added", "user name and token for git.example.org", "atlas")
    assert "no-store" in client.get(URL)["Cache-Control"]


def test_what_was_typed_is_not_sent_back_beside_a_refusal(cast: Cast) -> None:
    client = cast.client("lead")
    status, page = send(client, do="token", user="", token=CANARY)
    assert status == 422 and CANARY not in page and "This field is required." in page
    status, page = send(client, do="token", user="ada", token=CANARY + " x")
    assert status == 422 and CANARY not in page and "without spaces" in page
    status, page = send(client, do="make")
    assert status == 422 and "Nothing was changed." in page and "is not ssh" in page
    by_ssh(cast)
    status, page = send(client, do="key", private_key="-----BEGIN " + CANARY)
    assert status == 422 and CANARY not in page and "no private key" in page
    status, page = send(client, do="nonsense")
    assert status == 422 and "Choose what is to be done." in page
    assert not Credential.objects.exists()


def test_a_deploy_key_shows_its_public_half_and_a_pasted_one_too(cast: Cast) -> None:
    by_ssh(cast)
    client = cast.client("lead")
    _, page = send(client, do="make")
    made = Credential.objects.get()
    assert made.public_key in page and made.hint in page and "PRIVATE" not in page
    pair = ssh_keys.make("elsewhere")
    _, page = send(client, do="key", private_key=pair.private)
    assert " ".join(pair.public.split()[:2]) in page and pair.private.splitlines()[2] not in page
    assert Credential.objects.get().pk != made.pk
    Credential.objects.update(host_keys=f"git.example.org {pair.public}")
    assert ssh_keys.fingerprint(pair.public) in client.get(URL).content.decode()
    assert "Forgotten." in send(client, do="forget")[1] and "No key was known." in send(client, do="forget")[1]


def test_it_is_revoked_by_the_projects_name(cast: Cast) -> None:
    client = cast.client("lead")
    send(client, do="token", user="ada", token=CANARY)
    for typed in ("", "ATLAS", "borealis"):
        status, page = send(client, do="revoke", typed=typed)
        assert status == 422 and "Type atlas to revoke its credential." in page
    assert "Revoked here." in send(client, do="revoke", typed="atlas")[1] and not Credential.objects.exists()
    assert "There was nothing to revoke." in send(client, do="revoke", typed="atlas")[1]
    assert "None. Every repository" in words(cast.client("admin").get("/admin-area/credentials/").content.decode())


def test_only_leads_and_administrators_come_in(cast: Cast) -> None:
    for role, status in {"viewer": 403, "engineer": 403, "stranger": 404, "lead": 200, "admin": 200}.items():
        assert cast.client(role).get(URL).status_code == status
    credentials.put_token(cast.other, "ada", CANARY, cast.stranger)
    theirs = checks.test(cast.other, cast.stranger)
    client = cast.client("lead")
    for pk in (theirs.pk, 2**63, 10**9):
        assert client.get(f"{URL}test/{pk}/", headers={"HX-Request": "true"}).status_code == 404
    send(client, do="revoke", typed="borealis")
    assert Credential.objects.get().project == cast.other


def test_a_credential_of_another_address_is_not_used_and_said_so(cast: Cast) -> None:
    send(cast.client("lead"), do="token", user="ada", token=CANARY)
    Project.objects.filter(pk=cast.project.pk).update(source="https://elsewhere.example.org/atlas.git")
    text = words(cast.client("lead").get(URL).content.decode())
    assert "It is not used." in text and "Put in one for elsewhere.example.org" in text
    assert "not used: the clone URL is another" in words(
        cast.client("admin").get("/admin-area/credentials/").content.decode()
    )
    Project.objects.filter(pk=cast.project.pk).update(source="/srv/atlas", source_is_local=True)
    assert "It needs no credential." in words(cast.client("lead").get(URL).content.decode())


@pytest.fixture
def closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a private repository."""
    Repository(tmp_path / "served" / "cirrus").commit({"tests/test_a.py": "def test_a(): pass\n"})
    monkeypatch.setenv("GIT_SSL_CAINFO", str(tmp_path / "certificate.pem"))
    with serve(tmp_path / "served", tmp_path / "certificate.pem", Door("ada", CANARY)) as base:
        yield f"{base}/cirrus/.git"


@pytest.mark.django_db(transaction=True)  # a test's heartbeat looks from a thread of its own
def test_a_private_repository_is_added_then_opened_then_tested(
    cast: Cast, closed: str, django_assert_num_queries: Any
) -> None:
    client = cast.client("admin")
    refused = client.post("/p/new/", {"source": closed, "do": "add"})
    assert refused.status_code == 422 and "under Credentials" in refused.content.decode()
    answer = client.post("/p/new/", {"source": closed, "do": "private"})
    assert answer.url == "/p/cirrus/settings/credentials/"
    page = answer.url
    client.post(page, {"do": "token", "user": "ada", "token": CANARY})
    assert "A worker tries it now." in client.post(page, {"do": "test"}, follow=True).content.decode()
    row = ConnectionCheck.objects.get()
    part = f"{page}test/{row.pk}/"
    assert client.get(part).url == page
    waits = client.get(part, headers={"HX-Request": "true"})
    assert waits.status_code == 200 and "It starts as soon as a worker is free" in waits.content.decode()
    checks.run(row.pk)
    ended = client.get(part, headers={"HX-Request": "true"})
    text = words(ended.content.decode())
    assert ended.status_code == 286 and "The repository opens." in text and "pytest" not in text
    client.get(page)
    with django_assert_num_queries(6):
        text = words(client.get(page).content.decode())
    assert "The repository opens." in text and "it worked" in text


@pytest.mark.django_db(transaction=True)  # a command closes its connections
def test_the_command_line_adds_a_private_repository_without_asking_it(cast: Cast, closed: str, capsys: Any) -> None:
    with pytest.raises(CommandError, match="under Credentials"):
        call_command("add_project", "Cirrus", "--source", closed)
    call_command("add_project", "Cirrus", "--source", closed, "--private")
    assert "/p/cirrus/settings/credentials/" in capsys.readouterr().err
    assert Project.objects.get(slug="cirrus").passes.count() == 0


def test_an_address_that_turns_private_is_kept_and_asks_for_its_credential(cast: Cast, closed: str) -> None:
    sent = {name: getattr(cast.project, name) for name in ("name", "ref", "key", "interpreter", "install", "arguments")}
    answer = cast.client("lead").post("/p/atlas/settings/", {**sent, "source": closed, "environment": ""}, follow=True)
    assert answer.redirect_chain[-1][0] == URL and "Saved. The source could not be fetched" in answer.content.decode()
    cast.project.refresh_from_db()
    assert cast.project.source == closed
    sent["source"] = closed.replace("https://", f"https://ada:{CANARY}@")
    answer = cast.client("lead").post("/p/atlas/settings/", {**sent, "environment": ""})
    text = answer.content.decode()
    assert answer.status_code == 422 and "go under Credentials" in words(text)
    assert CANARY not in text and f'value="{closed}"' in text, "what was typed comes back without it"
    added = cast.client("admin").post("/p/new/", {"source": sent["source"], "do": "test"})
    assert added.status_code == 422 and CANARY not in added.content.decode()


def test_doctor_names_what_was_refused_and_what_stands_in_an_address(cast: Cast) -> None:
    assert doctor_stored.credentials().line() == "ok   credentials: none is stored"
    credentials.put_token(cast.project, "ada", CANARY, cast.lead)
    assert doctor_stored.credentials().text == "1 stored, 0 used so far"
    Credential.objects.update(used_at=cast.project.created_at, failed="The server refused it (401).")
    found = doctor_stored.credentials()
    assert found.state == "warn" and "atlas: The server refused it (401)." in found.text
    Credential.objects.update(failed="")
    Project.objects.filter(pk=cast.other.pk).update(source=f"https://ada:{CANARY}@git.example.org/b.git")
    found = doctor_stored.credentials()
    assert found.state == "warn" and "the address of borealis" in found.text and CANARY not in found.text
    Project.objects.filter(pk=cast.other.pk).update(source="git@git.example.org:b.git")
    assert doctor_stored.credentials().text == "1 stored, 1 used so far"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "CREDENTIAL_KEYS", ["k" * 40])
        found = doctor_stored.credentials()
    assert found.state == "FAIL" and "cannot be opened" in found.text


def test_an_error_report_of_django_shows_none(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.views.debug import ExceptionReporter

    def broken(*args: Any, **kwargs: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(credentials, "put_token", broken)
    client = cast.client("lead")
    client.raise_request_exception = False
    answer = client.post(URL, {"do": "token", "user": "ada", "token": CANARY})
    assert answer.status_code == 500 and CANARY not in answer.content.decode()
    report = ExceptionReporter(answer.wsgi_request, *answer.exc_info)
    assert (
        CANARY not in json.dumps([report.get_traceback_text()]) and "ZeroDivisionError" in report.get_traceback_text()
    )
