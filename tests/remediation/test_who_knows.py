"""Whom to ask about a ticket: the owner in CODEOWNERS and the people git names, from a real repository."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from remediation import tickets
from remediation.collection.mirror import Commit
from remediation.core.records import Cause, CollectionError, Frame
from remediation.models import BlamedFiles, CollectionPass, OwnersFile, Project, Ticket
from remediation.passes import who_knows
from remediation.passes.who_knows import follow_people
from remediation.passes.workshop import Workshop
from tests import factories
from tests.repositories import Repository

ADA, GRACE = "Ada Brook <Ada@example.org>", "Grace Lim <grace@example.org>"
CODEOWNERS = "* @everyone\n/src/atlas/core/ @team-core @ada\n/src/atlas/cache/ @team-cache\n!odd @x\n"
TEST = "tests/test_a.py"
START = {
    "src/atlas/__init__.py": "",
    "src/atlas/core/__init__.py": "",
    "src/atlas/core/registry.py": "x = 1\n",
    "src/atlas/cache/keys.py": "KEY = 1\n",
    TEST: "\n\nimport atlas.core.registry\n",
    "tests/test_c.py": "\n\nfrom atlas.cache.keys import CacheKey\n",
}
pytestmark = pytest.mark.django_db


class Story:
    """A repository, the project that watches it, and passes whose errors are told and not collected."""

    def __init__(self, folder: Path) -> None:
        self.repository = Repository(folder / "atlas")
        project = factories.project("atlas", key="ATL")
        Project.objects.filter(pk=project.pk).update(
            source=str(self.repository.path), source_is_local=True, detected={"source_roots": ["src"]}
        )
        self.project = Project.objects.get(pk=project.pk)
        self.workshop = Workshop(self.project)
        self.position = 0

    def commit(self, files: Mapping[str, str | None], by: str = ADA, at: str = "2026-03-02T06:00:00+00:00") -> str:
        return self.repository.commit(files, "Change", by=by, at=at)

    def see(self, *errors: CollectionError, sha: str = "", on_ref: bool = True) -> CollectionPass:
        """A counted pass at the tip, or at a commit, and what the worker asks after it."""
        self.workshop.mirror.fetch()
        self.position += 1
        sha = sha or self.repository.head()
        commit = Commit(sha, "Change", "Ada", "ada@example.org", datetime(2026, 3, 2, tzinfo=UTC))
        place = self.position if on_ref else None
        made = factories.counted_pass(self.project, self.position, errors, {"tests/test_ok.py": 3}, commit=commit)
        if not on_ref:
            CollectionPass.objects.filter(pk=made.pk).update(position=place)
        follow_people(made.pk, self.workshop, "main")
        return CollectionPass.objects.select_related("owners_file").get(pk=made.pk)


@pytest.fixture
def story(tmp_path: Path, settings: object) -> Story:
    settings.DATA_DIR = str(tmp_path / "data")  # type: ignore[attr-defined]
    return Story(tmp_path)


def blamed(number: int = 1) -> BlamedFiles:
    return BlamedFiles.objects.get(ticket__number=number)


def people(number: int = 1) -> list[tuple[str, str, str]]:
    return [(one["name"], one["how"], one["path"]) for one in blamed(number).people]


def test_the_owner_of_the_blamed_module_is_told_and_not_the_tests(story: Story) -> None:
    story.commit({**START, ".github/CODEOWNERS": CODEOWNERS + "/tests/ @qa\n"})
    both = [factories.missing_module(TEST), factories.missing_module("tests/test_b.py")]
    made = story.see(*both, factories.missing_name("tests/test_c.py"))
    row = blamed()
    assert (row.owners, row.owners_line, row.owners_place) == (["@team-core", "@ada"], 2, ".github/CODEOWNERS")
    assert row.owned_path == "src/atlas/core/registry.py", "of the paths it would have, the one that fits the tree"
    assert (blamed(2).owners, blamed(2).owned_path) == (["@team-cache"], "src/atlas/cache/keys.py")
    assert (made.owners_file.path, made.owners_file.rules) == (".github/CODEOWNERS", 4)
    assert made.owners_file.ignored == [[4, "a pattern cannot be taken back with !"]]
    assert row.watched[-2:] == [TEST, "tests/test_b.py"]


def test_a_file_is_stored_once_and_the_owner_is_read_again_when_it_changes(story: Story) -> None:
    story.commit({**START, "CODEOWNERS": CODEOWNERS})
    first, second = story.see(factories.missing_module(TEST)), story.see(factories.missing_module(TEST))
    assert first.owners_file == second.owners_file
    story.commit({"CODEOWNERS": "/src/ @new\n", "docs/CODEOWNERS": "* @late\n"})
    third = story.see(factories.missing_module(TEST))
    assert (blamed().owners, blamed().owners_line, third.owners_file.path) == (["@new"], 1, "CODEOWNERS")
    story.commit({"CODEOWNERS": None})
    assert story.see(factories.missing_module(TEST)).owners_file.path == "docs/CODEOWNERS"
    story.commit({"docs/CODEOWNERS": None})
    none = story.see(factories.missing_module(TEST)).owners_file
    assert (none.path, none.content, blamed().owners, blamed().owners_line) == ("", "", [], None)
    assert OwnersFile.objects.count() == 4


def test_a_file_that_is_too_large_or_no_text_costs_nothing(story: Story) -> None:
    story.commit({**START, "CODEOWNERS": "* @a\n" * 110_000})
    assert story.see(factories.missing_module(TEST)).owners_file.path == ""
    (story.repository.path / "CODEOWNERS").write_bytes(b"* @\xff\x00\x1b[31mada\n\x9d\xd8\n")
    story.commit({})
    made = story.see(factories.missing_module(TEST))
    assert made.owners_file.path == "CODEOWNERS" and "\x00" not in made.owners_file.content


def test_who_touched_the_file_last_and_who_wrote_the_line_that_fails(story: Story) -> None:
    story.commit(START)
    story.commit({TEST: "\n\nimport atlas.core.registry\n# more\n"}, GRACE, "2026-03-03T06:00:00+00:00")
    story.commit({"src/atlas/cache/keys.py": "KEY = 2\n"}, GRACE, "2026-03-04T06:00:00+00:00")
    story.see(factories.missing_name("tests/test_c.py"))
    assert people() == [("Grace Lim", "file", "src/atlas/cache/keys.py"), ("Ada Brook", "line", "tests/test_c.py")]
    first = blamed().people[0]
    assert (first["at"], first["email"]) == ("2026-03-04T06:00:00+00:00", "grace@example.org")
    assert first["commit"] == story.repository.head()
    assert blamed().people[1]["line"] == 3


def test_of_a_file_that_is_gone_the_last_commit_on_its_path_is_told(story: Story) -> None:
    story.commit(START)
    gone = story.commit({"src/atlas/core/registry.py": None}, GRACE)
    story.commit({"README": "later\n"})
    story.see(factories.missing_module(TEST))
    assert people() == [("Grace Lim", "gone", "src/atlas/core/registry.py"), ("Ada Brook", "line", TEST)]
    assert blamed().people[0]["commit"] == gone


def test_of_a_module_that_never_was_only_the_failing_line_tells_and_each_person_once(story: Story) -> None:
    story.commit(START)
    story.see(factories.missing_module(TEST, "atlas.never"))
    assert people() == [("Ada Brook", "line", TEST)]
    story.see(factories.missing_module(TEST, "atlas.never"), factories.missing_name("tests/test_c.py"))
    assert people(2) == [("Ada Brook", "file", "src/atlas/cache/keys.py")]


def test_what_the_environment_lacks_has_no_owner_in_the_repository(story: Story) -> None:
    story.commit({**START, "CODEOWNERS": CODEOWNERS})
    cause = Cause("ModuleNotFoundError", "No module named 'yaml'", name="yaml", frames=(Frame(TEST, 3),))
    story.see(CollectionError(TEST, TEST, cause))
    assert (blamed().asked, blamed().owners, blamed().watched) == ([], [], [TEST])
    assert people() == [("Ada Brook", "line", TEST)]


def test_only_new_tickets_are_asked_about_the_largest_first(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(who_knows, "MOST", 1)
    story.commit(START)
    errors = [*(factories.missing_module(f"tests/test_{n}.py") for n in range(3)), factories.missing_name(TEST)]
    story.see(*errors)
    assert list(BlamedFiles.objects.values_list("ticket__number", flat=True)) == [1]
    story.see(*errors)
    assert BlamedFiles.objects.count() == 2
    monkeypatch.setattr(who_knows, "SECONDS", -1.0)
    story.see(*errors, factories.syntax_error("tests/test_new.py"))
    assert BlamedFiles.objects.count() == 2, "without time nothing is asked"


def test_a_commit_on_the_watched_files_is_kept_with_the_time_when_it_came(story: Story) -> None:
    story.commit(START)
    story.see(factories.missing_module(TEST))
    tickets.claim(Ticket.objects.get(), factories.user())
    story.commit({"README": "elsewhere\n"}, GRACE, "2026-03-05T06:00:00+00:00")
    story.see(factories.missing_module(TEST))
    assert blamed().touched_at is None, "a commit elsewhere is no sign"
    side = story.repository.commit_aside("fix", {"src/atlas/core/registry.py": "x = 2\n"})
    story.see(factories.missing_module(TEST))
    assert blamed().touched_at is None, "nor is one that has not come to the ref"
    merged = story.repository.merge("fix", at="2026-03-09T06:00:00+00:00")
    story.see(factories.missing_module(TEST))
    row = blamed()
    assert (row.touched_commit, row.touched_at) == (merged, datetime(2026, 3, 9, 6, tzinfo=UTC))
    assert row.seen_commit == merged != side


def test_files_that_a_claimed_ticket_blocks_later_are_watched_too(story: Story) -> None:
    story.commit({**START, "tests/test_late.py": "import atlas.core.registry\n"})
    story.see(factories.missing_module(TEST))
    tickets.claim(Ticket.objects.get(), factories.user())
    both = [factories.missing_module(TEST), factories.missing_module("tests/test_late.py")]
    story.see(*both)
    sha = story.commit({"tests/test_late.py": "import atlas.core.registry as registry\n"})
    story.see(*both)
    assert blamed().touched_commit == sha


def test_claimed_tickets_are_asked_about_before_larger_ones(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    story.commit(START)
    monkeypatch.setattr(who_knows, "MOST", 0)
    errors = [factories.missing_module(TEST), factories.missing_module("tests/test_b.py")]
    errors.append(factories.missing_name("tests/test_c.py"))
    story.see(*errors)
    tickets.claim(Ticket.objects.get(number=2), factories.user())
    monkeypatch.setattr(who_knows, "MOST", 1)
    story.see(*errors)
    assert BlamedFiles.objects.get().ticket.number == 2


def test_a_pass_off_the_ref_shows_commits_that_have_not_come_yet(story: Story) -> None:
    story.commit(START)
    story.see(factories.missing_module(TEST))
    tickets.claim(Ticket.objects.get(), factories.user())
    side = story.repository.commit_aside("fix", {TEST: "\n\nimport atlas\n"})
    story.see(factories.missing_module(TEST), sha=side, on_ref=False)
    assert blamed().touched_commit == side


def test_a_clock_that_is_ahead_gives_no_time_in_advance(story: Story) -> None:
    story.commit(START)
    story.see(factories.missing_module(TEST))
    tickets.claim(Ticket.objects.get(), factories.user())
    story.commit({TEST: "\n\nimport atlas\n"}, at="2098-01-01T00:00:00+00:00")
    story.see(factories.missing_module(TEST))
    assert blamed().touched_at.year < 2098


def test_trouble_costs_the_pass_nothing(
    story: Story, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    story.commit(START)

    def broken(*_: object) -> None:
        raise ValueError("no such thing")

    monkeypatch.setattr(who_knows, "line_author", broken)
    with caplog.at_level(logging.CRITICAL, "remediation.passes.who_knows"):
        made = story.see(factories.missing_module(TEST))
    assert made.outcome == "counted" and made.owners_file is not None
    assert not BlamedFiles.objects.exists()
    monkeypatch.undo()
    story.see(factories.missing_module(TEST))
    assert people() == [("Ada Brook", "file", "src/atlas/core/registry.py")]


def test_an_older_commit_says_nothing_of_people_now(story: Story) -> None:
    old = story.commit({**START, "CODEOWNERS": "* @old\n"})
    story.commit({"CODEOWNERS": "* @new\n"})
    story.position = 5
    story.see(factories.missing_module(TEST))
    story.position = 1
    assert story.see(factories.missing_module(TEST), sha=old).owners_file.content == "* @old\n"
    assert blamed().owners == ["@new"]
