"""What one person should do now: which of their tickets comes first, and one sentence over all of them."""

from __future__ import annotations

from collections.abc import Mapping

# What asks for something comes first, what only waits last.
SECTIONS = ("still-seen", "regressed", "claimed", "awaiting", "muted")


def section(status: str, *, own: bool, fixed: bool = False, muted: bool = False) -> str:
    """Where a ticket stands on the page of a person, "" for nowhere.

    ``own``: they have it, or nobody has it and they named the fix that is in force. ``fixed``: a pass verified it
    last while that was so; then they hear of its return, whoever has it now. ``muted``: they muted it, and that ends.
    """
    if status == "muted":
        return "muted" if own or muted else ""
    if status == "regressed":
        return "regressed" if own or fixed else ""
    if not own or status == "verified":
        return ""
    return "claimed" if status == "open" else status


def sentence(counts: Mapping[str, int]) -> str:
    """ "2 tickets need you: 1 is still seen, 1 came back."; ``counts``: tickets by section."""
    still, back, claimed = counts.get("still-seen", 0), counts.get("regressed", 0), counts.get("claimed", 0)
    if still and back:
        return f"{_tickets(still + back)} need you: {still:,} {_is(still)} still seen, {back:,} came back."
    if still or back:
        return f"{_tickets(still)} {_is(still)} still seen." if still else f"{_tickets(back)} came back."
    if claimed:
        return f"You have {_tickets(claimed)} to repair."
    waiting = counts.get("awaiting", 0)
    if waiting:
        return f"{_tickets(waiting)} {'awaits' if waiting == 1 else 'await'} a pass."
    muted = counts.get("muted", 0)
    return f"{_tickets(muted)} of yours {_is(muted)} muted." if muted else "Nothing claimed."


def _tickets(number: int) -> str:
    return f"{number:,} ticket{'' if number == 1 else 's'}"


def _is(number: int) -> str:
    return "is" if number == 1 else "are"
