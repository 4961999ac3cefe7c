"""Runs the site's processes: prefixed logs, restarts with back-off, an orderly end."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dashboard import forking
from dashboard.logs import roll
from dashboard.processes import spawn, stop

RESTARTS = 5
HEALTHY_SECONDS = 600.0  # a child that lived this long starts with a clean slate
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
    process: subprocess.Popen[bytes] | forking.Forked | None = None
    restarts: int = 0
    started: float = 0.0
    due: float = 0.0
    tail: deque[str] = field(default_factory=lambda: deque(maxlen=20))
    rest: bytes = b""  # of a line that has not ended yet

    @property
    def module(self) -> str:
        """The module of a ``python -m module ...``; "" for any other program."""
        words = [str(word) for word in self.argv[:3]]
        return words[2] if len(words) == 3 and words[:2] == [sys.executable, "-m"] else ""


class GivenUp(Exception):
    """A child cannot be kept alive; the text holds its last lines."""


class Supervisor:
    """Children in the order they were started, ended in the order the caller names.

    ``forks``: Python modules run in forks of this process, see :mod:`dashboard.forking`. Everything happens in one
    thread, as that needs.
    """

    def __init__(self, logs: Path, env: Mapping[str, str], say: Callable[[str], None], *, forks: bool = False) -> None:
        self.logs, self.env, self.say = logs, dict(env), say
        self.forks = forks and forking.AVAILABLE
        self.children: dict[str, Child] = {}
        self.pipes = selectors.DefaultSelector()
        self.asked = 0  # how often somebody asked us to stop; the second time hurries

    def listen(self) -> None:
        """From now on SIGINT, SIGTERM and SIGHUP ask for the end instead of ending us."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask)

    def start(self, child: Child) -> None:
        """Start ``child``; its output goes to ``<logs>/<name>.log`` and what is loud to the terminal too."""
        self.children[child.name] = child
        path = self.logs / f"{child.name}.log"
        read, write = os.pipe()
        child.process = self._run(child, write)
        os.close(write)
        child.started = time.monotonic()
        os.set_blocking(read, False)
        self.pipes.register(read, selectors.EVENT_READ, (child, path))

    def _run(self, child: Child, output: int) -> subprocess.Popen[bytes] | forking.Forked:
        if not (self.forks and child.module):
            return spawn(child.argv, output=output, env=self.env, on_parent_death=child.abandoned)
        return forking.fork(
            child.module,
            [str(word) for word in child.argv[3:]],
            output=output,
            env=self.env,
            on_parent_death=child.abandoned,
            title=f"remediation {child.name} of {self.logs.parent}",
        )

    def watch(self, until: Callable[[], bool] = lambda: False) -> bool:
        """Keep the children alive until ``until`` says so (True) or we are asked to stop (False). Raises GivenUp."""
        while not self.asked:
            if until():
                return True
            for child in list(self.children.values()):
                self._revive(child)
            self._copy(0.05)
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
            if stop(child.process, again, seconds, kill=last, hurry=lambda: self._hurried(already)) and not last:
                stop(child.process, 0, 0)  # what the ended leader left in its session
                break
        self._copy(0)

    def _hurried(self, already: int) -> bool:
        """Asked while a child takes its time: its last words are read meanwhile."""
        self._copy(0)
        return self.asked > already

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
                self._copy(0)
                lines = "\n".join(child.tail)
                raise GivenUp(f"{child.name} ended {RESTARTS + 1} times in a row. Its last lines:\n{lines}")
            wait = 2.0**child.restarts
            self.say(f"{child.name} ended ({_how(child.process.returncode)}); it starts again in {wait:.0f} s.")
            child.due = now + wait
        elif now >= child.due:
            child.due, child.restarts = 0.0, child.restarts + 1
            self.start(child)

    def _copy(self, seconds: float) -> None:
        """Take what children have written by now; waits up to ``seconds`` for something to come."""
        if not self.pipes.get_map():
            time.sleep(seconds)
            return
        for key, _ in self.pipes.select(seconds):
            child, path = key.data
            while new := _read(key.fd):
                *lines, child.rest = (child.rest + new).split(b"\n")
                self._take(child, path, lines)
            if new == b"":  # everyone who could write has ended
                self.pipes.unregister(key.fd)
                os.close(key.fd)
                self._take(child, path, [child.rest] if child.rest else [])
                child.rest = b""

    def _take(self, child: Child, path: Path, lines: Sequence[bytes]) -> None:
        if not lines:
            return
        with open(path, "ab") as log:
            log.writelines(f"{child.name}  ".encode() + line + b"\n" for line in lines)
        roll(path)
        for raw in lines:
            line, loud = _shown(raw)
            child.tail.append(line)
            if loud and not self.asked:
                self.say(f"{child.name}: {line}")

    def _ask(self, number: int, _frame: object) -> None:
        self.asked += 1
        if self.asked == 2:
            self.say("Hurrying.")


def _read(pipe: int) -> bytes | None:
    """What is there; b"" at its end, None when nothing is there yet."""
    try:
        return os.read(pipe, 1 << 16)
    except BlockingIOError:
        return None


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
