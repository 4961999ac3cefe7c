"""A project deleted while a worker records into it and people use it: no ghost rows, no failure, others untouched."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from remediation import deletion, passes, projects
from remediation.belongings import belongings
from remediation.core.records import Verdict
from remediation.models import AuditLine, CollectionPass, Project
from tests import factories
from tests.environments import environment
from tests.remediation.rows import contents
from tests.remediation.test_deletion import of_others
from tests.remediation.threads import at_once
from tests.repositories import Repository

pytestmark = pytest.mark.django_db(transaction=True)

ERRORS = [factories.missing_module(f"tests/test_{n}.py", f"atlas.part{n % 3}") for n in range(6)]
EXPECTED = (passes.LostLease, Project.DoesNotExist)


def _record(project: Project, collection_pass: CollectionPass, wait: float) -> str:
    """What a worker does with a pass that it has claimed."""
    time.sleep(wait)
    verdict = Verdict("counted", session=factories.SESSION, result=factories.result(ERRORS))
    report = passes.Report(verdict=verdict, position=2, observed_at=timezone.now(), sandbox_level=3)
    try:
        passes.record(collection_pass, report, factories.no_renames)
    except EXPECTED:
        return "lost"
    return "recorded"


def _visit(project: Project, cookies: object, wait: float) -> list[int]:
    """What people do meanwhile; the statuses they got."""
    time.sleep(wait)
    client = Client(raise_request_exception=False)
    client.cookies = cookies  # type: ignore[assignment]
    base = f"/p/{project.slug}/"
    asked = [("get", ""), ("post", "t/RAC-1/claim/"), ("get", "tickets/"), ("post", "passes/run/"), ("get", "t/RAC-1/")]
    return [getattr(client, method)(base + path).status_code for method, path in asked]


def _delete(project: Project, person: object, wait: float) -> str:
    time.sleep(wait)
    deletion.delete(project, project.slug, person)  # type: ignore[arg-type]
    return "deleted"


def test_twenty_races_leave_nothing_and_answer_nobody_with_a_failure() -> None:
    chance = random.Random(20)
    admin, other = factories.user(is_superuser=True), factories.project("borealis")
    factories.counted_pass(other, 1, ERRORS)
    client = Client()
    client.force_login(admin)
    seen: dict[str, int] = {"lost": 0, "recorded": 0}
    for number in range(20):
        project = factories.project(f"race {number}", key="RAC")
        factories.counted_pass(project, 1, ERRORS[:3])
        held = passes.claim(passes.queue(project, trigger="schedule").pk)
        waits = [chance.uniform(0, 0.06) for _ in range(4)]
        found = at_once(
            [
                lambda: _record(project, held, waits[0]),  # noqa: B023  # it runs before the next turn
                lambda: _delete(project, admin, waits[1]),  # noqa: B023
                lambda: _visit(project, client.cookies, waits[2]),  # noqa: B023
                lambda: _visit(project, client.cookies, waits[3]),  # noqa: B023
            ]
        )
        assert not [error for error in found if isinstance(error, Exception)], found
        recorded, deleted, *answers = found
        assert deleted == "deleted" and {status for answer in answers for status in answer} <= {200, 302, 404, 409}, (
            answers
        )
        seen[str(recorded)] += 1
        assert deletion.remove(project.pk, seconds=60)
        assert not any(belonging.of(project.pk).exists() for belonging in belongings())
    assert seen["lost"] and seen["recorded"], seen  # both orders were met
    assert not AuditLine.objects.filter(verb="deleted").exclude(actor_id=admin.pk).exists()
    assert list(Project.every.values_list("slug", flat=True)) == ["borealis"]
    kept = contents()
    assert {row[1] for row in kept["CollectionPass"]} == {other.pk} and len(kept["Occurrence"]) == len(ERRORS)


def test_control_deleting_the_rows_under_a_request_is_a_failure() -> None:
    """Without the time between the word and the removal, a request meets half a project."""
    admin, project = factories.user(is_superuser=True), factories.project("atlas", key="RAC")
    factories.counted_pass(project, 1, ERRORS[:3])
    ticket = project.tickets.get(number=1)
    deletion.delete(project, "atlas", admin)
    assert deletion.remove(project.pk, seconds=60)
    from remediation import tickets

    with pytest.raises(type(ticket).DoesNotExist):
        tickets.claim(ticket, admin)


def test_a_target_that_runs_is_stopped_and_its_folder_goes(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "slow")
    started, ended = tmp_path / "started", tmp_path / "ended"
    slow = f"import pathlib, time\npathlib.Path({str(started)!r}).touch()\ntime.sleep(30)\n"
    repository.commit({"tests/test_slow.py": slow + f"pathlib.Path({str(ended)!r}).touch()\n"}, "Start")
    tmp_path.chmod(0o777)
    project = projects.create(
        name="slow", source=str(repository.path), allow_local=True, interpreter=str(environment("9"))
    )
    other, admin = factories.project("borealis"), factories.user(is_superuser=True)
    factories.counted_pass(other, 1, ERRORS)
    queued = passes.queue(project, trigger="manual")

    def delete_when_it_runs() -> float:
        until = time.monotonic() + 60
        while CollectionPass.objects.get(pk=queued.pk).stage != "collect" and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(0.5)
        deletion.delete(project, "slow", admin)
        return time.monotonic()

    kept = of_others(project)
    found = at_once([lambda: passes.run(queued.pk), delete_when_it_runs])
    assert not [error for error in found if isinstance(error, Exception)], found
    took = time.monotonic() - float(found[1])  # type: ignore[arg-type]
    assert took < 15 and not ended.exists()
    row = CollectionPass.objects.get(pk=queued.pk)
    assert (row.outcome, row.reason, row.total) == ("failed", "cancelled", None)
    from django.conf import settings

    assert not (Path(settings.DATA_DIR) / "projects" / str(project.pk)).exists()
    assert deletion.remove(project.pk, seconds=60)
    assert of_others(project) == kept
