"""The commit to which a verified ticket is attributed: named, or the only one that it can be, or not known."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dashboard.reports import report_of
from remediation import projections, tickets
from remediation.collection.mirror import Commit
from remediation.core import report_words
from remediation.core.credit import Credit
from remediation.exporters import json as as_json
from remediation.exporters import markdown
from remediation.models import Attribution, CollectionPass
from remediation.passes.fix_marks import follow_marks
from remediation.passes.who_knows import follow_people
from remediation.reporting import weeks_of
from tests import factories
from tests.remediation.test_who_knows import START, TEST, Story

NOW = datetime(2026, 3, 8, 12, tzinfo=UTC)
MODULE = "src/atlas/core/registry.py"
FIX = {MODULE: "x = 2\n"}
pytestmark = pytest.mark.django_db


@pytest.fixture
def story(tmp_path: Path, settings: object) -> Story:
    settings.DATA_DIR = str(tmp_path / "data")  # type: ignore[attr-defined]
    made = Story(tmp_path)
    made.commit(START)
    made.see(factories.missing_module(TEST))
    return made


def fixed(story: Story) -> None:
    """A pass at the tip that collects the file again, and what the worker asks after it."""
    story.workshop.mirror.fetch()
    story.position += 1
    commit = Commit(story.repository.head(), "Change", "Ada", "ada@example.org", datetime(2026, 3, 2, tzinfo=UTC))
    made = factories.counted_pass(story.project, story.position, [], {TEST: 3}, commit=commit)
    follow_people(made.pk, story.workshop, "main")


def credit(story: Story) -> Credit:
    """What the report of the week says of its one resolved ticket."""
    (row,) = report_of(story.project, weeks_of(story.project).of(NOW), NOW).facts.resolved
    return row.credit


def words(story: Story) -> str:
    (row,) = report_of(story.project, weeks_of(story.project).of(NOW), NOW).facts.resolved
    return "".join(row.credit.said(row.number))


def test_the_only_commit_between_two_passes_is_the_one(story: Story) -> None:
    sha = story.commit({"README": "anything"})
    fixed(story)
    assert credit(story) == Credit("only", sha, "", 1, 1)
    assert words(story) == f"Attributed to {sha[:9]}, the only commit between #1 and #2"
    projections.rebuild(story.project)
    assert credit(story).commit == sha, "a rebuild needs no repository"


def test_of_several_the_only_one_that_touches_the_files_to_blame(story: Story) -> None:
    story.commit({"README": "a"})
    sha = story.commit(FIX)
    story.commit({"README": "b"})
    fixed(story)
    assert credit(story) == Credit("files", sha, "", 3, 1)
    assert words(story).endswith(", of 3 commits between #1 and #2 the only one on the files to blame")
    made = report_of(story.project, weeks_of(story.project).of(NOW), NOW)
    assert f"Attributed to `{sha[:9]}`, of 3 commits" in markdown.export(made)
    row = json.loads(as_json.export(made))["resolved"][0]["credit"]
    assert row == {"how": "files", "commit": sha, "by": "", "commits": 3, "seen": 1}
    assert report_words.title(made) == "1 collection error became 0 this week"


def test_where_two_could_be_it_none_is_named(story: Story) -> None:
    """The control of both."""
    story.commit(FIX)
    story.commit({MODULE: "x = 3\n"})
    fixed(story)
    assert credit(story) == Credit("", "", "", 2, 1)
    assert words(story) == "Commit not known: 2 commits lie between #1 and #2"


def test_the_range_begins_at_the_last_pass_that_saw_it(story: Story) -> None:
    story.commit({"README": "a"})
    story.see(factories.missing_module(TEST))
    sha = story.commit({"README": "b"})
    fixed(story)
    assert credit(story) == Credit("only", sha, "", 1, 2)


def test_the_same_commit_collected_again_has_no_commit_between(story: Story) -> None:
    fixed(story)
    assert credit(story) == Credit("", "", "", 0, 1)
    assert words(story) == "Commit not known: no commit lies between #1 and #2"


def test_what_a_person_had_named_and_a_pass_confirmed_goes_first(story: Story) -> None:
    mei = factories.member(story.project, "engineer", "mei.lin")
    story.commit({"README": "a"})
    named = story.commit(FIX)
    story.commit({MODULE: "x = 3\n"})
    tickets.mark_fixed(story.project.tickets.get(), mei, named[:12])
    story.workshop.mirror.fetch()
    line = story.workshop.mirror.first_parents("main")[::-1]
    story.position = len(line) - 1  # a pass at its true place, as git counts
    follow_marks(story.project, story.workshop, "main")
    fixed(story)
    assert credit(story) == Credit("marked", named, "Mei Lin", 3, 1)
    assert words(story) == f"Attributed to {named[:9]}, marked by Mei Lin, confirmed by #2"


def test_a_mark_that_the_pass_does_not_contain_is_not_confirmed(story: Story) -> None:
    mei = factories.member(story.project, "engineer", "mei.lin")
    aside = story.repository.commit_aside("idea", FIX)
    sha = story.commit({"README": "a"})
    tickets.mark_fixed(story.project.tickets.get(), mei, aside[:12])
    story.workshop.mirror.fetch()
    follow_marks(story.project, story.workshop, "main")
    fixed(story)
    assert credit(story) == Credit("only", sha, "", 1, 1)


def test_what_was_not_asked_in_time_the_next_pass_asks(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    sha = story.commit({"README": "a"})
    monkeypatch.setattr("remediation.passes.who_knows.SECONDS", -1.0)
    fixed(story)
    assert not Attribution.objects.exists()
    assert words(story) == "Commit not known: git was not asked"
    monkeypatch.undo()
    fixed(story)
    assert credit(story) == Credit("only", sha, "", 1, 1)


def test_where_the_line_was_rewritten_nothing_lies_between(story: Story) -> None:
    aside = story.repository.commit_aside("before", {"README": "x"})
    story.commit(FIX)
    story.see(factories.missing_module(TEST), sha=aside)
    story.commit({"README": "a"})
    fixed(story)
    row = Attribution.objects.get()
    assert (row.commits, row.commit, credit(story).seen) == (None, "", 2)
    assert words(story) == "Commit not known: #3 does not contain the commit of #2"


def test_a_commit_that_is_gone_costs_nothing(story: Story) -> None:
    story.commit({"README": "a"})
    CollectionPass.objects.filter(number=1).update(commit="0" * 40)
    fixed(story)
    assert not Attribution.objects.exists() and words(story) == "Commit not known: git was not asked"


def test_a_ticket_that_came_back_keeps_each_attribution(story: Story) -> None:
    first = story.commit({"README": "a"})
    fixed(story)
    story.commit({"README": "b"})
    story.see(factories.missing_module(TEST))
    second = story.commit({"README": "c"})
    fixed(story)
    assert credit(story) == Credit("only", second, "", 1, 3)
    assert list(Attribution.objects.order_by("pk").values_list("commit", flat=True)) == [first, second]
