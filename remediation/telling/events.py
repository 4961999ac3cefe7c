"""Events for a project's receivers: chat messages and webhooks, written in the transaction of what they tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import timezone

from remediation import outbox
from remediation.core.webhook_events import TICKET_VERBS, body, chat_of
from remediation.models import CollectionPass, Outbox, Project, Receiver, Transition
from remediation.telling.links import absolute, pass_path, ticket_path

_LEDGER = ("cleared", "hidden", "unmasked", "new", "regressed")


def of_pass(collection_pass: CollectionPass, lines: Sequence[Transition], *, first: bool) -> None:
    """Put in what the project's receivers want to know of a pass that ended; one query where nobody listens.

    ``lines``: what it wrote into tickets' histories, with their tickets. ``first``: the pass before it ended in another
    way; a chat is told of the first of a row of blocked or failed passes only.
    """
    project = collection_pass.project
    receivers = list(Receiver.objects.filter(project=project))
    if not receivers:
        return
    collection_pass.refresh_from_db(fields=_LEDGER)  # where history was computed again, it was another object's
    event, facts = f"pass.{collection_pass.outcome}", pass_facts(project, collection_pass)
    told = [line for line in lines if line.verb in TICKET_VERBS]
    tickets = [(TICKET_VERBS[line.verb], _ticket_facts(project, line), line.ticket_id) for line in told]
    messages: list[Outbox] = []
    for receiver in receivers:
        if receiver.kind == "webhook":
            messages += _webhooks(receiver, collection_pass, event, facts, tickets)
        elif first:
            messages += _chat(receiver, collection_pass, event, facts, tickets)
    outbox.put(messages)


def sample_message(receiver: Receiver) -> Outbox:
    """A message that says that it arrived; put in under a key of its own each time."""
    now = timezone.now()
    key = f"test-{receiver.pk}-{now:%Y%m%d%H%M%S%f}"
    if receiver.kind == "webhook":
        payload = body("test", now.isoformat(), _project_facts(receiver.project))
    else:
        text = f"{receiver.project.name}: this is where its messages arrive"
        payload = {"title": {"text": text}, "lines": [], "type": "test"}
    return outbox.message(key, receiver.kind, payload, receiver=receiver)


def pass_facts(project: Project, row: CollectionPass) -> dict[str, Any]:
    """A pass as receivers get it. ``ledger`` is null at the first counted pass and for one that counted nothing."""
    terms = {name: getattr(row, name) for name in _LEDGER}
    ledger = None
    if row.total is not None and all(value is not None for value in terms.values()):
        before = row.total + terms["cleared"] + terms["hidden"] - terms["unmasked"] - terms["new"] - terms["regressed"]
        ledger = {"before": before, **terms, "after": row.total}
    return {
        "number": row.number,
        "outcome": row.outcome,
        "reason": row.reason or None,
        "reason_text": row.reason_text or None,
        "trigger": row.trigger,
        "commit": row.commit or None,
        "on_watched_branch": row.position is not None,
        "total": row.total,
        "environment_errors": row.environment_errors,
        "tests_collected": row.tests_collected,
        "ledger": ledger,
        "url": absolute(pass_path(project, row)),
    }


def _project_facts(project: Project) -> dict[str, Any]:
    return {"slug": project.slug, "name": project.name}


def _ticket_facts(project: Project, line: Transition) -> dict[str, Any]:
    ticket = line.ticket
    return {
        "label": f"{project.key}-{ticket.number}",
        "title": ticket.title,
        "kind": ticket.kind,
        "status": ticket.status,
        "errors": ticket.errors,
        "hidden_errors": ticket.hidden_errors,
        "url": absolute(ticket_path(project, ticket)),
    }


def _webhooks(
    receiver: Receiver,
    row: CollectionPass,
    event: str,
    facts: Mapping[str, Any],
    tickets: Sequence[tuple[str, dict[str, Any], int]],
) -> list[Outbox]:
    at, project = timezone.now().isoformat(), _project_facts(row.project)
    made = []
    if event in receiver.events:
        payload = body(event, at, project, **{"pass": dict(facts)})
        made.append(outbox.message(f"{event}-{row.pk}-{receiver.pk}", "webhook", payload, receiver=receiver))
    seen = {name: facts[name] for name in ("number", "commit", "trigger", "url")}
    for what, ticket, pk in tickets:
        if what in receiver.events:
            payload = body(what, at, project, ticket=ticket, **{"pass": seen})
            key, topic = f"{what}-{pk}-{row.pk}-{receiver.pk}", f"receiver {receiver.pk} ticket {pk}"
            made.append(outbox.message(key, "webhook", payload, receiver=receiver, topic=topic))
    return made


def _chat(
    receiver: Receiver,
    row: CollectionPass,
    event: str,
    facts: Mapping[str, Any],
    tickets: Sequence[tuple[str, dict[str, Any], int]],
) -> list[Outbox]:
    named = [(what, ticket) for what, ticket, _ in tickets]
    payload = chat_of(event, {**facts, "project": row.project.name}, named, receiver.events)
    if payload is None:
        return []
    return [outbox.message(f"chat-{row.pk}-{receiver.pk}", "chat", {**payload, "type": event}, receiver=receiver)]
