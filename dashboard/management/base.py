"""What every command for people shares: servers while it runs, and errors as one line with an exit code."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error as DatabaseError
from django.db import connections

from dashboard.acting import command_line
from dashboard.embedded import InUse, ServerError, ensure
from remediation.audit import acting

OK, BLOCKED, BAD_INPUT = 0, 1, 2


class ProjectCommand(BaseCommand):
    """A command that works beside a running site and on its own.

    Write ``work(**options)`` instead of ``handle``. Embedded servers are joined, or run for as long as the command
    does (pending migrations are then applied first). ``work`` returns None or OK; BLOCKED (1) where the command's
    help says so. Bad input is ``CommandError("what to do")``: one line on standard error and exit code 2; so are the
    exceptions listed in ``expected``. Anything else is a defect and shows its traceback.
    """

    expected: tuple[type[Exception], ...] = ()
    needs_servers = True
    migrates = True  # pending migrations, where the command starts the servers
    requires_system_checks = ()  # type: ignore[assignment]  # a script pays for checks at each call; `check` has them

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Django's parser; its own usage errors already end with 2."""
        return super().create_parser(prog_name, subcommand, **kwargs)

    def handle(self, *args: Any, **options: Any) -> None:
        """Run :meth:`work` with servers, and turn what it expects to go wrong into a line and a code."""
        try:
            code = self._with_servers(options)
        except CommandError as error:
            code = BAD_INPUT if error.returncode == 1 else error.returncode  # 1 is Django's default, our "blocked"
            raise CommandError(_line(error), returncode=code) from error
        except (ServerError, InUse, ImproperlyConfigured) as error:
            raise CommandError(_line(error), returncode=BAD_INPUT) from error
        except ValidationError as error:
            raise CommandError(" ".join(error.messages), returncode=BAD_INPUT) from error
        except self.expected as error:
            raise CommandError(_line(error), returncode=BAD_INPUT) from error
        if code:
            self.stdout.flush()
            sys.exit(code)

    def work(self, **options: Any) -> int | None:
        """The command itself; returns its exit code or None for 0."""
        raise NotImplementedError("a ProjectCommand defines work()")

    def _with_servers(self, options: dict[str, Any]) -> int | None:
        embedded = self.needs_servers and (settings.EMBEDDED_POSTGRES or settings.EMBEDDED_VALKEY)
        name = f"manage.py {type(self).__module__.rpartition('.')[2]}"
        servers = (
            ensure(settings.DATA_DIR, name, postgres=settings.EMBEDDED_POSTGRES, valkey=settings.EMBEDDED_VALKEY)
            if embedded
            else nullcontext(False)
        )
        with servers as started:
            try:
                if started and self.migrates:
                    migrate()
                with acting(command_line()) if self.needs_servers else nullcontext():
                    return self.work(**options)
            except DatabaseError as error:
                if _unreachable():
                    raise CommandError(f"The database does not answer: {_line(error)}") from error
                raise
            finally:
                connections.close_all()  # or the server's shutdown would cut them


def migrate() -> None:
    """Apply pending migrations without output."""
    call_command("migrate", interactive=False, verbosity=0)


def _unreachable() -> bool:
    connections.close_all()
    try:
        connections["default"].ensure_connection()
    except DatabaseError:
        return True
    return False


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
