"""Where a commit stands in the project's order, also after its branch was rewritten."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from remediation import passes, projections, projects
from remediation.collection.mirror import SourceError
from remediation.models import CollectionPass, Project
from remediation.passes.workshop import Workshop
from tests.environments import environment
from tests.repositories import Repository

pytestmark = pytest.mark.django_db(transaction=True)

BROKEN = {
    "shop/__init__.py": "",
    "tests/test_a.py": "import shop.basket\n\n\ndef test_a(): pass\n",
    "tests/test_b.py": "def test_b(): pass\n",
}


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "shop")
    made.commit(BROKEN, "Start")
    return made


@pytest.fixture
def project(repository: Repository) -> Project:
    return projects.create(
        name="shop", source=str(repository.path), allow_local=True, interpreter=str(environment("9"))
    )


def run(project: Project, commit: str = "") -> CollectionPass:
    queued = passes.queue(project, trigger="manual", commit=commit)
    passes.run(queued.pk)
    return CollectionPass.objects.get(pk=queued.pk)


def test_positions_follow_the_first_parent_line(project: Project, repository: Repository) -> None:
    first = run(project)
    repository.commit({"a.py": ""})
    repository.commit({"b.py": ""})
    third = run(project)
    assert (first.position, third.position) == (1, 3)
    assert third.previous == first


def test_a_rewritten_branch_goes_on_after_what_was_counted(project: Project, repository: Repository) -> None:
    for number in range(3):
        repository.commit({f"more{number}.py": ""})
    before = run(project)
    assert (before.position, before.total) == (4, 1)
    repository._git("reset", "-q", "--hard", "HEAD~3")
    fixed = repository.commit({"shop/basket.py": ""}, "Add the basket, on a rewritten branch")
    after = run(project)
    assert after.commit == fixed and after.position == 5, "first-parent index 2 alone would run history backwards"
    assert (after.total, after.cleared, after.previous) == (0, 1, before)
    assert project.tickets.get().status == "verified"
    repository.commit({"again.py": ""})
    assert run(project).position == 6


def test_an_old_commit_is_not_mistaken_for_a_rewritten_tip(project: Project, repository: Repository) -> None:
    first = repository.head()
    repository.commit({"shop/basket.py": ""})
    tip = run(project)
    old = run(project, first)
    project.refresh_from_db()
    assert (tip.position, old.position, project.position_offset) == (2, 1, 0)


def test_a_commit_off_the_ref_is_shown_and_moves_nothing(project: Project, repository: Repository) -> None:
    seen = run(project)
    repository._git("checkout", "-q", "-b", "side")
    side = repository.commit({"shop/basket.py": ""}, "Fixed on a side branch")
    repository._git("checkout", "-q", "main")
    off = run(project, side)
    assert (off.outcome, off.total, off.position) == ("counted", 0, None)
    assert project.tickets.get().status == "open", "only a pass on the watched ref closes a ticket"
    assert run(project).previous == seen


def test_a_known_commit_needs_no_source(project: Project, repository: Repository) -> None:
    known = run(project).commit
    repository.path.rename(repository.path.with_name("gone"))
    workshop = Workshop(Project.objects.get(pk=project.pk))
    assert workshop.follow(known) == "main"
    with pytest.raises(SourceError):
        workshop.follow()
    assert run(project, known).outcome == "counted"


def test_a_file_that_matches_no_pattern_any_more_is_not_deleted(project: Project, repository: Repository) -> None:
    run(project)
    repository.commit({"pytest.ini": "[pytest]\npython_files = test_b.py\n"}, "Collect less")
    narrowed = run(project)
    assert (narrowed.total, narrowed.cleared, narrowed.hidden, narrowed.comparable) == (0, 0, 1, False)
    assert project.tickets.get().status == "open", "hiding a file is no repair"
    repository.commit({"tests/test_a.py": None}, "Now it is really deleted")
    assert run(project).cleared == 0
    ticket = project.tickets.get()
    assert (ticket.status, ticket.hidden_errors) == ("verified", 0)


def test_a_result_that_cannot_be_stored_says_so(
    project: Project, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("a defect of ours")

    monkeypatch.setattr("remediation.projections.land", broken)
    failed = run(project)
    assert (failed.outcome, failed.reason, failed.total, failed.attempts) == ("failed", "internal-failure", None, 1)


def test_another_worker_rebuilds_without_the_first_ones_mirror(project: Project, repository: Repository) -> None:
    run(project)
    repository.move("tests/test_a.py", "tests/unit/test_moved.py")
    repository.commit({}, "Move the test")
    run(project)
    shutil.rmtree(Workshop(project).root)
    project.renames.all().delete()
    assert projections.rebuild(project, passes.renames_between(project)) == 2
    assert project.passes.get(number=2).new == 0, "git was asked again"


def test_environments_that_no_recent_pass_used_are_removed(project: Project, repository: Repository) -> None:
    first = run(project)
    CollectionPass.objects.filter(pk=first.pk).update(environment_key="a" * 64)
    workshop = Workshop(project)
    kept, gone = workshop.environments / ("a" * 64), workshop.environments / ("b" * 64)
    for folder in (kept, gone, workshop.bytecode("b" * 64)):
        (folder / "bin").mkdir(parents=True)
    second = run(project)
    assert kept.exists() and not gone.exists()
    assert {folder.name for folder in (workshop.root / "bytecode").iterdir()} == {second.environment_key}


def test_a_renamed_file_carries_its_errors(project: Project, repository: Repository) -> None:
    run(project)
    repository.move("tests/test_a.py", "tests/unit/test_moved.py")
    repository.commit({}, "Move the test")
    moved = run(project)
    assert (moved.total, moved.cleared, moved.new, moved.unmasked, moved.hidden) == (1, 0, 0, 0, 0)
    assert sorted(project.tickets.get().fingerprints.get().occurrences.values_list("file__path", "close_reason")) == [
        ("tests/test_a.py", "moved"),
        ("tests/unit/test_moved.py", ""),
    ]
