"""A ticket's history told again from nothing: what its lines alone make of it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from remediation.core.fix_marks import without

Person = Hashable  # an account's id

CLAIMING = ("claimed", "assigned", "released")
FIXING = ("marked-fixed", "unmarked")
GROUPING = ("merged", "took-in", "split", "split-off", "unmerged", "unsplit")
DECIDING = ("opened", "blocks", "changed", "still-seen", "verified", "regressed")  # the verbs of passes


class Unexplained(ValueError):
    """A line that cannot follow those before it: the history does not explain what happened."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a history. ``at_pass``: the id of the pass that wrote it, None for a person's line."""

    verb: str
    at: datetime
    actor: Person | None = None
    at_pass: int | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fix:
    """A pass verified the ticket. ``people``: who had it then, and who had named the fix that was in force."""

    at_pass: int
    at: datetime
    people: frozenset[Person]


@dataclass(frozen=True, slots=True)
class Told:
    """A ticket as its lines tell it; ``status`` "" before the first one. ``namer`` said what ``named`` says.

    ``came_back``: a pass has seen it since one verified it. ``muted``: ``status`` is what it has beneath a mute.
    ``outlived``: it was verified beneath a mute, which ended so; where an older commit was counted late, the mute's
    own end, told before that was known, stands after it.
    """

    status: str = ""
    owner: Person | None = None
    since: datetime | None = None
    named: str = ""
    namer: Person | None = None
    came_back: bool = False
    errors: int = 0
    hidden: int = 0
    muted: bool = False
    outlived: bool = False
    fixes: tuple[Fix, ...] = ()


def retell(lines: Iterable[Line], *, so_far: Told | None = None) -> Told:
    """The ticket after its lines, in their order. Raises Unexplained for a line that cannot follow the others.

    Passes tell of the root causes that the ticket holds now. What people did while it held others, before the last
    merge or split, may follow anything that passes say.
    """
    told, story = so_far or Told(), list(lines)
    regrouped = max((place for place, line in enumerate(story) if line.verb in GROUPING), default=0)
    for place, line in enumerate(story):
        told = _seen(told, line) if line.verb in DECIDING else _said(told, line, other=place < regrouped)
    return told


def _said(told: Told, line: Line, *, other: bool) -> Told:
    """What a person did; a verb that changes neither owner, mark nor status leaves everything as it was.

    ``other``: the ticket held other root causes then.
    """
    verified = told.status == "verified"
    if line.verb in {*CLAIMING, *FIXING} and verified and line.verb != "released" and not other:
        raise Unexplained(f"{line.verb}, though verified")
    match line.verb:
        case "claimed":
            _must(told.owner is None, f"claimed by {line.actor}, though {told.owner} has it")
            return replace(told, owner=line.actor, since=line.at)
        case "assigned":
            _must(("from" in line.data) == (told.owner is not None), f"assigned, though {told.owner} has it")
            return replace(told, owner=line.data["to_id"], since=line.at)
        case "released":
            others = "owner" in line.data or line.actor is None
            _must(told.owner is not None, "released, though nobody has it")
            _must(others or told.owner == line.actor, f"released by {line.actor}, though {told.owner} has it")
            return replace(told, owner=None, since=None)
        case "marked-fixed":
            status = told.status if verified else "awaiting"
            return replace(told, named=line.data["named"], namer=line.actor, status=status)
        case "unmarked":
            _must(told.named != "" or other, "taken back, though no fix was named")
            status = told.status if verified else without(came_back=told.came_back)
            return replace(told, named="", namer=None, status=status)
        case "took-in" | "unsplit" if "to_id" in line.data:
            _must(told.owner is None, f"a claim came along, though {told.owner} has it")
            return replace(told, owner=line.data["to_id"], since=datetime.fromisoformat(line.data["since"]))
        case "unmerged" if line.data.get("freed"):
            return replace(told, owner=None, since=None)
        case "muted":
            _must(other or not told.muted, "muted, though muted")
            return replace(told, muted=True, outlived=False)
        case "unmuted":
            _must(other or told.muted or told.outlived, "unmuted, though not muted")
            return replace(told, muted=False, outlived=False)
    return told


def _seen(told: Told, line: Line) -> Told:
    """What a pass saw. A line with counts must begin where the one before it ended."""
    _must(line.at_pass is not None, f"{line.verb} without a pass")
    _must((line.verb == "opened") == (told.status == ""), f"{line.verb}, though {told.status or 'never seen'}")
    if "before" in line.data:
        _must(line.data["before"] == told.errors, f"{line.data['before']} errors before, {told.errors} told")
        told = replace(told, errors=line.data["after"], hidden=line.data["hidden"])
    match line.verb:
        case "opened":
            return replace(told, status="open")
        case "still-seen":
            _must(told.status == "awaiting", f"still seen, though {told.status}")
            return replace(told, status="still-seen")
        case "verified":
            _must(told.status != "verified", "verified twice")
            _must((told.errors, told.hidden) == (0, 0), f"verified with {told.errors} and {told.hidden} errors")
            outlived, fixes = told.muted or told.outlived, (*told.fixes, _fix(told, line))
            return replace(told, status="verified", muted=False, outlived=outlived, came_back=False, fixes=fixes)
        case "regressed":
            _must(told.status == "verified", f"back, though {told.status}")
            return replace(told, status="regressed", came_back=True, named="", namer=None)
    return told


def _fix(told: Told, line: Line) -> Fix:
    people = frozenset(person for person in (told.owner, told.namer) if person is not None)
    return Fix(line.at_pass or 0, line.at, people)


def _must(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Unexplained(otherwise)
