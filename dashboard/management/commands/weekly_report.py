"""Writes the report of a week, or of any days, as a file."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from dashboard.management.base import OK, ProjectCommand
from dashboard.management.commands.run_pass import find_project
from dashboard.reports import report_of, zone_of
from remediation.core import period as periods
from remediation.core.period import BadPeriod, Period
from remediation.exporters import FORMATS, file_name
from remediation.models import Project


class Command(ProjectCommand):
    help = (
        "Write the report of a week, or of the days from --since to --until. Without either it is the week that runs "
        "now in the project's zone. Exit codes: 0 written, 2 refused."
    )
    expected = (BadPeriod, OSError)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", metavar="NAME", help="the project's name or slug")
        parser.add_argument("--week", default="", metavar="WEEK", help="an ISO week such as 2025-W37")
        parser.add_argument("--since", default="", metavar="DATE", help="first day, such as 2025-09-08")
        parser.add_argument("--until", default="", metavar="DATE", help="last day; both are whole days")
        parser.add_argument("--format", default="md", choices=list(FORMATS))
        parser.add_argument(
            "--output",
            default="",
            metavar="FILE",
            help='"-" for standard output; default: a name from project and week',
        )

    def work(self, **options: Any) -> int | None:
        """Make it, then write it whole."""
        project = find_project(options["name"])
        made = report_of(project, _period(project, options), timezone.now())
        text = FORMATS[options["format"]][0](made)
        if options["output"] == "-":
            self.stdout.write(text, ending="")
            return OK
        path = Path(options["output"] or file_name(made, options["format"]))
        path.write_text(text, encoding="utf-8", newline="")
        self.stdout.write(f"Wrote {path}.")
        return OK


def _period(project: Project, options: dict[str, Any]) -> Period:
    there, (since, until) = zone_of(project), (options["since"], options["until"])
    if options["week"] and (since or until):
        raise CommandError("Give --week, or --since and --until, not both.")
    if bool(since) != bool(until):
        raise CommandError("Give both --since and --until.")
    if since:
        return periods.between(_day(since), _day(until), there)
    return periods.week(options["week"], there) if options["week"] else periods.week_of(timezone.now(), there)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"“{text}” is no day. Write it as 2025-09-08.") from error
