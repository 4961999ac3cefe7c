"""A ticket's status: which ones there are, and how a counted pass changes it."""

from __future__ import annotations

from dataclasses import dataclass

STATUSES = ("open", "awaiting", "still-seen", "verified", "regressed", "muted")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one counted pass says of one ticket.

    ``errors``: visible now; ``hidden``: no longer visible though not repaired; ``contains_fix``: the
    pass contains the commit named in "mark fixed"
    (None when none is named or it cannot be told); ``held``: nothing is verified by this pass.
    """

    errors: int
    hidden: int
    contains_fix: bool | None = None
    held: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """The next status and the word for the history ("" when nothing changed)."""

    status: str
    verb: str = ""


def decide(status: str, evidence: Evidence) -> Decision:
    """Return what a counted pass makes of a ticket in ``status``.

    Verified only when every error has ended, all by fixed or deleted, and the pass is not held. A
    verified ticket that is seen again is regressed, whatever anyone says. A muted ticket keeps its
    status while it is seen: muting is a person's decision, and its errors still count.
    """
    if status not in STATUSES:
        raise ValueError(f"unknown ticket status {status!r}")
    gone = evidence.errors == 0 and evidence.hidden == 0
    if gone:
        if status == "verified" or evidence.held:
            return Decision(status)
        return Decision("verified", "verified")
    if status == "verified":
        return Decision("regressed", "regressed")
    if status == "muted" or evidence.errors == 0:
        return Decision(status)
    if status == "awaiting" and evidence.contains_fix:
        return Decision("still-seen", "still-seen")
    return Decision(status)
