"""What the API takes and gives, as types: the schema is made of them, and answers are written from them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

Number = Annotated[int, Meta(ge=0)]
NotCounted = Annotated[int, Meta(ge=0, description="null: it was not counted, which is not zero.")] | None
Moment = Annotated[datetime, Meta(tz=True)]
Page = Annotated[str, Meta(description="Its page on the site.")]
Next = Annotated[str, Meta(description="The address of what follows.")] | None
Limit = Annotated[int, Meta(ge=1, le=100, description="At most so many.")]
Cursor = Annotated[int, Meta(ge=1, lt=2**31, description="Where to go on, as next has it.")]

State = Literal["queued", "running", "ended"]
Outcome = Literal["counted", "blocked", "failed"]
Status = Literal["open", "awaiting", "still-seen", "verified", "regressed", "muted"]


class Shape(Struct, frozen=True, kw_only=True):
    """What all have in common: every member is always there."""


class Person(Shape):
    """An account, by the name that people see."""

    id: int
    name: str


class CategoryErrors(Shape):
    """What one counted pass saw in one category. Errors of the environment are among its errors."""

    name: str
    errors: Number
    environment_errors: Number
    tickets: Number


class Ledger(Shape):
    """before − cleared − hidden + unmasked + new + regressed = after, against the counted pass before."""

    before: Number
    cleared: Number
    hidden: Number
    unmasked: Number
    new: Number
    regressed: Number
    after: Number


class PassLine(Shape):
    """A pass. It has an outcome once it has ended, and numbers only where it was counted."""

    number: Number
    page: Page
    state: State
    outcome: Outcome | None
    reason: Annotated[str, Meta(description="Why nothing was counted.")] | None
    trigger: Annotated[str, Meta(description="schedule, manual, command, replay, push or api.")]
    requested: Annotated[str, Meta(description="The commit or branch that was asked for.")] | None
    commit: str | None
    subject: str | None
    queued_at: Moment
    started_at: Moment | None
    ended_at: Moment | None
    errors: NotCounted
    environment_errors: NotCounted
    tests_collected: NotCounted
    in_sums: Annotated[bool, Meta(description="Counted, on the watched ref: the only passes that enter a sum.")]


class Pass(PassLine):
    """A pass with what moved in it."""

    compared_with: Annotated[int, Meta(description="The counted pass before it.")] | None
    comparable: Annotated[bool, Meta(description="Whether both have the same scope.")] | None
    ledger: Ledger | None
    categories: Annotated[list[CategoryErrors], Meta(description="Their errors sum to the pass's.")] | None
    python: str | None
    pytest: str | None
    seconds: float | None


class Passes(Shape):
    """A page of passes."""

    passes: list[PassLine]
    next: Next


class ProjectLine(Shape):
    """A project that the token reaches. ``role``: its owner's."""

    slug: str
    name: str
    key: str
    role: Literal["viewer", "engineer", "lead", "administrator"]
    page: Page


class Project(ProjectLine):
    """A project as it stands. ``last_counted`` is the newest commit that has numbers, ``last_pass`` the latest try."""

    paused: bool
    next_pass_at: Moment | None
    open_tickets: Number
    last_counted: Pass | None
    last_pass: PassLine | None


class Projects(Shape):
    """All projects that the token reaches, by name."""

    projects: list[ProjectLine]


class TicketLine(Shape):
    """A root cause. Nobody closes it by hand: only a pass verifies it."""

    label: str
    page: Page
    title: str
    kind: str
    category: str
    environment: bool
    status: Status
    errors: Annotated[int, Meta(ge=0, description="null: it blocks every pass, so no file could be counted.")] | None
    hidden_errors: Number
    claimed_by: Person | None
    claimed_at: Moment | None
    first_pass: int | None
    verified_pass: int | None
    regressed_pass: int | None


class HistoryLine(Shape):
    """What a person or a pass did. ``text`` is a note's Markdown; null where it was withdrawn."""

    at: Moment
    did: str
    by: str | None
    collection_pass: int | None = field(name="pass")
    ticket: Annotated[str, Meta(description="Another label: it was merged into this one.")]
    text: str | None
    details: dict[str, Any]


class Ticket(TicketLine):
    """A ticket with its history, the last line first."""

    merged_into: str | None
    fixed_in: Annotated[str, Meta(description="The commit or branch in which it is said to be fixed.")] | None
    history: list[HistoryLine]
    older_lines: Annotated[int, Meta(ge=0, description="Lines that are not shown here.")]


class Tickets(Shape):
    """A page of tickets."""

    tickets: list[TicketLine]
    next: Next


class Queued(Shape):
    """The pass that will look."""

    number: Number
    state: State
    address: Annotated[str, Meta(description="Where to ask how it ended.")]
    page: Page


class Noted(Shape):
    """The line that a note is in its ticket's history."""

    at: Moment
    text: str


class Sent(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What programs send: a word that is not known is refused, for it would be overlooked."""


class PassFilter(Sent):
    """``since`` and ``until``: when the pass was asked for."""

    outcome: Outcome | None = None
    since: Annotated[Moment, Meta(description="Asked for at this time or later.")] | None = None
    until: Annotated[Moment, Meta(description="Asked for before this time.")] | None = None
    limit: Limit = 50
    before: Cursor | None = None


class TicketFilter(Sent):
    """Everything that is said must fit."""

    status: Annotated[
        Literal["standing", "open", "awaiting", "still-seen", "verified", "regressed", "muted"],
        Meta(description="standing: every status but verified."),
    ] | None = None  # fmt: skip
    category: Annotated[str, Meta(max_length=60, description="By its name.")] | None = None
    claimed_by: Annotated[
        str, Meta(pattern="^(me|nobody|[1-9][0-9]{0,17})$", description="me, nobody, or the id of a person.")
    ] | None = None  # fmt: skip
    limit: Limit = 50
    after: Cursor | None = None


class WantedPass(Sent):
    """A commit or a branch, not both; neither: the tip of the watched ref."""

    commit: Annotated[str, Meta(min_length=1, max_length=200, description="Such as e7710ab.")] | None = None
    branch: Annotated[str, Meta(min_length=1, max_length=200, description="Its tip; not beside a commit.")] | None = (
        None
    )


class Note(Sent):
    """A note in Markdown."""

    text: Annotated[str, Meta(description="In Markdown, at most 10,000 characters.")]


class Fix(Sent):
    """The commit, or the branch, in which the ticket is said to be fixed."""

    commit: Annotated[str, Meta(min_length=1, max_length=200, description="Such as e7710ab, or a branch.")]
