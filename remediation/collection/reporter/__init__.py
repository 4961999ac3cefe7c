"""Tells what pytest's collection does, as JSON lines, from inside the target's own process. PYTEST_DONT_REWRITE

A copy of this package is loaded into a stranger's pytest (Python 3.8+, pytest 6.2 to 9), so it needs the standard
library and nothing of ours. Every line of the stream is one event; ``finish`` is the last, carries the number of
bytes before it with their SHA-256, and is missing whenever pytest did not come to its end.
"""

from __future__ import annotations

# Strings, not Path: half the price, paid for every node.
# ruff: noqa: PTH100, PTH120
import gc
import os
import sys
from typing import Any

import pytest

from .endings import Watchdog, watch_conftests
from .hooks import Reporter
from .misses import remember_misses
from .stream import FORMAT, Stream


def start() -> Reporter | None:
    """The reporter, where we were asked for one; the target finds no trace in its environment or on its path."""
    stream, root = os.environ.pop("REMEDIATION_STREAM", ""), os.environ.pop("REMEDIATION_ROOT", "")
    seconds = float(os.environ.pop("REMEDIATION_FILE_SECONDS", "0"))
    if not stream:
        return None
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # the folder that holds this package alone
    sys.path[:] = [entry for entry in sys.path if entry != here]
    inherited = [entry for entry in os.environ.pop("PYTHONPATH", "").split(os.pathsep) if entry not in ("", here)]
    if inherited:
        os.environ["PYTHONPATH"] = os.pathsep.join(inherited)
    # The process ends when collection does; looking for cycles until then costs a fifth of the time.
    gc.disable()
    remember_misses()
    reporter = Reporter(Stream(stream), root, Watchdog(seconds))
    reporter.stream.write("loaded", reporter=FORMAT, pytest=pytest.__version__)
    return reporter


_reporter = start()


def pytest_addoption(pluginmanager: Any) -> None:
    if _reporter is not None:
        pluginmanager.register(_reporter, "remediation_reporter_hooks")
        watch_conftests(pluginmanager, _reporter.stream, _reporter.places, _reporter.watchdog)
