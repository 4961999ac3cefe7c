"""The product's own web server before the tests' database, and people who press Claim in it over real connections."""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

from dashboard.sessions import SessionStore
from remediation.models import Membership, Project, User

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "storm" * 6 + "ab"  # of the cookie and the form alike: 32 letters, as Django asks


@dataclass(frozen=True)
class Answer:
    """What one request got, and after how many seconds."""

    status: int
    seconds: float


@contextmanager
def served(environment: Mapping[str, str], log: Path) -> Iterator[int]:
    """The port of a gunicorn as ``make run`` starts it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "-c", "python:dashboard.web", "dashboard.wsgi"]
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, env={**environment, "PORT": str(port)}, stdout=out, stderr=out)
    try:
        _until_it_answers(port, process, log)
        yield port
    finally:
        process.terminate()
        process.wait(30)


def _until_it_answers(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if _ask(http.client.HTTPConnection("127.0.0.1", port, timeout=5), "GET", "/healthz", {}).status == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(log.read_text())


def people(project: Project, count: int) -> list[str]:
    """Signed-in engineers of the project: the cookie that each browser holds."""
    made = User.objects.bulk_create(User(username=f"person{n}", password=f"!{n}") for n in range(count))
    Membership.objects.bulk_create(Membership(project=project, user=user, role="engineer") for user in made)
    return [f"{settings.SESSION_COOKIE_NAME}={_session(user)}; {settings.CSRF_COOKIE_NAME}={TOKEN}" for user in made]


def _session(user: User) -> str:
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return str(session.session_key)


def press(port: int, path: str, cookies: Sequence[str], connections: int) -> list[Answer]:
    """Everyone presses the button at ``path``, over so many connections that are let go together."""
    gate = threading.Barrier(connections)

    def one_connection(own: Sequence[str]) -> list[Answer]:
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        line.connect()
        gate.wait(60)
        headers = {"HX-Request": "true", "X-CSRFToken": TOKEN}
        return [_ask(line, "POST", path, {**headers, "Cookie": cookie}) for cookie in own]

    with ThreadPoolExecutor(connections) as pool:
        parts = pool.map(one_connection, [cookies[n::connections] for n in range(connections)])
        return [answer for answers in parts for answer in answers]


def _ask(line: http.client.HTTPConnection, method: str, path: str, headers: Mapping[str, str]) -> Answer:
    start = time.perf_counter()
    line.request(method, path, headers=dict(headers))
    with line.getresponse() as response:
        response.read()
        return Answer(response.status, time.perf_counter() - start)
