"""Computes a project's history again from the stored facts."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from dashboard.management.base import ProjectCommand
from dashboard.management.commands.run_pass import find_project
from dashboard.management.progress import shown
from remediation import passes, projections


class Command(ProjectCommand):
    help = (
        "Compute intervals, counts, ledgers and ticket statuses of a project again from its facts, in commit order. "
        "What people did stays. Safe at any time; exit code 0, or 2 for an unknown project."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", metavar="NAME", help="the project's name or slug")

    def work(self, **options: Any) -> int | None:
        """Rebuild and say how many passes were counted in."""
        project = find_project(options["name"])
        total, done = project.passes.counted().count(), [0]
        with shown(lambda: f"{done[-1]:,} of {total:,} counted passes"):
            count = projections.rebuild(project, passes.renames_between(project), done.append)
        self.stdout.write(f"Rebuilt {project.slug} from {count} counted passes.")
        return None
