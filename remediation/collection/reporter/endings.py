"""Files that would end or block the whole session: their own errors, and where they stand. PYTEST_DONT_REWRITE"""

from __future__ import annotations

import faulthandler
import os
import time
from collections.abc import Callable
from typing import Any

import pytest

from .objects import message_of, type_of
from .places import Places
from .stream import Stream


class EndedAtImport(Exception):
    """Stands in pytest's eyes for what would end the whole session: SystemExit, KeyboardInterrupt, pytest.exit."""


def surviving(collect: Callable[[], Any]) -> Callable[[], Any]:
    """``collect`` as an error of its file where it would end the session and leave every other file uncounted."""

    def collect_or_fail() -> Any:
        try:
            return list(collect())
        except (SystemExit, KeyboardInterrupt, pytest.exit.Exception) as error:
            raise EndedAtImport((type_of(error) + ": " + message_of(error)).rstrip(": ")) from error

    return collect_or_fail


class Watchdog:
    """Has Python's own fault handler print where one file's import stands, shortly before we are ended for it.

    It also prints where a crash happened; both go to the standard error that the launcher reads.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        # To set it anew ends a thread and starts one: a tenth of the time where files are many and small.
        self.slack = min(1.0, seconds / 20)
        self.since = 0.0
        try:  # pytest's capture takes descriptor 2 away later
            self.output = os.dup(2)
            faulthandler.enable(file=self.output)
        except (OSError, RuntimeError):
            self.seconds = 0

    def restart(self) -> None:
        """Another file begins: it has all its seconds, but for the slack."""
        now = time.monotonic()
        if self.seconds and now - self.since > self.slack:
            self.since = now
            faulthandler.dump_traceback_later(self.seconds, file=self.output)

    def forget(self) -> None:
        """An error was met: pytest itself takes a dump back that is due, so the next file sets it anew."""
        self.since = 0.0

    def stop(self) -> None:
        self.forget()
        if self.seconds:
            faulthandler.cancel_dump_traceback_later()


def watch_conftests(pluginmanager: Any, stream: Stream, places: Places, watchdog: Watchdog) -> None:
    """Say which conftest is being loaded: no hook tells it before its code has run."""
    load = getattr(pluginmanager, "_importconftest", None)
    if load is None:
        return
    seen: set[str] = set()

    def _importconftest(conftestpath: Any, *args: Any, **kwargs: Any) -> Any:
        path = places.path(conftestpath)
        if path in seen:
            return load(conftestpath, *args, **kwargs)
        seen.add(path)
        stream.write("loading", path=path)
        watchdog.restart()
        try:
            return load(conftestpath, *args, **kwargs)
        finally:
            stream.write("loaded-conftest", path=path)

    pluginmanager._importconftest = _importconftest
