"""``make gallery REPO=… PYTHON=…``: the report of a real campaign, from real passes over its commits.

REPO is a clone of https://github.com/netra-systems/zen with a branch ``campaign`` at 61bb0256f, PYTHON a CPython 3.12
with ``campaign-requirements.txt``. Each pass must count what ``campaign.csv`` has; sixteen of them take ten minutes.
``DATA_DIR`` keeps them for the next time.
"""

from __future__ import annotations

import csv
import os
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
NAME, WEEK = "netra_backend", "2025-W37"
SAID = (
    ("Before: 100+ errors, 0 tests collected", ""),
    ("After: 15 errors, 3,834 tests", "15 errors at #16"),
    ("96% error reduction", "15 errors at #16"),
)


def main(repository: str, python: str) -> int:
    """Passes, then files; 1 where a pass counted something else."""
    with tempfile.TemporaryDirectory(prefix="gallery-") as folder:
        os.environ.setdefault("DATA_DIR", folder)
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
        import django
        from django.conf import settings

        django.setup()
        from dashboard.embedded import ensure
        from dashboard.management.base import migrate

        with ensure(settings.DATA_DIR, "make gallery"):
            migrate()
            wrong = _passes(repository, python)
            if not wrong:
                _state()
                _write()
            from django.db import connections

            connections.close_all()
    print("\n".join(wrong) or f"Written to {HERE}.")
    return bool(wrong)


def _passes(repository: str, python: str) -> list[str]:
    """Run those that are not there yet; where one differs from the table, what it counted."""
    from django.core.management import call_command

    from remediation.models import Project

    if not Project.objects.filter(name=NAME).exists():
        arguments = ("--source", repository, "--ref", "campaign", "--key", "NB", "--python", python, "--no-pass")
        place = ("--args", "netra_backend/tests/integration", "--time-zone", "America/Los_Angeles")
        call_command("add_project", NAME, *arguments, *place)
    project = Project.objects.get(name=NAME)
    found = []
    with (HERE / "campaign.csv").open() as rows:
        for number, row in enumerate(csv.DictReader(rows), start=1):
            if not project.passes.filter(number=number).exists():
                with suppress(SystemExit):  # its exit code says what is compared below
                    call_command("run_pass", NAME, "--commit", row["commit"], "--wait")
            made = project.passes.get(number=number)
            tickets = sum(made.category_counts.values_list("tickets", flat=True)) if made.counted else None
            counted = (made.commit, made.tests_collected, made.total, tickets)
            if counted != (row["commit"], int(row["tests"]), int(row["errors"]), int(row["root causes"])):
                found.append(f"#{number} counted {counted}, not {row}: {made.reason_text}")
    return found


def _state() -> None:
    """What the report of that day said, as statements: what the product answers to them is part of the example."""
    from dashboard.reports import report_of
    from remediation import statements
    from remediation.core.week_facts import offered
    from remediation.models import Project, User
    from remediation.reporting import weeks_of

    project = Project.objects.get(name=NAME)
    names: dict[str, Any] = {"first_name": "The report", "last_name": "of 9 September 2025"}
    author, _ = User.objects.get_or_create(username="report-of-that-day", defaults=names)
    week = weeks_of(project).named(WEEK)
    facts = {fact.words: fact for fact in offered(report_of(project, week, week.end))}
    for text, fact in SAID:
        statements.state(project, WEEK, author, text, facts[fact] if fact else None)


def _write() -> None:
    """The same report in two formats, and a picture of a third."""
    from django.core.management import call_command

    for format in ("md", "json", "html"):
        name = HERE / f"campaign-report.{format}"
        call_command("weekly_report", NAME, "--week", WEEK, "--format", format, "--output", str(name))
    page = HERE / "campaign-report.html"
    _picture(page, HERE / "campaign-report.png")
    page.unlink()


def _picture(page: Path, picture: Path) -> None:
    """The first screen of the report, as a browser shows it."""
    from playwright.sync_api import sync_playwright

    from dashboard.testing import browser_arguments, find_browser

    found = find_browser()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(args=browser_arguments(), **({"executable_path": found} if found else {}))
        shown = browser.new_page(viewport={"width": 900, "height": 1240}, color_scheme="light")
        shown.goto(page.as_uri())
        shown.screenshot(path=picture)
        browser.close()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
