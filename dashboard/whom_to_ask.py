"""Whom to ask about a ticket, in words: the owner that CODEOWNERS names, and the people that git does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from remediation.models import BlamedFiles, GitIdentity, OwnersFile, Project, Ticket

NAMED = 4  # owners; more are a number
SHOWN = 5  # ignored lines of a CODEOWNERS file


@dataclass(frozen=True, slots=True)
class Known:
    """One person who may know. ``did``: "last touched"; ``gone``: the path is no longer there.

    ``account``: the name under which they work in this project here, "" where nobody is known by their address.
    """

    name: str
    account: str
    did: str
    path: str
    gone: bool
    at: datetime
    commit: str


@dataclass(frozen=True, slots=True)
class Whom:
    """``owners`` as they are written; ``line`` None: no line of the file at ``place`` matches ``path``."""

    owners: tuple[str, ...]
    more: int
    place: str
    line: int | None
    path: str
    would_be: bool
    people: tuple[Known, ...]


def whom_to_ask(ticket: Ticket) -> Whom | None:
    """None where no worker asked yet, or nothing at all is known. One query; the ticket was read ``with_blamed``."""
    row: BlamedFiles | None = getattr(ticket, "blamed", None)
    if row is None or not (row.people or (row.owners_place and row.owned_path)):
        return None
    accounts = _accounts(ticket.project, row.people) if row.people else {}
    return Whom(
        owners=tuple(row.owners[:NAMED]),
        more=max(0, len(row.owners) - NAMED),
        place=row.owners_place if row.owned_path else "",
        line=row.owners_line,
        path=row.owned_path,
        would_be=ticket.kind == "missing-module",
        people=tuple(_known(one, accounts) for one in row.people),
    )


def _accounts(project: Project, people: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Address to name, of those who commit under it and belong to this project: of others nobody learns here."""
    known = GitIdentity.objects.filter(email__in={one["email"] for one in people if one["email"]})
    rows = known.filter(user__memberships__project=project, user__is_active=True).select_related("user")
    return {row.email: row.user.label for row in rows}


def owner_words(ticket: Ticket) -> str:
    """ "@team-core" or "@team-core and 2 more", "" where CODEOWNERS names nobody. No query, as above."""
    row: BlamedFiles | None = getattr(ticket, "blamed", None)
    if row is None or not row.owners:
        return ""
    more = len(row.owners) - 1
    return f"{row.owners[0]} and {more} more" if more else str(row.owners[0])


def read_owners(project: Project) -> dict[str, Any] | None:
    """The CODEOWNERS file of the last pass that looked for one, and which of its lines count for nothing. One query."""
    looked = project.passes.filter(owners_file__isnull=False).select_related("owners_file").order_by("-number")
    last = looked.only("number", "commit", "owners_file").first()
    if last is None:
        return None
    file: OwnersFile = last.owners_file
    return {"file": file, "seen": last, "ignored": file.ignored[:SHOWN], "more": max(0, len(file.ignored) - SHOWN)}


def _known(one: Mapping[str, Any], accounts: Mapping[str, str]) -> Known:
    did = f"wrote line {one['line']} of" if one["how"] == "line" else "last touched"
    at = datetime.fromisoformat(one["at"])
    return Known(
        one["name"] or "Somebody",
        accounts.get(one["email"], ""),
        did,
        one["path"],
        one["how"] == "gone",
        at,
        one["commit"][:9],
    )
