"""A check of a connection, with a real server, a real git and a real sandbox; and its lease, as for passes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from remediation import checks, passes, projects
from remediation.checks.queueing import claim
from remediation.models import CollectionPass, ConnectionCheck, Project, User
from remediation.passes.workshop import Workshop, check_root
from tests import factories
from tests.environments import environment
from tests.repositories import Repository

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def admin() -> User:
    return factories.user("root.admin", is_superuser=True)


def draft(source: str, **values: str) -> dict[str, str]:
    return {"name": "cirrus", "source": source, "interpreter": str(environment("9")), **values}


def ran(user: User, values: dict[str, str]) -> ConnectionCheck:
    row = checks.start(user, values)
    checks.run(row.pk)
    row.refresh_from_db()
    assert (row.state, row.live, row.lease_until) == ("ended", None, None)
    return row


def said(row: ConnectionCheck) -> dict[str, str]:
    return {step["code"]: step["said"] for step in row.steps}


def test_every_step_passes_and_says_what_it_found(admin: User, https_repository: str) -> None:
    row = ran(admin, draft(https_repository))
    assert row.passed, row.steps
    assert [step["code"] for step in row.steps] == list(checks.STEPS)
    assert {step["state"] for step in row.steps} == {"done"}
    assert all(step["seconds"] >= 0 for step in row.steps)
    found = said(row)
    assert "2 branches: main, next." in found["reach"]
    assert "on main: Start" in found["clone"]
    assert found["tests"] == "1 test file among 1 Python files."
    assert found["pytest"].startswith("pytest 9.")
    assert (row.found["files"], row.found["branch"]) == (1, "main")
    assert Project.objects.count() == 0, "a check adds nothing"


def test_a_branch_that_is_not_there_is_answered_with_those_that_are(admin: User, https_repository: str) -> None:
    row = ran(admin, draft(https_repository, ref="develop"))
    assert (row.passed, row.field) == (False, "ref")
    assert row.steps[-1] == {
        **row.steps[-1],
        "code": "reach",
        "state": "failed",
        "said": "No branch or tag develop; branches are main, next.",
    }


def test_a_server_that_does_not_answer(admin: User) -> None:
    row = ran(admin, draft("https://localhost:1/cirrus.git"))
    assert (row.passed, row.field, len(row.steps)) == (False, "source", 1)
    assert "could not be fetched" in said(row)["reach"]


def test_no_pytest_says_where_it_was_looked_for(admin: User, https_repository: str, tmp_path: Path) -> None:
    served = Repository.__new__(Repository)
    served.path = tmp_path / "served" / "cirrus"
    served.commit({"requirements.txt": "# nothing yet\n", "setup.py": "raise SystemExit('this must never run')\n"})
    row = ran(admin, draft(https_repository, interpreter="", install="-r requirements.txt"))
    assert (row.passed, row.field, row.steps[-1]["code"]) == (False, "install", "pytest"), row.steps
    assert "No pytest found in" in said(row)["pytest"] and "requirements.txt" in said(row)["pytest"]
    assert "uv venv" in row.log
    given = ran(admin, draft(https_repository, interpreter=str(environment(""))))
    assert (given.passed, given.field) == (False, "interpreter")


def test_a_python_that_is_not_here(admin: User, https_repository: str) -> None:
    row = ran(admin, draft(https_repository, interpreter="3.99"))
    assert (row.passed, row.field, row.steps[-1]["code"]) == (False, "interpreter", "python")
    assert "Installed:" in said(row)["python"]


def test_no_test_file_is_a_word_and_no_failure(admin: User, https_repository: str, tmp_path: Path) -> None:
    served = Repository.__new__(Repository)
    served.path = tmp_path / "served" / "cirrus"
    served.commit({"tests/test_a.py": None, "check_a.py": ""})
    row = ran(admin, draft(https_repository))
    assert row.passed
    assert [step["state"] for step in row.steps if step["code"] == "tests"] == ["warn"]
    served.commit({"check_a.py": None})
    row = ran(admin, draft(https_repository))
    assert (row.passed, row.field) == (False, "ref")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"source": "/etc"}, "source"),
        ({"source": "ext::sh -c id"}, "source"),
        ({"source": "file:///etc"}, "source"),
        ({"ref": "--upload-pack=x"}, "ref"),
        ({"schedule": "61 * * * *"}, "schedule"),
        ({"key": "1"}, "key"),
    ],
)
def test_what_adding_refuses_is_refused_before_anything_runs(admin: User, values: dict[str, str], field: str) -> None:
    with pytest.raises(projects.Refused) as refused:
        checks.start(admin, draft("https://git.example.org/x.git") | values)
    assert refused.value.field == field
    assert ConnectionCheck.objects.count() == Project.objects.count() == 0


def test_the_first_pass_takes_over_what_the_check_made(admin: User, https_repository: str) -> None:
    row = ran(admin, draft(https_repository))
    mirror = check_root(row.pk) / "mirror.git"
    kept = mirror.stat().st_ino
    project = projects.create(**draft(https_repository), owner=admin)
    assert checks.hand_over(row, project) is True
    queued = passes.queue(project, trigger="manual")
    passes.run(queued.pk)
    assert CollectionPass.objects.get(pk=queued.pk).outcome == "counted"
    assert (Workshop(project).root / "mirror.git").stat().st_ino == kept
    assert not mirror.exists()


@pytest.mark.parametrize("change", [{"ref": "next"}, {"interpreter": ""}, {"install": "pytest"}])
def test_a_check_of_something_else_is_not_taken_over(
    admin: User, https_repository: str, change: dict[str, str]
) -> None:
    row = ran(admin, draft(https_repository))
    project = projects.create(**draft(https_repository) | change, owner=admin)
    assert checks.hand_over(row, project) is False
    row.refresh_from_db()
    assert row.project is None


def test_one_worker_holds_a_check_and_an_old_one_writes_nothing(admin: User) -> None:
    row = checks.start(admin, draft("https://git.example.org/x.git"))
    held = claim(row.pk)
    assert held is not None and claim(row.pk) is None
    ConnectionCheck.objects.filter(pk=row.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert checks.reap() == 1
    row.refresh_from_db()
    assert (row.state, row.attempts, checks.waiting()) == ("queued", 1, [row.pk])
    assert checks.waiting() == [], "at most once a minute"
    for _ in range(2):
        assert claim(row.pk)
        ConnectionCheck.objects.filter(pk=row.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
        assert checks.reap() == 1
    row.refresh_from_db()
    assert (row.state, row.passed, row.steps[-1]["code"]) == ("ended", False, "lost")


def test_stopped_it_stays_stopped(admin: User, https_repository: str, monkeypatch: pytest.MonkeyPatch) -> None:
    row = checks.start(admin, draft(https_repository))
    from remediation.collection import fetching

    real = fetching.check_answers

    def slow(*arguments: Any, **options: Any) -> None:
        assert checks.stop(row)
        real(*arguments, **options)

    monkeypatch.setattr(fetching, "check_answers", slow)
    checks.run(row.pk)
    row.refresh_from_db()
    assert (row.state, row.passed, row.steps[-1]["said"]) == ("ended", False, "Stopped by hand.")
    assert not checks.stop(row)


def test_a_new_check_ends_the_earlier_one_of_the_same_person(admin: User) -> None:
    first = checks.start(admin, draft("https://git.example.org/x.git"))
    other = checks.start(factories.user("o", is_superuser=True), draft("https://git.example.org/x.git"))
    checks.start(admin, draft("https://git.example.org/x.git"))
    first.refresh_from_db()
    other.refresh_from_db()
    assert (first.state, other.state) == ("ended", "queued")


def test_after_a_day_it_is_forgotten_with_what_it_fetched(admin: User, https_repository: str) -> None:
    row = ran(admin, draft(https_repository))
    assert checks.forget(timedelta(days=1)) == 0 and check_root(row.pk).exists()
    ConnectionCheck.objects.update(created_at=timezone.now() - timedelta(days=2))
    assert checks.forget(timedelta(days=1)) == 1
    later = ran(admin, draft(https_repository))
    assert not check_root(row.pk).exists() and check_root(later.pk).exists()
    assert Path(settings.DATA_DIR) in check_root(row.pk).parents
