"""Which files tickets block now and how many tests each hides, read from what passes recorded."""

from __future__ import annotations

import pytest
from pytest_django import DjangoAssertNumQueries

from remediation import passes, projections
from remediation.core.evidence import statement_digest
from remediation.core.impact import COLLECTED, SOURCE, Blocked, Estimate, bound
from remediation.hidden_tests import blocked_files, impact_of
from remediation.models import Project, Rename, TestFile, Ticket
from tests import factories

A, B, C = "tests/test_a.py", "tests/test_b.py", "tests/unit/test_c.py"
CONFTEST = "tests/unit/conftest.py"


@pytest.fixture
def project(db: None) -> Project:
    return factories.project()


def _ticket(project: Project, kind: str) -> Ticket:
    return project.tickets.get(kind=kind)


def _by_path(project: Project) -> dict[str, Blocked]:
    return {file.path: file for file in blocked_files(project)}


def test_a_file_that_collected_before_says_what_it_gave_and_one_that_never_did_what_is_written(
    project: Project,
) -> None:
    factories.counted_pass(project, 1, [factories.missing_module(B)], {A: 24}, written={B: 7})
    factories.counted_pass(project, 2, [factories.missing_module(B)], {A: 25}, written={B: 8})
    errors = [factories.missing_module(A), factories.missing_module(B)]
    factories.counted_pass(project, 3, errors, {C: 1}, written={A: 3, B: 8})
    factories.counted_pass(project, 4, errors, {C: 1}, written={A: 3, B: 9})
    found = _by_path(project)
    assert found[A].estimate == Estimate(25, COLLECTED, 2)
    assert found[B].estimate == Estimate(9, SOURCE)  # as its source is now
    impact, files = impact_of(_ticket(project, "missing-module"))
    assert (impact.hidden.tests, impact.alone.tests, set(files)) == (34, 34, {A, B})


def test_what_was_neither_collected_nor_read_is_unknown(project: Project) -> None:
    factories.counted_pass(project, 1, [factories.missing_module(A)])
    assert bound(blocked_files(project)).known is None
    assert bound(blocked_files(project)).unknown == 1


def test_a_file_with_two_causes_waits_for_both(project: Project) -> None:
    errors = [factories.missing_module(A), factories.missing_name(A), factories.missing_name(B)]
    factories.counted_pass(project, 1, errors, written={A: 5, B: 2})
    module, _ = impact_of(_ticket(project, "missing-module"))
    name, _ = impact_of(_ticket(project, "missing-name"))
    assert (module.hidden.tests, module.alone.files, module.shared) == (5, 0, 1)
    assert (name.hidden.tests, name.alone.tests, name.shared) == (7, 2, 1)
    assert bound(blocked_files(project)).tests == 7


def test_a_cause_that_another_one_in_the_file_covers_counts_as_well(project: Project) -> None:
    factories.counted_pass(project, 1, [factories.missing_module(A, "atlas.one")], written={A: 5})
    before = factories.missing_module(A, "atlas.two", line=1, pending=[statement_digest("import atlas.one")])
    factories.counted_pass(project, 2, [before], written={A: 5})
    assert [ticket.hidden_errors for ticket in project.tickets.order_by("number")] == [1, 0]
    assert len(_by_path(project)[A].causes) == 2


def test_a_failing_conftest_hides_what_it_serves(project: Project) -> None:
    factories.counted_pass(project, 1, [], {A: 3, C: 12})
    factories.counted_pass(project, 2, [factories.missing_name(CONFTEST)], {A: 3, C: ("masked", 0, CONFTEST)})
    assert _by_path(project) == {
        C: Blocked(C, frozenset({_ticket(project, "missing-name").pk}), Estimate(12, COLLECTED, 1))
    }


def test_a_conftest_that_serves_no_known_file_hides_an_unknown_number(project: Project) -> None:
    factories.counted_pass(project, 1, [factories.missing_name(CONFTEST)], {A: 3})
    assert _by_path(project)[CONFTEST].estimate == Estimate()


def test_a_file_that_git_renamed_goes_on_with_its_count(project: Project) -> None:
    moved = "tests/test_moved.py"
    for before, after, pairs in ((1, 2, {A: B}), (2, 3, {B: moved}), (1, 3, {A: moved})):
        Rename.objects.create(project=project, before=f"{before:040x}", after=f"{after:040x}", pairs=pairs)
    ask = passes.renames_between(project)
    factories.counted_pass(project, 1, [], {A: 24, C: 9}, renames=ask)
    factories.counted_pass(project, 2, [factories.missing_module(B)], {C: 9}, renames=ask)
    factories.counted_pass(project, 3, [factories.missing_module(moved)], {C: 9}, renames=ask)
    assert _by_path(project)[moved].estimate == Estimate(24, COLLECTED, 1)
    projections.rebuild(project)
    assert _by_path(project)[moved].estimate == Estimate(24, COLLECTED, 1)


def test_a_file_of_which_a_part_fails_hides_the_rest(project: Project) -> None:
    factories.counted_pass(project, 1, [], {A: 30})
    factories.counted_pass(project, 2, [factories.unknown_marker(A)], {A: 20})
    assert _by_path(project)[A].estimate == Estimate(10, COLLECTED, 1)


def test_files_that_are_silent_or_work_again_are_not_blocked(project: Project) -> None:
    factories.counted_pass(project, 1, [factories.missing_module(A), factories.missing_module(B)], {C: 9})
    factories.counted_pass(project, 2, [], {A: ("skipped", 0), B: 4, C: 9})
    assert blocked_files(project) == []


def test_a_source_that_is_no_longer_readable_is_unknown_again(project: Project) -> None:
    factories.counted_pass(project, 1, [factories.missing_module(A)], written={A: 5})
    factories.counted_pass(project, 2, [factories.missing_module(A)])
    assert TestFile.objects.get(path=A).written is None


def test_one_question_whatever_the_number(project: Project, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for position, count in ((1, 3), (2, 300)):
        many = [factories.missing_module(f"tests/test_{n}.py", f"atlas.part{n % 40}") for n in range(count)]
        factories.counted_pass(project, position, many, written={error.path: 2 for error in many})
        with django_assert_num_queries(1):
            assert bound(blocked_files(project)).tests == 2 * count


def test_the_migration_reads_what_earlier_passes_left(project: Project) -> None:
    from importlib import import_module

    from django.db import connection

    factories.counted_pass(project, 1, [], {A: 24, B: 3})
    factories.counted_pass(project, 2, [], {A: 25, B: 3})
    factories.counted_pass(project, 3, [factories.missing_module(A)], {B: 3})
    rows = list(TestFile.objects.order_by("path").values_list("path", "gave", "gave_in__number"))
    assert rows == [(A, 25, 2), (B, None, None)]
    TestFile.objects.update(gave=None, gave_in=None)
    with connection.cursor() as cursor:
        cursor.execute(import_module("remediation.migrations.0004_file_counts").GAVE)
    assert list(TestFile.objects.order_by("path").values_list("path", "gave", "gave_in__number")) == rows
