"""A project for each state, made by real passes of the site's own workers; and the people who look at them."""

from __future__ import annotations

from datetime import time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from tests.environments import environment
from tests.screenshots.histories import HISTORIES, NOT_RUN, write
from tests.screenshots.site import wait_for

if TYPE_CHECKING:
    from remediation.models import Project

# Two states are made by moving stored times, since nobody waits for days: "stale" and the age of two claims.
MOVED = "stale, claims"


def people() -> dict[str, str]:
    """{role: session cookie} of an administrator, a lead, an engineer, a viewer and a stranger."""
    from django.conf import settings
    from django.test import Client

    from remediation.models import User

    cookies = {}
    for role, name in (
        ("lead", "Ines Duarte"),
        ("engineer", "Mei Lin"),
        ("viewer", "Vera Lund"),
        ("stranger", "Tom Okafor"),
    ):
        first, last = name.split()
        user = User.objects.create_user(first.lower(), password="pass-phrase-7", first_name=first, last_name=last)
        client = Client()
        client.force_login(user)
        cookies[role] = client.cookies[settings.SESSION_COOKIE_NAME].value
    return cookies


def build(folder: Path) -> None:
    """Add every project, queue what its history asks for, and wait until the workers have counted it."""
    from django.core.management import call_command

    from remediation import passes, projects, tasks

    call_command("add_sample", verbosity=0)
    python = str(environment("8.3"))
    made: dict[str, Project] = {}
    for state in HISTORIES:
        path, commits = write(folder, state)
        name = state.replace("-", " ").capitalize()
        made[state] = projects.create(
            name=name, source=str(path), allow_local=True, ref="main", interpreter=python, schedule="0 6 * * 1-5"
        )
        if state not in NOT_RUN:
            passes.replay(made[state], commits)
    tasks.try_hint()
    wait_for(_idle, 900, "the passes of all states")
    _after(made)


def _idle() -> bool:
    from remediation.models import CollectionPass

    return not CollectionPass.objects.exclude(state="ended").exists()


def _after(made: dict[str, Project]) -> None:
    """What a history alone does not make: another scope, old clocks, claims, and a pass that is at work."""
    from django.utils import timezone

    from remediation import passes, projects, statements, tasks, tickets
    from remediation.core.mutes import Until
    from remediation.models import Membership, Project, User
    from remediation.reporting import weeks_of

    projects.update(made["scope-changed"], arguments="tests/unit tests/session")
    passes.queue(made["scope-changed"], trigger="manual")
    passes.queue(made["zero-then-regressed"], trigger="manual")
    tasks.try_hint()
    wait_for(_idle, 300, "the passes of another scope")
    for project in Project.objects.all():
        for role in ("lead", "engineer", "viewer"):
            name = {"lead": "ines", "engineer": "mei", "viewer": "vera"}[role]
            Membership.objects.create(project=project, user=User.objects.get(username=name), role=role)
    mei = User.objects.get(username="mei")
    standing = list(Project.objects.get(is_sample=True).tickets.standing().order_by("number"))
    for ticket in standing[:2]:
        tickets.claim(ticket, mei)
    tickets.note(standing[0], mei, "Half of it is **done**: `Registry` stays importable from its old place.")
    tickets.mute(standing[-1], mei, "Waits for the rewrite", Until(number=standing[-1].project.last_pass_number + 20))
    week = weeks_of(standing[0].project).of(timezone.now()).label
    for text in ("Releases go out again", "A 96% error reduction: 3,834 tests are functional"):
        statements.state(standing[0].project, week, mei, text)
    _age(made["stale"], standing[0])
    _issue(standing[0].project)
    passes.queue(made["first-pass-running"], trigger="manual")
    passes.queue(made["failed"], trigger="manual")
    repository = Path(made["failed"].source)
    repository.rename(repository.with_suffix(".away"))
    tasks.try_hint()
    wait_for(lambda: made["failed"].passes.filter(outcome="failed").exists(), 120, "a pass whose source is gone")
    repository.with_suffix(".away").rename(repository)
    wait_for(lambda: made["first-pass-running"].passes.filter(stage="collect").exists(), 120, "a pass that collects")


def _issue(project: Project) -> None:
    """Weeks that end on Friday evening: one report is final, one waits for its release."""
    from django.utils import timezone

    from dashboard import finals
    from remediation import reporting
    from remediation.models import User

    ines, now = User.objects.get(username="ines"), timezone.now()
    plan = {"on": True, "weekday": 4, "at": time(17), "release_after": 24, "now": now - timedelta(days=14)}
    reporting.change(project, ines, **plan)
    reporting.draft_due(now)
    reporting.add(project, ines, address="board@example.org", formats=["pdf", "xlsx"], now=now)
    finals.release(project.weekly_reports.order_by("end")[0], ines, now)


def _age(project: Project, claimed: object) -> None:
    """Move stored times back: the last pass of a project by nine days, one claim by a week."""
    from django.db.models import F

    for field in ("queued_at", "started_at", "ended_at", "effective_at", "observed_at"):
        project.passes.filter(**{f"{field}__isnull": False}).update(**{field: F(field) - timedelta(days=9)})
    claimed.claimed_at -= timedelta(days=7)  # type: ignore[attr-defined]
    claimed.save(update_fields=["claimed_at"])  # type: ignore[attr-defined]
