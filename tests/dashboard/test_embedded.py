"""The embedded servers: private, behind a password, joined or started, and never left behind."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import psycopg
import pytest
import redis
from django.conf import settings

from dashboard.embedded import Address, InUse, ServerError, Servers, ensure, keep_secret, own, running
from dashboard.postgres import SHARED, USER
from dashboard.processes import command_line, spawn, stop

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def data_dir(tmp_path):
    """A data directory whose sockets and lent cluster are gone afterwards."""
    folder = tmp_path / "data with a space"
    address = Address.of(folder)
    yield folder
    shutil.rmtree(address.socket_dir, ignore_errors=True)
    shutil.rmtree(SHARED / address.key, ignore_errors=True)


def connect(address: Address, password: str | None = None) -> psycopg.Connection:
    return psycopg.connect(
        host=str(address.socket_dir),
        user=USER,
        dbname="postgres",
        password=password,
        connect_timeout=5,
        autocommit=True,
    )


def show(address: Address, setting: str) -> str:
    with connect(address, address.password) as connection:
        return connection.execute(f"SHOW {setting}").fetchone()[0]


def test_settings_name_this_sessions_servers(embedded, redis_url):
    assert settings.DATABASES["default"]["HOST"] == str(embedded.socket_dir)
    assert redis_url == settings.REDIS_URL
    assert show(embedded, "fsync") == "off"  # the tests', and only theirs


def test_nobody_gets_in_without_the_password(embedded):
    for password in (None, "", "guess"):
        with pytest.raises(psycopg.OperationalError, match="password"):
            connect(embedded, password)
    with redis.Redis(unix_socket_path=str(embedded.valkey_socket)) as client, pytest.raises(redis.AuthenticationError):
        client.ping()
    for path in (embedded.socket_dir, embedded.data_dir / "private"):
        assert path.stat().st_mode & 0o777 == 0o700
    assert show(embedded, "listen_addresses") == ""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_no_command_line_shows_the_password(embedded):
    lines = [command_line(int(entry.name)) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    assert any(str(embedded.socket_dir) in line for line in lines)  # the server is among what was read
    assert not [line for line in lines if embedded.password in line]


def test_the_real_thing_is_durable_utc_and_utf8(data_dir):
    with ensure(data_dir) as started:
        assert started
        address = Address.of(data_dir)
        found = {name: show(address, name) for name in ("fsync", "synchronous_commit", "TimeZone", "server_encoding")}
        assert found == {"fsync": "on", "synchronous_commit": "on", "TimeZone": "UTC", "server_encoding": "UTF8"}
        with redis.Redis.from_url(address.redis_url) as client:
            assert client.config_get("appendonly") == {"appendonly": "yes"}
            client.set("kept", "1")
    assert not running(data_dir)
    with ensure(data_dir), redis.Redis.from_url(address.redis_url) as client:
        assert client.get("kept") == b"1"


def test_a_second_command_joins_and_the_owner_waits_for_it(data_dir):
    joined, leave, stopped = threading.Event(), threading.Event(), threading.Event()

    def guest() -> None:
        with ensure(data_dir, "the guest") as started:
            assert not started
            joined.set()
            leave.wait(30)
            assert running(data_dir)

    def owner() -> None:
        with ensure(data_dir, "the owner"):
            threading.Thread(target=guest).start()
            assert joined.wait(30)
        stopped.set()

    thread = threading.Thread(target=owner)
    thread.start()
    assert joined.wait(60)
    assert not stopped.wait(0.5)  # its servers stay up for the guest
    leave.set()
    assert stopped.wait(30)
    assert not running(data_dir)


def test_one_owner_and_the_other_is_told_who(data_dir):
    told = pytest.raises(InUse, match=rf"manage.py up \(process {os.getpid()}\)")
    with own(data_dir, "manage.py up"), told, own(data_dir, "another"):
        pass
    with own(data_dir, "another"):
        pass


@pytest.mark.parametrize("squat", ["open directory", "link", "file"])
def test_a_guessed_socket_directory_is_refused(data_dir, squat, tmp_path):
    address = Address.of(data_dir)
    if squat == "open directory":
        address.socket_dir.mkdir(mode=0o777)
        address.socket_dir.chmod(0o777)
    elif squat == "link":
        (tmp_path / "elsewhere").mkdir(mode=0o700)
        address.socket_dir.symlink_to(tmp_path / "elsewhere")
    else:
        address.socket_dir.touch()
    try:
        with pytest.raises(ServerError, match="not our private directory"):
            Servers(address).start()
    finally:
        if not address.socket_dir.is_dir() or address.socket_dir.is_symlink():
            address.socket_dir.unlink()


def test_a_failed_start_leaves_nothing(data_dir):
    address = Address.of(data_dir)
    (data_dir / "valkey").write_text("a file where a directory must be")
    with pytest.raises(OSError, match="valkey"):
        Servers(address).start()
    assert not running(data_dir, valkey=False)


def test_a_cluster_of_another_version_is_refused(data_dir):
    with ensure(data_dir, valkey=False):
        pass
    version = next(p for p in (data_dir / "postgres", SHARED / Address.of(data_dir).key / "postgres") if p.exists())
    (version / "PG_VERSION").write_text("9\n")
    with pytest.raises(ServerError, match="made by PostgreSQL 9"), ensure(data_dir, valkey=False):
        pass


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user runs PostgreSQL directly, as the other tests here do")
def test_root_without_user_namespaces_lends_the_cluster_to_another_account(data_dir, monkeypatch):
    monkeypatch.setenv("EMBEDDED_USERNS", "0")
    address = Address.of(data_dir)
    for _ in range(2):  # made, and found again
        with ensure(data_dir, valkey=False):
            assert show(address, "fsync") == "on"
            owner = (SHARED / address.key / "postgres").stat().st_uid
            assert pwd.getpwuid(owner).pw_name not in {"root", "nobody"}  # strangers' code runs as nobody
            assert address.socket_dir.stat().st_mode & 0o777 == 0o700
    monkeypatch.delenv("EMBEDDED_USERNS")
    with ensure(data_dir, valkey=False):  # once lent, always lent: its files are that account's
        assert not (data_dir / "postgres").exists()


def test_two_processes_make_one_secret(tmp_path):
    code = "import sys; from pathlib import Path; from dashboard.embedded import keep_secret as k"
    code += "; print(k(Path(sys.argv[1]), 'x'))"
    command = [sys.executable, "-c", code, str(tmp_path / "new")]
    racers = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(6)]
    answers = {racer.communicate(timeout=60)[0].strip() for racer in racers}
    assert answers == {keep_secret(tmp_path / "new", "x")}
    assert [p.name for p in (tmp_path / "new" / "private").iterdir()] == ["x"]


def test_stop_kills_what_does_not_listen(tmp_path):
    code = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    )
    with open(tmp_path / "out", "wb") as out:
        process = spawn([sys.executable, "-c", code], output=out, env={})
    while "deaf" not in (tmp_path / "out").read_text():
        time.sleep(0.02)
    began = time.monotonic()
    assert stop(process, 15, 0.3)
    assert process.returncode == -9
    assert time.monotonic() - began < 5
