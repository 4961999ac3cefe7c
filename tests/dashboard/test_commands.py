"""The commands for people and scripts: what they print, how they exit, and that bad input leaves nothing behind."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from remediation.models import CollectionPass, Project
from tests import factories
from tests.environments import environment
from tests.repositories import Repository

pytestmark = pytest.mark.django_db(transaction=True)

KEYS = {
    "status", "reason", "exit_code", "commit", "collected", "seconds", "python", "pytest", "sandbox_level", "counts",
    "errors",
}  # fmt: skip


def run(name: str, *arguments: str) -> tuple[int, str]:
    """Exit code and standard output of a command, as a script sees them."""
    out = io.StringIO()
    try:
        call_command(name, *arguments, stdout=out)
    except SystemExit as stop:
        return int(stop.code or 0), out.getvalue()
    except CommandError as error:
        return error.returncode, str(error)
    return 0, out.getvalue()


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "shop")
    made.commit(
        {
            "shop/__init__.py": "",
            "tests/test_basket.py": "import shop.basket\n\ndef test_it(): pass\n",
            "tests/test_plain.py": "import os\n\ndef test_one():\n    assert os.environ['WHERE'].endswith('/etc')\n",
        }
    )
    return made


def add(repository: Repository, *more: str) -> tuple[int, str]:
    python = str(environment("9"))
    return run("add_project", "Shop", "--source", str(repository.path), "--python", python, *more)


def test_add_and_run(repository: Repository) -> None:
    code, text = add(repository, "--env", "WHERE={checkout}/etc", "--args", "tests -p no:doctest", "--no-pass")
    assert (code, text.strip()) == (0, "Added shop (SHO).")
    code, text = run("run_pass", "shop", "--wait", "--json")
    facts: dict[str, Any] = json.loads(text)
    assert code == 0 and facts.keys() >= KEYS
    assert (facts["status"], facts["exit_code"], facts["collected"], facts["errors_total"]) == ("counted", 2, 1, 1)
    assert facts["counts"]["Missing core modules"] == 1 and facts["counts"]["Uncategorised"] == 0
    (error,) = facts["errors"]
    assert error == {
        "file": "tests/test_basket.py",
        "kind": "missing-module",
        "category": "Missing core modules",
        "ticket": "SHO-1",
        "fingerprint": "missing:shop.basket",
        "message": "No module named 'shop.basket'",
    }
    assert facts["pytest"].startswith("9.") and facts["sandbox_level"] in (1, 2, 3) and facts["seconds"] > 0


def test_a_blocked_pass_exits_with_1_and_knows_no_numbers(repository: Repository) -> None:
    add(repository, "--no-pass")
    repository.commit({"conftest.py": "raise RuntimeError('no database')\n"})
    code, text = run("run_pass", "shop", "--wait", "--json")
    facts = json.loads(text)
    assert (code, facts["status"], facts["reason"]) == (1, "blocked", "conftest-failure")
    assert facts["python"].startswith("3.") and facts["pytest"].startswith("9.")
    assert facts["collected"] is facts["counts"] is facts["errors"] is facts["errors_total"] is None


def test_an_older_commit_is_placed_before_the_tip(repository: Repository) -> None:
    add(repository, "--no-pass")
    first = repository.head()
    repository.commit({"shop/basket.py": ""}, "Add the basket")
    assert json.loads(run("run_pass", "shop", "--wait", "--json")[1])["errors_total"] == 0
    older = json.loads(run("run_pass", "shop", "--commit", first[:10], "--wait", "--json")[1])
    assert (older["position"], older["errors_total"], older["ledger"]) == (1, 1, None)
    replayed = CollectionPass.objects.get(number=2)
    assert replayed.effective_at == replayed.committed_at, "a named commit stands at its own time"
    tip = CollectionPass.objects.get(number=1)
    assert tip.effective_at == tip.started_at
    assert (tip.previous.number, tip.cleared) == (2, 1), "the late pass became the baseline of the tip"


def test_without_wait_it_is_queued(repository: Repository) -> None:
    add(repository, "--no-pass")
    code, text = run("run_pass", "Shop", "--json")
    assert (code, json.loads(text)) == (0, {"pass": 1, "status": "queued"})
    assert CollectionPass.objects.get().state == "queued"


def test_history_is_replayed_oldest_first(repository: Repository) -> None:
    second = repository.commit({"a.py": ""})
    third = repository.commit({"b.py": ""})
    assert add(repository, "--history", "2")[0] == 0
    assert list(CollectionPass.objects.order_by("number").values_list("requested_commit", flat=True)) == [second, third]


def test_rebuild(repository: Repository) -> None:
    project = factories.project("Books")
    factories.counted_pass(project, 1, [factories.missing_module("tests/test_a.py")])
    assert run("rebuild", "books") == (0, "Rebuilt books from 1 counted passes.\n")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["Shop", "--source", "/nowhere/at/all"], "/nowhere/at/all"),
        (["Shop", "--source", "http://git.example.org/x.git"], "https"),
        (["Shop", "--source", "ext::sh -c id"], ""),
        (["Shop", "--source", "REPO", "--ref", "no-such-branch"], "no-such-branch"),
        (["Shop", "--source", "REPO", "--ref", "--upload-pack=id"], ""),
        (["Shop", "--source", "REPO", "--python", "/no/python"], "/no/python"),
        (["Shop", "--source", "REPO", "--schedule", "every day"], "cron"),
        (["Shop", "--source", "REPO", "--time-zone", "Mars/Base"], "Mars/Base"),
        (["Shop", "--source", "REPO", "--env", "novalue"], "NAME=value"),
        (["Shop", "--source", "REPO", "--args", "-n4"], "-n4"),
        (["Shop", "--source", "REPO", "--args", "'open"], "quote"),
        (["!!!", "--source", "REPO"], "name"),
    ],
)
def test_bad_input_is_refused_and_leaves_nothing(repository: Repository, arguments: list[str], says: str) -> None:
    real = [str(repository.path) if word == "REPO" else word for word in arguments]
    code, text = run("add_project", *_join_options(real))
    assert code == 2 and says in text and "Traceback" not in text
    assert not Project.objects.exists()


def _join_options(words: list[str]) -> list[str]:
    """``--ref --upload-pack=id`` as a shell user must write it: ``--ref=--upload-pack=id``."""
    joined: list[str] = []
    for word in words:
        if joined and joined[-1] in {"--ref", "--args"} and word.startswith("-"):
            joined[-1] += f"={word}"
        else:
            joined.append(word)
    return joined


def test_unknown_projects_are_named_with_what_there_is() -> None:
    factories.project("Books")
    for command in ("run_pass", "rebuild"):
        code, text = run(command, "nope")
        assert code == 2 and "books" in text
