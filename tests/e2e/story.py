"""A project's history for the eye: errors of four categories that rise, fall, are not counted, and come back."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from remediation import statements
from remediation.core.week_facts import WeekFact
from remediation.models import Project
from tests import factories
from tests.dashboard.cast import errors


def seen(core: int, cache: int, marks: int) -> list[factories.CollectionError]:
    """So many files with each of three root causes, beside the cast's own three errors."""
    return [
        *errors(),
        *(factories.missing_module(f"tests/core/test_{i:02}.py", "atlas.core.events") for i in range(core)),
        *(factories.missing_name(f"tests/cache/test_{i:02}.py", "atlas.cache.store", "Store") for i in range(cache)),
        *(factories.unknown_marker(f"tests/load/test_{i:02}.py") for i in range(marks)),
    ]


def tell(project: Project) -> None:
    """Passes #2 to #9 after the cast's baseline; #6 is blocked. The last one has 11 errors, the peak 47."""
    steps = [(20, 10, 8), (22, 14, 8), (12, 14, 8), (12, 6, 4), None, (6, 4, 2), (3, 2, 1), (3, 4, 1)]
    start = timezone.now() - timedelta(days=20)
    for day, step in enumerate(steps):
        at = start + timedelta(days=2.5 * day)
        if step is None:
            factories.blocked_pass(project, at=at)
            continue
        broken = seen(*step)
        paths = {f"tests/{part}/test_{i:02}.py" for part in ("core", "cache", "load") for i in range(24)}
        works = dict.fromkeys(sorted(paths - {error.path for error in broken}), 3)
        factories.counted_pass(project, None, broken, works, at=at, install_log="ok", output_tail="9 errors in 0.4s")
    engineer = project.memberships.select_related("user").get(role="engineer").user
    statements.state(project, "2026-W10", engineer, "3 errors to start with", WeekFact("errors:1:3", "3 errors at #1"))
    statements.state(project, "2026-W10", engineer, "A 96% error reduction, and every test passes")
