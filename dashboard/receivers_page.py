"""Where a project's messages go, how the last ones arrived, and which never did."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q

from dashboard.receiver_form import EventsForm, ReceiverForm
from remediation.core.webhook_events import EVENTS, body
from remediation.models import Delivery, Outbox, Project, Receiver

SHOWN = 50  # deliveries


@dataclass(frozen=True, slots=True)
class Row:
    """A receiver with the form of its events; messages that wait, and that were given up."""

    receiver: Receiver
    form: EventsForm
    waiting: int
    lost: int


@dataclass(frozen=True, slots=True)
class Try:
    """One delivery; ``again``: the id of its message where that did not arrive and is still known."""

    delivery: Delivery
    what: str
    again: int | None


def build(project: Project, form: ReceiverForm | None = None) -> dict[str, Any]:
    """The context of the page. Three queries."""
    unsent = Q(messages__done_at__isnull=True)
    lost = Count("messages", filter=unsent & Q(messages__gave_up_at__isnull=False))
    waiting = Count("messages", filter=unsent & Q(messages__gave_up_at__isnull=True))
    found = Receiver.objects.filter(project=project).annotate(lost=lost, waiting=waiting)
    rows = [Row(one, EventsForm(one), one.waiting, one.lost) for one in found]
    for row in rows:
        row.receiver.project = project
    return {
        "project": project,
        "page": "settings",
        "rows": rows,
        "headline": headline([row.receiver for row in rows]),
        "lost": sum(row.lost for row in rows),
        "form": form or ReceiverForm(),
        "tries": _tries(project),
        "example": json.dumps(example(project), indent=2, ensure_ascii=False),
    }


def headline(receivers: Sequence[Receiver]) -> str:
    """The page's answer: who is told."""
    chats = [one.get_style_display() for one in receivers if one.kind == "chat"]
    hooks = len(receivers) - len(chats)
    named = [*chats, *([f"{hooks} webhook{'' if hooks == 1 else 's'}"] if hooks else [])]
    if not named:
        return "Nobody outside is told"
    return f"{' and '.join(named)} {'is' if len(receivers) == 1 else 'are'} told"


def example(project: Project) -> dict[str, Any]:
    """What a webhook gets when a ticket comes back, with made-up values."""
    ticket = {
        "label": f"{project.key}-12",
        "title": "Module atlas.core.registry does not exist",
        "kind": "missing-module",
        "status": "regressed",
        "errors": 4,
        "hidden_errors": 0,
        "url": f"/p/{project.slug}/t/{project.key}-12/",
    }
    seen = {"number": 31, "commit": "e7710ab" + "0" * 33, "trigger": "schedule", "url": f"/p/{project.slug}/passes/31/"}
    at = datetime.fromisoformat("2026-03-12T06:00:42+00:00").isoformat()
    named = {"slug": project.slug, "name": project.name}
    return body("ticket.regressed", at, named, ticket=ticket, **{"pass": seen})


def _tries(project: Project) -> list[Try]:
    found = Delivery.objects.filter(receiver__project=project).select_related("receiver", "message")
    return [
        Try(one, EVENTS.get(one.event, "A test" if one.event == "test" else one.event), _again(one.message))
        for one in found.defer("message__payload")[:SHOWN]
    ]


def _again(message: Outbox | None) -> int | None:
    return message.pk if message is not None and message.done_at is None else None
