"""Whatever people and passes do, in any order, a ticket is what its history says, and again after computing anew."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from remediation import projections, tickets
from remediation.core.mutes import Until
from remediation.core.retold import Unexplained, retell
from remediation.models import FixMark, Project, Ticket, Transition, User
from remediation.refusals import Refused
from tests import factories
from tests.remediation.explained import assert_explained, lines_of

A, B, C = "tests/test_a.py", "tests/test_b.py", "conftest.py"
MODULE = "atlas.core.registry"


def rows(project: Project) -> list[Any]:
    """What people see of the tickets, and their histories in order."""
    fields = (
        "number",
        "status",
        "beneath",
        "claimed_by",
        "claimed_at",
        "marked_fixed_in",
        "errors",
        "hidden_errors",
        "blocking",
    )
    lines = Transition.objects.filter(ticket__project=project).order_by("ticket__number", "sequence")
    return [
        *Ticket.objects.filter(project=project).order_by("number").values_list(*fields),
        *lines.values_list("ticket__number", "sequence", "verb", "actor", "collection_pass"),
    ]


def assert_same_again(project: Project) -> None:
    """Explained, and the same in every row and line once everything is computed again."""
    assert_explained(project)
    before = rows(project)
    projections.rebuild(project)
    assert_explained(project)
    assert rows(project) == before


def see(project: Project, position: int, *paths: str) -> None:
    """A counted pass that sees the module missing in these files."""
    works = {path: 9 for path in (A, B, "tests/test_c.py") if path not in paths}
    factories.counted_pass(project, position, [factories.missing_module(path, MODULE) for path in paths], works)


def act(project: Project, person: User, step: tuple[Any, ...], position: int) -> int:
    """One step of a story; what cannot be done now is refused, and nothing of it is written."""
    verb, *rest = step
    if verb in {"see", "late"}:
        see(project, position + 1 if verb == "see" else rest[0], *rest[-1])
        return max(position, position + 1 if verb == "see" else rest[0])
    if verb == "block":
        factories.blocked_pass(project, position + 1, blocker=factories.missing_module(C, "atlas.db"))
        return position + 1
    for ticket in Ticket.objects.filter(project=project).order_by("number")[:2]:
        try:
            if verb == "claim":
                tickets.claim(ticket, person)
            elif verb == "release":
                tickets.release(ticket, person)
            elif verb == "mute":
                ahead = None if rest[0] is None else ticket.project.last_pass_number + 1 + rest[0]
                tickets.mute(ticket, person, "later", Until(number=ahead))
            elif verb == "unmute":
                tickets.unmute(ticket, person)
            else:
                tickets.mark_fixed(ticket, person, rest[0])
                FixMark.objects.filter(ticket=ticket, contained_from=None).update(contained_from=position + rest[1])
        except Refused:
            pass
    return position


files = st.sets(st.sampled_from([A, B])).map(sorted).map(tuple)
steps = st.one_of(
    st.tuples(st.just("see"), files),
    st.tuples(st.just("see"), files),
    st.tuples(st.just("late"), st.integers(2, 5), files),
    st.tuples(st.just("block")),
    st.tuples(st.just("claim")),
    st.tuples(st.just("release")),
    st.tuples(st.just("mute"), st.sampled_from([None, 0, 1, 2])),
    st.tuples(st.just("unmute")),
    st.tuples(st.just("mark"), st.sampled_from(["e7710ab", "c41d09e", ""]), st.integers(0, 3)),
)
TAKEN_BACK_AFTER_A_REGRESSION = [
    ("see", ()), ("see", (A,)), ("mark", "e7710ab", 1), ("mark", "", 0), ("see", (A,)),
]  # fmt: skip
BLOCKED_TWICE = [("mark", "x", 0), ("block",), ("mark", "y", 0), ("see", ()), ("block",), ("see", (A,))]

MUTED_UNTIL_A_LATE_PASS = [("see", (A,)), ("see", (A,)), ("mute", 0), ("late", 2, (A,)), ("see", (A,)), ("mute", 1)]
VERIFIED_LATE_BENEATH_A_MUTE = [("mute", 0), ("block",), ("see", (A, B)), ("see", ()), ("late", 2, ())]
BLOCKED_AFTER_A_MARK = [("block",), ("mark", "e7710ab", 2), ("block",)]


@pytest.mark.django_db
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(steps, min_size=4, max_size=10))
@example(TAKEN_BACK_AFTER_A_REGRESSION)
@example(BLOCKED_TWICE)
@example(BLOCKED_AFTER_A_MARK)
@example(MUTED_UNTIL_A_LATE_PASS)
@example(VERIFIED_LATE_BENEATH_A_MUTE)
def test_through_any_story_the_history_explains_the_ticket(story: list[tuple[Any, ...]]) -> None:
    project, person, position = factories.project(), factories.user(), 1
    see(project, 1, A, B)
    for step in story:
        position = act(project, person, step, position)
        assert_explained(project)
    assert_same_again(project)


@pytest.mark.django_db
def test_people_s_lines_keep_their_place_among_those_of_replayed_commits() -> None:
    """The passes have their committers' times, months ago; what people did meanwhile has today's."""
    project, mei = factories.project(), factories.user("mei.lin")
    see(project, 2, A)
    ticket = Ticket.objects.get(project=project)
    tickets.claim(ticket, mei)
    tickets.mark_fixed(ticket, mei, "e7710ab")
    see(project, 3)
    see(project, 4, A)
    verbs = ["opened", "claimed", "marked-fixed", "verified", "regressed"]
    assert [line.verb for line in lines_of(ticket)] == verbs
    assert retell(lines_of(ticket)).fixes[0].people == {mei.pk}
    see(project, 1, A, B)  # an older commit comes late: everything is computed again
    assert [line.verb for line in lines_of(ticket)] == ["opened", "changed", *verbs[1:]]
    assert_same_again(project)


@pytest.mark.django_db
def test_a_line_that_was_lost_is_found() -> None:
    """The control: the same check fails where one line of people or of passes is gone."""
    project, mei = factories.project(), factories.user("mei.lin")
    see(project, 1, A, B)
    ticket = Ticket.objects.get(project=project)
    tickets.claim(ticket, mei)
    see(project, 2, A)
    see(project, 3)
    story = lines_of(ticket)
    assert assert_explained(project) == len(story) == 4
    for place in range(len(story)):
        shorter = story[:place] + story[place + 1 :]
        try:
            found = retell(shorter)
        except Unexplained:
            continue
        assert (found.owner, found.errors, found.status) != (mei.pk, 0, "verified")
