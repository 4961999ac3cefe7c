"""The product's own web server on a loopback port, with one more address: a view that returns a constant."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FLOOR = "/floor/"


class Visitor:
    """A signed-in person on one kept connection."""

    def __init__(self, port: int, cookie: str) -> None:
        self.port, self.cookie = port, cookie
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def get(self, path: str) -> bytes:
        """The body of a page, as the browser would get it."""
        headers = {"Cookie": f"sessionid={self.cookie}", "Accept-Encoding": "gzip"}
        try:
            self.connection.request("GET", path, headers=headers)
            answer = self.connection.getresponse()
        except (http.client.RemoteDisconnected, BrokenPipeError):  # the server closes what rested for two seconds
            self.connection.close()
            self.connection.request("GET", path, headers=headers)
            answer = self.connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{path} answered {answer.status}")
        return body


@contextmanager
def served(data_dir: Path) -> Iterator[Visitor]:
    """Gunicorn as ``make run`` starts it, over the benchmark's own servers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "-c", "python:dashboard.web", "tests.benchmarks.floor_site"]
    with (data_dir / "logs" / "bench-web.log").open("ab") as log:
        process = subprocess.Popen(command, env={**os.environ, "PORT": str(port)}, stdout=log, stderr=log)
        try:
            yield _signed_in(port, process)
        finally:
            process.terminate()
            process.wait(30)


def _signed_in(port: int, process: subprocess.Popen[bytes]) -> Visitor:
    deadline = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit("The web server does not start.") from None
            time.sleep(0.1)
    return Visitor(port, _session())


def _session() -> str:
    from django.test import Client

    from remediation.models import User

    reader, _ = User.objects.get_or_create(username="bench.visitor", is_superuser=True)
    client = Client()
    client.force_login(reader)
    return client.cookies["sessionid"].value
