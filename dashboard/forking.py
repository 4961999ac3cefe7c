"""Runs a Python module in a fork of this process, so that what is imported here is in memory once for all of them."""

from __future__ import annotations

import gc
import importlib
import os
import runpy
import signal
import sys
import threading
import traceback
from collections.abc import Iterable, Mapping, Sequence

from dashboard.processes import die_with_parent

AVAILABLE = sys.platform == "linux"  # elsewhere a fork without exec is not safe with the system's own libraries


class Forked:
    """A forked process, with the part of Popen's interface that a supervisor needs."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        return self._take(os.WNOHANG)

    def wait(self) -> int:
        """As :meth:`poll`, when it has ended."""
        code = self._take(0)
        assert code is not None
        return code

    def send_signal(self, number: int) -> None:
        """Nothing where it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def _take(self, options: int) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, options)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode


def preload(modules: Iterable[str]) -> None:
    """Import what the forks will need; the collector then leaves those objects, and so their pages, alone for ever."""
    # Read by setproctitle when it is imported: a title must not overwrite what /proc shows of the environment.
    os.environ["SPT_NOENV"] = "1"
    for name in modules:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()


def fork(
    module: str, words: Sequence[str], *, output: int, env: Mapping[str, str], on_parent_death: int, title: str
) -> Forked:
    """Run ``python -m module words`` in a fork with its own session; standard output and error go to ``output``.

    Only from a process with one thread: another one could hold a lock that nobody in the child would ever release.
    """
    if threading.active_count() > 1:
        raise RuntimeError("A process with several threads must not fork.")
    sys.stdout.flush()
    sys.stderr.flush()
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return Forked(pid)
    code = 1
    try:
        _become_own(parent, output, on_parent_death)
        os.environ.update(env)
        sys.argv = [module, *words]
        importlib.import_module("setproctitle").setproctitle(title)
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)  # nothing of the parent's is to be cleaned up here
    raise AssertionError


def _become_own(parent: int, output: int, on_parent_death: int) -> None:
    """What Popen does for a program: session, signals, standard files, and none of the parent's other files."""
    os.setsid()
    die_with_parent(on_parent_death, parent)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    # The lock of the data directory among them: it must go with the supervisor. Those objects stay referenced up the
    # stack, so none of them closes a number that means another file by then.
    os.closerange(3, min(os.sysconf("SC_OPEN_MAX"), 1 << 16))
