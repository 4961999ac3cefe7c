"""A ticket's status: one table says what each event makes of it."""

from __future__ import annotations

from dataclasses import dataclass

STATUSES = ("open", "awaiting", "still-seen", "verified", "regressed", "muted")
BENEATH = ("open", "awaiting", "still-seen", "regressed")  # what a muted ticket is without its mute

# Passes see, people say. "-": refused. A muted ticket has a status beneath, and "beneath" means that the event acts
# there: it stays muted, unless that becomes verified. "fix-taken-back-2": of a ticket that came back before the fix was
# named; taking it back does not undo the regression. Being claimed is no status: a claim changes none, and is refused
# where nothing is left to claim.
_TABLE = """
    event             open       awaiting    still-seen  regressed  verified   muted
    seen              open       awaiting    still-seen  regressed  regressed  beneath
    seen-with-fix     open       still-seen  still-seen  regressed  regressed  beneath
    hidden            open       awaiting    still-seen  regressed  regressed  beneath
    gone              verified   verified    verified    verified   verified   beneath
    gone-held         open       awaiting    still-seen  regressed  verified   beneath
    fix-named         awaiting   awaiting    awaiting    awaiting   -          beneath
    fix-taken-back    open       open        open        open       -          beneath
    fix-taken-back-2  regressed  regressed   regressed   regressed  -          beneath
    mute              muted      muted       muted       muted      -          -
    mute-ends         -          -           -           -          -          uncovered
    claim             open       awaiting    still-seen  regressed  -          beneath
"""
_HEAD, *_ROWS = [line.split() for line in _TABLE.strip().splitlines()]
TRANSITIONS = {row[0]: dict(zip(_HEAD[1:], row[1:], strict=True)) for row in _ROWS}


@dataclass(frozen=True, slots=True)
class State:
    """A status, and of a muted ticket the one that it has without the mute. Raises ValueError for any other pair."""

    status: str
    beneath: str = ""

    def __post_init__(self) -> None:
        if self.status not in STATUSES or (self.beneath in BENEATH) != (self.status == "muted"):
            raise ValueError(f"no ticket is {self.status!r} over {self.beneath!r}")


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

    @property
    def event(self) -> str:
        """The table's word for it."""
        if self.errors == 0 and self.hidden == 0:
            return "gone-held" if self.held else "gone"
        if self.errors == 0:
            return "hidden"
        return "seen-with-fix" if self.contains_fix else "seen"


@dataclass(frozen=True, slots=True)
class Decision:
    """The next status and the word for the history ("" when nothing changed)."""

    status: str
    verb: str = ""


def after(state: State, event: str) -> State | None:
    """What an event makes of a ticket; None where it is refused."""
    to = TRANSITIONS[event][state.status]
    if to == "-":
        return None
    if to == "muted":
        return State("muted", state.status)
    if to == "uncovered":
        return State(state.beneath)
    if to == "beneath":
        found = after(State(state.beneath), event)
        return State("muted", found.status) if found and found.status != "verified" else found
    return State(to)


def accepting(event: str) -> list[str]:
    """The statuses in which an event is not refused."""
    return [status for status in STATUSES if TRANSITIONS[event][status] != "-"]


def decide(status: str, evidence: Evidence) -> Decision:
    """Return what a counted pass makes of a ticket in ``status``; mutes are lifted while passes decide.

    Verified only when every error has ended, all by fixed or deleted, and the pass is not held. A
    verified ticket that is seen again is regressed, whatever anyone says.
    """
    found = after(State(status), evidence.event)
    assert found is not None  # no pass is ever refused
    return Decision(found.status, found.status if found.status != status else "")
