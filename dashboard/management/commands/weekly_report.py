"""Writes the report of a week, or of any days, as a file."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from dashboard.management.base import OK, ProjectCommand
from dashboard.management.commands.run_pass import find_project
from dashboard.report_files import render
from dashboard.report_state import file_of
from dashboard.reports import report_of
from remediation.core import period as periods
from remediation.core.period import BadPeriod, Period
from remediation.exporters import FORMATS, file_name
from remediation.exporters.pdf import NotSet
from remediation.models import Project
from remediation.reporting import period_of, weeks_of


class Command(ProjectCommand):
    help = (
        "Write the report of a week, or of the days from --since to --until. Without either it is the week that runs "
        "now in the project's zone, so far. A final report is written as it was released. Exit "
        "codes: 0 written, 2 refused."
    )
    expected = (BadPeriod, OSError, NotSet)

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
            help='"-" for standard output; default: a name from project and week. A file that is there is replaced',
        )

    def work(self, **options: Any) -> int | None:
        """Make it, then write it whole."""
        name, content = _report(find_project(options["name"]), options)
        if options["output"] == "-":
            self._print(content)
            return OK
        path = Path(options["output"] or name)
        if path.exists() and not path.is_file():  # a folder or a device would be replaced, not written
            raise CommandError(f"{path} is no file. Name one, or “-” for standard output.")
        _replace(path, content)
        self.stdout.write(f"Wrote {path}.")
        return OK

    def _print(self, content: bytes) -> None:
        self.stdout.flush()
        raw = getattr(self.stdout, "buffer", None)
        if raw is None:  # a caller's stream of text
            self.stdout.write(content.decode(), ending="")
            return
        raw.write(content)
        raw.flush()


def _replace(path: Path, content: bytes) -> None:
    """All of it or nothing: who reads the file meanwhile gets the old one whole."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name[:40]}.", delete=False) as part:
        try:
            part.write(content)
            part.flush()
            os.fsync(part.fileno())
            Path(part.name).chmod(path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())
            Path(part.name).replace(path)
        except BaseException:
            Path(part.name).unlink(missing_ok=True)
            raise


def _umask() -> int:
    found = os.umask(0)
    os.umask(found)
    return found


def _report(project: Project, options: dict[str, Any]) -> tuple[str, bytes]:
    """Name and bytes: of a final report those that were kept, else as it is now."""
    period, format = _period(project, options), options["format"]
    row = project.weekly_reports.filter(label=period.label).first()
    if row is not None and row.final:
        kept = file_of(row, format)
        return kept.name, bytes(kept.content)
    made = report_of(project, period_of(row) if row is not None else period, timezone.now())
    return file_name(made, format), render(made, format)


def _period(project: Project, options: dict[str, Any]) -> Period:
    weeks, (since, until) = weeks_of(project), (options["since"], options["until"])
    if options["week"] and (since or until):
        raise CommandError("Give --week, or --since and --until, not both.")
    if bool(since) != bool(until):
        raise CommandError("Give both --since and --until.")
    if since:
        return periods.between(periods.day(since), periods.day(until), weeks.zone)
    return weeks.named(options["week"]) if options["week"] else weeks.of(timezone.now())
