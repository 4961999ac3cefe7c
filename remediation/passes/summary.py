"""One pass as a plain document, for scripts."""

from __future__ import annotations

from typing import Any

from remediation.core import fingerprint
from remediation.models import CollectionPass, Fingerprint
from remediation.rulebook import Rulebook


def summary(collection_pass: CollectionPass) -> dict[str, Any]:
    """Return the pass as JSON-ready values; what was not counted is null, never 0.

    Keys: pass, project, status, reason, text, exit_code, commit, collected, errors_total, tickets, pytest_errors,
    environment_errors, seconds, python, pytest, sandbox_level, counts ({category: errors}, null when not counted),
    ledger, errors ([{file, kind, category, ticket, message}], null when not counted).
    """
    counted = collection_pass.counted
    errors = _errors(collection_pass) if counted else None
    return {
        "pass": collection_pass.number,
        "project": collection_pass.project.slug,
        "status": collection_pass.outcome,
        "reason": collection_pass.reason,
        "text": collection_pass.reason_text,
        "exit_code": collection_pass.exit_code,
        "commit": collection_pass.commit,
        "position": collection_pass.position,
        "collected": collection_pass.tests_collected,
        "errors_total": collection_pass.total,
        "environment_errors": collection_pass.environment_errors,
        "pytest_errors": collection_pass.pytest_errors,
        "tickets": len({error["ticket"] or error["fingerprint"] for error in errors}) if errors is not None else None,
        "seconds": collection_pass.seconds,
        "python": collection_pass.python_version,
        "pytest": collection_pass.pytest_version,
        "sandbox_level": collection_pass.sandbox_level,
        "counts": _counts(collection_pass, errors) if errors is not None else None,
        "ledger": _ledger(collection_pass),
        "errors": errors,
    }


def _errors(collection_pass: CollectionPass) -> list[dict[str, Any]]:
    assert collection_pass.result is not None
    found = fingerprint.identify(collection_pass.result.unpack())
    rows = Fingerprint.objects.filter(
        project=collection_pass.project, version=fingerprint.VERSION, readable__in={key for _, key in found}
    ).select_related("ticket__project", "ticket__category")
    by_key = {row.readable: row for row in rows}
    rules = Rulebook(collection_pass.project)
    return [
        {
            "file": path,
            "kind": identified.error.kind,
            # A pass off the ref opens no ticket; what it saw may belong to one, and the rules sort the rest.
            "category": by_key[key].ticket.category.name if key in by_key else rules.sort(identified.error).name,
            "ticket": by_key[key].ticket.label if key in by_key else None,
            "fingerprint": key,
            "message": identified.error.cause.message,
        }
        for (path, key), identified in sorted(found.items())
    ]


def _counts(collection_pass: CollectionPass, errors: list[dict[str, Any]]) -> dict[str, int]:
    """Errors by category; every active category is named, because a counted pass knows its zeros."""
    names = collection_pass.project.categories.filter(archived=False).values_list("name", flat=True)
    counts = dict.fromkeys(names, 0)
    for error in errors:
        counts[error["category"]] = counts.get(error["category"], 0) + 1
    return counts


def _ledger(collection_pass: CollectionPass) -> dict[str, int] | None:
    if collection_pass.cleared is None or collection_pass.previous is None:
        return None
    terms = ("cleared", "hidden", "unmasked", "new", "regressed")
    return {
        "before": collection_pass.previous.total or 0,
        **{name: getattr(collection_pass, name) for name in terms},
        "after": collection_pass.total or 0,
    }
