"""Says what works here and what does not."""

from __future__ import annotations

import dataclasses
import json
from contextlib import ExitStack
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from django.db import connections

from dashboard.doctor import FAIL, Finding, examine
from dashboard.embedded import InUse, ServerError, ensure, running
from dashboard.management.base import BLOCKED, ProjectCommand


class Command(ProjectCommand):
    """One line per check; changes nothing, and so applies no migrations either."""

    help = "Check what the site needs. Exit code 1 when a line says FAIL."
    needs_servers = False

    def add_arguments(self, parser: CommandParser) -> None:
        """The one option."""
        parser.add_argument("--json", action="store_true", help="a list of {state, name, text, remedy}")

    def work(self, **options: Any) -> int | None:
        """Run the checks; embedded servers that do not run are started for them."""
        which = {"postgres": settings.EMBEDDED_POSTGRES, "valkey": settings.EMBEDDED_VALKEY}
        embedded = any(which.values())
        up = not embedded or running(settings.DATA_DIR, **which)
        findings: list[Finding] = []
        with ExitStack() as stack:
            if embedded:
                try:
                    stack.enter_context(ensure(settings.DATA_DIR, "manage.py doctor", **which))
                except (ServerError, InUse, OSError, TimeoutError) as error:
                    remedy = f"see {settings.DATA_DIR / 'logs'}"
                    findings.append(Finding(FAIL, "servers", " ".join(str(error).split()), remedy))
            stack.callback(connections.close_all)
            findings += examine(up=up)
        if options["json"]:
            self.stdout.write(json.dumps([dataclasses.asdict(finding) for finding in findings], indent=1))
        else:
            for finding in findings:
                self.stdout.write(finding.line())
        return BLOCKED if any(finding.state == FAIL for finding in findings) else None
