"""What the running site holds in memory while nothing happens: proportional set sizes, the databases left out."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.benchmarks.figures import RUNS, Figure, alone

_SERVERS = ("postgres", "valkey", "redis")
_REST = 25  # seconds until every process has started and looked around


def measure(data_dir: Path, *, quick: bool) -> list[Figure]:
    """Started by ``manage.py up``, as ``make run`` does."""
    if not Path("/proc/self/smaps_rollup").exists():
        return []
    with tempfile.TemporaryDirectory(prefix="rd-idle-") as folder:
        environment = {**os.environ, "DATA_DIR": folder}
        command = [sys.executable, "manage.py", "up", "--no-sample", "--port", str(_free_port())]
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        try:
            time.sleep(_REST)
            samples = []
            for _ in range(2 if quick else RUNS):
                samples.append(_sizes(process.pid))
                time.sleep(1)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)
    last = samples[-1]
    note = ", ".join(f"{name} {size:.0f}" for name, size in sorted(last.items(), key=lambda pair: -pair[1]))
    return [alone("idle-pss", [sum(sample.values()) for sample in samples], "MiB", note)]


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _sizes(root: int) -> Counter[str]:
    """MiB by kind of process, for everything below ``root`` and itself."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
        children.setdefault(parent, []).append(int(entry.name))
    found: Counter[str] = Counter()
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        waiting += children.get(pid, [])
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
            sizes = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        if not any(server in words for server in _SERVERS):
            found[_kind(words)] += int(sizes.partition("\nPss:")[2].split()[0]) / 1024
    return found


def _kind(words: str) -> str:
    for kind in ("gunicorn", "dispatcher", "collector", "beat"):
        if kind in words:
            return "web" if kind == "gunicorn" else kind
    return "supervisor"
