"""How the API says no: problem details (RFC 9457), each with what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

CONTENT_TYPE = "application/problem+json"


class Kind(NamedTuple):
    """One kind of problem: its status, and its title, which never varies."""

    status: int
    title: str


KINDS: Mapping[str, Kind] = {
    "token-in-address": Kind(400, "A token stands in the address"),
    "no-token": Kind(401, "No token that holds"),
    "not-allowed": Kind(403, "Not allowed"),
    "not-found": Kind(404, "There is nothing here"),
    "no-such-method": Kind(405, "No such method here"),
    "conflict": Kind(409, "It is not as you expected"),
    "too-large": Kind(413, "The body is too large"),
    "not-json": Kind(415, "The body is not JSON"),
    "cannot-work": Kind(422, "This cannot work as it was sent"),
    "too-many": Kind(429, "Too many calls"),
    "failed": Kind(500, "The dashboard itself failed"),
    "no-file": Kind(503, "The file could not be made"),
}


class Problem(Exception):
    """What ends an operation. ``kind`` is one of KINDS; ``more``: members beside the standard ones, as JSON holds them.

    ``headers`` go with the answer.
    """

    def __init__(self, kind: str, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any) -> None:
        super().__init__(detail)
        self.kind, self.detail, self.headers, self.more = kind, detail, dict(headers or {}), more


NOTHING_HERE = "There is nothing at this address that this token can see. Addresses end with a slash, files do not."


def answer(request: HttpRequest, problem: Problem) -> HttpResponse:
    """The problem as JSON. Its ``type`` is the address at which the page of the API explains it."""
    status, title = KINDS[problem.kind]
    said = {
        "type": request.build_absolute_uri(f"{reverse('api')}#{problem.kind}"),
        "title": title,
        "status": status,
        "detail": problem.detail,
        **problem.more,
    }
    made = HttpResponse(msgspec.json.encode(said), status=status, content_type=CONTENT_TYPE, headers=problem.headers)
    # Django would write the address of what is refused into the log, and somebody may have put a secret there.
    made._has_been_logged = True  # type: ignore[attr-defined]
    return made
