"""Everything one pass's page says: its ledger and what stands behind each term."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dashboard import drawing, live_passes, repository
from dashboard.history import ledger_of
from dashboard.pass_lists import lists_of
from dashboard.templatetags.figures import count
from remediation.collection import sandbox
from remediation.core import fingerprint
from remediation.core.blocker import identify_blocker
from remediation.core.scope import changes
from remediation.core.trend import is_wall
from remediation.models import CollectionPass, Ticket
from remediation.querysets import LONG_TEXTS

MOST_CHANGES = 8


def build(collection_pass: CollectionPass, now: datetime) -> dict[str, Any]:
    """The context of the page. Raises ArithmeticError rather than show terms that do not sum."""
    project = collection_pass.project
    previous = collection_pass.previous if collection_pass.previous_id else None
    ledger = ledger_of(collection_pass, previous.total if previous else None)
    number = collection_pass.number
    categories = categories_of(collection_pass) if collection_pass.counted else []
    return {
        "project": project,
        "page": "passes",
        "pass": collection_pass,
        "previous": previous,
        "label": str(number),
        "previous_label": str(previous.number) if previous else "",
        "in_repository": (collection_pass.total or 0) - (collection_pass.environment_errors or 0),
        "wall": is_wall(collection_pass.total, collection_pass.environment_errors),
        "ledger": ledger,
        "terms": drawing.terms(ledger) if ledger else [],
        "lists": lists_of(collection_pass, previous) if collection_pass.counted else [],
        "since": _since(collection_pass, previous),
        "categories": categories,
        "tickets_seen": sum(line["tickets"] for line in categories),
        "differences": _differences(collection_pass, previous),
        "also": _also(collection_pass, previous),
        "level": sandbox.LEVELS.get(collection_pass.sandbox_level or 0, ""),
        "progress": None if collection_pass.state == "ended" else live_passes.progress(collection_pass, now),
        "before": number - 1 if number > 1 else None,
        "after": number + 1 if number < project.last_pass_number else None,
        "off_ref": bool(collection_pass.counted and collection_pass.position is None),
        "blocker_ticket": _blocker_ticket(collection_pass),
        "held": collection_pass.held and collection_pass.confirmed_at is None,
        "offered": previous.number if previous else None,
    }


def categories_of(collection_pass: CollectionPass) -> list[dict[str, Any]]:
    """Errors and tickets by category; ``environment``: how many of the errors are the environment's. One query."""
    sums: dict[int, dict[str, Any]] = {}
    for row in collection_pass.category_counts.select_related("category").order_by("category__order", "category_id"):
        line = sums.setdefault(row.category_id, {"category": row.category, "errors": 0, "environment": 0, "tickets": 0})
        line["errors"] += row.errors
        line["environment"] += row.errors * row.environment
        line["tickets"] += row.tickets
    return list(sums.values())


def _since(collection_pass: CollectionPass, previous: CollectionPass | None) -> dict[str, Any] | None:
    """The commits since the counted pass before it; None while it runs, and where there is no pass before.

    One query for a pass without a count, which has no ledger and so no pass before it.
    """
    if collection_pass.state != "ended":
        return None
    before = previous
    if not collection_pass.counted:
        passes = collection_pass.project.passes.counted().defer(*LONG_TEXTS).in_commit_order()
        placed = collection_pass.position is not None
        before = (passes.before(collection_pass) if placed else passes).last()
    if before is None:
        return None
    found = repository.commits(collection_pass.project, before.commit, collection_pass.commit)
    same = before.commit == collection_pass.commit
    return {"before": before, "range": found, "same": same, "files": before.files_total}


def _blocker_ticket(collection_pass: CollectionPass) -> Ticket | None:
    """The ticket of what blocked this pass; None where it counted, or where no single cause is known."""
    error = collection_pass.blocking_error
    if error is None or not collection_pass.decides:
        return None
    rows = Ticket.objects.filter(
        project=collection_pass.project,
        fingerprints__version=fingerprint.VERSION,
        fingerprints__readable=identify_blocker(error).key,
    )
    ticket = rows.select_related("project", "claimed_by").first()
    return ticket.merged_into or ticket if ticket else None


def _differences(collection_pass: CollectionPass, previous: CollectionPass | None) -> list[str]:
    """Why two passes are not comparable, fact by fact; empty when they are."""
    if previous is None or collection_pass.comparable is not False:
        return []
    return [change.sentence for change in changes(previous.scope.facts, collection_pass.scope.facts)]


def _also(collection_pass: CollectionPass, previous: CollectionPass | None) -> list[str]:
    """What differs though it is no part of the scope: releases, plugins, the number of test files."""
    if previous is None or not collection_pass.counted:
        return []
    said = [
        f"{name}: {before} became {after}"
        for name, before, after in (
            ("Python", previous.python_version, collection_pass.python_version),
            ("pytest", previous.pytest_version, collection_pass.pytest_version),
            ("test files", count(previous.files_total), count(collection_pass.files_total)),
        )
        if before and after and before != after
    ]
    before, after = (set((one.conditions or {}).get("plugins") or ()) for one in (previous, collection_pass))
    if before and after:
        said += [f"plugin only here: {name}" for name in sorted(after - before)]
        said += [f"plugin no more: {name}" for name in sorted(before - after)]
    return said[:MOST_CHANGES]
