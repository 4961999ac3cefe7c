"""Merging tickets, splitting causes off, taking either back: what changes, what never does, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from remediation import categories, grouping, projections, rebuilding, tickets
from remediation.core import fingerprint
from remediation.core.rules import Rule
from remediation.models import CategoryCount, Fingerprint, Project, Rebuild, Regrouping, Ticket, User
from tests import factories
from tests.remediation.explained import assert_explained
from tests.remediation.test_rebuild import arrive, check_sums, record, snapshot
from tests.remediation.test_regroup import as_an_older_version_had_it

pytestmark = pytest.mark.django_db

A, B, C = "missing:atlas.core.registry", "missing:atlas.cache.keys.CacheKey", "marker:load"


@pytest.fixture
def project() -> Project:
    """Three tickets: a module missing in two files (1), a marker in one (2), a name in one (3); (3) is repaired."""
    project = factories.project("atlas", key="ATL")
    errors = [
        factories.missing_module("tests/test_a.py"),
        factories.missing_module("tests/test_b.py"),
        factories.missing_name("tests/test_c.py"),
        factories.unknown_marker("tests/test_d.py"),
    ]
    factories.counted_pass(project, 1, errors)
    factories.counted_pass(project, 2, [errors[0], errors[1], errors[3]], {"tests/test_c.py": 4, "tests/test_h.py": 5})
    return project


@pytest.fixture
def mei(project: Project) -> User:
    return factories.member(project, "engineer", "mei.lin")


def of(project: Project, key: str) -> Ticket:
    """The ticket in which a cause is counted."""
    return Ticket.objects.select_related("project").get(fingerprints__project=project, fingerprints__readable=key)


def again(project: Project) -> None:
    """What a worker does once the site has asked for it."""
    assert Rebuild.objects.filter(project=project, state="queued").exists()
    rebuilding.run(project.pk)


def state(project: Project) -> dict[str, Any]:
    """All that is computed, tickets by their number, and who has them; not what people wrote."""
    columns = (
        "title", "kind", "category__name", "category_by_hand", "status", "errors", "hidden_errors", "blocking",
        "first_pass", "verified_pass", "regressed_pass", "merged_into", "claimed_by", "claimed_at", "marked_fixed_in",
    )  # fmt: skip
    found = snapshot(project)
    found["tickets"] = {row[0]: row[1:] for row in project.tickets.values_list("number", *columns)}
    lines = Ticket.objects.filter(project=project, transitions__collection_pass__isnull=False)
    found["history"] = sorted(lines.values_list("number", "transitions__verb", "transitions__collection_pass"))
    found["causes"] = dict(project.fingerprints.values_list("readable", "ticket__number"))
    return found


def test_a_ticket_with_errors_of_both_kinds_is_counted_once(project: Project, mei: User) -> None:
    errors = [
        factories.missing_module("tests/test_a.py"),
        factories.missing_module("tests/test_e.py", "distutils.core"),
    ]
    last = factories.counted_pass(project, 3, errors)
    rows = CategoryCount.objects.filter(collection_pass=last).order_by("environment")
    assert list(rows.values_list("environment", "errors", "tickets")) == [(False, 1, 1), (True, 1, 1)]
    environments = Ticket.objects.get(fingerprints__project=project, kind="removed-stdlib")
    grouping.merge(environments, of(project, A), mei, "The module took the old one's place.")
    again(project)
    assert list(rows.values_list("environment", "errors", "tickets")) == [(False, 1, 1), (True, 1, 0)]


def test_a_merge_moves_causes_and_changes_no_count_of_errors(project: Project, mei: User) -> None:
    before = state(project)
    marker, module = of(project, C), of(project, A)
    grouping.merge(marker, module, mei, "  The marker is registered in\x00 the missing module.  ")
    module.refresh_from_db()
    marker.refresh_from_db()
    assert (module.errors, marker.errors, marker.merged_into) == (3, 0, module)  # at once, before any fold
    again(project)
    after = state(project)
    assert after["causes"] == {A: module.number, B: before["causes"][B], C: module.number}
    assert after["tickets"][module.number][0] == before["tickets"][module.number][0]
    terms = [row.strip("()").split(", ")[:3] for row in before["passes"]]
    assert [row.strip("()").split(", ")[:3] for row in after["passes"]] == terms
    assert after["occurrences"] == before["occurrences"] and after["files"] == before["files"]
    check_sums(project)
    counts = CategoryCount.objects.filter(collection_pass__position=2)
    assert {(row.category.name, row.errors, row.tickets) for row in counts} == {(module.category.name, 3, 1)}
    assert Regrouping.objects.get().reason == "The marker is registered in the missing module."
    lines = Ticket.objects.filter(transitions__actor=mei).order_by("number")
    assert set(lines.values_list("number", "transitions__verb")) == {
        (module.number, "took-in"),
        (marker.number, "merged"),
    }


def test_it_is_verified_and_comes_back_as_one(project: Project, mei: User) -> None:
    grouping.merge(of(project, C), of(project, A), mei, "same")
    again(project)
    marker = factories.unknown_marker("tests/test_d.py")
    files: factories.Files = {f"tests/test_{name}.py": 4 for name in "abc"}
    assert factories.counted_pass(project, 3, [marker], files).cleared == 2
    assert of(project, A).status == "open", "one of its two causes is left"
    factories.counted_pass(project, 4, [], {**files, "tests/test_d.py": 2})
    assert of(project, A).status == "verified"
    assert factories.counted_pass(project, 5, [marker], files).regressed == 1
    assert of(project, A).status == "regressed"
    expected = state(project)
    projections.rebuild(project)
    assert state(project) == expected


def test_a_merge_into_a_merged_ticket_goes_to_the_one_it_is_part_of(project: Project, mei: User) -> None:
    module, name, marker = of(project, A), of(project, B), of(project, C)
    first = grouping.merge(name, marker, mei, "one")
    assert grouping.merge(module, name, mei, "two").into == marker
    with pytest.raises(grouping.Refused, match="ATL-3 is part of ATL-2 already"):
        grouping.merge(name, module, mei, "again")
    with pytest.raises(grouping.Refused, match="ATL-1 is part of ATL-2 already"):
        grouping.merge(marker, module, mei, "in a circle")
    again(project)
    assert {row.merged_into_id for row in (of(project, A), of(project, B), of(project, C))} == {None}
    grouping.undo(first, mei)
    again(project)
    assert of(project, B).pk == name.pk and of(project, A).pk == marker.pk


@pytest.mark.parametrize(
    "reason, text", [("", "Say why"), (" \n\x00", "Say why"), ("x" * 501, "longer than 500 characters")]
)
def test_a_reason_is_needed(project: Project, mei: User, reason: str, text: str) -> None:
    before = state(project)
    with pytest.raises(grouping.Refused, match=text):
        grouping.merge(of(project, C), of(project, A), mei, reason)
    assert state(project) == before and not Regrouping.objects.exists()


def test_what_cannot_be_one_ticket_is_refused(project: Project, mei: User) -> None:
    other = factories.project("borealis", key="BOR")
    factories.counted_pass(other, 1, [factories.unknown_marker("tests/test_d.py")])
    blockers = [factories.missing_module(f"tests/{name}/conftest.py", f"db{name}") for name in "ab"]
    for position, blocker in enumerate(blockers, start=3):
        factories.blocked_pass(project, position, blocker=blocker)
    first, second = Ticket.objects.filter(fingerprints__readable__startswith="blocked:").order_by("number")
    for one, into, text in [
        (of(project, A), of(project, A), "into itself"),
        (of(project, A), of(other, C), "another project"),
        (first, second, "blocks every pass in its own way"),
    ]:
        with pytest.raises(grouping.Refused, match=text):
            grouping.merge(one, into, mei, "same")
    assert not Rebuild.objects.exists()
    grouping.merge(second, of(project, A), mei, "its conftest imports the module")
    merged = of(project, A)
    assert (merged.blocking, merged.blocked_pass.position) == ("all", 4)
    expected = state(project)["tickets"][merged.number]
    again(project)
    assert state(project)["tickets"][merged.number] == expected


@pytest.mark.parametrize(
    "mine, theirs, merged, taken_back",
    [
        ("mei", "", "mei", ("mei", "")),
        ("", "tom", "tom", ("", "tom")),
        ("mei", "tom", "tom", ("mei", "tom")),
        ("mei", "released", "", ("", "")),  # given up after the merge: it is not theirs again
    ],
)
def test_who_works_on_what(
    project: Project, mei: User, mine: str, theirs: str, merged: str, taken_back: tuple[str, str]
) -> None:
    people = {"mei": mei, "tom": factories.member(project, "engineer", "tom.okafor")}
    marker, module = of(project, C), of(project, A)
    for ticket, who in ((marker, mine), (module, theirs)):
        if who in people:
            tickets.claim(ticket, people[who])
    said = grouping.merge(marker, module, people["tom"], "same")
    module.refresh_from_db()
    if theirs == "released":
        tickets.release(module, mei)
    again(project)
    module.refresh_from_db()
    assert module.claimed_by == people.get(merged)
    assert_explained(project)
    with pytest.raises(tickets.Refused, match="was merged into"):
        tickets.claim(marker, mei)
    grouping.undo(said, people["tom"])
    again(project)
    assert_explained(project)
    claims = [Ticket.objects.get(pk=row.pk).claimed_by for row in (marker, module)]
    assert claims == [people.get(who) for who in taken_back]


@pytest.mark.parametrize("verb", ["merge", "split"])
def test_taken_back_everything_is_as_it_was(project: Project, mei: User, verb: str) -> None:
    tickets.claim(of(project, C), mei)
    tickets.mark_fixed(of(project, C), mei, "e7710ab")
    if verb == "split":
        grouping.merge(of(project, C), of(project, A), mei, "same")
        grouping.merge(of(project, B), of(project, A), mei, "same")
        again(project)
    before = state(project)
    if verb == "merge":
        said = grouping.merge(of(project, C), of(project, A), mei, "same")
    else:
        causes = Fingerprint.objects.filter(readable__in=[B, A])
        said = grouping.split(of(project, A), [row.pk for row in causes], mei, "two")
        assert said.into_id not in project.tickets.exclude(pk=said.into_id).values_list("pk", flat=True)
    again(project)
    assert state(project)["causes"] != before["causes"]
    grouping.undo(said, mei, "It was not so.")
    again(project)
    after = state(project)
    new = after["tickets"].keys() - before["tickets"].keys()
    assert all(Ticket.objects.get(project=project, number=number).merged_into for number in new)
    after["tickets"] = {number: row for number, row in after["tickets"].items() if number not in new}
    assert after == before
    with pytest.raises(grouping.Refused, match="taken back already"):
        grouping.undo(said, mei)
    with pytest.raises(grouping.Refused, match="cannot be taken back again"):
        grouping.undo(Regrouping.objects.get(verb="undo"), mei)


def test_a_split_opens_a_ticket_or_gives_the_old_one_back(project: Project, mei: User) -> None:
    module, marker = of(project, A), of(project, C)
    merged = grouping.merge(marker, module, mei, "same")
    grouping.merge(of(project, B), module, mei, "same")
    causes = {row.readable: row.pk for row in Fingerprint.objects.filter(project=project)}
    for chosen in ([], list(causes.values()), [0]):
        with pytest.raises(grouping.Refused, match="not none, and not all"):
            grouping.split(module, chosen, mei, "two")
    assert grouping.split(module, [causes[C]], mei, "two").undoes == merged  # just what the merge brought
    assert of(project, C).pk == marker.pk
    said = grouping.split(module, [causes[A]], mei, "its own, leaving only what was merged into it")
    again(project)
    opened = of(project, A)
    assert (opened.pk, opened.number, opened.title, opened.errors) == (said.into_id, 4, module.title, 2)
    assert of(project, B).pk == module.pk and of(project, B).status == "verified"
    check_sums(project)
    expected = state(project)
    projections.rebuild(project)
    assert state(project) == expected


def test_nothing_is_left_without_a_cause(project: Project, mei: User) -> None:
    module = of(project, A)
    merged = grouping.merge(of(project, C), module, mei, "same")
    own = Fingerprint.objects.get(project=project, readable=A)
    split = grouping.split(module, [own.pk], mei, "two")
    with pytest.raises(grouping.Refused, match="ATL-1 would be left without a root cause"):
        grouping.undo(merged, mei)
    grouping.undo(split, mei)
    grouping.undo(merged, mei)
    again(project)
    assert [of(project, key).number for key in (A, C, B)] == [1, 2, 3]
    assert Ticket.objects.get(project=project, number=4).merged_into == module


def test_a_category_by_hand_stays_through_everything(project: Project, mei: User) -> None:
    module, marker = of(project, A), of(project, C)
    chosen = project.categories.exclude(pk=module.category_id).exclude(is_fallback=True)[0]

    def by_hand(key: str) -> bool:
        ticket = of(project, key)
        return (ticket.category, ticket.category_by_hand) == (chosen, True)

    tickets.set_category(module, chosen, mei)
    merged = grouping.merge(marker, module, mei, "same")
    again(project)
    assert by_hand(A)
    grouping.undo(merged, mei)
    again(project)
    assert by_hand(A) and not by_hand(C)
    grouping.merge(module, marker, mei, "the other way")
    again(project)
    assert not by_hand(A), "it is counted in the ticket that it was merged into"
    grouping.merge(of(project, B), of(project, C), mei, "all of them")
    own = Fingerprint.objects.get(project=project, readable=A)
    grouping.split(of(project, C), [own.pk], mei, "not at all")  # gives the old ticket back
    again(project)
    assert by_hand(A)
    tickets.set_category(of(project, C), chosen, mei)
    name = Fingerprint.objects.get(project=project, readable=B)
    grouping.undo(Regrouping.objects.filter(verb="merge").last(), mei)
    grouping.merge(of(project, B), of(project, C), mei, "again")
    other = Fingerprint.objects.get(project=project, readable=C)
    split = grouping.split(of(project, C), [other.pk], mei, "a new ticket")
    again(project)
    assert by_hand(C) and by_hand(B) and name.pk != other.pk
    fallback = project.categories.get(is_fallback=True)
    categories.save_rules(project, [Rule(fallback.name, kind="unknown-marker"), Rule(fallback.name, path_glob="**")])
    projections.rebuild(project)
    assert by_hand(A) and by_hand(B) and by_hand(C)
    as_an_older_version_had_it(project, {})
    projections.rebuild(project)
    assert by_hand(A) and by_hand(B) and by_hand(C) and of(project, C).pk == split.into_id


def test_a_new_version_of_the_fingerprints_keeps_what_people_said(project: Project, mei: User) -> None:
    grouping.merge(of(project, C), of(project, A), mei, "same")
    grouping.merge(of(project, B), of(project, A), mei, "same")
    own = Fingerprint.objects.get(project=project, readable=A)
    split = grouping.split(of(project, A), [own.pk], mei, "two")
    again(project)
    expected = state(project)
    as_an_older_version_had_it(project, {})
    for row in Regrouping.objects.filter(verb="split"):
        row.keys = [[1, "v1:" + key] for _, key in row.keys]
        row.save()
    files: factories.Files = {f"tests/test_{name}.py": 4 for name in "bcdh"}
    factories.counted_pass(project, 3, [factories.missing_module("tests/test_a.py")], files)  # regroups by itself
    assert state(project)["causes"] == expected["causes"]
    assert [fingerprint.VERSION, A] in Regrouping.objects.get(pk=split.pk).keys
    expected = state(project)
    projections.rebuild(project)
    assert state(project) == expected
    grouping.undo(Regrouping.objects.get(pk=split.pk), mei)
    again(project)
    assert len(set(state(project)["causes"].values())) == 1


def test_a_version_that_joins_what_was_merged_leaves_one_ticket(project: Project, mei: User) -> None:
    """The old version had two causes where this one has one; both were merged already, the other way round."""
    errors = [factories.missing_module(f"tests/test_{name}.py") for name in "ab"]
    as_an_older_version_had_it(project, {})
    row = Fingerprint.objects.get(project=project, readable=f"v1:{A}")
    late = Ticket.objects.create(
        project=project, number=99, title="Second", kind="missing-module", category=row.ticket.category
    )
    second = Fingerprint.objects.create(
        project=project, version=1, key="2" * 64, readable="v1:second", kind="missing-module", home=late, ticket=late
    )
    row.occurrences.filter(file__path="tests/test_b.py").update(fingerprint=second)
    Regrouping.objects.create(
        project=project, verb="merge", source=row.ticket, into=late, actor=mei, at=factories.START, reason="same"
    )
    factories.counted_pass(project, 3, errors, {f"tests/test_{name}.py": 4 for name in "cdh"})
    found = of(project, A)
    assert (found.number, found.errors, row.ticket.number) == (99, 2, 1)
    assert Ticket.objects.get(pk=row.ticket_id).merged_into == late
    expected = state(project)
    projections.rebuild(project)
    assert state(project) == expected


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 3, 1)])
def test_renames_and_people_join_tickets_and_the_hand_wins(order: tuple[int, ...]) -> None:
    """A file with a syntax error moves, while somebody merges its ticket into another."""
    worlds: list[dict[str, Any]] = [
        {"d": "syntax", "a": "atlas.core.one"},
        {"d": "syntax", "a": "atlas.core.one", "renamed": "d"},
        {"d": "syntax", "a": 3, "renamed": "d"},
    ]
    project = arrive(worlds, order[:1])
    mei = factories.member(project)
    moved = project.fingerprints.get(readable__startswith="syntax:").readable
    module = of(project, "missing:atlas.core.one") if order[0] != 3 else None
    if module is None:
        record(project, order[1], worlds[order[1] - 1])
        module = of(project, "missing:atlas.core.one")
    said = grouping.merge(of(project, moved), module, mei, "same")
    for position in order[1:]:
        if not project.passes.filter(position=position).exists():
            record(project, position, worlds[position - 1])
    again(project)
    keys = project.fingerprints.values_list("readable", flat=True)
    assert {of(project, key).pk for key in keys} == {module.pk}, "every name of the cause is where the person put it"
    assert of(project, moved).errors == 1
    check_sums(project)
    expected = state(project)
    projections.rebuild(project)
    assert state(project) == expected
    grouping.undo(said, mei)
    again(project)
    syntax = {of(project, key).pk for key in keys if key.startswith("syntax:")}
    assert len(syntax) == 1 and syntax != {module.pk}
    assert Ticket.objects.get(pk=module.pk).status == "verified"
    (standing,) = syntax
    assert Ticket.objects.get(pk=standing).errors == 1
