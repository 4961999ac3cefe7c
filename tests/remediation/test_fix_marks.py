"""What people say is fixed or mute: it closes nothing, passes decide, and computing again finds the same."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from remediation import projections, tickets
from remediation.core.mutes import Until
from remediation.models import FixMark, Project, Ticket, Transition
from remediation.passes.fix_marks import follow_marks
from remediation.passes.workshop import Workshop
from remediation.refusals import Refused
from tests import factories
from tests.remediation.explained import assert_explained
from tests.repositories import Repository

A, B = "tests/test_a.py", "tests/test_b.py"
MODULE = "atlas.core.registry"


def errors(*paths: str) -> list[object]:
    return [factories.missing_module(path, MODULE) for path in paths]


def see(project: Project, position: int, *paths: str) -> Ticket:
    """A counted pass that sees the ticket in these files."""
    healthy = {path: 9 for path in (A, B, "tests/test_c.py") if path not in paths}
    factories.counted_pass(project, position, errors(*paths), healthy)
    return Ticket.objects.get(project=project)


def state(project: Project) -> list[object]:
    rows = Ticket.objects.filter(project=project).order_by("number")
    lines = Transition.objects.filter(ticket__project=project).values_list("verb", "collection_pass__position")
    return [
        *rows.values_list(
            "status", "beneath", "errors", "marked_fixed_in", "verified_pass__position", "regressed_pass__position"
        ),
        *sorted(lines, key=str),  # those of people bear the clock's time, those of passes the story's
    ]


def assert_rebuilds(project: Project) -> None:
    found = state(project)
    assert_explained(project)
    projections.rebuild(project)
    assert state(project) == found
    assert_explained(project)


@pytest.mark.django_db
def test_a_mark_waits_for_a_pass_that_contains_it_and_a_pass_decides() -> None:
    project = factories.project()
    ticket = see(project, 1, A, B)
    tickets.mark_fixed(ticket, factories.user(), " e7710ab ")
    assert (ticket.status, ticket.marked_fixed_in) == ("awaiting", "e7710ab")
    assert see(project, 2, A, B).status == "awaiting"  # nobody knows yet that it contains the commit
    assert_rebuilds(project)
    FixMark.objects.update(contained_from=3)
    ticket = see(project, 3, A)
    assert (ticket.status, ticket.errors) == ("still-seen", 1)
    assert see(project, 4, A).status == "still-seen"  # the same facts again
    assert_rebuilds(project)
    ticket = see(project, 5)
    assert (ticket.status, ticket.marked_fixed_in) == ("verified", "e7710ab")
    assert_rebuilds(project)
    ticket = see(project, 6, B)
    assert (ticket.status, ticket.marked_fixed_in) == ("regressed", "")
    assert see(project, 7, B).status == "regressed"  # a pass has used the word up
    assert_rebuilds(project)
    verbs = sorted(ticket.transitions.values_list("verb", flat=True))
    assert verbs == ["marked-fixed", "opened", "regressed", "still-seen", "verified"]


@pytest.mark.django_db
def test_a_pass_with_the_same_facts_still_answers_a_mark() -> None:
    project = factories.project()
    ticket = see(project, 1, A)
    see(project, 2, A)
    tickets.mark_fixed(ticket, factories.user(), "e7710ab")
    FixMark.objects.update(contained_from=3)
    assert see(project, 3, A).status == "still-seen"
    assert_rebuilds(project)


@pytest.mark.django_db
def test_a_pass_run_again_on_the_same_commit_answers_a_mark() -> None:
    project = factories.project()
    tickets.mark_fixed(see(project, 1, A), factories.user(), "e7710ab")
    FixMark.objects.update(contained_from=1)
    assert see(project, 1, A).status == "still-seen"
    assert_rebuilds(project)


@pytest.mark.django_db
def test_a_mark_on_another_branch_is_no_trap_when_the_error_goes() -> None:
    project = factories.project()
    tickets.mark_fixed(see(project, 1, A), factories.user(), "fix/registry")
    assert see(project, 2).status == "verified"  # squashed on merging: no pass ever contains it
    assert_rebuilds(project)


@pytest.mark.django_db
def test_a_new_word_waits_again_and_one_taken_back_is_open() -> None:
    project, person = factories.project(), factories.user()
    ticket = see(project, 1, A)
    tickets.mark_fixed(ticket, person, "e7710ab")
    FixMark.objects.update(contained_from=2)
    ticket = see(project, 2, A)
    assert ticket.status == "still-seen"
    tickets.mark_fixed(ticket, person, "c41d09e")
    assert ticket.status == "awaiting"
    assert_rebuilds(project)
    assert see(project, 3, A).status == "awaiting"
    tickets.mark_fixed(ticket, person, "")
    assert (ticket.status, ticket.marked_fixed_in) == ("open", "")
    assert_rebuilds(project)
    assert see(project, 4, A).status == "open"
    assert_rebuilds(project)


@pytest.mark.django_db
@pytest.mark.parametrize("named", ["--upload-pack=x", "HEAD~1", "a..b", "x y", "@"])
def test_a_name_that_git_would_not_take_is_refused(named: str) -> None:
    ticket = see(factories.project(), 1, A)
    with pytest.raises(Refused, match="Name a commit"):
        tickets.mark_fixed(ticket, factories.user(), named)
    assert not FixMark.objects.exists()


@pytest.mark.django_db
def test_a_verified_ticket_is_not_marked() -> None:
    project = factories.project()
    see(project, 1, A)
    ticket = see(project, 2)
    with pytest.raises(Refused, match="closed already"):
        tickets.mark_fixed(ticket, factories.user(), "e7710ab")


moments = st.lists(
    st.one_of(
        st.sets(st.sampled_from([A, B])),
        st.sets(st.sampled_from([A, B])),
        st.sampled_from(["e7710ab", "c41d09e", "fix/registry", ""]),
        st.sampled_from([Until(), Until(number=3), Until(number=5), "unmute"]),
    ),
    min_size=3,
    max_size=10,
)


@pytest.mark.django_db
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moments, st.lists(st.sampled_from([None, 0, 1, 2]), min_size=10, max_size=10))
def test_through_any_history_of_words_computing_again_finds_the_same(
    story: list[set[str] | str | Until], delays: list[int | None]
) -> None:
    project, person, position = factories.project(), factories.user(), 1
    see(project, 1, A)
    for moment, delay in zip(story, delays, strict=False):
        ticket = Ticket.objects.get(project=project)
        if isinstance(moment, set):
            position += 1
            see(project, position, *moment)
        elif isinstance(moment, Until) or moment == "unmute":
            with suppress(Refused):  # it is not open, not muted, or that pass has come
                tickets.unmute(ticket, person) if moment == "unmute" else tickets.mute(ticket, person, "x", moment)
        elif ticket.status != "verified":
            tickets.mark_fixed(ticket, person, moment)
            known = None if delay is None else position + 1 + delay
            FixMark.objects.filter(ticket=ticket, contained_from=None).exclude(named="").update(contained_from=known)
    assert_rebuilds(project)


@pytest.mark.django_db
def test_the_worker_finds_the_commit_and_where_it_was_merged(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "atlas")
    repository.commit({"a.py": "1\n"}, "Start")
    project = factories.project()
    Project.objects.filter(pk=project.pk).update(source=str(repository.path), source_is_local=True)
    project.refresh_from_db()
    ticket = see(project, 1, A)
    side = repository.commit_aside("fix", {"b.py": "2\n"}, "Fix")
    tickets.mark_fixed(ticket, factories.user(), side[:9])
    workshop = Workshop(project)
    workshop.mirror.fetch()
    follow_marks(project, workshop, "main")
    mark = FixMark.objects.get()
    assert (mark.commit, mark.contained_from) == (side, None)  # known, and not merged yet
    repository.commit({"a.py": "3\n"}, "Meanwhile")
    repository.merge("fix")
    repository.commit({"a.py": "4\n"}, "Later")
    workshop.mirror.fetch()
    follow_marks(project, workshop, "main")
    mark.refresh_from_db()
    assert mark.contained_from == 3  # start, meanwhile, merge, later
