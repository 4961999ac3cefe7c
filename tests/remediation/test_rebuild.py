"""Rebuilt equals incremental, whatever the order in which passes ran; ledgers always sum."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from remediation import passes, projections, tickets
from remediation.core.ledger import Ledger
from remediation.core.records import Cause, CollectionError
from remediation.models import (
    CategoryCount,
    CollectionPass,
    FileState,
    Occurrence,
    Project,
    Rename,
    TestFile,
    Ticket,
    Transition,
    User,
)
from remediation.projections.fold import _Fold
from remediation.projections.load import load_state
from tests import factories

# A file keeps its identity through renames: "d" is tests/unit/test_d.py, and from its rename on tests/unit/test_d2.py.
PATHS = {"a": "tests/test_a.py", "b": "tests/test_b.py", "c": "tests/unit/test_c.py", "d": "tests/unit/test_d.py"}
MODULES = ["atlas.core.one", "atlas.cache.two", "atlas.users.three"]

World = dict[str, Any]  # what became of each file; "off" or "blocked" for the whole pass; "renamed": identities
EVENTFUL: list[World] = [
    {"a": MODULES[0], "b": MODULES[0], "c": MODULES[1], "d": "syntax"},
    {"a": 9, "b": MODULES[0], "c": MODULES[1], "d": "syntax", "renamed": "d"},  # a file moves, its key names it
    {"blocked": "tests/unit/conftest.py"},
    {"a": 9, "b": MODULES[0], "c": ("skipped", 0), "d": MODULES[2], "renamed": "ad"},  # a cleared pair's file moves
    {"a": MODULES[0], "b": MODULES[0], "c": ("skipped", 0), "d": 30, "renamed": "acd"},  # a hidden pair's file moves
    {"off": True, "a": MODULES[1], "b": "gone"},
    {"a": 1, "b": "gone", "c": MODULES[1], "d": "gone", "renamed": "acd"},  # the tests fall by half: held
    {"a": 1, "b": 9, "c": 9, "d": 30, "renamed": "acd"},
    {"a": MODULES[0], "b": ("marker", "load"), "c": 9, "d": 30, "renamed": "acd"},
]

file_now = st.one_of(
    st.sampled_from([0, 1, 9, 30]),
    st.sampled_from([("skipped", 0), ("masked", 0), ("not-reached", 0), "gone", "gone", "syntax"]),
    st.sampled_from(MODULES),  # blocked by that module
    st.tuples(st.just("marker"), st.sampled_from(["load", "slow"])),
)
counted = st.fixed_dictionaries(
    {**dict.fromkeys(PATHS, file_now), "renamed": st.sampled_from(["", "", "a", "bd", "abcd"])}
)
moment = st.one_of(
    counted,
    counted,
    counted,
    counted,
    st.sampled_from([{"blocked": ""}, {"blocked": "tests/unit/conftest.py"}, {"blocked": "setup.cfg"}]),
    st.just({"off": True, "a": MODULES[1]}),
)
history = st.lists(moment, min_size=5, max_size=6)


def path_of(world: World, identity: str) -> str:
    return PATHS[identity].replace(".py", "2.py") if identity in world.get("renamed", "") else PATHS[identity]


def sha(position: int) -> str:
    return f"{position:040x}"


def store_renames(project: Project, worlds: Sequence[World]) -> None:
    """What git would say between any two of the commits."""
    for (before, one), (after, other) in combinations(enumerate(worlds, start=1), 2):
        pairs = {path_of(one, i): path_of(other, i) for i in PATHS if path_of(one, i) != path_of(other, i)}
        Rename.objects.create(project=project, before=sha(before), after=sha(after), pairs=pairs)


def errors_and_files(world: World) -> tuple[list[Any], dict[str, Any]]:
    errors: list[Any] = []
    rows: dict[str, Any] = {"tests/test_healthy.py": 9}
    for identity in PATHS:
        path, now = path_of(world, identity), world.get(identity, "gone")
        if now in MODULES:
            errors.append(factories.missing_module(path, now))
        elif now == "syntax":
            errors.append(factories.syntax_error(path))
        elif isinstance(now, tuple) and now[0] == "marker":
            errors.append(factories.unknown_marker(path, now[1]))
        elif now != "gone":
            rows[path] = now
    return errors, rows


def record(project: Project, position: int, world: World) -> CollectionPass:
    if "blocked" in world:
        blocking = blocker(world["blocked"])
        return factories.blocked_pass(project, position, blocker=blocking, renames=passes.renames_between(project))
    errors, rows = errors_and_files(world)
    if world.get("off"):
        return factories.off_ref(project, errors)
    blocked = {error.path for error in errors} | {path for path, row in rows.items() if row == ("masked", 0)}
    written = {path: position + number for number, path in enumerate(sorted(blocked)) if (position + number) % 3}
    ask = passes.renames_between(project)
    return factories.counted_pass(project, position, errors, rows, renames=ask, written=written)


def blocker(path: str) -> CollectionError | None:
    """The one error of a blocked pass; None where no single cause is known."""
    cause = Cause("ModuleNotFoundError", "No module named 'db'", name="db")
    return CollectionError(path, "", cause) if path else None


def arrive(worlds: Sequence[World], order: Iterable[int]) -> Project:
    """A project whose passes ran in this order of their commits."""
    project = factories.project()
    store_renames(project, worlds)
    for position in order:
        record(project, position, worlds[position - 1])
    return project


def in_commit_order(worlds: Sequence[World]) -> Project:
    return arrive(worlds, range(1, len(worlds) + 1))


def rows_of(rows: Any, *names: str) -> list[str]:
    return sorted(map(str, rows.values_list(*names)))


def snapshot(project: Project) -> dict[str, Any]:
    """Everything computed, without ticket numbers, row ids and clock times."""
    seen = "first_pass__position", "closed_pass__position"
    of_pass = CategoryCount.objects.filter(collection_pass__project=project)
    occurrences = Occurrence.objects.filter(fingerprint__project=project)
    return {
        "passes": rows_of(
            project.passes.filter(position__isnull=False),
            "position", "outcome", "total", "comparable", "held", "cleared", "hidden", "unmasked", "new", "regressed",
            "effective_at", "previous__position", "rules_version",
        ),
        "counts": rows_of(of_pass, "collection_pass__position", "category__name", "environment", "errors", "tickets"),
        "occurrences": rows_of(
            occurrences, "fingerprint__readable", "file__path", "appeared_as", *seen,
            "close_reason", "settled_pass__position", "settlement",
        ),
        "gave": rows_of(TestFile.objects.filter(project=project), "path", "written", "gave", "gave_in__position"),
        "files": rows_of(FileState.objects.filter(file__project=project), "file__path", "state", "tests", *seen),
        "tickets": rows_of(
            Ticket.objects.filter(project=project),
            "title", "kind", "category__name", "status", "errors", "hidden_errors", "first_pass__position",
            "verified_pass__position", "regressed_pass__position", "blocking", "blocked_pass__position",
        ),
        "history": rows_of(
            Transition.objects.filter(ticket__project=project),
            "ticket__title", "verb", "collection_pass__position", "data",
        ),
    }  # fmt: skip


def assert_same(project: Project, expected: dict[str, Any]) -> None:
    found = snapshot(project)
    for name, rows in expected.items():
        assert found[name] == rows, name


@pytest.mark.django_db
@pytest.mark.parametrize(
    "order", [(9, 8, 7, 6, 5, 4, 3, 2, 1), (1, 3, 5, 7, 9, 2, 4, 6, 8), (5, 1, 9, 2, 8, 3, 7, 4, 6)]
)
def test_an_eventful_history_is_the_same_in_every_order(order: tuple[int, ...]) -> None:
    project = in_commit_order(EVENTFUL)
    expected = snapshot(project)
    assert_same(arrive(EVENTFUL, order), expected)
    projections.rebuild(project)
    assert_same(project, expected)


@pytest.mark.django_db
def test_the_eventful_history_holds_what_its_lines_say() -> None:
    project = in_commit_order(EVENTFUL)
    held = project.passes.get(held=True)
    assert held.position == 7
    occurrences = Occurrence.objects.filter(fingerprint__project=project)
    reasons = {"", "fixed", "moved", "silenced", "held"}
    assert {*occurrences.values_list("close_reason", flat=True)} == reasons
    assert {*occurrences.values_list("appeared_as", flat=True)} == {"baseline", "moved", "new", "unmasked", "regressed"}
    assert {*Ticket.objects.filter(project=project).values_list("status", flat=True)} == {
        "open",
        "verified",
        "regressed",
    }
    assert project.passes.filter(outcome="blocked").count() == project.passes.filter(position=None).count() == 1


@pytest.mark.django_db
def test_a_held_pass_may_be_confirmed_at_once_or_after_everything_else() -> None:
    at_once = arrive(EVENTFUL, range(1, 8))
    assert passes.confirm(at_once.passes.get(held=True), lead())
    projections.rebuild(at_once)
    for position in (8, 9):
        record(at_once, position, EVENTFUL[position - 1])
    later = arrive(EVENTFUL, (9, 8, 7, 6, 5, 4, 3, 2, 1))
    unconfirmed = snapshot(later)
    assert passes.confirm(later.passes.get(held=True), lead())
    projections.rebuild(later)
    assert_same(later, snapshot(at_once))
    assert snapshot(later) != unconfirmed
    assert not later.passes.filter(held=True).exists()


@pytest.mark.django_db
@pytest.mark.parametrize("worked_on", [False, True])
def test_a_ticket_that_turns_out_to_be_another_is_gone_or_merged_where_people_worked_on_it(worked_on: bool) -> None:
    worlds: list[World] = [{"d": "syntax"}, {"d": "syntax", "renamed": "d"}]
    project = arrive(worlds, [2])
    late = Ticket.objects.get(project=project)
    if worked_on:
        tickets.claim(late, lead())
    record(project, 1, worlds[0])
    rows = Ticket.objects.filter(project=project)
    standing = rows.get(merged_into=None)
    assert (standing.title, standing.errors) == ("Syntax error in tests/unit/test_d.py", 1)
    assert standing.fingerprints.count() == 2
    assert rows.filter(pk=late.pk, merged_into=standing, claimed_by__isnull=False).exists() is worked_on
    assert rows.count() == 1 + worked_on
    projections.rebuild(project)
    assert rows.get(merged_into=None).pk == standing.pk
    assert Occurrence.objects.visible().get(fingerprint__project=project).fingerprint.ticket == standing


def lead() -> User:
    return factories.user()


def land_without_rebuild(
    collection_pass: CollectionPass, renames: projections.Renames, facts: projections.Facts | None
) -> None:
    """The incremental step alone, wherever in the commit order the pass stands."""
    project = collection_pass.project
    before = project.passes.counted().select_related("result").before(collection_pass).in_commit_order().last()
    known = load_state(project, before, facts.errors if facts else ())
    fold = _Fold(project, renames, known, before)
    if facts is not None:
        fold.apply(collection_pass, facts)
    else:
        fold.tickets.block(collection_pass)


@pytest.mark.django_db
def test_control_without_the_rebuild_the_order_of_arrival_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = snapshot(in_commit_order(EVENTFUL))
    monkeypatch.setattr(projections, "land", land_without_rebuild)
    found = snapshot(arrive(EVENTFUL, (1, 3, 5, 4, 2)))
    assert found["occurrences"] != expected["occurrences"]
    known = [row for row in expected["passes"] if row[1] in "12345"]
    assert found["passes"] != known


@pytest.mark.django_db
@settings(
    max_examples=4,
    deadline=None,
    # Shrinking would record thousands of passes; a failing history is short enough to read.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(worlds=history, data=st.data())
def test_any_order_of_arrival_gives_the_same(worlds: list[World], data: st.DataObject) -> None:
    project = in_commit_order(worlds)
    expected = snapshot(project)
    check_sums(project)
    assert_same(arrive(worlds, data.draw(st.permutations(range(1, len(worlds) + 1)))), expected)
    projections.rebuild(project)
    assert_same(project, expected)


def check_sums(project: Project) -> None:
    """Every ledger leads from one total to the next, and every way to count the open errors gives one number."""
    steps: list[Ledger] = []
    rows = list(project.passes.counted().select_related("previous").in_commit_order())
    for row in rows:
        assert sum(row.category_counts.values_list("errors", flat=True)) == row.total
        if row.previous:
            terms = {name: getattr(row, name) for name in ("cleared", "hidden", "unmasked", "new", "regressed")}
            steps.append(Ledger(before=row.previous.total, after=row.total, **terms))
    assert len(steps) == max(0, len(rows) - 1)
    if steps:
        week = Ledger.over(steps)
        assert (week.before, week.after) == (rows[0].total, rows[-1].total)
    tickets = Ticket.objects.filter(project=project)
    visible = Occurrence.objects.visible().filter(fingerprint__project=project).count()
    assert visible == sum(ticket.errors for ticket in tickets) == (rows[-1].total if rows else 0)
    hidden = Occurrence.objects.unsettled().filter(fingerprint__project=project).count()
    assert hidden == sum(ticket.hidden_errors for ticket in tickets)
    assert not tickets.filter(status="verified").exclude(errors=0, hidden_errors=0).exists()
