"""One POST to an address that a person typed: to a public host, the one that was checked, and nowhere else."""

from __future__ import annotations

import re
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from queue import Empty, SimpleQueue
from typing import NamedTuple

from django.conf import settings
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from remediation.core.public_addresses import CONTROL, HOST, may_reach
from remediation.notifiers.message import NotSent

RESOLVE_SECONDS, CONNECT_SECONDS, READ_SECONDS = 8.0, 5.0, 10.0
TOTAL_SECONDS = 15.0  # an answer that drips byte by byte is cut off then
TRIED = 3  # addresses of one host
BODY_BYTES = 2_000  # of the answer; what is longer is not read
_LONGEST = 1_000
# Path and query: every sign of ASCII but “#” and “\\”, which programs read in different ways.
_URL = re.compile(rf'(https?)://({HOST})(?::([0-9]{{1,5}}))?([/?][!"$-\[\]-~]*)?', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Target:
    """An address taken apart. ``path`` with the query; ``shown`` is what a log may hold: never the path."""

    secure: bool
    host: str
    port: int
    path: str

    @property
    def shown(self) -> str:
        """The host, and its port where it is not the usual one."""
        return self.host if self.port == (443 if self.secure else 80) else f"{self.host}:{self.port}"


class Answer(NamedTuple):
    """What a receiver said: its status, the beginning of its body, and its ``Retry-After`` as it came."""

    status: int
    said: str
    retry_after: str = ""


def target_of(url: str) -> Target:
    """Take an address apart. Raises NotSent with what to write instead."""
    if len(url) > _LONGEST or CONTROL.search(url) or not url.isascii():
        raise _refused(f"Give an https address of at most {_LONGEST:,} characters, without spaces.")
    match = _URL.fullmatch(url)
    if match is None:
        raise _refused("Give an address as https://host/path, without user name, password and “#”.")
    scheme, host, port, path = match.groups()
    secure = scheme.lower() == "https"
    if not secure and not settings.WEBHOOK_PLAIN_HTTP:
        raise _refused("Only https is used: the address itself is a secret.")
    number = int(port) if port else 443 if secure else 80
    if not 0 < number < 65_536:
        raise _refused("The port is no port.")
    path = path or "/"
    return Target(secure, host.lower(), number, path if path.startswith("/") else f"/{path}")


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """POST once. Raises NotSent when there is no answer.

    The host is resolved once, every address of it must be allowed, and the connection goes to one of exactly these.
    Redirects are answers like any other; no proxy of the environment is asked.
    """
    target = target_of(url)
    connection = _connect(target, _checked(target))
    try:
        with _deadline(connection):
            sent = {"Host": target.shown, "User-Agent": "remediation-dashboard", **headers}
            connection.request("POST", target.path, body=body, headers=sent, preload_content=False)
            answer = connection.getresponse()
            said = answer.read(BODY_BYTES, decode_content=False)
    except (OSError, HTTPError, HTTPException, ValueError) as error:
        raise NotSent(f"{target.shown}: {_words(error)}.", away=True) from error
    finally:
        connection.close()
    return Answer(answer.status, said.decode("utf-8", "replace"), answer.headers.get("Retry-After", "")[:100])


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host, as the system has them, each once. Raises OSError."""
    found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def check(url: str) -> Target:
    """Whether a message could be sent there now; connects to nothing. Raises NotSent with the reason."""
    target = target_of(url)
    _checked(target)
    return target


def _checked(target: Target) -> list[str]:
    try:
        addresses = _resolved(target)
    except (OSError, UnicodeError) as error:
        raise NotSent(f"{target.shown}: the name has no address.", away=True) from error
    for address in addresses:
        if not may_reach(address, settings.WEBHOOK_ALLOW):
            why = f"{target.shown} is {address}, which is no public address"
            raise _refused(f"{why}. An administrator can allow it (WEBHOOK_ALLOW).")
        if not target.secure and not address.startswith(("127.", "::1")):
            raise _refused("Only https is used: the address itself is a secret.")
    if not addresses:
        raise NotSent(f"{target.shown}: the name has no address.", away=True)
    return addresses[:TRIED]


def _resolved(target: Target) -> list[str]:
    """The system's answer within ``RESOLVE_SECONDS``; by itself it may ask silent name servers for half a minute."""
    answers: SimpleQueue[list[str] | Exception] = SimpleQueue()

    def ask() -> None:
        try:
            answers.put(resolve(target.host, target.port))
        except Exception as error:
            answers.put(error)

    threading.Thread(target=ask, name="resolve", daemon=True).start()
    try:
        found = answers.get(timeout=RESOLVE_SECONDS)
    except Empty:
        raise NotSent(f"{target.shown}: its name could not be looked up in time.", away=True) from None
    if isinstance(found, Exception):
        raise found
    return found


def _connect(target: Target, addresses: Sequence[str]) -> HTTPConnection:
    """A connection to the first address that takes one; nothing was sent yet, so trying the next doubles nothing."""
    failed: Exception | None = None
    for address in addresses:
        connection = _connection(target, address)
        try:
            with _deadline(connection):
                connection.connect()
            connection.timeout = READ_SECONDS
            return connection
        except (OSError, HTTPError) as error:
            connection.close()
            failed = error
    raise NotSent(f"{target.shown}: {_words(failed)}.", away=True) from failed


def _connection(target: Target, address: str) -> HTTPConnection:
    """To the checked address, under the host's own name: its certificate must be that of the name."""
    if not target.secure:
        return HTTPConnection(address, target.port, timeout=CONNECT_SECONDS)
    name = target.host.strip("[]").rstrip(".")
    return HTTPSConnection(
        address,
        target.port,
        timeout=CONNECT_SECONDS,
        ssl_context=ssl.create_default_context(),
        server_hostname=name,
    )


@contextmanager
def _deadline(connection: HTTPConnection) -> Iterator[None]:
    """Ends the connection after ``TOTAL_SECONDS``: the socket's own limit begins again with every byte."""

    def cut() -> None:
        if connection.sock is not None:
            try:
                connection.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    timer = threading.Timer(TOTAL_SECONDS, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _refused(text: str) -> NotSent:
    return NotSent(text, final=True)


def _words(error: Exception | None) -> str:
    """What went wrong, in words that hold no address, path or secret."""
    text = str(error).lower()
    if isinstance(error, ssl.SSLError) or "certificate" in text or "ssl" in text:
        return "its certificate is not valid here, or it speaks no TLS"
    if isinstance(error, TimeoutError) or "timed out" in text:
        return "no answer in time"
    if "refused" in text:
        return "the connection is refused"
    return "the connection broke"
