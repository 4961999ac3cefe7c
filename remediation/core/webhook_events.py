"""What a project's receivers can be told, and how it reads: JSON for webhooks, lines for a chat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

EVENTS = {
    "pass.counted": "A pass is counted",
    "pass.blocked": "A pass is blocked",
    "pass.failed": "A pass failed",
    "ticket.opened": "A ticket is opened",
    "ticket.verified": "A ticket is verified",
    "ticket.regressed": "A ticket came back",
    "report.released": "A weekly report is final",
}
TICKET_VERBS = {"opened": "ticket.opened", "verified": "ticket.verified", "regressed": "ticket.regressed"}
LISTED = 10  # tickets of one chat message; the others are counted

_CHAT = {"ticket.opened": "New", "ticket.verified": "Verified", "ticket.regressed": "Back"}


def body(event: str, at: str, project: Mapping[str, Any], **data: Any) -> dict[str, Any]:
    """The body of a webhook, as the README describes it. ``at``: ISO 8601. What is unknown is null, never 0."""
    return {"type": event, "timestamp": at, "data": {"project": dict(project), **data}}


def chat_of(
    event: str, facts: Mapping[str, Any], tickets: Sequence[tuple[str, Mapping[str, Any]]], events: Sequence[str]
) -> dict[str, Any] | None:
    """The one chat message about a pass, or None where nothing of it is wanted.

    ``facts``: the pass as in a webhook, with ``project`` (its name); ``tickets``: (event, ticket as in a webhook).
    """
    wanted = [(what, ticket) for what, ticket in tickets if what in events]
    if event not in events and not wanted:
        return None
    title = {"text": f"{facts['project']}: {_said(event, facts)}", "href": facts["url"]}
    lines = [{"text": _line(what, ticket), "href": ticket["url"]} for what, ticket in wanted[:LISTED]]
    if event != "pass.counted" and facts.get("reason_text"):
        lines.insert(0, {"text": facts["reason_text"]})
    if len(wanted) > LISTED:
        lines.append({"text": f"and {len(wanted) - LISTED:,} more"})
    return {"title": title, "lines": lines}


def report_of(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The chat message about a final report. ``facts``: as in a webhook, with ``project`` (its name)."""
    late = ", late" if facts["late"] else ""
    title = {"text": f"{facts['project']}, week {facts['label']}{late}: {facts['title']}", "href": facts["url"]}
    return {"title": title, "lines": [{"text": facts["ledger_words"]}] if facts["ledger_words"] else []}


def _said(event: str, facts: Mapping[str, Any]) -> str:
    number = f"pass #{facts['number']}"
    if event != "pass.counted":
        return f"{number} {'is blocked' if event == 'pass.blocked' else 'failed'}, nothing was counted"
    total, ledger = facts["total"], facts.get("ledger")
    if ledger is None:
        return f"{number} counts {_errors(total)}"
    before = ledger["before"]
    change = f"{abs(total - before):,} {'fewer' if total < before else 'more'} than before" if total != before else ""
    return f"{number} counts {_errors(total)}, {change or 'as before'}"


def _line(event: str, ticket: Mapping[str, Any]) -> str:
    more = f", {_errors(ticket['errors'])}" if event != "ticket.verified" else ""
    return f"{_CHAT[event]}: {ticket['label']} {ticket['title']}{more}"


def _errors(count: int) -> str:
    return f"{count:,} error{'' if count == 1 else 's'}"
