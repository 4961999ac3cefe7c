"""`make run`: everything the site needs on this machine, until Ctrl-C."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import signal
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command, get_commands
from django.core.management.base import CommandError, CommandParser
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor

from dashboard import forking
from dashboard.embedded import Address, Servers, own
from dashboard.environment import env_int, env_text
from dashboard.first_link import issue_link
from dashboard.management.base import BLOCKED, ProjectCommand, migrate
from dashboard.supervisor import Child, GivenUp, Supervisor, python
from remediation.collection.source import SourceError, check_source

log = logging.getLogger("dashboard.up")
# What the site and the workers import anyway; imported before they are forked, it is in memory once.
_SHARED = (
    "dashboard.wsgi", "dashboard.urls", "gunicorn.app.wsgiapp", "gunicorn.workers.gthread",
    "dashboard.celery", "remediation.tasks", "celery.bin.celery", "celery.apps.worker", "celery.apps.beat",
    "celery.worker.consumer", "celery.concurrency.prefork", "kombu.transport.redis",
)  # fmt: skip
STOP_ORDER = (("sample", "web"), ("beat", "dispatcher", "collector"))


class Command(ProjectCommand):
    """Start the servers, the workers and the site, and end them in order."""

    help = "Start everything and stay until Ctrl-C. Exit code 1: a process could not be kept alive. 2: cannot start."
    needs_servers = False

    def add_arguments(self, parser: CommandParser) -> None:
        """The command line's own words; PORT and HOST of the environment are their defaults."""
        parser.add_argument("--port", type=int, default=None, help="of the site (default 8000, or PORT)")
        parser.add_argument("--host", default=env_text("HOST", "127.0.0.1"), help="address to listen on")
        parser.add_argument("--repo", default="", help="a repository to watch: a path or a git URL")
        parser.add_argument("--python", default="", help="the interpreter that runs its tests")
        parser.add_argument("--no-sample", action="store_true", help="start empty when there is no project yet")

    def work(self, **options: Any) -> int | None:
        """Hold the data directory, start in order, watch, end in the other order."""
        if options["python"] and not options["repo"]:
            raise CommandError("--python (PYTHON=) names the interpreter of a repository: give --repo (REPO=) too.")
        port = options["port"] if options["port"] is not None else env_int("PORT", 8000, least=1)
        _refuse_taken_port(options["host"], port)
        address = Address.of(settings.DATA_DIR)
        logs = settings.DATA_DIR / "logs"
        logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        supervisor = Supervisor(logs, self._environment(options["host"], port), self._say, forks=True)
        with ExitStack() as stack:
            stack.enter_context(own(settings.DATA_DIR, "manage.py up"))
            supervisor.listen()
            servers = Servers(address, postgres=settings.EMBEDDED_POSTGRES, valkey=settings.EMBEDDED_VALKEY)
            stack.callback(servers.stop)
            servers.start()
            _prepare(settings.DATA_DIR)
            if options["repo"]:
                self._add_project(options["repo"], options["python"])
            connections.close_all()
            forking.preload(_SHARED)
            stack.callback(supervisor.end, *STOP_ORDER)
            try:
                url = f"http://{_shown_host(options['host'])}:{port}"
                return self._serve(supervisor, servers, url, sample=not options["no_sample"])
            except GivenUp as error:
                self.stderr.write(f"Stopped: {error}")
                return BLOCKED
            finally:
                self._say("Stopping." if supervisor.asked < 2 else "Hurrying.")
        return None

    def _serve(self, supervisor: Supervisor, servers: Servers, url: str, *, sample: bool) -> int | None:
        web, *workers = _children()
        supervisor.start(web)
        if not supervisor.watch(lambda: _healthy(url)):
            return None
        for child in workers:  # only now: on two cores their start would make the first page wait twice as long
            supervisor.start(child)
        self._welcome(url)
        if sample and not _sources() and "add_sample" in get_commands():
            supervisor.start(Child("sample", python(settings.BASE_DIR / "manage.py", "add_sample"), once=True))
        connections.close_all()
        sample_open = "sample" in supervisor.children

        def something_ended() -> bool:
            nonlocal sample_open
            if sample_open and (code := supervisor.finished("sample")) is not None:
                sample_open = False
                if code:
                    tail = "\n".join(supervisor.children["sample"].tail)
                    self._say(f"The sample project could not be made (exit code {code}):\n{tail}")
            return bool(servers.dead())

        if supervisor.watch(something_ended):
            raise GivenUp(f"{' and '.join(servers.dead())} ended; {settings.DATA_DIR / 'logs'} says why.")
        return None

    def _environment(self, host: str, port: int) -> dict[str, str]:
        environment = {**os.environ, "HOST": host, "PORT": str(port), "DATA_DIR": str(settings.DATA_DIR)}
        environment["DJANGO_SETTINGS_MODULE"] = os.environ.get("DJANGO_SETTINGS_MODULE", "dashboard.settings")
        # The children are started by path or by -m from here, whatever directory we were started in.
        paths = [str(settings.BASE_DIR), os.environ.get("PYTHONPATH", "")]
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
        return environment

    def _welcome(self, url: str) -> None:
        users = get_user_model()._default_manager
        self._say(f"The Remediation Dashboard runs at {url}")
        if users.exists():
            self._say(f"Sign in: {url}/login/")
        else:
            token = issue_link(settings.DATA_DIR)
            self._say(f"First sign-in (works once, for 24 hours): {url}/welcome/{token}/")
        if settings.EMBEDDED_POSTGRES and not env_text("SANDBOX_MIN_LEVEL"):
            self._say(
                "First look: SANDBOX_MIN_LEVEL=1, so passes also run where no full isolation is found. "
                "Watch only code you trust, or set SANDBOX_MIN_LEVEL=3."
            )
        self._say(f"Logs: {settings.DATA_DIR / 'logs'}. Ctrl-C stops everything.")

    def _add_project(self, repo: str, interpreter: str) -> None:
        """Ask add_project, once: a second start with the same repository finds the project there."""
        if "add_project" not in get_commands():
            raise CommandError("This version has no add_project command; start without --repo.")
        local = Path(repo).expanduser()
        try:
            source = check_source(str(local.resolve()) if local.exists() else repo, allow_local=True)
        except SourceError as error:
            raise CommandError(str(error)) from error
        if source in _sources():
            return
        name = source.rstrip("/").removesuffix(".git").replace(":", "/").rsplit("/", 1)[-1] or "repository"
        given = {"source": source, **({"python": interpreter} if interpreter else {})}
        try:
            call_command("add_project", name, **given)
        except CommandError:
            raise
        except Exception as error:
            log.exception("add_project failed")
            raise CommandError(f"{repo} could not be added: {error}") from error

    def _say(self, text: str) -> None:
        try:
            self.stdout.write(text)
            self.stdout.flush()
        except (BrokenPipeError, ValueError):  # the terminal has gone; ending in order matters more
            pass


def _children() -> Iterator[Child]:
    celery = ("-m", "celery", "-A", "dashboard", "-q")
    quiet = ("--without-gossip", "--without-mingle", "--loglevel", "INFO")
    yield Child(
        "web",
        python("-m", "gunicorn", "-c", "python:dashboard.web", "dashboard.wsgi"),
        stops=[(signal.SIGTERM, 6.0), (signal.SIGQUIT, 3.0)],
        abandoned=signal.SIGQUIT,
    )
    # The kernel's last signal to Celery is SIGKILL: a worker that has lost its broker waits for it and for nothing
    # else, and rows, not processes, remember what is unfinished.
    # Long passes must not keep the short tasks waiting, so these have a process of their own.
    yield Child(
        "dispatcher", python(*celery, "worker", "-P", "solo", "-Q", "default", "-n", "dispatcher@%h", *quiet),
        abandoned=signal.SIGKILL,
    )  # fmt: skip
    cores = str(env_int("COLLECT_CONCURRENCY", os.cpu_count() or 1, least=1))
    yield Child(
        "collector", python(*celery, "worker", "-c", cores, "-Q", "collect", "-n", "collector@%h", *quiet),
        stops=[(signal.SIGTERM, 10.0), (signal.SIGQUIT, 5.0)],  # warm, then cold: an unfinished pass is queued again
        abandoned=signal.SIGKILL,
    )  # fmt: skip
    schedule = ("--pidfile=", "--schedule", settings.BEAT_SCHEDULE_FILE)
    yield Child("beat", python(*celery, "beat", *schedule, "-l", "INFO"), abandoned=signal.SIGKILL)


def _prepare(data_dir: Path) -> None:
    """Migrations and static files, each only where something changed."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        migrate()
    stamp = data_dir / "static.stamp"
    fingerprint = _static_fingerprint()
    if not stamp.exists() or stamp.read_text() != fingerprint or not settings.STATIC_ROOT.is_dir():
        call_command("collectstatic", interactive=False, clear=True, verbosity=0)
        stamp.write_text(fingerprint)


def _static_fingerprint() -> str:
    """Changes with every static file's path, size or time, and with how they are stored."""
    found = [str(settings.STORAGES["staticfiles"]), str(settings.STATIC_ROOT)]
    for finder in get_finders():
        for name, storage in finder.list([]):
            state = Path(storage.path(name)).stat()
            found.append(f"{storage.path(name)} {state.st_size} {state.st_mtime_ns}")
    return hashlib.sha256("\n".join(sorted(found)).encode(errors="surrogateescape")).hexdigest()


def _refuse_taken_port(host: str, port: int) -> None:
    try:
        family, kind, _, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, OverflowError) as error:
        raise CommandError(f"Cannot listen on {host}:{port}: {error}.") from error
    with socket.socket(family, kind) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(where)
        except PermissionError as error:
            raise CommandError(f"Port {port} needs special rights. Choose another: make run PORT=8000") from error
        except (OSError, OverflowError) as error:
            raise CommandError(
                f"Port {port} is taken by another program. Choose another: make run PORT={min(port + 1, 65535)}"
            ) from error


def _healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=5) as answer:  # noqa: S310
            return bool(json.load(answer)["database"] == "ok")
    except (OSError, ValueError, KeyError, urllib.error.URLError):
        time.sleep(0.05)
        return False


def _shown_host(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104


def _sources() -> set[str]:
    """The repositories already watched."""
    from remediation.models import Project

    return set(Project._default_manager.values_list("source", flat=True))
