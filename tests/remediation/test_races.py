"""People and passes at one moment, with real transactions: every order ends in what the histories explain."""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from remediation import grouping, passes, projections, tickets
from remediation.core.mutes import Until
from remediation.models import FixMark, Project, Ticket, User
from remediation.refusals import Refused
from tests import factories
from tests.remediation.explained import assert_explained, told
from tests.remediation.test_explained import MODULE, A, B, assert_same_again, see
from tests.remediation.threads import at_once, deadlocks, in_line

ROOT = Path(__file__).resolve().parents[2]
Job = Callable[[], Any]
ROUNDS = 2  # of the wild ones here; the storm has more


class Scene:
    """A project with one ticket, two engineers and a lead, and what each of them may do to it in a race."""

    def __init__(self) -> None:
        self.project = factories.project()
        see(self.project, 1, A, B)
        self.ada, self.grace = (factories.member(self.project, "engineer") for _ in range(2))
        self.lin = factories.member(self.project, "lead")

    def ticket(self) -> Ticket:
        """As it is now; each job reads its own, as a request does."""
        return Ticket.objects.select_related("project").get(project=self.project)

    def job(self, name: str) -> Job:
        """By name, so that a schedule can be read."""
        return {
            "ada claims": partial(self._do, tickets.claim, self.ada),
            "grace claims": partial(self._do, tickets.claim, self.grace),
            "ada releases": partial(self._do, tickets.release, self.ada),
            "lin releases": partial(self._do, tickets.release, self.lin, from_anyone=True),
            "lin assigns grace": partial(self._assign, None),
            "lin hands on to grace": partial(self._assign, self.ada),
            "ada marks": partial(self._do, tickets.mark_fixed, self.ada, "e7710ab"),
            "ada takes back": partial(self._do, tickets.mark_fixed, self.ada, ""),
            "lin mutes": partial(self._do, tickets.mute, self.lin, "later", Until()),
            "lin unmutes": partial(self._do, tickets.unmute, self.lin),
            "a pass verifies": partial(self._see),
            "a pass sees": partial(self._see, A, B),
            "a pass sees less": partial(self._see, A),
            "a pass is blocked": partial(self._block),
        }[name]

    def _do(self, what: Callable[..., Any], person: User, *args: Any, **options: Any) -> Any:
        return what(self.ticket(), person, *args, **options)

    def _assign(self, owner: User | None) -> Any:
        return tickets.assign(self.ticket(), self.grace, self.lin, owner=owner)

    def _see(self, *paths: str) -> None:
        see(Project.objects.get(pk=self.project.pk), self.project.passes.count() + 1, *paths)

    def _block(self) -> None:
        place = self.project.passes.count() + 1
        factories.blocked_pass(
            Project.objects.get(pk=self.project.pk), place, blocker=factories.missing_module("conftest.py")
        )


# What was there before, who comes first, who comes second; then: the owner, the status, who was refused.
ORDERS = [
    ("", "ada claims", "a pass verifies", "ada", "verified", ""),
    ("", "a pass verifies", "ada claims", "", "verified", "second"),
    ("", "ada claims", "grace claims", "ada", "open", ""),
    ("", "grace claims", "ada claims", "grace", "open", ""),
    # Who asks for what is not free is told so at once, and waits for nobody.
    ("ada claims", "ada releases", "grace claims", "", "open", ""),
    ("ada claims", "grace claims", "ada releases", "", "open", ""),
    ("a pass verifies", "a pass sees", "ada claims", "", "regressed", "second"),
    ("", "ada claims", "lin assigns grace", "ada", "open", ""),
    ("", "lin assigns grace", "ada claims", "grace", "open", ""),
    ("", "lin assigns grace", "a pass verifies", "grace", "verified", ""),
    ("", "a pass verifies", "lin assigns grace", "", "verified", "second"),
    ("ada claims", "ada releases", "lin hands on to grace", "", "open", "second"),
    ("ada claims", "lin hands on to grace", "ada releases", "grace", "open", "second"),
    ("ada claims", "ada releases", "lin releases", "", "open", "second"),
    ("ada claims", "lin releases", "ada releases", "", "open", "second"),
    ("ada claims", "ada marks", "a pass verifies", "ada", "verified", ""),
    ("ada claims", "a pass verifies", "ada marks", "ada", "verified", "second"),
    ("ada claims", "ada marks", "a pass sees less", "ada", "awaiting", ""),
    ("ada claims", "a pass sees less", "ada marks", "ada", "awaiting", ""),
    ("ada marks", "ada takes back", "a pass sees", "", "open", ""),
    ("ada marks", "a pass sees", "ada takes back", "", "open", ""),
    ("ada marks", "ada takes back", "a pass is blocked", "", "open", ""),
    ("", "lin mutes", "a pass verifies", "", "verified", ""),
    ("", "a pass verifies", "lin mutes", "", "verified", "second"),
    ("", "lin mutes", "ada claims", "ada", "muted", ""),
    ("ada marks", "lin mutes", "a pass sees less", "", "muted", ""),
    ("lin mutes", "lin unmutes", "a pass sees", "", "open", ""),
    ("lin mutes", "a pass verifies", "lin unmutes", "", "verified", "second"),
    ("a pass verifies", "ada claims", "a pass sees", "", "regressed", "first"),
]


def test_what_others_refer_to_is_locked_without_its_key() -> None:
    """A lock of the whole row makes whoever writes a line that refers to it wait, though they hold a ticket that the
    pass waits for: a circle. It was one between an assignment, which tells somebody, and a pass."""
    locking = re.compile(r"\b(?:Project|Ticket)\.objects\S*\.select_for_update\(([^)]*)\)?")
    sources = [path for folder in ("remediation", "dashboard") for path in (ROOT / folder).rglob("*.py")]
    found = [(path, options) for path in sources for options in locking.findall(path.read_text())]
    assert len(found) > 10
    assert [path for path, options in found if "no_key=True" not in options] == []


@pytest.mark.django_db(transaction=True)
def test_whoever_comes_first_the_history_explains_the_end() -> None:
    before = deadlocks()
    for earlier, first, second, owner, status, refused in ORDERS:
        scene = Scene()
        if earlier:
            scene.job(earlier)()
        results = in_line(scene.ticket(), [scene.job(first), scene.job(second)])
        turned_away = [
            name for name, result in zip(("first", "second"), results, strict=True) if isinstance(result, Refused)
        ]
        unforeseen = [result for result in results if isinstance(result, Exception) and not isinstance(result, Refused)]
        ticket = scene.project.tickets.select_related("claimed_by").order_by("number").first()
        found = (ticket.claimed_by, ticket.status, turned_away, unforeseen)
        expected = (getattr(scene, owner) if owner else None, status, [refused] if refused else [], [])
        assert found == expected, (earlier, first, second)
        assert_same_again(scene.project)
    assert deadlocks() == before


@pytest.mark.django_db(transaction=True)
def test_a_fix_is_credited_to_who_was_there_when_the_pass_came() -> None:
    """The one moment that a person's week is counted from, in both orders."""
    for first, second, people in (
        ("ada marks", "a pass verifies", ["ada", "grace"]),
        ("a pass verifies", "lin releases", ["grace"]),
        ("lin releases", "a pass verifies", []),
    ):
        scene = Scene()
        scene.job("grace claims")()
        in_line(scene.ticket(), [scene.job(first), scene.job(second)])
        assert told(scene.ticket()).fixes[-1].people == {getattr(scene, name).pk for name in people}, (first, second)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("act", ["claim", "assign", "mark", "pass"])
def test_a_merge_and_whoever_is_at_one_of_its_tickets_do_not_wait_in_a_circle(act: str) -> None:
    before = deadlocks()
    for merge_first in (True, False):
        project = factories.project()
        seen = [factories.missing_module(A, MODULE), factories.missing_module(B, "atlas.core.events")]
        factories.counted_pass(project, 1, seen)
        lin, grace = factories.member(project, "lead"), factories.member(project, "engineer")
        into, source = Ticket.objects.select_related("project").filter(project=project).order_by("number")
        other = {
            "claim": partial(tickets.claim, source, grace),
            "assign": partial(tickets.assign, source, grace, lin),
            "mark": partial(tickets.mark_fixed, source, grace, "e7710ab"),
            "pass": partial(factories.counted_pass, Project.objects.get(pk=project.pk), 2, seen[:1], {B: 3}),
        }[act]
        jobs = [partial(grouping.merge, source, into, lin, "one cause"), other]
        merged, acted = in_line(source, jobs) if merge_first else in_line(source, jobs[::-1])[::-1]
        assert not isinstance(merged, Exception), merged
        # Who comes after the merge is told of it; a pass is counted in any case.
        assert isinstance(acted, Refused) == (merge_first and act != "pass"), acted
        projections.rebuild(project)  # what a merge asks for
        owner = project.tickets.get(pk=into.pk).claimed_by
        assert owner == (grace if act in {"claim", "assign"} and not merge_first else None)
        assert_same_again(project)
    assert deadlocks() == before


def wild(seed: int) -> int:
    """Everything at once, in whatever order the machine makes of it; returns how many lines explain the end."""
    rng, scene = random.Random(seed), Scene()
    people = [
        "ada claims",
        "grace claims",
        "ada releases",
        "lin releases",
        "lin assigns grace",
        "lin hands on to grace",
    ]
    people += ["ada marks", "ada takes back", "lin mutes", "lin unmutes"]
    for passing in ("a pass sees less", "a pass verifies", "a pass sees"):
        names = [*rng.choices(people, k=6), passing]
        rng.shuffle(names)
        results = at_once([scene.job(name) for name in names])
        unforeseen = [result for result in results if isinstance(result, Exception) and not isinstance(result, Refused)]
        assert unforeseen == [], (seed, names)
        last = scene.project.passes.deciding().in_commit_order().last()
        unknown = FixMark.objects.filter(contained_from=None).exclude(named="")
        unknown.update(contained_from=rng.randint(1, 5), known_after=last)  # as a worker does that asks git
        assert_explained(scene.project)
    assert_same_again(scene.project)
    return assert_explained(scene.project)


@pytest.mark.django_db(transaction=True)
def test_with_everyone_at_once_the_histories_explain_the_end() -> None:
    before = deadlocks()
    assert all(wild(seed) > 4 for seed in range(ROUNDS))
    assert deadlocks() == before


def overlapping(count: int, *, people: int) -> int:
    """``count`` passes of one project are recorded by so many workers while people act; how often these did.

    They end in another order than that of their commits, and computed again it is the same.
    """
    project, done = factories.project(), threading.Event()
    see(project, 1, A, B)
    persons = [factories.member(project, "engineer") for _ in range(people)]
    places = list(range(2, count + 2))
    random.Random(count).shuffle(places)

    def record(place: int) -> Job:
        return partial(_record, project, place)

    def act(person: User) -> int:
        # Nobody takes a fix back here: an older commit that is counted later may have used it up before.
        rng, acts = random.Random(person.pk), 0
        while not done.is_set():
            ticket = Ticket.objects.select_related("project").order_by("number").filter(project=project).first()
            assert ticket is not None
            try:
                what = rng.choice(
                    [tickets.claim, tickets.release, partial(tickets.mark_fixed, named=rng.choice(["x", "y"]))]
                )
                what(ticket, person)
                acts += 1
            except Refused:
                pass
        return acts

    def record_all() -> list[Any]:
        try:
            return at_once([record(place) for place in places])
        finally:
            done.set()

    recorded, *acts = at_once([record_all, *(partial(act, person) for person in persons)])
    assert [each for each in (*recorded, *acts) if isinstance(each, Exception)] == []
    assert project.passes.counted().count() == count + 1
    assert_same_again(project)
    return sum(acts)


def _record(project: Project, place: int) -> None:
    """As a worker does that finds another pass of the project at work: it asks again."""
    queued = passes.queue(project, trigger="command", commit=f"{place:040x}")
    while (held := passes.claim(queued.pk)) is None:
        time.sleep(0.005)
    paths = [path for path in (A, B) if place % (3 if path == A else 4)]
    works = {path: 9 for path in (A, B) if path not in paths}
    found = factories.result([factories.missing_module(path, MODULE) for path in paths], works)
    commit = factories.Commit(f"{place:040x}", "Change", "Sample Author", "sample@example.org", factories.START)
    verdict = factories.Verdict("counted", session=factories.SESSION, result=found)
    report = passes.Report(verdict=verdict, commit=commit, position=place, observed_at=factories.START)
    passes.record(held, report, factories.no_renames)


@pytest.mark.django_db(transaction=True)
def test_overlapping_recordings_and_people_never_wait_in_a_circle() -> None:
    before = deadlocks()
    assert overlapping(5, people=3) > 0
    assert deadlocks() == before
