"""A backup: everything in the database at one moment in one file, with a list of what that is, read back at once.

The list (``FILE.json``) holds for every table its rows and a sum over them, so that whoever restores the file can
prove that all of it is there. What opens private repositories is in it sealed; the key is not, see ``vault``.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from django.db import connection as ours
from psycopg import sql

from dashboard.postgres import ServerError, binaries

FORMAT = 1
_TABLES = """
    SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p') ORDER BY 1
"""
# The order of rows is nobody's promise, so each is summed by itself.
_SUM = "SELECT count(*), coalesce(sum(('x' || substr(md5(t::text), 1, 15))::bit(60)::bigint), 0)::text FROM {} t"


class BackupError(Exception):
    """It could not be made, or is not what it says; the text says why."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What one snapshot holds: {table: (rows, sum over them)} and the migrations that made the tables."""

    tables: Mapping[str, tuple[int, str]]
    migrations: Sequence[str]

    @property
    def rows(self) -> int:
        """Of all tables together."""
        return sum(rows for rows, _ in self.tables.values())


@dataclass(frozen=True, slots=True)
class Made:
    """A finished backup. ``restored``: its contents were restored and compared, not only read back."""

    file: Path
    at: datetime
    bytes: int
    sha256: str
    contents: Contents
    restored: bool


def make(target: Path, now: datetime, *, prove: bool = False) -> Made:
    """Write a backup to ``target`` (a folder: under a name of its own there). Raises BackupError.

    Nothing stands under the final name before it was read back whole. ``prove``: restore it into a database of its
    own on the same server, and compare. People may go on working meanwhile: it holds the moment it began.
    """
    file = target / f"remediation-{now:%Y-%m-%d-%H%M%S}.dump" if target.is_dir() else target
    if file.exists() or list_path(file).exists():
        raise BackupError(f"{file} exists already. A backup never overwrites one.")
    if not file.parent.is_dir():
        raise BackupError(f"There is no folder {file.parent}.")
    partial = file.with_name(f".{file.name}.partial")
    try:
        with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb"):
            pass  # it holds what people wrote, so it is its owner's from the first byte
        with connect() as connection:
            connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            snapshot = connection.execute("SELECT pg_export_snapshot()").fetchone()
            assert snapshot is not None
            run("pg_dump", "--format=custom", f"--snapshot={snapshot[0]}", "--no-owner", "--no-privileges",
                f"--file={partial}")  # fmt: skip
            contents = contents_of(connection)
        run("pg_restore", "--file=/dev/null", str(partial))
        if prove:
            _prove(partial, contents)
        made = Made(file, now, partial.stat().st_size, digest(partial), contents, prove)
        _list_of(made)
        partial.rename(file)
    finally:
        partial.unlink(missing_ok=True)
    return made


def read_list(file: Path) -> tuple[str, Contents]:
    """The SHA-256 and the contents that a backup's list names. Raises BackupError."""
    try:
        found = json.loads(list_path(file).read_text())
        if found["format"] != FORMAT:
            raise BackupError(f"{list_path(file)} is of another version of the dashboard.")
        tables = {name: (int(rows), str(total)) for name, (rows, total) in found["tables"].items()}
        return str(found["sha256"]), Contents(tables, tuple(found["migrations"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BackupError(f"{list_path(file)} cannot be read: {type(error).__name__}.") from error


def list_path(file: Path) -> Path:
    """Where the list of a backup's contents lies."""
    return file.with_name(f"{file.name}.json")


def digest(file: Path) -> str:
    """SHA-256 of a file, 64 hex digits."""
    with open(file, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def contents_of(connection: psycopg.Connection[Any]) -> Contents:
    """Every table of a database, counted and summed. Reads all of it."""
    names = [name for (name,) in connection.execute(_TABLES).fetchall()]
    tables = {}
    for name in names:
        found = connection.execute(sql.SQL(_SUM).format(sql.Identifier(name))).fetchone()
        assert found is not None
        tables[name] = (int(found[0]), str(found[1]))
    applied: list[str] = []
    if "django_migrations" in names:
        rows = connection.execute("SELECT app || '.' || name FROM django_migrations ORDER BY 1")
        applied = [name for (name,) in rows.fetchall()]
    return Contents(tables, applied)


def differences(wanted: Contents, found: Contents) -> list[str]:
    """What two databases differ in, one line for each table."""
    return [
        f"{name}: {_said(wanted.tables.get(name))} became {_said(found.tables.get(name))}"
        for name in sorted(wanted.tables.keys() | found.tables.keys())
        if wanted.tables.get(name) != found.tables.get(name)
    ]


@contextmanager
def connect(database: str = "") -> Iterator[psycopg.Connection[Any]]:
    """A connection of our own to the settings' server, where values have one spelling. ``database`` "": ours.

    What the server refuses is a BackupError.
    """
    address = _address(database)
    options = "-c timezone=UTC -c datestyle=ISO -c intervalstyle=postgres -c bytea_output=hex -c extra_float_digits=1"
    try:
        with psycopg.connect(**address, options=options, autocommit=True) as connection:
            yield connection
    except psycopg.Error as error:
        raise BackupError(f"The database refused: {' '.join(str(error).split())[:300]}") from error


def run(program: str, *arguments: str, database: str = "") -> None:
    """Run one of Postgres's own programs on the settings' server. Raises BackupError with its last words."""
    address, found = _address(database), _program(program)
    with tempfile.TemporaryDirectory(prefix="rd-pg-") as folder:
        passwords = Path(folder) / "pgpass"  # in the environment, every process of this user could read it
        secret = str(address.get("password") or "").replace("\\", "\\\\").replace(":", "\\:")
        with open(os.open(passwords, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write(f"*:*:*:*:{secret}\n")
        names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "dbname": "PGDATABASE", "sslmode": "PGSSLMODE"}
        variables = {variable: str(address[name]) for name, variable in names.items() if address.get(name)}
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "LC_ALL": "C",
            "PGPASSFILE": str(passwords),
            **variables,
        }
        command = [found, "--no-password", *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, check=False)  # noqa: S603
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        raise BackupError(f"{program} failed: {' '.join(lines[-2:])[:400]}")


def _program(name: str) -> str:
    """The one beside the embedded server, which is new enough for it; else the system's. Raises BackupError."""
    try:
        beside = binaries() / name
    except ServerError:
        beside = Path(name)
    found = str(beside) if beside.is_file() else shutil.which(name)
    if found is None:
        raise BackupError(f"{name} is missing. Install PostgreSQL's client programs.")
    return found


def _address(database: str) -> dict[str, Any]:
    """As libpq names it; what is not set stays libpq's own business."""
    values = ours.settings_dict
    named = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD", "dbname": "NAME"}
    address = {name: values[key] for name, key in named.items() if values.get(key)}
    if mode := values.get("OPTIONS", {}).get("sslmode"):
        address["sslmode"] = mode
    return address | ({"dbname": database} if database else {})


def _prove(file: Path, contents: Contents) -> None:
    """Restore it into a database of its own, compare, and drop that again. Raises BackupError."""
    name = f"rd_proof_{os.getpid()}_{os.urandom(4).hex()}"
    with connect() as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        try:
            restore_into(name, file, contents)
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def restore_into(database: str, file: Path, contents: Contents) -> None:
    """Fill an empty database from a backup, and compare every table with the list. Raises BackupError."""
    run("pg_restore", "--exit-on-error", "--no-owner", "--no-privileges", "--no-comments", "--single-transaction",
        f"--dbname={database}", str(file), database=database)  # fmt: skip
    with connect(database) as connection:
        if lines := differences(contents, contents_of(connection)):
            raise BackupError(f"What was restored is not what was saved: {'; '.join(lines[:5])}")


def _list_of(made: Made) -> None:
    text = {
        "format": FORMAT, "at": made.at.isoformat(), "bytes": made.bytes, "sha256": made.sha256,
        "rows": made.contents.rows, **asdict(made.contents),
    }  # fmt: skip
    list_path(made.file).write_text(json.dumps(text, indent=1))


def _said(table: tuple[int, str] | None) -> str:
    return "no such table" if table is None else f"{table[0]:,} rows (sum {table[1][-6:]})"
