"""Passes: listed, one of them with its ledger, and a new one queued."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils import timezone

from dashboard.api import shapes
from dashboard.api.operation import Call, operation
from dashboard.api.paging import part_of
from dashboard.history import ledger_of
from dashboard.pass_page import categories_of
from dashboard.sending import send_soon
from remediation import passes as use_cases
from remediation.models import CollectionPass, Project


@operation("read", query=shapes.PassFilter, gives=shapes.Passes)
def list_passes(call: Call, slug: str) -> shapes.Passes:
    """Passes, newest first, with those that wait or run."""
    project, wanted = call.project(slug), call.query
    found = project.passes.listed()
    if wanted.outcome:
        found = found.filter(outcome=wanted.outcome)
    if wanted.since:
        found = found.filter(queued_at__gte=wanted.since)
    if wanted.until:
        found = found.filter(queued_at__lt=wanted.until)
    if wanted.before:
        found = found.filter(number__lt=wanted.before)
    shown, following = part_of(call, found, "before")
    return shapes.Passes(passes=[line_of(call, project, row) for row in shown], next=following)


@operation("read", gives=shapes.Pass)
def show_pass(call: Call, slug: str, number: int) -> shapes.Pass:
    """A pass: what was counted, what moved since the counted pass before, and errors by category."""
    found = call.collection_pass(slug, number)
    return pass_of(call, found.project, found)


@operation(
    "trigger",
    body=shapes.WantedPass,
    gives=shapes.Queued,
    status=202,
    headers={"Idempotency-Key": "Sent again within a day, it is the same pass."},
)
def queue_pass(call: Call, slug: str) -> shapes.Queued:
    """Queue a pass of a commit, a branch, or the watched ref's tip; one of the tip that waits already is that pass."""
    project, wanted = call.project(slug), call.body
    queued = use_cases.ask(
        project,
        call.token,
        commit=wanted.commit or "",
        branch=wanted.branch or "",
        key=call.request.headers.get("Idempotency-Key", ""),
        now=timezone.now(),
    )
    send_soon(queued)
    named = [slug, queued.number]
    return shapes.Queued(
        number=queued.number,
        state=queued.state,
        address=call.request.build_absolute_uri(reverse("api-pass", args=named)),
        page=call.request.build_absolute_uri(reverse("pass", args=named)),
    )


def line_of(call: Call, project: Project, row: CollectionPass) -> shapes.PassLine:
    """A pass as it stands in a list."""
    return shapes.PassLine(**_facts(call, project, row))


def pass_of(call: Call, project: Project, row: CollectionPass) -> shapes.Pass:
    """A pass with all that is said of it. Raises ArithmeticError rather than give a ledger that does not sum."""
    previous = row.previous
    ledger = ledger_of(row, previous.total if previous else None)
    return shapes.Pass(
        **_facts(call, project, row),
        compared_with=previous.number if previous else None,
        comparable=row.comparable,
        ledger=shapes.Ledger(**{name: getattr(ledger, name) for name in shapes.Ledger.__struct_fields__})
        if ledger
        else None,
        categories=_categories(row) if row.counted else None,
        python=row.python_version or None,
        pytest=row.pytest_version or None,
        seconds=row.seconds,
    )


def _facts(call: Call, project: Project, row: CollectionPass) -> dict[str, Any]:
    return {
        "number": row.number,
        "page": call.request.build_absolute_uri(reverse("pass", args=[project.slug, row.number])),
        "state": row.state,
        "outcome": row.outcome or None,
        "reason": row.reason_text or None,
        "trigger": row.trigger,
        "requested": row.requested_commit or None,
        "commit": row.commit or None,
        "subject": row.subject or None,
        "queued_at": row.queued_at,
        "started_at": row.started_at,
        "ended_at": row.ended_at,
        "errors": row.total,
        "environment_errors": row.environment_errors,
        "tests_collected": row.tests_collected,
        "in_sums": row.in_trend,
    }


def _categories(row: CollectionPass) -> list[shapes.CategoryErrors]:
    return [
        shapes.CategoryErrors(
            name=line["category"].name,
            errors=line["errors"],
            environment_errors=line["environment"],
            tickets=line["tickets"],
        )
        for line in categories_of(row)
    ]
