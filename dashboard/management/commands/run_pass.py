"""Runs one pass of a project now and says what it counted, for people and for scripts."""

from __future__ import annotations

import json
import time
from typing import Any

from django.core.management.base import CommandError, CommandParser

from dashboard.management.base import BLOCKED, OK, ProjectCommand
from dashboard.management.progress import shown
from remediation import passes, tasks
from remediation.collection.mirror import SourceError
from remediation.models import CollectionPass, Project
from remediation.passes.summary import summary


class Command(ProjectCommand):
    help = (
        "Run one pass. With --wait it runs here, beside the site's workers, and the exit code says how it ended: "
        "0 counted (whatever the number of errors), 1 blocked or failed, 2 bad input. Without --wait it is queued."
    )
    expected = (SourceError,)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", metavar="NAME", help="the project's name or slug")
        parser.add_argument(
            "--commit", default="", metavar="SHA", help="a commit, branch or tag; the ref's tip if left out"
        )
        parser.add_argument("--wait", action="store_true", help="run it and wait for its end")
        parser.add_argument("--json", action="store_true", help="one JSON object on standard output")

    def work(self, **options: Any) -> int | None:
        """Queue the pass; with --wait run it in this process unless a worker is faster."""
        project = find_project(options["name"])
        collection_pass = passes.queue(project, trigger="command", commit=options["commit"])
        if not options["wait"]:
            tasks.try_hint()
            self._show(
                {"pass": collection_pass.number, "status": "queued"},
                options,
                f"Pass #{collection_pass.number} is queued.",
            )
            return OK
        with shown(lambda: _how_far(collection_pass.pk)):
            done = _finish(collection_pass)
        facts = summary(done)
        self._show(facts, options, _sentence(facts))
        return OK if done.counted else BLOCKED

    def _show(self, facts: dict[str, Any], options: dict[str, Any], sentence: str) -> None:
        self.stdout.write(json.dumps(facts, ensure_ascii=False) if options["json"] else sentence)


def find_project(name: str) -> Project:
    """The project of that slug or name. Raises CommandError that lists what there is."""
    project = Project.objects.filter(slug=name).first() or Project.objects.filter(name=name).first()
    if project is None:
        known = ", ".join(Project.objects.values_list("slug", flat=True)) or "none yet; see add_project"
        raise CommandError(f"There is no project {name}. Projects: {known}.")
    return project


def _finish(collection_pass: CollectionPass) -> CollectionPass:
    """Run it here; when a worker has it, or another pass of the project is running, wait."""
    while True:
        passes.run(collection_pass.pk)
        collection_pass.refresh_from_db()
        if collection_pass.state == CollectionPass.State.ENDED:
            return collection_pass
        passes.reap()
        time.sleep(0.5)


def _how_far(pass_id: int) -> str:
    """ "Collect: 268 of 431 test files, 61 errors so far"."""
    row = CollectionPass.objects.only("number", "state", "stage", "files_reached", "errors_so_far", "live").get(
        pk=pass_id
    )
    if row.state == "queued":
        return f"Pass #{row.number} waits"
    if row.stage != "collect":
        return f"Pass #{row.number}: {row.get_stage_display()}"
    found = (row.live or {}).get("found")
    of = f" of {found:,}" if found else ""
    return f"Pass #{row.number}: {row.files_reached:,}{of} test files, {row.errors_so_far:,} errors so far"


def _sentence(facts: dict[str, Any]) -> str:
    if facts["status"] != "counted":
        return f"Pass #{facts['pass']} {facts['status']} ({facts['reason']}): {facts['text']}"
    return (
        f"Pass #{facts['pass']} on {facts['commit'][:9]}: {facts['errors_total']} errors in {facts['tickets']} tickets,"
        f" {facts['collected']} tests collected (collected is not passing), {facts['seconds']:.1f} s."
    )
