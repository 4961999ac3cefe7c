"""A typed address reaches a public host or nothing: no connection to this machine, whatever its spelling."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from remediation.core.public_addresses import networks_of
from remediation.notifiers import NotSent, http
from tests.receivers import canary, receiver

HOSTS = [
    # this machine, in the spellings that resolvers take
    "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f.1", "0x7f000001", "017700000001", "0177.0.0.1", "127.0.0.2",
    "0.0.0.0", "0", "localhost", "LOCALHOST", "localhost.", "[::1]", "[::]", "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[0::1]",
    # IPv4 inside IPv6
    "[64:ff9b::7f00:1]", "[64:ff9b::127.0.0.1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[2002:7f00:0001::1]",
    "[2001:0:4136:e378:8000:63bf:80ff:fffe]", "[fe80::5efe:7f00:1]", "[2606:4700::5efe:7f00:1]",
    # neighbours and the services of clouds
    "169.254.169.254", "[::ffff:a9fe:a9fe]", "[64:ff9b::a9fe:a9fe]", "[fd00:ec2::254]", "10.0.0.1", "172.16.0.1",
    "192.168.0.1", "100.64.0.1", "192.0.0.192", "198.18.0.1", "224.0.0.1", "255.255.255.255", "[fc00::1]", "[fe80::1]",
    "[fec0::1]", "[ff02::1]",
]  # fmt: skip

URLS = [
    "http://{p}/", "https://user@127.0.0.1:{p}/", "https://user:pw@127.0.0.1:{p}/", "https://1.1.1.1@127.0.0.1:{p}/",
    "https://127.0.0.1:{p}@1.1.1.1/", "https://1.1.1.1#@127.0.0.1:{p}/", "https://1.1.1.1\\@127.0.0.1:{p}/",
    "https://127.0.0.1:{p}\\@1.1.1.1/", "https:127.0.0.1:{p}/", "https:/127.0.0.1:{p}/", "//127.0.0.1:{p}/",
    "ftp://127.0.0.1:{p}/", "gopher://127.0.0.1:{p}/", "file:///etc/passwd", "dict://127.0.0.1:{p}/",
    "https://127.0.0.1:{p}/\r\nHost: x", "https://127.0.0.1 :{p}/", "https://[::1%25lo]:{p}/", "https://[::1]:{p}",
    "https://①②⑦.0.0.1:{p}/", "https://127。0。0。1:{p}/", "https://127.0.0.1%00.example.org:{p}/",
    "https://-127.0.0.1:{p}/", "https://127.0.0.1:0/", "https://127.0.0.1:99999/", "https://:{p}/", "https://", "",
    "https://127.0.0.1:{p}/?next=https://1.1.1.1/", "HTTPS://127.0.0.1:{p}/", "javascript:alert(1)",
    "https://a/" + "x" * 1_000,
]  # fmt: skip


@pytest.fixture(scope="module")
def listener() -> Iterator[tuple[int, list[Any]]]:
    with canary() as found:
        yield found


def test_no_spelling_of_a_forbidden_address_is_connected_to(listener: tuple[int, list[Any]]) -> None:
    port, connected = listener
    urls = [f"https://{host}:{port}/" for host in HOSTS] + [url.format(p=port) for url in URLS]
    assert len(urls) > 70
    for url in urls:
        with pytest.raises(NotSent) as caught:
            http.post(url, b"{}", {})
        assert caught.value.final or "no address" in str(caught.value), url
    assert connected == []


def test_control_the_listener_is_reached_once_the_address_is_allowed(
    listener: tuple[int, list[Any]], settings: Any
) -> None:
    port, connected = listener
    settings.WEBHOOK_ALLOW = networks_of(["127.0.0.0/8"])
    with pytest.raises(NotSent) as caught:
        http.post(f"https://2130706433:{port}/", b"{}", {})
    time.sleep(0.1)
    assert caught.value.away and len(connected) == 1
    connected.clear()


def _answers(monkeypatch: pytest.MonkeyPatch, *lists: list[str]) -> list[int]:
    """Let the system's resolver answer these lists, one after the other; returns the questions' ports."""
    asked: list[int] = []
    real = socket.getaddrinfo

    def getaddrinfo(host: str, port: int, *how: Any, **more: Any) -> list[Any]:
        if host[0].isdigit():
            return real(host, port, *how, **more)
        asked.append(port)
        addresses = lists[min(len(asked), len(lists)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(http.socket, "getaddrinfo", getaddrinfo)
    return asked


def test_a_name_is_asked_once_and_every_answer_must_be_allowed(
    listener: tuple[int, list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    port, connected = listener
    _answers(monkeypatch, ["1.1.1.1", "127.0.0.1"])
    with pytest.raises(NotSent, match=r"127\.0\.0\.1, which is no public address"):
        http.post(f"https://mixed.example.org:{port}/", b"{}", {})
    assert connected == []


def test_a_name_that_answers_differently_the_second_time_gains_nothing(
    listener: tuple[int, list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    port, connected = listener
    tried: list[str] = []

    def refused(target: http.Target, address: str) -> Any:
        tried.append(address)
        raise OSError("nothing leaves this test")

    monkeypatch.setattr(http, "_connection", refused)
    asked = _answers(monkeypatch, ["93.184.216.34"], ["127.0.0.1"])
    with pytest.raises(OSError, match="nothing leaves"):
        http.post(f"https://rebinding.example.org:{port}/", b"{}", {})
    assert (tried, len(asked), connected) == (["93.184.216.34"], 1, [])


def test_the_address_that_was_checked_is_the_one_that_is_connected_to(
    tmp_path: Path, settings: Any, monkeypatch
) -> None:
    settings.WEBHOOK_ALLOW = networks_of(["127.0.0.0/8"])
    certificate = tmp_path / "certificate.pem"
    with receiver(certificate) as inbox:
        with pytest.raises(NotSent, match="its certificate is not valid here"):
            http.post(inbox.url, b"{}", {})
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")  # no proxy of the environment is asked
        assert http.post(inbox.url, b'{"a":1}', {"X-Own": "1"}) == (200, "ok", "")
        heard = inbox.heard[0]
        assert (heard.path, heard.headers["host"], heard.headers["x-own"]) == ("/hook", inbox.url.split("/")[2], "1")
        _answers(monkeypatch, ["127.0.0.1"])
        with pytest.raises(NotSent, match="its certificate is not valid here"):
            http.post(inbox.url.replace("localhost", "other.example.org"), b"{}", {})
        assert len(inbox.heard) == 1


def test_silent_name_servers_are_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    go = threading.Event()

    def silent(host: str, port: int) -> list[str]:
        go.wait(30)
        return []

    monkeypatch.setattr(http, "resolve", silent)
    monkeypatch.setattr(http, "RESOLVE_SECONDS", 0.05)
    with pytest.raises(NotSent, match="its name could not be looked up in time") as caught:
        http.check("https://silent.example.org/hook")
    assert caught.value.away and not caught.value.final, "it is tried again"
    go.set()


def test_redirects_are_not_followed_and_answers_are_cut(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.WEBHOOK_ALLOW, settings.WEBHOOK_PLAIN_HTTP = networks_of(["127.0.0.0/8"]), True
    monkeypatch.setattr(http, "TOTAL_SECONDS", 0.4)
    monkeypatch.setattr(http, "READ_SECONDS", 0.3)
    with receiver() as inbox:
        inbox.plan = [302, "drip", 5.0, "close"]
        assert http.post(inbox.url, b"{}", {})[0] == 302
        since = time.monotonic()
        for _ in range(3):
            with pytest.raises(NotSent) as caught:
                http.post(inbox.url, b"{}", {})
            assert caught.value.away and not caught.value.final
        assert time.monotonic() - since < 2
        assert [heard.path for heard in inbox.heard] == ["/hook"] * 4  # and nothing of "elsewhere"


def test_plain_http_needs_its_switch_and_stays_on_this_machine(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.WEBHOOK_ALLOW = networks_of(["127.0.0.0/8", "10.0.0.0/8"])
    with receiver() as inbox:
        with pytest.raises(NotSent, match="Only https"):
            http.post(inbox.url, b"{}", {})
        settings.WEBHOOK_PLAIN_HTTP = True
        _answers(monkeypatch, ["10.0.0.1"])
        with pytest.raises(NotSent, match="Only https"):
            http.post(inbox.url, b"{}", {})
        assert inbox.heard == []


def test_what_is_said_holds_no_path(settings: Any) -> None:
    settings.WEBHOOK_ALLOW = networks_of(["127.0.0.0/8"])
    with pytest.raises(NotSent) as caught:
        http.post("https://127.0.0.1:9/services/T0/B0/secret-part", b"{}", {})
    assert "secret-part" not in str(caught.value) and "127.0.0.1:9" in str(caught.value)
