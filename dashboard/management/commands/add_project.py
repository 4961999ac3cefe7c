"""Adds a repository to watch, and queues its first pass."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import transaction
from django.urls import reverse

from dashboard.management.base import OK, ProjectCommand
from remediation import passes, projects, tasks
from remediation.collection.mirror import SourceError
from remediation.models import Project
from remediation.passes.workshop import Workshop


class Command(ProjectCommand):
    help = (
        "Add a repository to watch. --source is an https or ssh URL, or a path on this machine. "
        "The first pass is queued; a running site starts it at once. Exit codes: 0 added, 2 refused."
    )
    expected = (projects.Refused, SourceError)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", metavar="NAME")
        parser.add_argument("--source", required=True, metavar="PATH|URL")
        parser.add_argument("--ref", default="HEAD", help="branch or tag; the source's default branch if left out")
        parser.add_argument("--key", default="", help="prefix of ticket ids, two to six capital letters")
        parser.add_argument(
            "--python", default="", metavar="INTERPRETER", help="path of a Python, or a version like 3.12"
        )
        parser.add_argument(
            "--args", dest="pytest_args", default="", metavar='"PYTEST ARGS"', help="extra pytest arguments, one string"
        )
        parser.add_argument(
            "--env", action="append", default=[], metavar="K=V", help="repeatable; {checkout} becomes the tree's path"
        )
        parser.add_argument(
            "--install", action="append", default=[], metavar="LINE", help="uv pip arguments, repeatable"
        )
        parser.add_argument(
            "--schedule", default="", metavar="CRON", help='such as "0 6 * * 1-5"; none: on demand only'
        )
        parser.add_argument("--time-zone", default="UTC", metavar="ZONE")
        parser.add_argument(
            "--history", type=int, default=0, metavar="N", help="also replay the last N commits of the ref"
        )
        parser.add_argument("--no-pass", action="store_true", help="add it only; queue nothing")
        parser.add_argument(
            "--private", action="store_true",
            help="add it without asking the source; what opens it is put in on its page of credentials",
        )  # fmt: skip

    def work(self, **options: Any) -> int | None:
        """Check the source by fetching it, then store the project and queue what was asked for."""
        if options["history"] < 0:
            raise CommandError("--history takes a number of commits, 0 or more.")
        with transaction.atomic():  # a source that cannot be fetched leaves no project behind
            project = projects.create(
                name=options["name"],
                source=_absolute(options["source"]),
                allow_local=True,
                ref=options["ref"],
                key=options["key"],
                interpreter=options["python"],
                install="\n".join(options["install"]),
                arguments=options["pytest_args"],
                environment=_environment(options["env"]),
                schedule=options["schedule"],
                time_zone=options["time_zone"],
            )
            if not options["private"]:
                _follow(project, options["history"], queue=not options["no_pass"])
        self.stdout.write(f"Added {project.slug} ({project.key}).")
        if options["private"]:
            self.stderr.write(
                f"Put in what opens it at {reverse('credentials', args=[project.slug])}, then run a pass."
            )
        tasks.try_hint()
        return OK


def _follow(project: Project, history: int, *, queue: bool) -> None:
    """Fetch the source, and queue what was asked for. Raises SourceError."""
    workshop = Workshop(project)
    branch = workshop.follow()
    workshop.mirror.resolve(branch)
    if history:
        passes.replay(project, workshop.mirror.first_parents(branch, history)[::-1])
    elif queue:
        passes.queue(project, trigger="command")


def _absolute(source: str) -> str:
    """A relative path is meant from where the command runs."""
    return str(Path(source).resolve()) if "://" not in source and Path(source).is_dir() else source


def _environment(pairs: list[str]) -> dict[str, str]:
    environment = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise CommandError(f"--env {pair}: write NAME=value.")
        environment[name] = value
    return environment
