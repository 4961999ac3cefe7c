"""manage.py sign_in_link: a fresh one-time link for the first administrator, or for one who is locked out."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from dashboard.environment import env_int, env_text
from dashboard.first_link import VALID_SECONDS, issue_link
from dashboard.management.base import ProjectCommand


class Command(ProjectCommand):
    """Print the link; an older one stops working."""

    help = (
        "Print a one-time link, good for 24 hours: whoever follows it chooses an administrator's name and password. "
        "With the name of an administrator who exists, it sets a new password, takes the second factor away and ends "
        "every session of that account. Run it as the user that runs the site."
    )
    needs_servers = False

    def add_arguments(self, parser: CommandParser) -> None:
        """``--url`` where people reach the site under another address than this machine's."""
        parser.add_argument("--url", default="", help="Where the site is reached, e.g. https://dashboard.example.org")

    def work(self, **options: Any) -> None:
        """One line on standard output: the link. What to know about it goes to standard error."""
        base = options["url"].rstrip("/") or f"http://{env_text('HOST', '127.0.0.1')}:{env_int('PORT', 8000, least=1)}"
        if not base.startswith(("http://", "https://")):
            raise CommandError(f"--url {base}: write it with http:// or https://.")
        try:
            token = issue_link(settings.DATA_DIR)
        except OSError as error:
            raise CommandError(f"The link cannot be stored in {settings.DATA_DIR}: {error.strerror}.") from error
        self.stdout.write(f"{base}/welcome/{token}/")
        self.stderr.write(f"Works once, within {VALID_SECONDS // 3600} hours. An older link stopped working.")
