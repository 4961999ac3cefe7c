"""The three lists of the overview: what waits for a decision, what is largest, what was verified."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dashboard.whom_to_ask import owner_words
from remediation.core import decisions as core
from remediation.core.impact import Blocked, best_first, promises
from remediation.models import Ticket

LISTED = 4
TOGETHER = 3  # tickets of which is said what they clear together
MOST = 6  # rows of one list
_FREE_SHOWN = 3  # of them, tickets that nobody claimed: they must not crowd out what came back


@dataclass(frozen=True, slots=True)
class Decision:
    """A ticket and the reason it waits for a person; ``since``: how long the reason has held, where that is told.

    ``owner``: whom CODEOWNERS names for what is to blame, in words.
    """

    ticket: Ticket
    reason: str
    since: datetime | None = None
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Decisions:
    """What is shown, and how many more of each sort are not."""

    shown: tuple[Decision, ...]
    more: int = 0
    more_unclaimed: int = 0


def decisions(standing: Sequence[Ticket], now: datetime, patience: int) -> Decisions:
    """The most pressing first; of one sort what nobody owns, then the largest. ``patience``: days unclaimed."""
    found = [(reason, ticket) for ticket in standing if (reason := core.reason(_known(ticket), now, patience))]
    found.sort(key=lambda pair: (core.REASONS.index(pair[0]), pair[1].claimed_by_id is not None, -pair[1].errors))
    pressing = [Decision(ticket, reason, _since(ticket, reason), owner_words(ticket)) for reason, ticket in found]
    free = [decision for decision in pressing if decision.reason == "unclaimed"]
    others = [decision for decision in pressing if decision.reason != "unclaimed"]
    room = max(0, min(_FREE_SHOWN, MOST - len(others)))
    return Decisions(
        shown=(*others[:MOST], *free[:room]),
        more=max(0, len(others) - MOST),
        more_unclaimed=len(free) - len(free[:room]),
    )


def _known(ticket: Any) -> core.Standing:
    """``ticket`` comes from ``with_freed``."""
    return core.Standing(
        status=ticket.status,
        blocks_all=ticket.blocking == "all",
        claimed=ticket.claimed_by_id is not None,
        flagged=ticket.is_flagged,
        seen_at=_seen_at(ticket),
        freed_at=ticket.freed_at,
    )


def _seen_at(ticket: Ticket) -> datetime | None:
    return ticket.first_pass.effective_at if ticket.first_pass else None


def _since(ticket: Ticket, reason: str) -> datetime | None:
    return {"flagged": ticket.claimed_at, "unclaimed": _seen_at(ticket)}.get(reason)


def largest(standing: Sequence[Ticket], total: int, files: Sequence[Blocked]) -> dict[str, Any] | None:
    """The tickets that clear most of ``total`` errors, and what fixing the first three of them does together.

    A file that two of them block comes back only when both are fixed.
    """
    errors = {ticket.pk: ticket.errors for ticket in standing if ticket.errors}
    if not total or not errors:
        return None
    best = best_first(errors, files, LISTED)
    by_id = {ticket.pk: ticket for ticket in standing}
    together = promises(best[:TOGETHER], errors, files)[-1]
    most = by_id[best[0]].errors
    return {
        "tickets": [(by_id[pk], round(72 * by_id[pk].errors / most, 1)) for pk in best],
        "top": len(best[:TOGETHER]),
        "together": together,
        "total": total,
    }


def verified(tickets: Sequence[Any], since: datetime | None) -> dict[str, Any]:
    """Those verified after a moment, the latest first, and the errors that went with them."""
    found = [
        ticket for ticket in tickets if ticket.verified_pass and since and ticket.verified_pass.effective_at > since
    ]
    found.sort(key=lambda ticket: ticket.verified_pass.effective_at, reverse=True)
    return {
        "shown": found[: MOST - 1],
        "tickets": len(found),
        "more": max(0, len(found) - MOST + 1),
        "errors": sum(ticket.cleared_since or 0 for ticket in found),
    }
