"""A real receiver of webhooks on loopback, which answers as the test says: well, late, wrong or not at all."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


@dataclass
class Heard:
    """One request as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def key(self) -> str:
        """The message's own id, whatever its kind."""
        return self.headers["idempotency-key"]

    @property
    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.body)


@dataclass
class Inbox:
    """What arrived, and what to answer next: a status, a status with its ``Retry-After``, "close", "drip", or seconds
    to wait before 200. Then 200."""

    url: str = ""
    heard: list[Heard] = field(default_factory=list)
    plan: list[int | float | str | tuple[int, str]] = field(default_factory=list)
    on_request: Callable[[], None] = lambda: None
    _release: threading.Event = field(default_factory=threading.Event)

    def release(self) -> None:
        """Nobody waits any longer."""
        self._release.set()

    @property
    def keys(self) -> list[str]:
        """The ids of what arrived, in its order."""
        return [heard.key for heard in self.heard]


@contextmanager
def receiver(certificate: Path | None = None) -> Iterator[Inbox]:
    """Run one; https with a certificate for localhost that is written there, else plain http."""
    inbox = Inbox()
    ended = inbox._release

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            inbox.heard.append(Heard(self.path, headers, body))
            inbox.on_request()
            answer = inbox.plan.pop(0) if inbox.plan else 200
            if answer == "close":
                self.connection.close()
                return
            if answer == "drip":
                _drip(self.connection, ended)
                return
            if isinstance(answer, float):
                ended.wait(answer)
            answer, retry_after = answer if isinstance(answer, tuple) else (answer, "")
            self.send_response(answer if isinstance(answer, int) else 200)
            if retry_after:
                self.send_header("Retry-After", retry_after)
            if answer == 302:
                self.send_header("Location", inbox.url + "elsewhere")
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None  # a client that left is what some tests are about
    if certificate is not None:
        server.socket = _secured(server.socket, certificate)
    inbox.url = f"{'https' if certificate else 'http'}://localhost:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield inbox
    finally:
        ended.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _drip(connection: socket.socket, ended: threading.Event) -> None:
    """An answer that never ends and is never silent for long."""
    try:
        while not ended.wait(0.05):
            connection.sendall(b"H")
    except OSError:
        pass


def _secured(plain: socket.socket, certificate: Path) -> socket.socket:
    key = certificate.with_suffix(".key")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out",
         str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context.wrap_socket(plain, server_side=True)


@contextmanager
def canary() -> Iterator[tuple[int, list[Any]]]:
    """A port of this machine, IPv4 and IPv6, and who connected to it: nobody should."""
    connected: list[Any] = []
    listener = socket.socket(socket.AF_INET6 if socket.has_dualstack_ipv6() else socket.AF_INET)
    if listener.family == socket.AF_INET6:
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    listener.bind(("", 0))
    listener.listen()
    listener.settimeout(0.02)
    ended = threading.Event()

    def accept() -> None:
        while not ended.is_set():
            try:
                taken, who = listener.accept()
            except OSError:
                continue
            connected.append(who)
            taken.close()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1], connected
        time.sleep(0.05)  # who connected last is accepted by now
    finally:
        ended.set()
        thread.join()
        listener.close()
