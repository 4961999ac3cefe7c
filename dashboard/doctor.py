"""The checks of `manage.py doctor`: each looks at one thing and says what to do."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator
from datetime import timedelta

import redis
from django.conf import settings
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models.functions import Now

from dashboard import doctor_stored
from dashboard.celery import app
from dashboard.findings import FAIL, OK, WARN, Finding
from dashboard.heartbeat import missed, seconds_since_dispatch
from dashboard.templatetags.figures import lasted
from remediation.collection import sandbox as isolation
from remediation.models import Outbox

LATE_SECONDS = 60.0  # four ticks of dispatch
LATE_MAIL = timedelta(hours=1)
LOW_DISK, FULL_DISK = 5 * 1024**3, 1024**3  # bytes
MIN_POSTGRES, MIN_GIT = 130_000, (2, 28)


def examine(*, up: bool) -> Iterator[Finding]:
    """Every check in turn; one that raises is a FAIL and hides none of the others.

    ``up``: the site is meant to be running, so a missing worker is a fault and not just a fact.
    """
    checks: dict[str, Callable[[], Finding]] = {
        "postgres": postgres,
        "fsync": fsync,
        "migrations": migrations,
        "redis": broker,
        "worker": lambda: worker(up),
        "beat": lambda: beat(up),
        "git": git,
        "uv": uv,
        "sandbox": sandbox,
        "mail": mail,
        "outbox": outbox,
        "sign-in": sign_in,
        "credentials": doctor_stored.credentials,
        "backup": doctor_stored.backup,
        "reports": doctor_stored.reports,
        "data": data_directory,
        "disk": disk,
    }
    for name, check in checks.items():
        try:
            yield check()
        except Exception as error:  # a doctor that stops at the first illness is none
            yield Finding(FAIL, name, f"{type(error).__name__}: {' '.join(str(error).split())}"[:300], "see the text")


def postgres() -> Finding:
    """Reachable, and new enough."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SHOW server_version")
            version = cursor.fetchone()[0]
            cursor.execute("SHOW server_version_num")
            number = int(cursor.fetchone()[0])
    except Error as error:
        reason = " ".join(str(error).split())[:200]
        return Finding(FAIL, "postgres", f"not reachable: {reason}", "start it, or correct DATABASE_URL")
    where = "embedded" if settings.EMBEDDED_POSTGRES else "DATABASE_URL"
    if number < MIN_POSTGRES:
        return Finding(FAIL, "postgres", f"version {version} is too old ({where})", "use version 13 or newer")
    return Finding(OK, "postgres", f"version {version} ({where})")


def fsync() -> Finding:
    """Committed must mean written."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit')")
            found = dict(cursor.fetchall())
    except Error:
        return Finding(FAIL, "fsync", "unknown, the database does not answer", "see postgres")
    off = [name for name, value in found.items() if value == "off"]
    if off:
        text = f"{' and '.join(off)} off: a power cut loses passes"
        return Finding(FAIL, "fsync", text, "switch it on in postgresql.conf")
    return Finding(OK, "fsync", "committed means written")


def migrations() -> Finding:
    """The schema is this version's."""
    try:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except Error:
        return Finding(FAIL, "migrations", "unknown, the database does not answer", "see postgres")
    if plan:
        return Finding(FAIL, "migrations", f"{len(plan)} not applied", "run manage.py migrate")
    return Finding(OK, "migrations", "all applied")


def broker() -> Finding:
    """Reachable; loses nothing when full."""
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=3, socket_connect_timeout=3) as client:
            version = client.info("server")["redis_version"]
            policy = client.info("memory").get("maxmemory_policy", "noeviction")
    except (redis.RedisError, OSError) as error:
        reason = " ".join(str(error).split())[:200]
        return Finding(FAIL, "redis", f"not reachable: {reason}", "start it, or correct REDIS_URL")
    if policy != "noeviction":
        return Finding(WARN, "redis", f"evicts keys when full ({policy})", "set maxmemory-policy noeviction")
    where = "embedded" if settings.EMBEDDED_VALKEY else "REDIS_URL"
    return Finding(OK, "redis", f"protocol version {version} ({where})")


def worker(up: bool) -> Finding:
    """Somebody takes passes."""
    try:
        queues = app.control.inspect(timeout=2.0).active_queues() or {}
    except (OSError, redis.RedisError, *app.connection().connection_errors) as error:
        return Finding(FAIL, "worker", f"cannot be asked: {' '.join(str(error).split())[:200]}", "see redis")
    taken = {queue["name"] for each in queues.values() for queue in each}
    missing = sorted({"default", "collect"} - taken)
    gone = ", ".join(f"{name} (last heard of {lasted(age)} ago)" for name, age in missed(queues))
    told = f"; missed: {gone}" if gone else ""
    if missing:
        text = "none runs" if not queues else f"nobody takes the queue {' and '.join(missing)}"
        return Finding(FAIL if up else WARN, "worker", text + told, "start it: make run, or celery -A dashboard worker")
    return Finding(OK, "worker", f"{len(queues)} running: {', '.join(sorted(queues))}{told}")


def beat(up: bool) -> Finding:
    """Passes are queued when they are due."""
    try:
        age = seconds_since_dispatch()
    except (redis.RedisError, OSError):
        return Finding(FAIL, "beat", "unknown, Redis does not answer", "see redis")
    if age is not None and age <= LATE_SECONDS:
        return Finding(OK, "beat", f"last dispatch {age:.0f} s ago")
    text = "no dispatch has ended yet" if age is None else f"last dispatch {age:.0f} s ago"
    return Finding(FAIL if up else WARN, "beat", text, "start it: make run, or celery -A dashboard beat; see its log")


def git() -> Finding:
    """Present, and new enough for what we ask of it."""
    try:
        shown = subprocess.run(["git", "--version"], capture_output=True, text=True, check=False, timeout=10).stdout
    except OSError:
        return Finding(FAIL, "git", "not found", "install git")
    numbers = shown.split()[2] if len(shown.split()) > 2 else ""
    version = tuple(int(part) for part in numbers.split(".")[:2] if part.isdigit())
    if version < MIN_GIT:
        return Finding(FAIL, "git", f"{shown.strip() or 'no version'} is too old", "install 2.28 or newer")
    return Finding(OK, "git", numbers)


def uv() -> Finding:
    """Builds the targets' environments."""
    import uv as package

    try:
        binary = package.find_uv_bin()
        shown = subprocess.run([binary, "--version"], capture_output=True, text=True, check=False, timeout=10)  # noqa: S603
    except OSError as error:
        return Finding(FAIL, "uv", str(error), "run make run again: it installs uv")
    if shown.returncode:
        return Finding(FAIL, "uv", shown.stderr.strip()[:200], "run make run again: it installs uv")
    return Finding(OK, "uv", shown.stdout.strip().removeprefix("uv "))


def sandbox() -> Finding:
    """What strangers' code can be kept in, against what the settings demand."""
    level, least = isolation.probe().level, settings.SANDBOX_MIN_LEVEL
    found = f"level {level}, {isolation.name(level)}"
    if level < least:
        refused = f"{found}, SANDBOX_MIN_LEVEL is {least}: passes are refused"
        return Finding(FAIL, "sandbox", refused, isolation.remedy(level, least))
    if level < 2:
        return Finding(WARN, "sandbox", found, "install bubblewrap (apt-get install bubblewrap)")
    return Finding(OK, "sandbox", found)


def mail() -> Finding:
    """Whether and how mail is sent; never the password."""
    if not settings.MAIL:
        return Finding(OK, "mail", "not configured, nothing is sent (EMAIL_URL)")
    how = "TLS" if settings.EMAIL_USE_SSL else "STARTTLS" if settings.EMAIL_USE_TLS else "in the clear"
    text = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}, {how}, from {settings.DEFAULT_FROM_EMAIL}"
    return Finding(OK, "mail", text) if settings.SITE_URL else Finding(WARN, "mail", text, "set SITE_URL for its links")


def outbox() -> Finding:
    """Nothing that should have left is lost or late."""
    dead = Outbox.objects.given_up()
    late = Outbox.objects.waiting().filter(made_at__lt=Now() - LATE_MAIL)
    if lost := dead.count():
        last = dead.values_list("key", "last_error").first()
        text = f"{lost} message{'' if lost == 1 else 's'} never arrived; the last: {last[0]}: {last[1]}"
        return Finding(WARN, "outbox", text, "mend the cause, then manage.py deliver --again")
    if waits := late.count():
        text = f"{waits} message{'' if waits == 1 else 's'} not delivered for an hour: {late.first().last_error}"
        return Finding(WARN, "outbox", text, "they are tried again by themselves; see beat and worker")
    return Finding(OK, "outbox", "everything has left")


def sign_in() -> Finding:
    """How people come in, and whether the issuer of single sign-on answers; never a secret."""
    if not settings.SSO:
        return Finding(OK, "sign-in", "by password; single sign-on is not configured (OIDC_ISSUER)")
    import requests

    open_to = f", open to {', '.join(settings.OIDC_DOMAINS)}" if settings.OIDC_DOMAINS else ", accounts by invitation"
    url = f"{settings.OIDC_ISSUER.rstrip('/')}/.well-known/openid-configuration"
    try:
        answer = requests.get(url, timeout=5)
        answer.raise_for_status()
        named = answer.json()["issuer"]
    except (requests.RequestException, ValueError, KeyError, TypeError) as error:
        reason = f"{settings.OIDC_ISSUER} gives no configuration ({type(error).__name__})"
        return Finding(WARN, "sign-in", reason, "correct OIDC_ISSUER, or let this machine reach it")
    if str(named).rstrip("/") != settings.OIDC_ISSUER.rstrip("/"):
        return Finding(FAIL, "sign-in", f"{settings.OIDC_ISSUER} calls itself {named}", "set OIDC_ISSUER to that")
    return Finding(OK, "sign-in", f"by password and by {settings.OIDC_ISSUER}{open_to}")


def data_directory() -> Finding:
    """Ours, and nobody else's to read."""
    found = settings.DATA_DIR.stat()
    if found.st_uid != os.geteuid() and os.geteuid() != 0:
        return Finding(FAIL, "data", f"{settings.DATA_DIR} belongs to user {found.st_uid}", "start as that user")
    if not os.access(settings.DATA_DIR, os.W_OK | os.X_OK):
        return Finding(FAIL, "data", f"{settings.DATA_DIR} cannot be written", "change its owner or DATA_DIR")
    private = settings.DATA_DIR / "private"
    open_to_others = [p for p in (settings.DATA_DIR, private) if p.exists() and stat.S_IMODE(p.stat().st_mode) & 0o077]
    if private in open_to_others:
        return Finding(FAIL, "data", f"{private} can be read by others", f"chmod 700 '{private}'")
    if open_to_others:
        return Finding(WARN, "data", f"{settings.DATA_DIR} can be read by others", f"chmod 700 '{settings.DATA_DIR}'")
    return Finding(OK, "data", str(settings.DATA_DIR))


def disk() -> Finding:
    """Room for checkouts and environments."""
    usage = shutil.disk_usage(settings.DATA_DIR)
    text = f"{usage.free / 1024**3:.1f} GiB free"
    if usage.free < FULL_DISK:
        return Finding(FAIL, "disk", text, "make room: passes will fail")
    if usage.free < LOW_DISK:
        return Finding(WARN, "disk", text, "make room soon")
    return Finding(OK, "disk", text)
