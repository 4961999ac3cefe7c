"""A blocked pass is one ticket that says "everything is blocked"; only a pass that counts can close it."""

from __future__ import annotations

import pytest

from remediation import passes, projections, tickets
from remediation.core.records import Cause, CollectionError, Verdict
from remediation.core.whereabouts import TreeChange
from remediation.models import CollectionPass, Project, Ticket
from remediation.projections.fold import stored_renames
from tests import factories

CONFTEST = CollectionError(
    "tests/conftest.py", "", Cause("ModuleNotFoundError", "No module named 'db'", name="db"), "E   No module named 'db'"
)
OPTIONS = CollectionError("setup.cfg", "", Cause("UsageError", "unrecognized arguments: --cov"))
HEALTHY = {"tests/test_a.py": 3, "tests/test_b.py": 2}


def verdict(error: CollectionError = CONFTEST) -> Verdict:
    return Verdict("blocked", "conftest-failure", "pytest stopped. This is not zero errors.", blocker=error)


def blocked(project: Project, position: int, error: CollectionError = CONFTEST) -> CollectionPass:
    return factories.ended_pass(project, verdict(error), position)


@pytest.fixture
def project(db: None) -> Project:
    made = factories.project()
    factories.counted_pass(made, 1, [factories.unknown_marker("tests/test_b.py")], {"tests/test_a.py": 3})
    return made


def blocker(project: Project) -> Ticket:
    return Ticket.objects.get(project=project, kind__in=["conftest-failure", "configuration"])


def verbs(ticket: Ticket) -> list[str]:
    return list(ticket.transitions.order_by("sequence").values_list("verb", flat=True))


def test_it_opens_one_ticket_and_touches_no_other(project: Project) -> None:
    other = Ticket.objects.get(project=project)
    first, second = blocked(project, 2), blocked(project, 3)
    ticket = blocker(project)
    assert (ticket.status, ticket.blocking, ticket.errors) == ("open", "all", 0)
    assert (ticket.first_pass, ticket.blocked_pass) == (first, second)
    assert ticket.title == "tests/conftest.py cannot be loaded: No module named 'db'"
    assert ticket.category.name == "Test infrastructure"
    assert verbs(ticket) == ["opened"]
    other.refresh_from_db()
    assert (other.status, other.errors) == ("open", 1)


def test_a_counted_pass_that_loads_the_file_verifies_it(project: Project) -> None:
    blocked(project, 2)
    counted = factories.counted_pass(project, 3, [], HEALTHY)
    ticket = blocker(project)
    assert (ticket.status, ticket.blocking, ticket.verified_pass) == ("verified", "", counted)
    assert verbs(ticket) == ["opened", "verified"]


def test_a_pass_that_did_not_load_the_file_proves_nothing(project: Project) -> None:
    """The tests below it were left out, so the conftest was never asked."""
    made = factories.project()
    blocked(made, 1)
    left_out = {"tests/test_a.py": ("ignored", 0), "tests/conftest.py": ("ignored", 0), "other/test_c.py": 4}
    factories.counted_pass(made, 2, [], left_out)
    ticket = blocker(made)
    assert (ticket.status, ticket.blocking) == ("open", "unproven")
    factories.counted_pass(made, 3, [], {**HEALTHY, "other/test_c.py": 4})
    assert blocker(made).status == "verified"


def test_one_that_comes_back_is_regressed(project: Project) -> None:
    blocked(project, 2)
    factories.counted_pass(project, 3, [], HEALTHY)
    again = blocked(project, 4)
    ticket = blocker(project)
    assert (ticket.status, ticket.regressed_pass, ticket.blocking) == ("regressed", again, "all")
    factories.counted_pass(project, 5, [], HEALTHY)
    assert verbs(blocker(project)) == ["opened", "verified", "regressed", "verified"]


def test_a_held_pass_verifies_nothing(project: Project) -> None:
    blocked(project, 2)
    held = factories.counted_pass(project, 3, [], {"tests/test_a.py": 1})
    assert held.held and blocker(project).blocking == "unproven"


def test_two_causes_are_two_tickets_and_both_end(project: Project) -> None:
    blocked(project, 2)
    blocked(project, 3, OPTIONS)
    found = Ticket.objects.filter(project=project).exclude(blocking="")
    assert {ticket.kind for ticket in found} == {"conftest-failure", "configuration"}
    factories.counted_pass(project, 4, [], HEALTHY)
    assert not found.all().exists()


def test_a_claim_survives_and_a_rebuild_gives_the_same(project: Project) -> None:
    blocked(project, 2)
    engineer = factories.member(project)
    assert tickets.claim(blocker(project), engineer).won
    factories.counted_pass(project, 3, [], HEALTHY)
    before = {t.number: (t.status, t.blocking, t.verified_pass_id) for t in project.tickets.all()}
    projections.rebuild(project, stored_renames(project))
    assert {t.number: (t.status, t.blocking, t.verified_pass_id) for t in project.tickets.all()} == before
    assert blocker(project).claimed_by == engineer


def test_an_older_blocked_pass_that_comes_late_decides_nothing_new(project: Project) -> None:
    factories.counted_pass(project, 5, [], HEALTHY)
    late = blocked(project, 3)
    ticket = blocker(project)
    assert (ticket.status, ticket.first_pass, ticket.verified_pass.position) == ("verified", late, 5)


def test_one_off_the_ref_opens_nothing(project: Project) -> None:
    held = passes.claim(passes.queue(project, trigger="command", commit="f" * 40).pk)
    assert held is not None
    passes.record(held, passes.Report(verdict=verdict(), position=None), factories.no_renames)
    assert not Ticket.objects.filter(project=project).exclude(blocking="").exists()


def test_a_blocked_pass_without_a_known_cause_opens_nothing(project: Project) -> None:
    factories.ended_pass(project, Verdict("blocked", "nothing-collected", "Nothing. This is not zero errors."), 2)
    assert Ticket.objects.filter(project=project).count() == 1


def test_a_deleted_conftest_is_gone_for_good(project: Project) -> None:
    blocked(project, 2)
    counted = Verdict("counted", session=factories.SESSION, result=factories.result([], HEALTHY))
    gone = TreeChange(deleted=frozenset({"tests/conftest.py"}))
    factories.ended_pass(project, counted, 3, renames=lambda before, after: gone)
    assert blocker(project).status == "verified"


def test_the_facts_of_the_blocker_are_stored_whole(project: Project) -> None:
    stored = CollectionPass.objects.get(pk=blocked(project, 2).pk)
    assert stored.blocking_error == CONFTEST
