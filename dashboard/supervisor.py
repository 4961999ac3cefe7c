"""Runs the site's processes: prefixed logs, restarts with back-off, an orderly end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dashboard.processes import spawn, stop

RESTARTS = 5
HEALTHY_SECONDS = 600.0  # a child that lived this long starts with a clean slate
LOG_BYTES = 10 * 1024 * 1024
_LOUD = {"warning", "error", "critical"}


@dataclass
class Child:
    """One process: how it is started, which signals end it, and its last lines.

    ``stops`` are (signal, seconds) in order of growing impatience; ``abandoned`` is what the kernel sends it when we
    are killed. ``once`` marks a process that is meant to end by itself.
    """

    name: str
    argv: Sequence[str | Path]
    stops: Sequence[tuple[int, float]] = ((signal.SIGTERM, 10.0),)
    abandoned: int = signal.SIGTERM
    once: bool = False
    process: subprocess.Popen[bytes] | None = None
    restarts: int = 0
    started: float = 0.0
    due: float = 0.0
    tail: deque[str] = field(default_factory=lambda: deque(maxlen=20))
    reader: threading.Thread | None = None


class GivenUp(Exception):
    """A child cannot be kept alive; the text holds its last lines."""


class Supervisor:
    """Children in the order they were started, ended in the order the caller names."""

    def __init__(self, logs: Path, env: Mapping[str, str], say: Callable[[str], None]) -> None:
        self.logs, self.env, self.say = logs, dict(env), say
        self.children: dict[str, Child] = {}
        self.asked = 0  # how often somebody asked us to stop; the second time hurries

    def listen(self) -> None:
        """From now on SIGINT, SIGTERM and SIGHUP ask for the end instead of ending us."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask)

    def start(self, child: Child) -> None:
        """Start ``child``; its output goes to ``<logs>/<name>.log`` and what is loud to the terminal too."""
        self.children[child.name] = child
        path = self.logs / f"{child.name}.log"
        if path.exists() and path.stat().st_size > LOG_BYTES:
            path.replace(path.with_suffix(".log.1"))
        read, write = os.pipe()
        child.process = spawn(child.argv, output=write, env=self.env, on_parent_death=child.abandoned)
        os.close(write)
        child.started = time.monotonic()
        child.reader = threading.Thread(target=self._copy, args=(child, read, path), daemon=True)
        child.reader.start()

    def watch(self, until: Callable[[], bool] = lambda: False) -> bool:
        """Keep the children alive until ``until`` says so (True) or we are asked to stop (False). Raises GivenUp."""
        while not self.asked:
            if until():
                return True
            for child in list(self.children.values()):
                self._revive(child)
            time.sleep(0.05)
        return False

    def end(self, *groups: Sequence[str]) -> None:
        """End one group of named children after the other, those of a group together.

        A child that does not react to its signals is killed with all it started.
        """
        for names in groups:
            children = [self.children.pop(name) for name in names if name in self.children]
            for child in children:
                if child.process and child.process.poll() is None:
                    child.process.send_signal(child.stops[0][0])
            for child in children:
                self._wait(child)

    def _wait(self, child: Child) -> None:
        if child.process is None:
            return
        already = max(self.asked, 1)
        for position, (number, seconds) in enumerate(child.stops):
            again = number if position else 0  # the first has been sent; 0 sends nothing
            last = position == len(child.stops) - 1
            # Whoever asked us once more meanwhile does not want to wait.
            if stop(child.process, again, seconds, kill=last, hurry=lambda: self.asked > already) and not last:
                stop(child.process, 0, 0)  # what the ended leader left in its session
                break
        if child.reader:
            child.reader.join(1)

    def finished(self, name: str) -> int | None:
        """The exit code of a child that was meant to end, None while it runs."""
        process = self.children[name].process
        return process.poll() if process else None

    def _revive(self, child: Child) -> None:
        if child.once or child.process is None or child.process.poll() is None:
            return
        now = time.monotonic()
        if not child.due:
            if now - child.started > HEALTHY_SECONDS:
                child.restarts = 0
            if child.restarts >= RESTARTS:
                if child.reader:
                    child.reader.join(1)
                lines = "\n".join(child.tail)
                raise GivenUp(f"{child.name} ended {RESTARTS + 1} times in a row. Its last lines:\n{lines}")
            wait = 2.0**child.restarts
            self.say(f"{child.name} ended ({_how(child.process.returncode)}); it starts again in {wait:.0f} s.")
            child.due = now + wait
        elif now >= child.due:
            child.due, child.restarts = 0.0, child.restarts + 1
            self.start(child)

    def _copy(self, child: Child, read: int, path: Path) -> None:
        with os.fdopen(read, "rb") as pipe, open(path, "ab") as log:
            for raw in pipe:
                log.write(f"{child.name}  ".encode() + raw)
                log.flush()
                line, loud = _shown(raw)
                child.tail.append(line)
                if loud and not self.asked:
                    self.say(f"{child.name}: {line}")

    def _ask(self, number: int, _frame: object) -> None:
        self.asked += 1
        if self.asked == 2:
            self.say("Hurrying.")


def _shown(raw: bytes) -> tuple[str, bool]:
    """A log line for the terminal, and whether it is loud enough for it."""
    text = raw.decode(errors="replace").rstrip()
    try:
        event = json.loads(text)
        first = str(event["text"]).strip().partition("\n")[0]
        return f"{event['level']}: {first}" + _last(event.get("traceback", "")), event["level"] in _LOUD
    except (ValueError, TypeError, KeyError):
        return text, False


def _last(traceback: str) -> str:
    return f" ({traceback.rstrip().splitlines()[-1]})" if traceback.strip() else ""


def _how(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def python(*words: str | Path) -> list[str | Path]:
    """The command line of this same Python with ``words``."""
    return [sys.executable, *words]
