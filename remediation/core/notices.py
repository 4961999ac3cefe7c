"""Who is told of what happened to a ticket or a pass, in which words, and when a mail about it is due."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

MAILS = {"now": "At once", "digest": "In the daily mail", "off": "Never"}
GATHERED = timedelta(seconds=30)  # what happens meanwhile goes into the same mail: one for a bulk action


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of notice: what it is about, for the page of choices, and how its mail leaves unless a person chose."""

    words: str
    mail: str


KINDS = {
    "assigned": Kind("A ticket is given to you", "now"),
    "regressed": Kind("A ticket of yours came back", "now"),
    "still-seen": Kind("A ticket of yours is still seen, though a fix was named", "now"),
    "claim-flagged": Kind("Your claim stands still and will be released", "now"),
    "released": Kind("A ticket of yours was released or given to somebody else", "now"),
    "verified": Kind("A ticket of yours is verified", "digest"),
    "note": Kind("Somebody writes on a ticket of yours", "digest"),
    "pass": Kind("A pass is blocked or failed, in a project you lead", "now"),
    "report": Kind("A weekly report waits for its release, in a project you lead", "now"),
}

# Lines of a ticket's history by which its owner is told; whom the others concern, the line itself says.
_OWNER = ("regressed", "still-seen", "verified", "claim-flagged", "note")
TOLD_LINES = (*_OWNER, "assigned", "released")


def told(verb: str, *, actor: int | None, owner: int | None, data: Mapping[str, Any]) -> dict[int, str]:
    """Whom a line of a ticket's history is news to: {account: kind}. Never the one who wrote it.

    ``actor``: who did it, None for a pass or the clock. ``owner``: who has the ticket now. ``data``: the line's own;
    ``to_id`` was given the ticket, ``from_id`` or ``owner_id`` had it before.
    """
    found: dict[int, str] = {}
    before = data.get("from_id") or data.get("owner_id")
    if verb in _OWNER and owner is not None:
        found[owner] = verb
    if verb in {"assigned", "released"} and before is not None:
        found[before] = "released"
    if verb == "assigned" and data.get("to_id") is not None:
        found[data["to_id"]] = "assigned"
    if actor is not None:
        found.pop(actor, None)
    return found


def is_news(outcome: str, reason: str, before: tuple[str, str] | None) -> bool:
    """Whether a pass without a count is told to people: the first of a row that ends alike, never one stopped by hand.

    ``before``: outcome and reason of the pass that ended before it.
    """
    return outcome in {"blocked", "failed"} and reason != "cancelled" and before != (outcome, reason)


def sentence(kind: str, data: Mapping[str, Any]) -> str:
    """What happened, in one sentence without its end. ``data``: label, by, to, errors, number, days: what is known."""
    label, number = data.get("label", ""), data.get("number")
    at = f" at pass #{number}" if number else ""
    match kind:
        case "assigned":
            return f"{data['by']} gave {label} to you"
        case "regressed":
            return f"{label} came back{at}" + (f", {_errors(data['errors'])}" if data.get("errors") else "")
        case "still-seen":
            return f"{label} is still seen{at}, {_errors(data['errors'])}"
        case "verified":
            return f"{label} is verified by pass #{number}"
        case "claim-flagged":
            return f"Your claim of {label} stands still" + _silent(data)
        case "released":
            return _released(label, data)
        case "note":
            return f"{data['by']} wrote on {label}"
        case "pass":
            return f"Pass #{number} {'is blocked' if data.get('outcome') == 'blocked' else 'failed'}"
        case "report":
            return _report(label, data)
    return label or kind


def _report(label: str, data: Mapping[str, Any]) -> str:
    if data.get("what") == "trouble":
        return f"The report of week {label} could not be made final"
    hours = data.get("hours")
    until = f"becomes final in {hours:,} hour{'' if hours == 1 else 's'}" if hours else "waits for its release"
    return f"The report of week {label} is drafted and {until}"


def _released(label: str, data: Mapping[str, Any]) -> str:
    by, to = data.get("by"), data.get("to")
    if by and to:
        return f"{by} gave {label}, which was yours, to {to}"
    if by:
        return f"{by} released {label}, which was yours"
    return f"Your claim of {label} was released" + _silent({"days": data.get("days")})


def _silent(data: Mapping[str, Any]) -> str:
    """How long a claim showed no sign of life, and when that ends it; ``release_after`` 0 or unknown: never."""
    days, left = data.get("days"), data.get("release_after")
    said = f": no sign of life for {_days(days)}" if days else ""
    return said + (f", and it ends after {_days(left)} more" if days and left else "")


def _days(count: int) -> str:
    return f"{count:,} day{'' if count == 1 else 's'}"


def _errors(count: int) -> str:
    return f"{count:,} error{'' if count == 1 else 's'}"


def mail_due(mail: str, now: datetime, zone: ZoneInfo, hour: int) -> datetime | None:
    """When a mail about what happens ``now`` is due; None for never. ``hour``: of the daily mail, in ``zone``."""
    if mail == "now":
        return now + GATHERED
    return next_digest(now, zone, hour) if mail == "digest" else None


def next_digest(now: datetime, zone: ZoneInfo, hour: int) -> datetime:
    """The next time it is ``hour`` o'clock in ``zone``, later than ``now``; on a day that skips it, just after."""
    local = now.astimezone(zone)
    for days in range(3):
        due = datetime.combine(local.date() + timedelta(days=days), time(hour), zone)
        if due.astimezone(now.tzinfo) > now:
            return due.astimezone(now.tzinfo)
    raise AssertionError("one of three days holds a later hour")
