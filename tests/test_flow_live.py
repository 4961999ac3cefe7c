"""What a page says of a real pass at work: how far it is, that its worker was killed, and that it was tried again."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from remediation import passes, tasks
from remediation.core.stages import STAGES
from remediation.models import CollectionPass, Project
from tests import factories
from tests.dashboard.cast import words
from tests.repositories import Repository
from tests.test_flow import Worker, project, repository, wait_for

__all__ = ["project", "repository"]  # fixtures

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("clean_redis")]

SLOW = "import time\ntime.sleep(6)\n\n\ndef test_slow(): pass\n"


def test_a_killed_worker_is_said_and_the_pass_is_recorded_once(
    tmp_path: Path, redis_url: str, repository: Repository, project: Project
) -> None:
    repository.commit({"tests/test_a_slow.py": SLOW, "tests/test_0_ends.py": "import os\nos._exit(3)\n"}, "Slow")
    client = Client()
    client.force_login(factories.user("root.admin", is_superuser=True))
    queued = passes.queue(project, trigger="manual")
    rows = CollectionPass.objects.filter(pk=queued.pk)
    url = f"/p/{project.slug}/passes/{queued.number}/live/"

    def page() -> str:
        return words(client.get(url).content.decode())

    assert "It starts as soon as a worker is free." in page()
    doomed = Worker(tmp_path, redis_url)
    tasks.run_pass.delay(queued.pk)
    wait_for(lambda: rows.filter(live__round=2, live__current="tests/test_a_slow.py").exists())
    said = page()
    assert "1 of 4 test files" in said, "by the patterns that pytest itself has told, less the one that is left out"
    assert "Round 2: collected again without tests/test_0_ends.py" in said
    assert "At tests/test_a_slow.py" in said
    assert "No sign of life" not in said
    doomed.kill()

    rows.update(lease_until=timezone.now() - timedelta(seconds=4))
    assert "No sign of life for 1 min" in page()
    assert "attempt 2 of 3" in page()
    passes.reap()
    assert "Attempt 2 of 3. The worker of the attempt before it was lost" in page()

    second = Worker(tmp_path, redis_url)
    try:
        tasks.run_pass.delay(queued.pk)
        wait_for(lambda: rows.filter(state="ended").exists())
    finally:
        second.stop()
    done = rows.get()
    assert (done.outcome, done.attempts, done.total, done.live) == ("counted", 2, 3, None), done.detail
    times = [done.stage_times[stage] for stage in STAGES]
    assert times == sorted(times)
    assert done.stage_times["record"] - done.stage_times["collect"] > 6
    assert project.passes.count() == 1
    assert "Pass #1 has ended" in page() and "3 errors" in page()
