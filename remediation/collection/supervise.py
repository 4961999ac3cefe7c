"""Watches one launched target from outside: limits on time and output, a regular look in, and a sure end."""

from __future__ import annotations

import contextlib
import json
import os
import select
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from remediation.core.process_end import ProcessEnd

LAUNCH = Path(__file__).with_name("launch.py")
KEPT = 64 * 1024  # bytes of each output kept from its head, and as many from its tail
TICK = 0.5  # seconds between two looks
GRACE = 0.5  # seconds that a pipe may stay open after the target's end
STATUS_LIMIT = 64 * 1024
TOLD = 4 * 1024  # bytes of each output that a watcher is told


class Capture:
    """What one pipe gave: its head, its tail and how many bytes there were."""

    def __init__(self) -> None:
        self.head = bytearray()
        self.tail = bytearray()
        self.total = 0

    def feed(self, data: bytes) -> None:
        self.total += len(data)
        room = KEPT - len(self.head)
        self.head += data[:room]
        self.tail += data[room:]
        del self.tail[:-KEPT]

    def last(self) -> bytes:
        """What came last, at most the kept tail."""
        return bytes(self.tail or self.head)

    def text(self) -> str:
        left_out = self.total - len(self.head) - len(self.tail)
        gap = f"\n[... {left_out} bytes left out ...]\n".encode() if left_out else b""
        return (bytes(self.head) + gap + bytes(self.tail)).decode("utf-8", "replace")


class Supervisor:
    """One run of ``launch.py``. ``isolated`` says that the launcher becomes bubblewrap."""

    def __init__(self, spec: Mapping[str, Any], *, isolated: bool) -> None:
        self.isolated = isolated
        self.stdout, self.stderr = Capture(), Capture()
        self.status = b""
        self.init: int | None = None  # pidfd of the first process in bubblewrap's pid namespace
        status_read, status_write = os.pipe()
        document = json.dumps({**spec, "status": status_write, "parent": os.getpid(), "exec": isolated})
        try:
            self.process = subprocess.Popen(  # noqa: S603 (the launcher is ours; the argument is data)
                [sys.executable, "-I", "-S", str(LAUNCH), document],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=[status_write],
                env={},
                cwd="/",
            )
        except BaseException:
            os.close(status_read)
            raise
        finally:
            os.close(status_write)
        self.selector = selectors.DefaultSelector()
        self.status_read = status_read
        assert self.process.stdout and self.process.stderr
        for source, feed in (
            (self.process.stdout.fileno(), self.stdout.feed),
            (self.process.stderr.fileno(), self.stderr.feed),
            (status_read, self.take_status),
        ):
            os.set_blocking(source, False)
            self.selector.register(source, selectors.EVENT_READ, feed)

    def take_status(self, data: bytes) -> None:
        self.status = (self.status + data)[:STATUS_LIMIT]
        if self.isolated and self.init is None and (child := self.reported("child-pid")) is not None:
            with contextlib.suppress(OSError):
                self.init = os.pidfd_open(int(child))

    def reported(self, key: str) -> Any:
        """The launcher's last word on ``key``, None where it said nothing."""
        found = None
        decoder = json.JSONDecoder()
        text = self.status.decode("utf-8", "replace").strip()
        while text:
            try:
                document, stop = decoder.raw_decode(text)
            except ValueError:
                break
            found = document.get(key, found)
            text = text[stop:].strip()
        return found

    def pump(self, timeout: float) -> bool:
        """Take what the pipes hold, waiting ``timeout`` seconds at most; False once all are closed."""
        if not self.selector.get_map():
            time.sleep(min(timeout, 0.02))
            return False
        for key, _ in self.selector.select(timeout):
            try:
                data = os.read(key.fd, 65_536)
            except BlockingIOError:
                continue
            if data:
                key.data(data)
            else:
                self.selector.unregister(key.fd)
        return True

    def watch(self, wall: float, output: int, look: Callable[[], str], tell: Callable[[bytes], None] | None) -> str:
        """Until the target ends by itself ("") or has to be stopped (why); ``look`` may give a reason too.

        ``tell`` gets the end of what was printed so far, at every look.
        """
        start = time.monotonic()
        next_tick = start  # a first look at once: who was stopped before does not begin
        while self.process.poll() is None:
            now = time.monotonic()
            if now - start > wall:
                return "timeout"
            if self.stdout.total + self.stderr.total > output:
                return "output-limit"
            if now >= next_tick:
                next_tick = now + TICK
                if tell is not None:
                    tell(self.stdout.last()[-TOLD:] + self.stderr.last()[-TOLD:])
                if reason := look():
                    return reason
            # Short enough to see the process's end at once even while a daemon holds its pipes.
            self.pump(min(0.05, max(0.0, start + wall - now)))
        return ""

    def end(self) -> None:
        """Nothing of the target is alive when this returns."""
        if self.isolated:
            self.process.kill()
            self._kill_init()
        else:
            self.process.terminate()  # the launcher kills whatever it started, then itself ends
        try:
            self.process.wait(12)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._kill_init()
        deadline = time.monotonic() + GRACE
        while time.monotonic() < deadline and self.pump(0.02):
            pass

    def _kill_init(self) -> None:
        """The kernel ends a pid namespace with its first process; a pidfd tells when that is over."""
        if self.init is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.init, signal.SIGKILL)
            select.select([self.init], [], [], 10)

    def close(self) -> None:
        self.selector.close()
        os.close(self.status_read)
        if self.init is not None:
            os.close(self.init)
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()


def supervise(
    spec: Mapping[str, Any],
    *,
    isolated: bool,
    wall: float,
    output: int,
    look: Callable[[], str],
    tell: Callable[[bytes], None] | None = None,
) -> ProcessEnd:
    """Run the launcher with ``spec`` to its end. ``wall`` in seconds, ``output`` in bytes of both pipes together.

    ``look`` is called about twice a second; what it returns is why the target is stopped, "" lets it go on.
    ``tell`` gets the end of both outputs as often.
    """
    start = time.monotonic()
    supervisor = Supervisor(spec, isolated=isolated)
    try:
        try:
            stopped = supervisor.watch(wall, output, look, tell)
        finally:
            supervisor.end()
        seconds = time.monotonic() - start
        if not stopped and supervisor.stdout.total + supervisor.stderr.total > output:
            stopped = "output-limit"
        return _ended(supervisor, stopped, seconds)
    finally:
        supervisor.close()


def _ended(supervisor: Supervisor, stopped: str, seconds: float) -> ProcessEnd:
    stdout, stderr = supervisor.stdout.text(), supervisor.stderr.text()
    code, failure = supervisor.reported("exit-code"), supervisor.reported("error")
    returncode: int | None
    if stopped:
        returncode = -signal.SIGKILL
    elif isinstance(failure, str):
        returncode, stderr = None, f"{failure}\n{stderr}"
    elif isinstance(code, int):
        # Both launchers say 128+n for a signal, as a shell does.
        returncode = 128 - code if 128 < code <= 128 + 64 else code
    else:
        launcher = supervisor.process.returncode
        returncode = launcher if launcher < 0 else None
    return ProcessEnd(returncode, stopped, round(seconds, 3), stdout, stderr)
