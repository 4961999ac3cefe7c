"""Silencing a real file in a real repository, by every means: hidden each time, listed each time, never cleared."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from remediation import passes, projects
from remediation.models import CollectionPass, FileState, Occurrence, Project
from tests.environments import environment
from tests.repositories import Repository

pytestmark = pytest.mark.django_db(transaction=True)

A = "tests/test_a.py"
LONG = "\n".join(f"VALUE_{n} = {n}" for n in range(40))
BROKEN = f"import shop.basket\n\n\ndef test_a(): pass\n\n\n{LONG}\n"
START = {
    "shop/__init__.py": "",
    "pytest.ini": "[pytest]\n",
    "conftest.py": "",
    A: BROKEN,
    "tests/test_b.py": "def test_b(): pass\n",
    "tests/other/test_c.py": "def test_c(): pass\n",
}


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "shop")
    made.commit(START, "Start")
    return made


@pytest.fixture
def project(repository: Repository) -> Project:
    return projects.create(
        name="shop", source=str(repository.path), allow_local=True, interpreter=str(environment("9"))
    )


def run(project: Project) -> CollectionPass:
    queued = passes.queue(project, trigger="manual")
    passes.run(queued.pk)
    return CollectionPass.objects.get(pk=queued.pk)


def rename_and_edit(name: str) -> Callable[[Repository], None]:
    def change(repository: Repository) -> None:
        repository.move(A, name)
        repository.commit({name: BROKEN + "# off for now\n"}, "Switch it off")

    return change


def write(**files: str) -> Callable[[Repository], None]:
    named = {"ini": "pytest.ini", "conftest": "conftest.py", "test": A}
    return lambda repository: repository.commit({named[key]: text for key, text in files.items()}, "Switch it off")


# What people do: (how, the state of the file afterwards, the path it is listed under). How each mechanism is told
# at every pytest version is tested with the collection.
MEANS: dict[str, tuple[Callable[[Repository], object], str, str]] = {
    "renamed away and edited": (rename_and_edit("tests/a_disabled.py"), "renamed", "tests/a_disabled.py"),
    "no Python file any more": (rename_and_edit(A + ".off"), "renamed", A + ".off"),
    "patterns": (write(ini="[pytest]\npython_files = test_b.py test_c.py\n"), "unmatched", A),
    "test paths": (write(ini="[pytest]\ntestpaths = tests/test_b.py tests/other\n"), "outside", A),
    "collect_ignore": (write(conftest="collect_ignore = ['tests/test_a.py']\n"), "by-conftest", A),
    "skip": (write(test="import pytest\npytest.skip('later', allow_module_level=True)\n" + BROKEN), "skip", A),
    "emptied": (write(test=""), "empty", A),
}  # fmt: skip


@pytest.mark.parametrize("name", MEANS)
def test_it_is_hidden_listed_and_comes_back_unrepaired(name: str, project: Project, repository: Repository) -> None:
    change, state, path = MEANS[name]
    assert run(project).total == 1
    change(repository)
    silenced = run(project)
    assert (silenced.outcome, silenced.total, silenced.cleared, silenced.hidden) == ("counted", 0, 0, 1)
    reasons = Occurrence.objects.filter(fingerprint__project=project, file__path=path)
    assert reasons.get().close_reason == "silenced"
    assert list(FileState.objects.now(project).silent().values_list("file__path", "state")) == [(path, state)]
    ticket = project.tickets.get()
    assert (ticket.status, ticket.errors, ticket.hidden_errors) == ("open", 0, 1)
    if path != A:
        repository.move(path, A)
    repository.commit({**START, A: BROKEN}, "Switch it on again")
    back = run(project)
    assert (back.total, back.unmasked, back.new, back.regressed) == (1, 1, 0, 0)
    assert not FileState.objects.now(project).silent().exists()


def test_a_file_that_was_renamed_away_and_is_deleted_then_is_no_longer_listed(
    project: Project, repository: Repository
) -> None:
    run(project)
    rename_and_edit(A + ".off")(repository)
    run(project)
    repository.commit({A + ".off": None}, "It is gone for good")
    assert run(project).cleared == 0
    assert (project.tickets.get().status, project.tickets.get().hidden_errors) == ("verified", 0)
    assert not FileState.objects.now(project).silent().exists()


def test_control_a_repaired_file_under_a_new_name_is_cleared(project: Project, repository: Repository) -> None:
    run(project)
    repository.move(A, "tests/test_new.py")
    repository.commit({"tests/test_new.py": BROKEN.replace("import shop.basket\n", "import shop\n")}, "Repair it")
    assert (run(project).cleared, project.tickets.get().status) == (1, "verified")
