"""A real git server over https on loopback: git's own http-backend behind a certificate made for the test."""

from __future__ import annotations

import base64
import os
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit


@dataclass
class Door:
    """Whoever comes without this user name and token is answered 401, and with them ``answer`` (200: let in).

    ``asked``: path and Authorization of every request. ``elsewhere``: where a redirect leads.
    """

    user: str
    token: str
    answer: int = 200
    elsewhere: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)


class _Backend(BaseHTTPRequestHandler):
    root: Path
    door: Door | None

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        if self.door is not None and self._kept_out(self.door, parts.path):
            return
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        variables = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "safe.directory",
            "GIT_CONFIG_VALUE_0": "*",
            "REQUEST_METHOD": self.command,
            "PATH_INFO": parts.path,
            "QUERY_STRING": parts.query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "REMOTE_ADDR": "127.0.0.1",
        }
        done = subprocess.run(["git", "http-backend"], input=body, env=variables, capture_output=True, check=False)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().splitlines())
        self.send_response(int(fields.pop("Status", "200").split()[0]))
        for name, value in {**fields, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def _kept_out(self, door: Door, path: str) -> bool:
        """Answer whoever may not come in; whether that was so."""
        given = self.headers.get("Authorization", "")
        door.asked.append((path, given))
        opens = "Basic " + base64.b64encode(f"{door.user}:{door.token}".encode()).decode()
        status = door.answer if given == opens else 401
        if status == 200:
            return False
        self.send_response(status)
        if status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
        if status in (301, 302, 307):
            self.send_header("Location", door.elsewhere + self.path)
        self.send_header("Content-Length", "0")
        self.end_headers()
        return True

    do_GET = do_POST = _serve

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@contextmanager
def serve(root: Path, certificate: Path, door: Door | None = None) -> Iterator[str]:
    """Serve the bare repositories below ``root``; yields the address. ``certificate`` is written there (PEM).

    ``door``: who is let in; None for everybody.
    """
    key = certificate.with_suffix(".key")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Backend", (_Backend,), {"root": root, "door": door}))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"https://localhost:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
