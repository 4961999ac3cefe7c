"""Sends what waits in the outbox, as the dispatcher does every 15 seconds."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from dashboard.management.base import ProjectCommand
from remediation import outbox
from remediation.models import Outbox


class Command(ProjectCommand):
    help = (
        "Deliver the mail, chat messages and webhooks that are due. Safe beside a running site: each message has one "
        "sender at a time. Exit codes: 0 nothing is left that is due, 1 something could not be delivered."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--again", action="store_true", help="try what was given up or waits for its next try, too")

    def work(self, **options: Any) -> int | None:
        """Send, and say what is left."""
        if options["again"]:
            outbox.again(Outbox.objects.all())
        arrived = outbox.deliver()
        waits, lost = Outbox.objects.waiting().count(), Outbox.objects.given_up().count()
        self.stdout.write(f"{arrived} delivered, {waits} waiting for the next try, {lost} given up.")
        return 1 if waits or lost else None
