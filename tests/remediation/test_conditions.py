"""What a real pass keeps of the conditions it ran under."""

from __future__ import annotations

from pathlib import Path

import pytest

from remediation import passes, projects
from remediation.collection import sandbox
from remediation.models import CollectionPass, Project
from tests.environments import environment
from tests.repositories import Repository

pytestmark = pytest.mark.django_db(transaction=True)

FILES = {
    "src/shop/__init__.py": "",
    "pytest.ini": "[pytest]\ntestpaths = tests\naddopts = -ra\n",
    "tests/test_a.py": "import shop\n\n\ndef test_a(): pass\n",
}


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "shop")
    made.commit(FILES, "Start")
    return made


@pytest.fixture
def project(repository: Repository) -> Project:
    made = projects.create(
        name="shop", source=str(repository.path), allow_local=True, interpreter=str(environment("9"))
    )
    projects.update(made, arguments="-k 'not slow'", environment={"MODE": "secret"})
    return made


def run(project: Project) -> CollectionPass:
    queued = passes.queue(project, trigger="manual")
    passes.run(queued.pk)
    return CollectionPass.objects.get(pk=queued.pk)


def test_a_counted_pass_keeps_everything(project: Project) -> None:
    made = run(project)
    assert made.outcome == "counted", made.reason_text
    kept = dict(made.conditions)
    assert "--collect-only" in kept.pop("command")
    assert f"pytest {made.pytest_version}" in kept.pop("packages")
    assert kept == {
        "arguments": ["-k", "not slow"], "variables": ["MODE"], "python": made.python_version,
        "pytest": made.pytest_version, "sandbox_level": made.sandbox_level,
        "network": not sandbox.cuts_network(made.sandbox_level), "interpreter": "given", "source_roots": ["src"],
        "platform": kept["platform"], "rootdir": ".", "inipath": "pytest.ini", "addopts": ["-ra"],
        "testpaths": ["tests"], "python_files": ["test_*.py", "*_test.py"], "plugins": [],
    }  # fmt: skip


def test_a_blocked_pass_keeps_what_is_known_of_it(project: Project, repository: Repository) -> None:
    repository.commit({"conftest.py": "import nothing_like_it\n"}, "Break everything")
    made = run(project)
    assert made.outcome == "blocked"
    assert made.conditions["python"] == made.python_version != ""
    assert made.conditions["interpreter"] == "given" and made.conditions["arguments"] == ["-k", "not slow"]
    assert "plugins" not in made.conditions, "pytest's session never began"


def test_a_pass_that_never_started_claims_little(project: Project, repository: Repository, tmp_path: Path) -> None:
    repository.path.rename(tmp_path / "moved")
    made = run(project)
    assert made.outcome == "failed"
    assert {"python", "network", "interpreter", "rootdir", "packages"}.isdisjoint(made.conditions)
