"""Many passes at once, and many recordings at once into one project."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from tests.benchmarks import generated, histories
from tests.benchmarks.figures import Figure, alone, beside, stopwatch
from tests.environments import environment
from tests.repositories import Repository


def measure(data_dir: Path, *, quick: bool) -> list[Figure]:
    """Throughput of two workers, and whether recordings wait for each other in a circle."""
    count = 4 if quick else 20
    repository = Repository(data_dir / "at-once")
    repository.commit(dict(generated.files(generated.SMALL)), "Start")
    projects = [_project(repository.path, number) for number in range(count)]
    for project in projects:  # byte-code and mirrors are warm from here on
        _run(project)
    alone_seconds = stopwatch(lambda: [_run(project) for project in projects])
    together = _together(projects, data_dir)
    note = f"{count} passes on two workers, against one after the other"
    return [beside("at-once-passes", [together], [alone_seconds], "s", note), _overlapping(6 if quick else 60)]


def _project(repository: Path, number: int) -> Any:
    from remediation import projects

    python = str(environment("9"))
    return projects.create(name=f"at once {number}", source=str(repository), allow_local=True, interpreter=python)


def _run(project: Any) -> None:
    from remediation import passes

    row = passes.queue(project, trigger="command")
    passes.run(row.pk)
    row.refresh_from_db()
    if row.outcome != "counted":
        raise SystemExit(f"The pass was {row.outcome}: {row.reason_text}")


def _together(projects: list[Any], data_dir: Path) -> float:
    """Seconds from the queue to the last record, with the product's own collector of two processes."""
    from remediation import passes, tasks
    from remediation.models import CollectionPass

    command = [sys.executable, "-m", "celery", "-A", "dashboard", "-q", "worker", "-c", "2", "-Q", "collect"]
    with (data_dir / "logs" / "bench-worker.log").open("ab") as log:
        worker = subprocess.Popen(command, env=dict(os.environ), stdout=log, stderr=log, start_new_session=True)
        try:
            time.sleep(10)  # its start is not what is measured
            start = time.perf_counter()
            rows = [passes.queue(project, trigger="command") for project in projects]
            for row in rows:
                tasks.run_pass.delay(row.pk)
            ended = CollectionPass.objects.filter(pk__in=[row.pk for row in rows], state="ended")
            while ended.count() < len(rows):
                time.sleep(0.05)
            seconds = time.perf_counter() - start
        finally:
            worker.send_signal(signal.SIGTERM)
            worker.wait(60)
    if ended.exclude(outcome="counted").exists():
        raise SystemExit("A pass at once was not counted.")
    return seconds


def _overlapping(count: int) -> Figure:
    """``count`` threads record into one project; only one pass of it runs, so the others ask again."""
    from django.db import OperationalError, connection

    from remediation.models import CollectionPass

    project = histories.project("overlapping")
    deadlocks: list[str] = []

    def work(position: int) -> None:
        content = histories.stream(histories.pairs(100, causes=20, since=position % 7))
        try:
            histories.record(project, content, position, patient=True)
        except OperationalError as error:
            deadlocks.append(str(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(position,)) for position in range(1, count + 1)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - start
    recorded = CollectionPass.objects.filter(project=project, outcome="counted").count()
    if deadlocks or recorded != count:
        raise SystemExit(f"{recorded} of {count} recorded, {len(deadlocks)} deadlocks: {deadlocks[:1]}")
    return alone("at-once-recordings", [seconds / count], "s per pass", f"{count} overlapping, 0 deadlocks")
