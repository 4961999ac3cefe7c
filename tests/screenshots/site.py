"""The product's own site on a scratch data directory, and its database from this process."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def wait_for(condition: Callable[[], object], seconds: float, what: str) -> None:
    """Until it holds; raises TimeoutError that names what was waited for."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:.0f} s for {what}")
        time.sleep(0.3)


@contextmanager
def running(data: Path) -> Iterator[tuple[str, str]]:
    """(address, one-time link) of a site that was started for this and is stopped at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = data.with_suffix(".log")
    data.mkdir(parents=True)
    command = [sys.executable, "manage.py", "up", "--port", str(port), "--no-sample"]
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=os.environ | {"DATA_DIR": str(data)}, stdout=out, stderr=out)
    try:
        wait_for(lambda: process.poll() is not None or "Ctrl-C stops" in log.read_text(), 120, "the site's start")
        if process.poll() is not None:
            raise RuntimeError(log.read_text())
        link = re.search(r"http://\S+/welcome/\S+", log.read_text())
        assert link is not None
        yield f"http://127.0.0.1:{port}", link[0]
    finally:
        process.terminate()
        process.wait(60)


def connect(data: Path) -> None:
    """Let Django in this process use the site's own database and keys."""
    import django

    os.environ["DATA_DIR"] = str(data)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright runs a loop in this thread; ours waits for it
    django.setup()
