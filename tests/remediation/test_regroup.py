"""A new version of the fingerprints groups errors anew; what people did stays with the errors it was about."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from msgspec.structs import replace

from remediation import projections, tickets
from remediation.core import fingerprint
from remediation.models import Fingerprint, Occurrence, Project, Ticket
from remediation.projections.load import is_current
from tests import factories

pytestmark = pytest.mark.django_db
ONE, TWO = "tests/test_one.py", "tests/test_two.py"


def as_an_older_version_had_it(project: Project, keys: Mapping[str, str]) -> None:
    """Turn the fingerprints into those of version 1, with other keys; equal new names become one ticket."""
    by_name: dict[str, Fingerprint] = {}
    for row in Fingerprint.objects.filter(project=project).order_by("pk"):
        name = keys.get(row.readable, "v1:" + row.readable)
        if name in by_name:
            Occurrence.objects.filter(fingerprint=row).update(fingerprint=by_name[name])
            left = row.ticket
            row.delete()
            left.delete()
            continue
        row.version, row.readable, row.key = 1, name, fingerprint.digest(name)
        row.save()
        by_name[name] = row


def two_causes() -> Project:
    project = factories.project()
    errors = [factories.missing_module(ONE, "atlas.gone"), factories.unknown_marker(TWO, "load")]
    factories.counted_pass(project, 1, errors)
    factories.counted_pass(project, 2, errors[:1], {TWO: 4, "tests/test_healthy.py": 5})
    return project


def test_a_claim_stays_with_its_errors() -> None:
    project = two_causes()
    ticket = Ticket.objects.get(project=project, kind="missing-module")
    person = factories.member(project)
    tickets.claim(ticket, person)
    number = project.tickets.count()
    as_an_older_version_had_it(project, {})
    projections.rebuild(project)
    again = Fingerprint.objects.get(project=project, readable="missing:atlas.gone").ticket
    assert (again.pk, again.claimed_by) == (ticket.pk, person)
    assert project.tickets.count() == number
    assert {row.version for row in project.fingerprints.all()} == {fingerprint.VERSION}
    assert Ticket.objects.get(project=project, kind="unknown-marker").status == "verified"


def test_one_ticket_that_was_two_causes_goes_to_the_larger_one() -> None:
    project = factories.project()
    errors = [factories.missing_module(ONE, "atlas.a"), factories.missing_module(TWO, "atlas.a")]
    errors.append(factories.missing_module("tests/test_three.py", "atlas.b"))
    factories.counted_pass(project, 1, errors)
    kept = Ticket.objects.get(fingerprints__readable="missing:atlas.a")
    as_an_older_version_had_it(project, {"missing:atlas.a": "both", "missing:atlas.b": "both"})
    projections.rebuild(project)
    assert Ticket.objects.get(fingerprints__readable="missing:atlas.a").pk == kept.pk
    assert Ticket.objects.get(fingerprints__readable="missing:atlas.b").pk != kept.pk


@pytest.mark.parametrize("worked_on", [True, False])
def test_two_tickets_that_are_one_cause_become_the_one_people_worked_on(worked_on: bool) -> None:
    project = factories.project()
    errors = [factories.missing_module(path, "atlas.a") for path in (ONE, TWO)]
    factories.counted_pass(project, 1, errors)
    row = Fingerprint.objects.get(project=project)
    other = Ticket.objects.create(
        project=project, number=99, title="Second", kind="missing-module", category=row.ticket.category
    )
    as_an_older_version_had_it(project, {})
    second = Fingerprint.objects.create(
        project=project, version=1, key="2" * 64, readable="v1:second", kind="missing-module", home=other, ticket=other
    )
    Occurrence.objects.filter(file__path=TWO).update(fingerprint=second)
    if worked_on:
        tickets.claim(other, factories.member(project))
    projections.rebuild(project)
    (ticket,) = Ticket.objects.filter(project=project, merged_into=None)
    assert (ticket.errors, ticket.claimed_by is not None) == (2, worked_on)
    assert (ticket.pk == other.pk) is worked_on


def test_the_next_pass_regroups_by_itself_even_where_everything_was_repaired() -> None:
    project = factories.project()
    factories.counted_pass(project, 1, [factories.unknown_marker(ONE)])
    factories.counted_pass(project, 2, [], {ONE: 4})
    assert is_current(project)
    as_an_older_version_had_it(project, {})
    assert not is_current(project)
    factories.counted_pass(project, 3, [factories.unknown_marker(ONE)])
    assert Ticket.objects.get(project=project).status == "regressed"


def test_two_causes_in_one_file_are_told_apart_by_what_they_name() -> None:
    project = factories.project()
    both = [replace(factories.unknown_marker(ONE, name), node=f"{ONE}::{name}") for name in ("load", "slow")]
    factories.counted_pass(project, 1, both)
    expected = {row.facts["name"]: row.ticket_id for row in Fingerprint.objects.filter(project=project)}
    as_an_older_version_had_it(project, {})
    projections.rebuild(project)
    assert {row.facts["name"]: row.ticket_id for row in Fingerprint.objects.filter(project=project)} == expected


def test_control_without_older_fingerprints_nothing_is_inherited() -> None:
    project = two_causes()
    before = sorted(project.tickets.values_list("pk", "title", "status"))
    projections.rebuild(project)
    assert sorted(project.tickets.values_list("pk", "title", "status")) == before
