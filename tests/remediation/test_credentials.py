"""Credentials of repositories: stored sealed, lent to git for their own host, revoked; and read nowhere."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from dashboard.postgres import binaries
from remediation import audit, checks, credentials, deletion, passes, projects, vault
from remediation.collection import ssh_keys
from remediation.collection.source import SourceError
from remediation.models import AuditLine, CollectionPass, ConnectionCheck, Credential, Project, User
from remediation.passes.workshop import Workshop
from tests import factories
from tests.environments import environment
from tests.gitserver import Door, serve
from tests.repositories import Repository
from tests.sshclient import FakeSsh

pytestmark = pytest.mark.django_db
# Where a worker's heartbeat or pg_dump looks from outside.
committed = pytest.mark.django_db(transaction=True)

CANARY = "canary-" + secrets.token_hex(16)
SSH = "git@git.example.org:team/cirrus.git"


@pytest.fixture
def admin() -> User:
    return factories.user("root.admin", is_superuser=True)


@pytest.fixture
def door() -> Door:
    return Door("ada", CANARY)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "served" / "cirrus")
    spy = "import os\n\nprint(dict(os.environ))\nraise RuntimeError('seen: ' + str(dict(os.environ)))\n"
    made.commit({"tests/test_a.py": "def test_a(): pass\n", "tests/test_spy.py": spy}, "Start")
    return made


@pytest.fixture
def address(repository: Repository, tmp_path: Path, door: Door, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("GIT_SSL_CAINFO", str(tmp_path / "certificate.pem"))
    with serve(repository.path.parent, tmp_path / "certificate.pem", door) as base:
        yield f"{base}/cirrus/.git"


@pytest.fixture
def private(address: str) -> Project:
    return projects.create(name="cirrus", source=address, interpreter=str(environment("9")))


@pytest.fixture
def host(repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeSsh:
    pair = ssh_keys.make("host")
    line = " ".join(pair.public.split()[:2])
    made = FakeSsh(tmp_path / "bin", repository.path / ".git", line, ssh_keys.fingerprint(line))
    monkeypatch.setenv("PATH", made.path)
    return made


@pytest.fixture
def by_ssh(host: FakeSsh) -> Project:
    return projects.create(name="cirrus", source=SSH, interpreter=str(environment("9")))


def last_check(project: Project, user: User) -> dict[str, str]:
    """What a test of the connection said, by step."""
    row = checks.test(project, user)
    checks.run(row.pk)
    row.refresh_from_db()
    assert row.state == "ended"
    return {"passed": str(row.passed), **{step["code"]: step["said"] for step in row.steps}}


def command_lines(stop: threading.Event, found: set[str]) -> None:
    """Arguments and environments of all processes, as often as there is time for."""
    while not stop.is_set():
        for place in Path("/proc").glob("[0-9]*"):
            for name in ("cmdline", "environ"):
                try:
                    found.add((place / name).read_bytes().decode("utf-8", "replace"))
                except OSError:
                    continue
        time.sleep(0.002)


def dump(name: str) -> str:
    """The whole test database, as pg_dump writes it."""
    from django.db import connection

    values = connection.settings_dict
    done = subprocess.run(
        [str(binaries() / "pg_dump"), "--host", values["HOST"], "--username", values["USER"], values["NAME"]],
        env={"PGPASSWORD": values["PASSWORD"], "PATH": os.environ["PATH"]}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert name in done.stdout
    return done.stdout


@committed
def test_a_pass_of_a_private_repository_counts_and_its_token_is_nowhere(
    private: Project, admin: User, door: Door, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    credentials.put_token(private, "ada", CANARY, admin)
    stop, seen = threading.Event(), set[str]()
    watcher = threading.Thread(target=command_lines, args=(stop, seen), daemon=True)
    watcher.start()
    passes.run(passes.queue(private, trigger="manual").pk)
    assert last_check(private, admin)["passed"] == "True"
    stop.set()
    watcher.join()
    ended = CollectionPass.objects.get()
    assert (ended.outcome, ended.total) == ("counted", 1), ended.reason_text
    assert any("fetch" in line and private.source in line for line in seen), "git was among what was watched"
    assert not [line for line in seen if CANARY in line]
    assert any("Basic" in header for _, header in door.asked)
    text = dump("remediation_credential")
    assert Credential.objects.get().sealed in text and CANARY not in text
    data = Path(settings.DATA_DIR)
    files = [path for path in data.rglob("*") if path.is_file() and "postgres" not in path.parts]
    assert any(path.name == "config" for path in files)
    assert [path for path in files if CANARY.encode() in path.read_bytes()] == []
    assert CANARY not in caplog.text and CANARY not in json.dumps(list(AuditLine.objects.values("object", "changes")))
    row = Credential.objects.get()
    assert (row.failed, row.used_at is not None, row.hint) == ("", True, "…" + CANARY[-4:])


def test_the_control_a_token_in_the_address_would_have_been_found(address: str, door: Door) -> None:
    stop, seen = threading.Event(), set[str]()
    watcher = threading.Thread(target=command_lines, args=(stop, seen), daemon=True)
    watcher.start()
    url = address.replace("https://", f"https://ada:{CANARY}@")
    subprocess.run(["git", "-c", "http.sslVerify=false", "ls-remote", url], capture_output=True, check=True)
    stop.set()
    watcher.join()
    assert [line for line in seen if CANARY in line]


@committed
def test_each_way_to_fail_has_its_sentence_and_is_noted(private: Project, admin: User, door: Door) -> None:
    assert (
        "asks for a sign-in" in last_check(private, admin)["reach"]
        or "refused the sign-in" in (last_check(private, admin)["reach"])
    )
    credentials.put_token(private, "ada", "another-token", admin)
    assert "(401)" in last_check(private, admin)["reach"] and "(401)" in Credential.objects.get().failed
    credentials.put_token(private, "ada", CANARY, admin)
    for status, says in {403: "(403)", 404: "(404)"}.items():
        door.answer = status
        assert says in last_check(private, admin)["reach"] and says in Credential.objects.get().failed
    door.answer = 200
    assert last_check(private, admin)["passed"] == "True" and Credential.objects.get().failed == ""
    projects.update(private, ref="no-such-branch")
    assert "branches are main" in last_check(private, admin)["reach"]
    assert Credential.objects.get().failed == "", "the door was open"
    Project.objects.filter(pk=private.pk).update(source="https://localhost:1/cirrus.git", ref="HEAD")
    credentials.put_token(Project.objects.get(), "ada", CANARY, admin)
    assert "The server does not answer" in last_check(Project.objects.get(), admin)["reach"]
    assert ConnectionCheck.objects.filter(project=private).count() >= 6
    assert all(len(row.steps) <= 2 for row in ConnectionCheck.objects.all())


@committed
def test_a_credential_is_not_sent_where_the_address_moves(private: Project, admin: User, door: Door) -> None:
    credentials.put_token(private, "ada", CANARY, admin)
    Project.objects.filter(pk=private.pk).update(source=private.source.replace("localhost", "127.0.0.1"))
    moved = Project.objects.get()
    with credentials.opening(moved) as given:
        assert given is None
    assert "True" not in last_check(moved, admin)["passed"]
    assert {header for _, header in door.asked} == {""}
    # Whoever can write to the database cannot turn it to another host, either.
    Credential.objects.update(host=moved.source.split("/")[2])
    with pytest.raises(SourceError, match="made for something else"), credentials.opening(moved):
        raise AssertionError("it was opened")
    other = factories.project("borealis")
    Project.objects.filter(pk=other.pk).update(source=private.source)
    Credential.objects.update(project=other, host=private.source.split("/")[2])
    other.refresh_from_db()
    with pytest.raises(SourceError, match="made for something else"), credentials.opening(other):
        raise AssertionError("it was opened")
    assert {header for _, header in door.asked} == {""}


@committed
def test_a_deploy_key_opens_the_host_that_was_met_and_no_other(by_ssh: Project, admin: User, host: FakeSsh) -> None:
    made = credentials.make_key(by_ssh, admin)
    assert made.public_key.startswith("ssh-ed25519 ") and made.public_key.endswith(" remediation-dashboard cirrus")
    assert made.hint == ssh_keys.fingerprint(made.public_key)
    passes.run(passes.queue(by_ssh, trigger="manual").pk)
    assert CollectionPass.objects.get().outcome == "counted", CollectionPass.objects.get().reason_text
    first, *later = host.seen()
    assert first["known"] == "" and all(call["known"].startswith("git.example.org ssh-ed25519 ") for call in later)
    assert {mode for call in host.seen() for mode in call["modes"]} == {"0o600", "0o700"}
    assert all("StrictHostKeyChecking yes" in call["config"] for call in later[1:])
    inside = first["key"].splitlines()[2]
    for call in host.seen():
        assert inside in call["key"] and inside not in json.dumps([call["argv"], call["environment"]])
        assert "SSH_AUTH_SOCK" not in call["environment"] and "-F" in call["argv"]
    row = Credential.objects.get()
    assert ssh_keys.fingerprints(row.host_keys) == [host.plan["fingerprint"]] and row.host_met_at
    assert not list((Path(Workshop(by_ssh).root).parents[1] / "private" / "git").iterdir())
    assert inside not in dump("remediation_credential")


@committed
def test_a_changed_host_key_is_refused_until_somebody_forgets_the_old_one(
    by_ssh: Project, admin: User, host: FakeSsh
) -> None:
    credentials.make_key(by_ssh, admin)
    assert last_check(by_ssh, admin)["passed"] == "True"
    old = host.plan["fingerprint"]
    line = " ".join(ssh_keys.make("host").public.split()[:2])
    host.set(host_key=line, fingerprint=ssh_keys.fingerprint(line))
    said = last_check(by_ssh, admin)["reach"]
    assert f"it is {host.plan['fingerprint']}, trusted is {old}" in said and "Ask who runs the server" in said
    credentials.put_key(by_ssh, ssh_keys.make("x").private, admin)
    assert "not the trusted one" in last_check(by_ssh, admin)["reach"], "another key of ours trusts no other host"
    assert credentials.forget_host(by_ssh, admin) and not credentials.forget_host(by_ssh, admin)
    assert last_check(by_ssh, admin)["passed"] == "True"
    host.set(refuse=True)
    assert "refused the deploy key" in last_check(by_ssh, admin)["reach"]
    assert [line.object for line in AuditLine.objects.filter(verb="forgot")] == ["ssh host key of git.example.org"]


def test_what_does_not_fit_is_refused(private: Project, by_ssh_project: Project, admin: User) -> None:
    for put, field in (
        (lambda: credentials.put_token(private, "ada b", CANARY, admin), "user"),
        (lambda: credentials.put_token(private, "", CANARY, admin), "user"),
        (lambda: credentials.put_token(private, "ada", "a b", admin), "token"),
        (lambda: credentials.put_token(private, "ada", "a\nb", admin), "token"),
        (lambda: credentials.put_token(by_ssh_project, "ada", CANARY, admin), "token"),
        (lambda: credentials.make_key(private, admin), "private_key"),
        (lambda: credentials.put_key(by_ssh_project, "hunter2", admin), "private_key"),
        (lambda: credentials.put_key(by_ssh_project, "x" * 20_001, admin), "private_key"),
    ):
        with pytest.raises(credentials.Refused) as refused:
            put()
        assert refused.value.field == field and "hunter2" not in refused.value.text
    assert not Credential.objects.exists() and not AuditLine.objects.filter(object__contains=" for ").exists()


@pytest.fixture
def by_ssh_project() -> Project:
    return projects.create(name="stratus", source=SSH)


def test_a_short_token_shows_nothing_of_itself(private: Project, admin: User) -> None:
    assert credentials.put_token(private, "ada", "fifteen-letters", admin).hint == ""
    line = AuditLine.objects.latest("pk")
    assert (line.verb, line.changes["secret"]) == ("added", ["", "set"])
    assert credentials.put_token(private, "ada", "sixteen-letters!", admin).hint == "…ers!"
    assert AuditLine.objects.latest("pk").changes["secret"] == ["set", "changed"]
    assert Credential.objects.count() == 1


def test_revoking_takes_the_projects_name_and_deletes_it_at_once(private: Project, admin: User) -> None:
    credentials.put_token(private, "ada", CANARY, admin)
    with pytest.raises(credentials.Refused, match="Type cirrus"):
        credentials.revoke(private, "Cirrus", admin)
    assert credentials.revoke(private, " cirrus ", admin) and not credentials.revoke(private, "cirrus", admin)
    assert not Credential.objects.exists() and AuditLine.objects.filter(verb="revoked").count() == 1
    credentials.put_token(private, "ada", CANARY, admin)
    deletion.delete(private, "cirrus", admin)
    assert not Credential.objects.exists(), "a deleted project's secret does not wait for its rows"


def test_keys_are_changed_one_after_the_other_and_the_session_key_is_none_of_them(
    private: Project, admin: User, settings: Any
) -> None:
    credentials.put_token(private, "ada", CANARY, admin)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", []
    old = vault.keep_secret(settings.DATA_DIR, vault.FILE)
    settings.CREDENTIAL_KEYS = ["n" * 40, old]
    with credentials.opening(private) as given:
        assert given is not None and given.token == CANARY
    settings.CREDENTIAL_KEYS = ["n" * 40]  # its use has sealed it with the first
    with credentials.opening(private) as given:
        assert given is not None and given.token == CANARY
    settings.CREDENTIAL_KEYS = ["m" * 40]
    with pytest.raises(SourceError, match="this machine does not have") as error, credentials.opening(private):
        raise AssertionError("it was opened")
    assert error.value.why == "sealed" and "does not have" in Credential.objects.get().failed


@committed
def test_the_key_file_is_its_owners(private: Project, admin: User, settings: Any) -> None:
    credentials.put_token(private, "ada", CANARY, admin)
    file = Path(settings.DATA_DIR) / "private" / vault.FILE
    assert file.stat().st_mode & 0o777 == 0o600 and file.parent.stat().st_mode & 0o777 == 0o700
    assert file.read_text() not in dump("remediation_credential")


def test_the_database_knows_what_a_credential_is(private: Project, admin: User) -> None:
    row = credentials.put_token(private, "ada", CANARY, admin)
    for wrong in ({"kind": "ftp"}, {"failed": "no", "used_at": None}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Credential.objects.filter(pk=row.pk).update(**wrong)


def test_who_asks_without_one_is_told_where_it_goes(private: Project, admin: User) -> None:
    with pytest.raises(projects.NeedsCredential, match="under Credentials"):
        projects.check_source_answers(private)
    credentials.put_token(private, "ada", "another-token", admin)
    with pytest.raises(projects.Refused) as refused:
        projects.check_source_answers(private)
    assert not isinstance(refused.value, projects.NeedsCredential) and refused.value.field == "source"
    with audit.acting(audit.Actor(admin)):
        credentials.put_token(private, "ada", CANARY, admin)
    projects.check_source_answers(private)
