"""Another project with a mark in every text that it holds, so that a page which shows any of it is found out."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import time, timedelta
from typing import Any

from django.db import DatabaseError, connection, models, transaction
from django.utils import timezone

from dashboard import finals
from remediation import (
    audit,
    categories,
    checks,
    credentials,
    passes,
    receivers,
    reporting,
    sharing,
    statements,
    tickets,
)
from remediation.belongings import Belonging, belongings
from remediation.core.rules import Rule
from remediation.core.week_facts import WeekFact
from remediation.models import AuditLine, Membership, Project, SavedView, User
from tests import factories
from tests.dashboard.cast import Cast

MARK = "zyxomma"
_TEXTS = (models.CharField, models.TextField)
# What a test needs to find its way, and what the database holds to a fixed set of words.
_KEPT = {"key", "state", "outcome", "status", "trigger", "role", "commit", "digest", "hook_digest", "rules_version"}


def fill(cast: Cast) -> None:
    """Give the other project more of everything than the cast's own has: tickets to BOR-5, passes to #4, rules 2."""
    other = cast.other
    errors = [factories.missing_module(f"tests/test_z{n}.py", f"zyx.part{n}") for n in range(5)]
    factories.counted_pass(other, 2, errors, {"tests/test_quiet.py": ("skipped", 0, "no display", "skip")})
    factories.counted_pass(other, 3, errors[:4])
    factories.blocked_pass(other, 4)
    standing = other.tickets.standing().order_by("number")
    tickets.claim(standing[0], cast.stranger)
    tickets.mark_fixed(standing[1], cast.stranger, "main")
    rule = Rule(categories.Category.objects.filter(project=other)[0].name, kind="missing-module")
    categories.save_rules(other, [rule], saved_by=cast.stranger)
    SavedView.objects.create(user=cast.stranger, project=other, name="theirs", query="q=x")
    passes.queue(other, trigger="manual", user=cast.stranger)
    theirs = receivers.add(other, "webhook", "https://1.1.1.1/theirs", ["pass.failed"])
    receivers.try_out(theirs)
    statements.state(other, "2026-W10", cast.stranger, "Theirs", WeekFact("errors:1:3", "3 errors at #1"))
    credentials.put_token(other, "ada", "a-token-of-some-length", cast.stranger)
    checks.test(other, cast.stranger)
    reporting.add(other, cast.stranger, address="theirs@example.org", formats=["pdf"], now=timezone.now())
    _issue(other, cast.stranger)
    sharing.make(other, cast.stranger, shows="badge", name="Wiki", days=30, now=timezone.now())


def _issue(other: Project, lead: User) -> None:
    """A draft of the week after a final one, which bears the mark from the start: nobody can put it in later."""
    plan = {"on": True, "weekday": 0, "at": time(), "release_after": None}
    reporting.change(other, lead, now=factories.START, **plan)
    reporting.draft_due(factories.START + timedelta(days=14))
    final = other.weekly_reports.order_by("end")[0]
    made = finals.make(final, timezone.now())
    files = [replace(file, content=f"<p>{MARK}</p>".encode(), name=MARK) for file in made.files]
    marked = replace(made, title=MARK, files=files)
    reporting.release(final, lambda _: marked, lead, timezone.now())


def mark(cast: Cast) -> list[str]:
    """Put the mark into every text of the other project and of the person who is only its member; which columns."""
    done = []
    for belonging in (Belonging(Project, "pk"), *belongings()):
        fields = [f for f in belonging.model._meta.concrete_fields if f.name not in _KEPT and not f.choices]
        for field in fields:
            changed = [_marked(belonging.model, field, row) for row in belonging.of(cast.other.pk)]
            if any(changed):
                done.append(f"{belonging.model.__name__}.{field.name}")
    User.objects.filter(pk=cast.stranger.pk).update(username=f"{MARK}.tom", first_name=MARK.title(), last_name=MARK)
    cast.stranger.refresh_from_db()
    cast.other.refresh_from_db()
    audit.write("changed", MARK, project=cast.other, changes={MARK: (MARK, MARK)}, by=cast.stranger)
    assert Membership.objects.filter(user=cast.stranger).count() == 1
    return done


def _marked(model: type[models.Model], field: Any, row: models.Model) -> bool:
    value: Any
    if isinstance(field, models.JSONField):
        value = {MARK: f"{MARK} {row.pk}"}
    elif isinstance(field, _TEXTS):
        value = f"{MARK}-{row.pk}"[: field.max_length]
    else:
        return False
    try:
        with transaction.atomic():
            return bool(model._base_manager.filter(pk=row.pk).update(**{field.name: value}))
    except DatabaseError:  # a constraint holds it to known words
        return False


def digest(project: Project) -> str:
    """Of every row of a project, and its own: changes with any of them."""
    found = hashlib.sha256()
    with connection.cursor() as cursor:
        for belonging in (Belonging(Project, "pk"), *belongings()):
            ids = list(belonging.of(project.pk).values_list("pk", flat=True))
            table = connection.ops.quote_name(belonging.model._meta.db_table)
            key = connection.ops.quote_name(belonging.model._meta.pk.column)
            rows = f"SELECT md5(string_agg(t::text, '|' ORDER BY t.{key})) FROM {table} t WHERE t.{key} = ANY(%s)"
            cursor.execute(rows, [ids])
            found.update(str(cursor.fetchone()[0]).encode())
    found.update(str(list(AuditLine.objects.filter(project_id=project.pk).values_list("pk"))).encode())
    return found.hexdigest()
