"""A likely fix told from a real repository behind the project's mirror."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from remediation.collection.mirror import Commit, Mirror
from remediation.core.records import Cause, CollectionError, Frame, PassResult, TreeFacts, Verdict
from tests import factories
from tests.dashboard.cast import Cast, words
from tests.repositories import Repository

FLOWS = "class Flow:\n    pass\n\n\nclass TenantFlow(Flow):\n    pass\n"
FILES = {
    "atlas/sessions/store.py": "import os\n\n\nclass SessionStore:\n    pass\n",
    "tests/flows.py": FLOWS,
    "tests/test_flow.py": "from tests.flows import Flow, TenantFlow\n\n\nclass TestX(Flow, TenantFlow):\n    pass\n",
    "requirements.txt": "flask\nPyJWT>=2  # tokens\n",
}


@pytest.fixture
def cast(db: None) -> Cast:
    return Cast.make()


def _error(path: str, cause: Cause) -> CollectionError:
    return CollectionError(path, path, cause)


def _at(path: str, statement: str, line: int = 4) -> tuple[Frame, ...]:
    return (Frame(path, line, "<module>", statement),)


def _told(cast: Cast, data: Path, error: CollectionError, tree: TreeFacts) -> str:
    """The section "Likely fix" of the one ticket of that error, seen at the tip of a real repository."""
    repository = Repository(data.parent / "atlas")
    sha = repository.commit(FILES, "Move the store")
    place = data / "projects" / str(cast.project.pk)
    place.mkdir(parents=True)
    Mirror(place / "mirror.git", str(repository.path), allow_local=True).fetch()
    seen: PassResult = replace(factories.result([error]), tree=tree)
    commit = Commit(sha, "Move the store", "Sample Author", "sample@example.org", factories.START)
    factories.ended_pass(cast.project, Verdict("counted", session=factories.SESSION, result=seen), 2, commit=commit)
    ticket = cast.project.tickets.get(number=3)
    page = cast.client("viewer").get(f"/p/atlas/t/{ticket.label}/").content.decode()
    return words(page.split('id="likely-fix"')[1].split("</section>")[0])


@pytest.fixture
def data(tmp_path: Path, settings: Any) -> Path:
    settings.DATA_DIR = tmp_path / "data"
    return settings.DATA_DIR


def test_a_module_that_moved_with_the_line_of_its_class(cast: Cast, data: Path) -> None:
    statement = "from atlas.users.store import SessionStore"
    cause = Cause("ModuleNotFoundError", "No module named 'atlas.users.store'", name="atlas.users.store")
    error = _error("tests/test_s.py", structs.replace(cause, frames=_at("tests/test_s.py", statement)))
    tree = TreeFacts(("atlas",), elsewhere=(("atlas.users.store", "atlas/sessions/store.py"),))
    said = _told(cast, data, error, tree)
    assert "A class SessionStore is defined at atlas/sessions/store.py:4 in commit" in said
    assert "That file came on" in said
    assert f"tests/test_s.py:4 − {statement} + from atlas.sessions.store import SessionStore" in said
    assert said.endswith("A suggestion, not tested.")


def test_a_package_and_the_file_that_declares_it(cast: Cast, data: Path) -> None:
    cause = Cause("ModuleNotFoundError", "No module named 'jwt'", name="jwt")
    error = _error("tests/test_j.py", structs.replace(cause, frames=_at("tests/test_j.py", "import jwt")))
    said = _told(cast, data, error, TreeFacts(declared_as=(("jwt", "pyjwt"),)))
    assert "The repository declares pyjwt in requirements.txt, but it is not installed where the pass ran." in said


def test_bases_in_an_order_that_python_accepts(cast: Cast, data: Path) -> None:
    message = "Cannot create a consistent method resolution order (MRO) for bases Flow, TenantFlow"
    statement = "class TestX(Flow, TenantFlow):"
    frames = _at("tests/test_flow.py", statement)
    cause = Cause("TypeError", message, bases=("Flow", "TenantFlow"), frames=frames)
    said = _told(cast, data, _error("tests/test_flow.py", cause), TreeFacts())
    assert "the order TenantFlow, Flow is consistent." in said
    assert "+ class TestX(TenantFlow, Flow):" in said
