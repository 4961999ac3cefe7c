"""Children that are forks: they end like programs, keep nothing of the parent's, and are told apart by their titles."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from dashboard import forking

ROOT = Path(__file__).parents[2]
# In a process of its own: the one that runs the tests has threads, and must not fork.
SCRIPT = """
import fcntl, os, sys
from pathlib import Path
from dashboard import forking
from dashboard.supervisor import Child, Supervisor, python

folder = Path(sys.argv[1])
sys.path.insert(0, str(folder))
lock = open(folder / "owner.lock", "w")
fcntl.flock(lock, fcntl.LOCK_EX)
forking.preload(["json"])
said = []
supervisor = Supervisor(folder / "logs", {"SAID": "yes"}, said.append, forks=True)
for name in sys.argv[2:]:
    supervisor.start(Child(name, python("-m", "talker", name), once=True))
supervisor.watch(lambda: all(supervisor.finished(name) is not None for name in sys.argv[2:]))
codes = {name: supervisor.finished(name) for name in sys.argv[2:]}
supervisor.end(sys.argv[2:])
print(codes, said, os.environ.get("SAID"))
"""
TALKER = """
import os, sys
from pathlib import Path
print(sys.argv[1:], os.environ["SAID"], os.getsid(0) == os.getpid(), flush=True)
print("open", sorted(int(n) for n in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{n}")), flush=True)
print("title", Path("/proc/self/cmdline").read_bytes().rstrip(b"\\0").decode()[:40], flush=True)
if sys.argv[1] == "exits":
    raise SystemExit(3)
if sys.argv[1] == "breaks":
    raise ValueError("no such luck")
if sys.argv[1] == "dies":
    os.kill(os.getpid(), 9)
"""


@pytest.mark.skipif(not forking.AVAILABLE, reason="forks on Linux only")
def test_a_fork_ends_as_the_program_would(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "talker.py").write_text(TALKER)
    names = ["ends", "exits", "breaks", "dies"]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path), *names], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.stdout == "{'ends': 0, 'exits': 3, 'breaks': 1, 'dies': -9} [] None\n", done.stderr
    for name in names:
        lines = (tmp_path / "logs" / f"{name}.log").read_text().splitlines()
        assert lines[0] == f"{name}  ['{name}'] yes True"
        assert lines[1] == f"{name}  open [0, 1, 2]"  # not the lock, and no pipe of another child
        assert lines[2].startswith(f"{name}  title remediation {name} of")
    assert "ValueError: no such luck" in (tmp_path / "logs" / "breaks.log").read_text()


def test_a_process_with_threads_does_not_fork() -> None:
    rest = threading.Event()
    thread = threading.Thread(target=rest.wait)
    thread.start()
    try:
        with pytest.raises(RuntimeError, match="several threads"):
            forking.fork("json.tool", [], output=1, env={}, on_parent_death=15, title="never")
    finally:
        rest.set()
        thread.join()


ORPHAN = """
import os, signal, sys, time
from pathlib import Path
from dashboard.processes import die_with_parent

parent, late = os.getpid(), sys.argv[2] == "late"
told, tells = os.pipe()
if os.fork():
    os.close(tells)
    os.read(told, 1)  # the child is there
    os._exit(0)
if late:
    os.close(tells)
    while os.getppid() == parent:
        time.sleep(0.01)
die_with_parent(signal.SIGKILL, parent)
if not late:
    Path(sys.argv[1], "armed").touch()
    os.close(tells)
time.sleep(0.5)
Path(sys.argv[1], "survived").touch()
"""


@pytest.mark.skipif(not forking.AVAILABLE, reason="only Linux tells children that their parent has died")
@pytest.mark.parametrize("when", ["late", "in time"])
def test_a_child_ends_with_its_parent_also_where_that_one_was_gone_before(tmp_path: Path, when: str) -> None:
    # The output is a pipe that the orphan holds too: when run() returns, it has ended.
    subprocess.run(
        [sys.executable, "-c", ORPHAN, str(tmp_path), when], cwd=ROOT, capture_output=True, check=True, timeout=30
    )
    assert {path.name for path in tmp_path.iterdir()} == ({"armed"} if when == "in time" else set())
