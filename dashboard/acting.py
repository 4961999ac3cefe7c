"""Tells the audit log who acts: the person of a request and where they are, or the command line."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from remediation.audit import Actor, acting


class Acting:
    """Middleware: what a request changes is written in the name of whoever is signed in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """``request.user`` is asked for only when something is written, so a page pays nothing."""
        with acting(Actor(user=request.user, name="nobody signed in", address=address_of(request))):
            return self.get_response(request)


def address_of(request: HttpRequest) -> str:
    """The address a request came from, "" where it is not known (a socket with a path).

    Behind the proxy that the settings name it is what the proxy itself added, the last of the list: what stands
    before that a client can write as it likes.
    """
    given = request.META.get("REMOTE_ADDR", "")
    if settings.TRUSTED_PROXY and (forwarded := request.headers.get("X-Forwarded-For", "")):
        given = forwarded.rpartition(",")[2].strip()
    try:
        return str(ip_address(given))
    except ValueError:
        return ""


def command_line() -> Actor:
    """Whoever may run commands here; the system's own name for them."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as in a container
        name = ""
    return Actor(name=f"command line ({name})" if name else "command line")
