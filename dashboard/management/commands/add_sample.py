"""Makes the sample repository on disk and queues a real pass of each of its commits."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from dashboard.management.base import ProjectCommand
from dashboard.management.progress import shown
from dashboard.sample import build
from remediation import passes, projects, tasks
from remediation.models import Project
from remediation.passes.workshop import Workshop


class Command(ProjectCommand):
    help = (
        "Make a small Python repository with a broken test suite and collect each of its commits, so that there is "
        "something to look at. It is marked as a sample everywhere. Does nothing when it is there already."
    )
    expected = (projects.Refused,)

    def work(self, **options: Any) -> int | None:
        """Generate, add, and queue the replay of its whole history; workers do the rest."""
        if Project.objects.filter(is_sample=True).exists():
            self.stdout.write("The sample project is there already.")
            return None
        steps = ["The sample repository is being made"]
        with shown(lambda: steps[-1]):
            project = self._added(steps)
        tasks.try_hint()
        self.stdout.write(f"Added {project.slug}: {project.passes.count()} passes are queued.")
        return None

    def _added(self, steps: list[str]) -> Project:
        built = build(settings.DATA_DIR / "sample" / "atlas.git", now=timezone.now())
        steps.append("Its history is being read")
        with transaction.atomic():
            project = projects.create(
                name="atlas-backend (sample)",
                key="ATL",
                source=str(built.path),
                allow_local=True,
                ref=built.ref,
                schedule="0 6 * * *",
                is_sample=True,
            )
            workshop = Workshop(project)
            passes.replay(project, workshop.mirror.first_parents(workshop.follow())[::-1])
        return project
