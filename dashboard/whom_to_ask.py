"""Whom to ask about a ticket, in words: the owner that CODEOWNERS names, and the people that git does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from remediation.models import BlamedFiles, OwnersFile, Project, Ticket

NAMED = 4  # owners; more are a number
SHOWN = 5  # ignored lines of a CODEOWNERS file


@dataclass(frozen=True, slots=True)
class Known:
    """One person who may know. ``did``: "last touched"; ``gone``: the path is no longer there."""

    name: str
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
    """None where no worker asked yet, or nothing at all is known. No query: the ticket was read ``with_blamed``."""
    row: BlamedFiles | None = getattr(ticket, "blamed", None)
    if row is None or not (row.people or (row.owners_place and row.owned_path)):
        return None
    return Whom(
        owners=tuple(row.owners[:NAMED]),
        more=max(0, len(row.owners) - NAMED),
        place=row.owners_place if row.owned_path else "",
        line=row.owners_line,
        path=row.owned_path,
        would_be=ticket.kind == "missing-module",
        people=tuple(_known(one) for one in row.people),
    )


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


def _known(one: Mapping[str, Any]) -> Known:
    did = f"wrote line {one['line']} of" if one["how"] == "line" else "last touched"
    at = datetime.fromisoformat(one["at"])
    return Known(one["name"] or "Somebody", did, one["path"], one["how"] == "gone", at, one["commit"][:9])
