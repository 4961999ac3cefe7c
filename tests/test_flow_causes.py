"""What a real pass learns from the commit itself about its errors, up to the ticket's page."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client

from remediation import passes, projects
from remediation.core.impact import COLLECTED, SOURCE, Estimate
from remediation.hidden_tests import blocked_files
from remediation.models import CollectionPass, Project, Ticket
from tests import factories
from tests.environments import environment
from tests.repositories import Repository

CHECKS = """
[pytest]
python_functions = check_* test
python_classes = Suite
"""

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("clean_redis")]

FILES = {
    "requirements.txt": "pyyaml\n",
    "pyproject.toml": '[project]\nname = "atlas"\nversion = "1"\nrequires-python = ">=3.99"\n',
    "atlas/__init__.py": "",
    "atlas/old.py": "class Food:\n    pass\n",
    "atlas/new.py": "class Foo:\n    pass\n",
    "tests/test_healthy.py": "def test_it():\n    pass\n",
    "tests/test_name.py": "from atlas.old import Foo\n",
    "tests/test_yaml.py": "import yaml\n",
    "tests/test_two.py": "print 'x'\n",
}


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "atlas")


@pytest.fixture
def project(repository: Repository) -> Project:
    made = repository
    made.commit(FILES, "Bring the tests over")
    interpreter = str(environment("9"))
    return projects.create(name="atlas", source=str(made.path), allow_local=True, interpreter=interpreter)


def page_of(project: Project, kind: str) -> str:
    ticket = Ticket.objects.get(project=project, kind=kind)
    client = Client()
    client.force_login(factories.member(project))
    return client.get(f"/p/{project.slug}/t/{ticket.label}/").content.decode()


def test_the_commit_says_more_of_an_error_than_the_exception(project: Project) -> None:
    passes.run(passes.queue(project, trigger="manual").pk)
    last = CollectionPass.objects.get(project=project)
    assert (last.outcome, last.total) == ("counted", 3), (last.reason_text, last.detail)
    tree = last.result.unpack().tree
    assert tree.declared_as == (("yaml", "pyyaml"),)
    assert tree.defined_in == (("atlas.old", "Foo", "atlas/new.py"),)
    assert [(one.path, one.versions, one.supported) for one in tree.parsed] == [("tests/test_two.py", (), False)]
    name = page_of(project, "missing-name")
    assert "Foo is defined in" in name and "atlas/new.py" in name
    assert "Names that look alike" in name and "Food" in name
    yaml = page_of(project, "missing-dependency")
    assert "Declared by the repository" in yaml and "yes, as pyyaml" in yaml
    syntax = page_of(project, "syntax-error")
    assert "no Python that was tried" in syntax and "Python 2" in syntax


def test_what_an_error_hides_is_counted_by_the_projects_own_names(project: Project, repository: Repository) -> None:
    """A file that collected, is renamed and fails says what it gave; one that never did what its source defines."""
    three = "import pytest\n@pytest.mark.parametrize('n', [1, 2, 3])\ndef check_it(n):\n    pass\n"
    suite = "class Suite:\n    def check_a(self): ...\n    def helper(self): ...\n"
    other = "class TestNo:\n    def check_b(self): ...\n"
    repository.commit({"pytest.ini": CHECKS, "tests/test_three.py": three}, "Name checks")
    passes.run(passes.queue(project, trigger="manual").pk)
    repository.move("tests/test_three.py", "tests/test_moved.py")
    repository.commit(
        {
            "tests/test_moved.py": three + "import atlas.gone\n",
            "tests/test_suite.py": "import atlas.gone\n" + suite + other,
            "tests/unit/conftest.py": "import atlas.gone\n",
            "tests/unit/test_below.py": "def test_1(): ...\ndef test_2(): ...\n",
        },
        "Lose a module",
    )
    passes.run(passes.queue(project, trigger="manual").pk)
    found = {file.path: file.estimate for file in blocked_files(project)}
    assert found["tests/test_moved.py"] == Estimate(3, COLLECTED, 1)
    assert found["tests/test_suite.py"] == Estimate(1, SOURCE)
    assert found["tests/unit/test_below.py"] == Estimate(2, SOURCE)
    assert found["tests/test_name.py"] == Estimate()  # nothing is written there, so nobody knows
    assert "tests/unit/conftest.py" not in found
