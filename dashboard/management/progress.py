"""One line on standard error that says how far a long command is, where somebody looks at it."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from django.db import connection

EVERY = 0.5  # seconds


@contextmanager
def shown(say: Callable[[], str], stream: TextIO | None = None) -> Iterator[None]:
    """While the block runs, write what ``say`` answers over one line; nothing where the stream is no terminal.

    ``say`` is called in a thread of its own, with a database connection of its own; what it raises is not shown.
    """
    out = stream or sys.stderr
    if not out.isatty():
        yield
        return
    stop = threading.Event()
    thread = threading.Thread(target=_tell, args=(say, out, stop), name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        out.write("\r\x1b[K")
        out.flush()


def _tell(say: Callable[[], str], out: TextIO, stop: threading.Event) -> None:
    start = time.monotonic()
    try:
        while not stop.wait(EVERY):
            try:
                text = say()
            except Exception:  # noqa: S112 (the command itself says what is wrong)
                continue
            width = shutil.get_terminal_size().columns
            out.write(f"\r\x1b[K{text}, {time.monotonic() - start:.0f} s"[: width + 4])
            out.flush()
    finally:
        connection.close()  # this thread's own
