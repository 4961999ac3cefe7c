"""A backup is made while people write, restored elsewhere, and compared table by table; nothing is ever overwritten."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from psycopg import sql

from dashboard import backup, doctor_stored
from dashboard.embedded import Address
from dashboard.postgres import USER
from remediation import credentials
from remediation.models import AuditLine, Backup
from tests.dashboard.cast import Cast, words

ROOT = Path(__file__).resolve().parent.parent.parent
CANARY = "canary-token-0123456789"
SIGN_IN = """
from django.test import Client
client = Client(headers={"host": "localhost"})
answer = client.post("/login/", {"login": "ines.duarte", "password": "pass-phrase-7"})
print("signed in:", answer.status_code, client.get("/p/atlas/").status_code)
"""


@pytest.fixture
def cast(transactional_db: None, embedded: Address) -> Cast:
    # What follows makes and drops databases: only on the server that these tests started themselves.
    assert connection.settings_dict["HOST"] == str(embedded.socket_dir)
    return Cast.make()


@pytest.fixture
def elsewhere(embedded: Address, child_environment: dict[str, str]) -> Iterator[dict[str, str]]:
    """The environment of a command on a new, empty database of the same server."""
    name = f"rd_drill_{os.getpid()}"
    with psycopg.connect(host=str(embedded.socket_dir), user=USER, password=embedded.password, dbname="postgres",
                         autocommit=True) as server:  # fmt: skip
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        try:
            ours = connection.settings_dict["NAME"]
            yield child_environment | {
                "DATABASE_URL": child_environment["DATABASE_URL"].replace(f"@/{ours}?", f"@/{name}?"),
                "SECRET_KEY": "of-another-machine-" * 4, "ALLOWED_HOSTS": "localhost", "NAME": name,
            }  # fmt: skip
        finally:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def manage(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *words], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300
    )


def write_on(stop: threading.Event) -> None:
    """Change rows as fast as it goes."""
    with backup.connect() as own:
        number = 0
        while not stop.is_set():
            number += 1
            own.execute(
                "INSERT INTO remediation_remembered (key, value, expires_at) VALUES (%s, '1', NULL)", [f"busy {number}"]
            )
            own.execute("UPDATE remediation_user SET first_name = %s WHERE username = 'vera.lund'", [f"Vera {number}"])


def test_the_drill(cast: Cast, tmp_path: Path, elsewhere: dict[str, str], capsys: Any) -> None:
    credentials.put_token(cast.project, "ada", CANARY, cast.lead)
    stop = threading.Event()
    writer = threading.Thread(target=write_on, args=(stop,), daemon=True)
    writer.start()
    call_command("backup", str(tmp_path))
    stop.set()
    writer.join()
    said = capsys.readouterr()
    row = Backup.objects.get()
    file = Path(row.file)
    sha256, contents = backup.read_list(file)
    assert (row.bytes, row.sha256) == (file.stat().st_size, backup.digest(file)) and row.sha256 == sha256
    assert row.rows == contents.rows > 50 and row.tables == len(contents.tables) and not row.restored
    assert f"{row.rows:,} rows, read back whole." in said.out and "private/credential-key" in said.err
    assert file.stat().st_mode & 0o077 == 0 and sorted(path.suffix for path in tmp_path.iterdir()) == [".dump", ".json"]
    assert AuditLine.objects.latest("pk").object == "backup"
    with backup.connect() as own:
        moved = [line.partition(":")[0] for line in backup.differences(contents, backup.contents_of(own))]
    assert {"remediation_remembered", "remediation_user", "remediation_backup"} <= set(moved), "people went on"
    done = manage(elsewhere, "restore", str(file))
    assert done.returncode == 0, done.stderr
    assert f"Restored {row.rows:,} rows in {row.tables} tables, each compared." in done.stdout
    with backup.connect(elsewhere["NAME"]) as restored:
        assert backup.differences(contents, backup.contents_of(restored)) == []
        text = restored.execute("SELECT string_agg(c::text, '') FROM remediation_credential c").fetchone()
        assert text and "git.example.org" in text[0] and CANARY not in text[0]
    signed = manage(elsewhere, "shell", "-c", SIGN_IN)
    assert "signed in: 302 200" in signed.stdout, signed.stderr
    again = manage(elsewhere, "restore", str(file))
    assert again.returncode == 2 and "into an empty one only" in again.stderr


def test_a_proof_restores_and_compares_and_leaves_nothing(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def databases() -> list[Any]:
        with backup.connect() as own:
            return own.execute("SELECT datname FROM pg_database ORDER BY 1").fetchall()

    before = databases()
    call_command("backup", str(tmp_path / "a.dump"), "--prove")
    assert Backup.objects.get().restored and databases() == before
    # The control: a list that says something else than the file is found out.
    whole = backup.contents_of
    found: list[backup.Contents] = []

    def told(own: Any) -> backup.Contents:
        found.append(whole(own))
        if len(found) > 1:
            return found[-1]
        return backup.Contents({**found[0].tables, "remediation_user": (1, "0")}, found[0].migrations)

    monkeypatch.setattr(backup, "contents_of", told)
    with pytest.raises(CommandError, match="remediation_user: 1 rows"):
        call_command("backup", str(tmp_path / "b.dump"), "--prove")
    assert databases() == before and Backup.objects.count() == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.dump", "a.dump.json"]


def test_what_is_refused(cast: Cast, tmp_path: Path) -> None:
    file = tmp_path / "a.dump"
    call_command("backup", str(file))
    for words_, says in (
        (("backup", str(file)), "never overwrites"),
        (("backup", str(tmp_path / "no" / "b.dump")), "There is no folder"),
        (("restore", str(file)), "into an empty one only"),
        (("restore", str(tmp_path / "c.dump")), "cannot be read"),
    ):
        with pytest.raises(CommandError, match=says) as refused:
            call_command(*words_)
        assert refused.value.returncode == 2
    with pytest.raises(backup.BackupError, match=r"The database refused: .*no_such"), backup.connect("no_such"):
        raise AssertionError("it was reached")
    with file.open("r+b") as stream:
        stream.truncate(file.stat().st_size - 100)
    with pytest.raises(CommandError, match="was changed or cut"):
        call_command("restore", str(file))
    (tmp_path / "a.dump.json").write_text('{"format": 2}')
    with pytest.raises(CommandError, match="another version"):
        call_command("restore", str(file))


@pytest.mark.django_db
def test_its_age_is_said_on_the_page_and_by_doctor() -> None:
    cast = Cast.make()
    client = cast.client("admin")
    text = words(client.get("/admin-area/server/").content.decode())
    assert "Last backup: never." in text and "Nothing here could be brought back." in text
    assert doctor_stored.backup().line().startswith("warn backup: none was ever made, run manage.py backup")
    made = {"made_by": "command line", "file": "/srv/a.dump", "sha256": "a" * 64, "tables": 40, "rows": 1_234}
    Backup.objects.create(at=timezone.now() - timedelta(days=3), bytes=13_002_342, restored=True, **made)
    text = words(client.get("/admin-area/server/").content.decode())
    assert "Last backup: 3 days ago, 12.4 MB, restored and compared; 1,234 rows of 40 tables." in text
    assert (
        "too long ago" not in text and doctor_stored.backup().line() == "ok   backup: the last is 3 days old, 12.4 MB"
    )
    Backup.objects.update(at=timezone.now() - timedelta(hours=5, minutes=20))
    assert doctor_stored.backup().text == "the last is 5 hours old, 12.4 MB"
    Backup.objects.update(at=timezone.now() - timedelta(days=8))
    assert "That is too long ago." in words(client.get("/admin-area/server/").content.decode())
    assert doctor_stored.backup().state == "warn"
