"""Child processes that never outlive us, and how to end them."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

_PR_SET_PDEATHSIG = 1
# Loaded before any fork: between fork and exec a child must not import or allocate much.
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def _die_with(parent: int, with_signal: int) -> Callable[[], None] | None:
    if _LIBC is None:
        return None
    libc = _LIBC

    def prepare() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, with_signal, 0, 0, 0)
        if os.getppid() != parent:  # the parent died before the line above took effect
            os._exit(1)

    return prepare


def die_with_parent(with_signal: int, parent: int) -> None:
    """For a process that ``parent`` forked and we did not spawn: on Linux it gets ``with_signal`` when that one ends.

    Where it has ended already, before the kernel was told, the process ends here.
    """
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, with_signal, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)


def spawn(
    argv: Sequence[str | Path],
    *,
    output: int | IO[bytes],
    env: Mapping[str, str],
    on_parent_death: int = signal.SIGTERM,
    **options: Any,
) -> subprocess.Popen[bytes]:
    """Start ``argv`` in its own session, standard output and error to ``output``.

    On Linux the kernel sends it ``on_parent_death`` when the *thread* that called this ends, however it ends:
    call it from the main thread. ``options`` go to Popen (``user``, ``cwd``).
    """
    return subprocess.Popen(  # noqa: S603
        [str(word) for word in argv],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        env=dict(env),
        start_new_session=True,  # Ctrl-C in the terminal reaches only the supervisor
        preexec_fn=_die_with(os.getpid(), on_parent_death),  # noqa: PLW1509
        **options,
    )


def stop(
    process: subprocess.Popen[bytes],
    with_signal: int,
    seconds: float,
    *,
    kill: bool = True,
    hurry: Callable[[], bool] = lambda: False,
) -> bool:
    """Send a signal and wait; with ``kill`` then end the rest of its session. True when the process has ended.

    ``hurry`` is asked meanwhile; when it says True the wait ends at once.
    """
    if process.poll() is None:
        process.send_signal(with_signal)
    deadline = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < deadline and not hurry():
        time.sleep(0.02)
    if kill:
        # Also where the leader has ended: pool children of a crashed worker are still in its session.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return process.poll() is not None


def command_line(pid: int) -> str:
    """The command line of a living process, its words joined by spaces; "" when there is none."""
    if sys.platform == "linux":
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    shown = subprocess.run(["/bin/ps", "-o", "command=", "-p", str(pid)], capture_output=True, check=False)  # noqa: S603
    return shown.stdout.decode(errors="replace").strip()


def end_leftover(pid_file: Path, mark: str, with_signal: int, seconds: float = 15.0) -> None:
    """End the server of a killed supervisor, told by its pid file, if its command line holds ``mark``.

    Linux has signalled it already; elsewhere it still runs. Raises TimeoutError when it does not go.
    """
    try:
        pid = int(pid_file.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return
    deadline = time.monotonic() + seconds
    if mark in command_line(pid):
        os.kill(pid, with_signal)
    while mark in command_line(pid):  # a reused number is somebody else's process and is left alone
        if time.monotonic() > deadline:
            raise TimeoutError(f"process {pid} of an earlier run does not end; end it by hand: kill {pid}")
        time.sleep(0.05)
