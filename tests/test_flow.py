"""The whole story through a real worker: break, pass, ticket, claim, fix, pass, verified, break again, regressed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from dashboard.heartbeat import last_heard
from remediation import passes, projects, tasks, tickets
from remediation.models import CollectionPass, Occurrence, Project, Ticket
from tests import factories
from tests.environments import environment
from tests.repositories import Repository

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("clean_redis")]

HEALTHY = "def test_it():\n    assert True\n"
NEEDS_REGISTRY = "from atlas.registry import Registry\n\n\ndef test_registry():\n    assert Registry()\n"
START = {
    "atlas/__init__.py": "",
    "tests/test_healthy.py": HEALTHY,
    "tests/test_one.py": NEEDS_REGISTRY,
    "tests/test_two.py": NEEDS_REGISTRY,
    "conftest.py": "",
}
FIX = {"atlas/registry.py": "class Registry:\n    pass\n"}


class Worker:
    """A real Celery worker on the test database, in its own process group."""

    def __init__(self, folder: Path, redis_url: str) -> None:
        database = urlsplit(settings.DATABASE_URL)._replace(path="/" + connection.settings_dict["NAME"])
        environment = {
            **os.environ,
            "DATABASE_URL": urlunsplit(database),
            "REDIS_URL": redis_url,
            "SECRET_KEY": settings.SECRET_KEY,
        }
        self.log = (folder / "worker.log").open("wb")
        command = [sys.executable, "-m", "celery", "-A", "dashboard", "worker", "-Q", "default,collect", "-c", "2"]
        self.process = subprocess.Popen(
            [*command, "--without-gossip", "--without-mingle"],
            env=environment,
            stdout=self.log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def kill(self) -> None:
        """kill -9 of the worker and its children, as the kernel does when memory runs out."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """Warm shutdown."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()
        self.log.close()


@pytest.fixture
def worker(tmp_path: Path, redis_url: str) -> Iterator[Worker]:
    started = Worker(tmp_path, redis_url)
    yield started
    started.stop()
    assert last_heard() == {}, "one that ends in good order is not missed"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "atlas")
    made.commit(START, "Bring the tests over")
    return made


@pytest.fixture
def project(repository: Repository) -> Project:
    """A project whose interpreter is given; how one is built has its own tests, and the whole story uses it."""
    interpreter = str(environment("9"))
    return projects.create(name="atlas", source=str(repository.path), allow_local=True, interpreter=interpreter)


def wait_for(condition: Callable[[], Any], seconds: float = 90) -> Any:
    """Poll until it is true; a worker has no other way to tell us."""
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if value := condition():
            return value
        time.sleep(0.2)
    raise AssertionError(f"did not happen within {seconds} s")


def through_the_worker(project: Project) -> CollectionPass:
    queued = passes.queue(project, trigger="manual")
    tasks.run_pass.delay(queued.pk)
    return wait_for(lambda: CollectionPass.objects.filter(pk=queued.pk, state="ended").first())


def test_the_whole_story(worker: Worker, repository: Repository, project: Project) -> None:
    projects.update(project, interpreter="")  # the worker builds the environment that the repository declares
    engineer = factories.member(project, "engineer", "ines.duarte")

    first = through_the_worker(project)
    assert (first.outcome, first.total, first.tests_collected) == ("counted", 2, 1), first.detail or first.install_log
    assert first.pytest_errors == 2
    ticket = Ticket.objects.get(project=project)
    assert (ticket.status, ticket.errors, ticket.kind) == ("open", 2, "missing-module")
    assert ticket.title == "Module atlas.registry does not exist"
    assert first.category_counts.get().errors == 2

    assert tickets.claim(ticket, engineer).won

    repository.commit(FIX, "Add atlas.registry")
    second = through_the_worker(project)
    assert (second.total, second.tests_collected, second.cleared) == (0, 3, 2)
    ticket.refresh_from_db()
    assert (ticket.status, ticket.verified_pass, ticket.claimed_by) == ("verified", second, engineer)

    repository.commit({"atlas/registry.py": None}, "Drop atlas.registry")
    third = through_the_worker(project)
    assert (third.total, third.regressed, third.new) == (2, 2, 0)
    ticket.refresh_from_db()
    assert (ticket.status, ticket.regressed_pass) == ("regressed", third)
    verbs = list(ticket.transitions.order_by("sequence").values_list("verb", flat=True))
    assert verbs == ["opened", "claimed", "verified", "regressed"]


def test_a_schedule_runs_through_dispatch(worker: Worker, project: Project) -> None:
    project = projects.update(project, schedule="0 6 * * *")
    due = timezone.now() - timedelta(minutes=5)
    Project.objects.filter(pk=project.pk).update(next_pass_at=due)
    tasks.dispatch.delay()
    done = wait_for(lambda: project.passes.filter(state="ended").first())
    assert (done.trigger, done.slot, done.outcome) == ("schedule", due, "counted")
    project.refresh_from_db()
    assert project.next_pass_at > timezone.now()
    tasks.dispatch()
    assert project.passes.count() == 1


def test_a_killed_worker_loses_nothing_and_closes_nothing(
    tmp_path: Path, redis_url: str, repository: Repository, project: Project
) -> None:
    passes.run(passes.queue(project, trigger="manual").pk)
    repository.commit({"tests/test_endless.py": "import time\ntime.sleep(600)\n"}, "An import that never ends")
    queued = passes.queue(project, trigger="manual")
    for attempt in (1, 2, 3):
        doomed = Worker(tmp_path, redis_url)
        tasks.run_pass.delay(queued.pk)
        wait_for(lambda: CollectionPass.objects.filter(pk=queued.pk, stage="collect", files_reached__gt=0).exists())
        doomed.kill()
        CollectionPass.objects.filter(pk=queued.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
        passes.reap()
        queued.refresh_from_db()
        assert queued.attempts == attempt
    assert (queued.state, queued.outcome, queued.reason, queued.total) == ("ended", "failed", "lost-worker", None)
    assert Ticket.objects.get(project=project).status == "open"
    assert Occurrence.objects.visible().filter(fingerprint__project=project).count() == 2
    assert not _targets_of_ours(), "the target outlived its worker"
    assert [age < 60 for age in last_heard().values()] == [True], "one that was killed is missed"


def _targets_of_ours() -> list[str]:
    """Collections of this session's data directory that still run."""
    if sys.platform != "linux":
        return []
    time.sleep(1)  # the kernel's own clean-up after the parent's death
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if "remediation_reporter" in command and str(settings.DATA_DIR) in command:
            found.append(command)
    return found


BAD_ENDS = {
    "os._exit(0) in the root conftest": ({"conftest.py": "import os\nos._exit(0)\n"}, "exit-without-finish"),
    "a broken root conftest": ({"conftest.py": "import atlas.nowhere\n"}, "conftest-failure"),
    "nothing collected": ({name: None for name in START if name.startswith("tests/")}, "nothing-collected"),
}


@pytest.mark.parametrize("name", BAD_ENDS)
def test_a_blocked_pass_closes_nothing(name: str, repository: Repository, project: Project) -> None:
    files, reason = BAD_ENDS[name]
    passes.run(passes.queue(project, trigger="manual").pk)
    before = _open_state(project)
    repository.commit(files, name)
    bad = passes.queue(project, trigger="manual")
    passes.run(bad.pk)
    bad.refresh_from_db()
    assert (bad.outcome, bad.reason, bad.total) == ("blocked", reason, None), bad.detail
    assert "not zero errors" in bad.reason_text
    assert _open_state(project) == before
    assert Ticket.objects.get(project=project, kind="missing-module").status == "open"
    blockers = Ticket.objects.filter(project=project, blocking="all")
    assert blockers.count() == (name != "nothing collected")


def test_a_broken_conftest_is_one_ticket_until_a_pass_counts(repository: Repository, project: Project) -> None:
    repository.commit({"conftest.py": "import atlas.nowhere\n"}, "Break everything")
    passes.run(passes.queue(project, trigger="manual").pk)
    ticket = Ticket.objects.get(project=project)
    assert (ticket.kind, ticket.blocking, ticket.status) == ("conftest-failure", "all", "open")
    assert ticket.title == "conftest.py cannot be loaded: No module named 'atlas.nowhere'"
    repository.commit({"conftest.py": ""}, "Repair it")
    counted = passes.queue(project, trigger="manual")
    passes.run(counted.pk)
    ticket.refresh_from_db()
    assert (ticket.status, ticket.blocking, ticket.verified_pass) == ("verified", "", counted)


def test_a_plugin_that_is_missing_is_one_ticket_with_its_configuration(
    repository: Repository, project: Project
) -> None:
    repository.commit({"pytest.ini": "[pytest]\naddopts = -p gone_plugin\n"}, "Ask for a plugin that nobody installs")
    blocked = passes.queue(project, trigger="manual")
    passes.run(blocked.pk)
    blocked.refresh_from_db()
    assert (blocked.outcome, blocked.reason, blocked.blocker["path"]) == ("blocked", "plugin-failure", "pytest.ini")
    ticket = Ticket.objects.get(project=project)
    assert (ticket.kind, ticket.blocking) == ("configuration", "all")
    assert 'Error importing plugin "gone_plugin"' in ticket.title


@pytest.mark.parametrize("text", ["import os\nos._exit(0)\n", "raise KeyboardInterrupt\n"])
def test_a_file_that_ends_the_process_is_one_error_more(text: str, repository: Repository, project: Project) -> None:
    passes.run(passes.queue(project, trigger="manual").pk)
    repository.commit({"tests/test_zero.py": text}, "A file that ends the process")
    queued = passes.queue(project, trigger="manual")
    passes.run(queued.pk)
    queued.refresh_from_db()
    assert (queued.outcome, queued.total, queued.tests_collected, queued.new) == ("counted", 3, 1, 1), queued.detail
    assert "--ignore=tests/test_zero.py" in queued.command
    repository.commit({"tests/test_zero.py": HEALTHY}, "Repair it")
    after = passes.queue(project, trigger="manual")
    passes.run(after.pk)
    after.refresh_from_db()
    assert (after.total, after.cleared, after.tests_collected) == (2, 1, 2)


def test_pytest_missing_closes_nothing(repository: Repository, project: Project, tmp_path: Path) -> None:
    passes.run(passes.queue(project, trigger="manual").pk)
    before = _open_state(project)
    empty = tmp_path / "without-pytest"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(empty)], check=True)
    projects.update(project, interpreter=str(empty / "bin" / "python"))
    bad = passes.queue(project, trigger="manual")
    passes.run(bad.pk)
    bad.refresh_from_db()
    assert (bad.outcome, bad.reason, bad.total) == ("blocked", "no-pytest", None), bad.reason_text
    assert _open_state(project) == before


def test_a_source_that_disappears_keeps_its_history(repository: Repository, project: Project) -> None:
    passes.run(passes.queue(project, trigger="manual").pk)
    before = _open_state(project)
    repository.path.rename(repository.path.with_name("moved-away"))
    bad = passes.queue(project, trigger="manual")
    passes.run(bad.pk)
    bad.refresh_from_db()
    assert (bad.outcome, bad.total) == ("failed", None)
    assert bad.reason_text and _open_state(project) == before


def _open_state(project: Project) -> tuple[int, list[str]]:
    visible = Occurrence.objects.visible().filter(fingerprint__project=project)
    return visible.count(), sorted(visible.values_list("file__path", flat=True))
