"""The audit log: append-only, in the change's own transaction, without secrets, and whole when others are deleted."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from dashboard.acting import command_line
from remediation import audit, categories, hooks, passes, pauses, projects
from remediation.audit import Actor, acting
from remediation.core.rules import Rule
from remediation.models import AuditLine, Category, CollectionPass
from tests import factories


def lines() -> list[tuple[str, str, dict[str, Any]]]:
    """What was written, oldest first."""
    return list(AuditLine.objects.order_by("pk").values_list("verb", "object", "changes"))


def last() -> AuditLine:
    return AuditLine.objects.order_by("-pk")[0]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE remediation_auditline SET actor = 'nobody'",
        "UPDATE remediation_auditline SET actor = 'nobody' WHERE false",
        "DELETE FROM remediation_auditline",
    ],
)
def test_the_database_refuses_to_change_it(statement: str) -> None:
    with transaction.atomic():
        audit.write("paused", "schedule")
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        AuditLine.objects.all().delete()
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        line = last()
        line.actor = "somebody else"
        line.save()
    assert last().actor == "system"


@pytest.mark.django_db
def test_a_change_that_is_taken_back_takes_its_line_with_it() -> None:
    project = factories.project()
    before = lines()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        projects.update(project, target_date=date(2027, 1, 1))
        raise ZeroDivisionError
    with pytest.raises(projects.Refused):
        projects.update(project, target_date=date(2027, 1, 1), schedule="never")
    assert lines() == before


@pytest.mark.django_db
def test_it_stays_whole_when_account_and_project_are_deleted() -> None:
    project, lead = factories.project("atlas"), factories.user("ines.duarte")
    pauses.pause(project, lead, "Moving")
    pk, account = project.pk, lead.pk
    lead.delete()
    project.delete()
    line = last()
    assert (line.actor, line.actor_id) == ("Ines Duarte (ines.duarte)", account)
    assert (line.project, line.project_id) == ("atlas", pk)
    assert (line.verb, line.object, line.changes) == ("paused", "schedule", {"reason": ["", "Moving"]})


@pytest.mark.django_db
def test_who_acts_is_the_person_the_command_line_or_the_system() -> None:
    project, lead = factories.project(), factories.user("ines.duarte")
    assert last().actor == "system"
    with acting(command_line()):
        projects.update(project, name="Atlas two")
    assert last().actor.startswith("command line") and last().actor_id is None
    with acting(Actor(user=lead, address="2001:db8::1")):
        projects.update(project, name="Atlas three")
    assert (last().actor, last().address) == ("Ines Duarte (ines.duarte)", "2001:db8::1")
    assert last().changes == {"name": ["Atlas two", "Atlas three"]}
    projects.update(project, name="Atlas four")
    assert last().actor == "system"  # what was set for a request ends with it


@pytest.mark.django_db
def test_secrets_are_never_in_it() -> None:
    canary = "canary-7f3a9c"
    project = factories.project(environment={"TOKEN": canary})
    assert last().changes["environment TOKEN"] == ["", "set"]
    projects.update(project, environment={"TOKEN": canary + "2", "MODE": canary})
    assert last().changes == {"environment MODE": ["", "set"], "environment TOKEN": ["set", "changed"]}
    projects.update(project, environment={})
    assert last().changes == {"environment MODE": ["set", "cleared"], "environment TOKEN": ["set", "cleared"]}
    token = hooks.make(project, secret=canary)
    assert last().changes == {"address": ["", "set"], "secret": ["", "set"]}
    hooks.make(project)
    assert last().changes == {"address": ["set", "changed"], "secret": ["set", "cleared"]}
    hooks.remove(project)
    hooks.remove(project)
    assert [verb for verb, what, _ in lines() if what == "address of pushes"] == ["made", "made", "removed"]
    audit.write("changed", "source", changes={"source": ("", f"https://user:{canary}@git.example.org/x.git")})
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(t::text, '') FROM remediation_auditline t")
        stored = cursor.fetchone()[0]
    assert canary not in stored and token not in stored


@pytest.mark.django_db
def test_rules_categories_and_passes_say_what_became_of_them() -> None:
    project, lead = factories.project(), factories.user("ines.duarte")
    factories.counted_pass(project, 1, [factories.missing_module("tests/test_a.py")])
    before = len(lines())
    rules = [Rule("Missing core modules", kind="missing-module")]
    categories.save_rules(project, rules, saved_by=lead, history=False)
    first, second = Category.objects.filter(project=project)[:2]
    stated = first.business_impact
    categories.save_category(project, first, business_impact="Payments stop")
    categories.save_category(project, first, business_impact="Payments stop")  # nothing changed
    categories.move_category(second, up=True)
    categories.move_category(Category.objects.get(pk=second.pk), up=True)  # it is the first already
    queued = passes.queue(project, trigger="manual", user=lead)
    assert passes.queue(project, trigger="manual", user=lead) == queued  # it waits already
    assert passes.cancel(queued) and not passes.cancel(queued)
    passes.queue(project, trigger="push")
    CollectionPass.objects.filter(project=project, number=1).update(held=True)
    held = project.passes.get(number=1)
    assert passes.confirm(held, lead) and not passes.confirm(held, lead)
    pauses.resume(project)  # it is not paused
    assert lines()[before:] == [
        ("saved", "rules, version 2", {"version": [1, 2], "sorts": ["", "passes after #1"]}),
        ("changed", f"category {first.name}", {"business_impact": [stated, "Payments stop"]}),
        ("moved", f"category {second.name}", {"place": [2, 1]}),
        ("queued", "pass #2", {}),
        ("stopped", "pass #2", {}),
        ("confirmed", "pass #1", {}),
    ]


@pytest.mark.django_db
def test_what_a_stranger_wrote_is_stored_clean() -> None:
    audit.write("changed", "x\x00\x1b[31m\u202ey" * 500, changes={"name": ("", "a\x00\ud800b"), "count": (None, 7)})
    assert "\x1b" not in last().object and len(last().object) <= 300
    assert last().changes == {"name": ["", "a\N{REPLACEMENT CHARACTER}b"], "count": [None, 7]}
