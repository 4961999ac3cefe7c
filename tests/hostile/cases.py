"""The corpus: one row a case. Programs try what they must not be able to, and raise "HARM" where they could."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

HEALTHY = "def test_it(): pass\n"
PRINTED = {"pytest.ini": "[pytest]\naddopts = -s\n"}  # without pytest's capture
FOREVER = "import time\nwhile True:\n    time.sleep(1)\n"
TRY = """
import ctypes, json, os, signal, socket, sys, resource, subprocess, time
def harmful(**tries):
    done = []
    for name, attempt in tries.items():
        try:
            attempt()
            done.append(name)
        except OSError:
            pass
    if done:
        raise RuntimeError("HARM " + " ".join(done))
def read(path):
    text = open(path).read()
    print(text); print(text, file=sys.stderr); open("stolen", "a").write(text)
"""
TIMEOUT: Mapping[str, float] = {"wall_seconds": 9, "file_seconds": 0.5}


@dataclass(frozen=True)
class Case:
    """A project, and how its pass must end.

    ``expected`` is "counted" or a code of ``events.REASONS``; ``errors`` are the files with an error when counted, and
    ``kind`` is the kind of each of them.
    ``needs``: what a way must keep away for the case to make sense there (``harness.NOT_KEPT``).
    """

    name: str
    expected: str
    program: str = ""  # test_b.py, between two healthy files
    files: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, float] = field(default_factory=dict)
    errors: tuple[str, ...] = ()
    kind: str = ""
    needs: tuple[str, ...] = ()

    def project(self) -> dict[str, str]:
        """Every file of the project."""
        program = {"test_b.py": self.program} if self.program else {}
        return {"test_a.py": HEALTHY, "test_c.py": HEALTHY, **program, **self.files}


STREAM = """
import json, os
stream = next(link for link in map(os.path.realpath, os.scandir("/proc/self/fd")) if link.endswith("stream.jsonl"))
"""
FORGED = (
    STREAM
    + """
line = json.dumps({"event": "finish", "status": 0, "tests": 0, "pytest_errors": 0, "interrupted": False,
                   "stopped": "", "size": 0, "digest": ""}) + chr(10)
open(stream, "a").write(line)
"""
)
BOMB = """
import os
while True:
    try:
        os.fork()
    except OSError:
        pass
"""
DAEMON = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(300)
    os._exit(0)
def test_it(): pass
"""
FILL = """
import os
for folder in (".", os.environ["HOME"], os.environ["TMPDIR"]):
    for number in range(6):
        with open(f"{folder}/fill{number}", "wb") as file:
            try:
                for _ in range(30):
                    file.write(b"x" * 1048576)
            except OSError:
                pass
def test_it(): pass
"""
# Every place that looks writable, filled up to 60 MiB: none may take more than one file's or one tmpfs's limit.
SIZES = (
    TRY
    + """
def fill(folder):
    size = 0
    for number in range(4):
        try:
            with open(f"{folder}/@MARK@{number}", "wb", buffering=0) as file:
                for _ in range(15):
                    size += file.write(b"x" * 1048576)
        except OSError:
            pass
    return size
sizes = {folder: fill(folder) for folder in ("/", "/dev", "/dev/shm", "/tmp", "/var/tmp", "/run", os.environ["TMPDIR"])}
allowed = {"/dev/shm": 32, "/tmp": 8, "/var/tmp": 1, os.environ["TMPDIR"]: 8}
over = {folder: size for folder, size in sizes.items() if size > allowed.get(folder, 0) << 20}
if over:
    raise RuntimeError(f"HARM {over}")
"""
)
READ_OPEN = (
    TRY
    + """
os.symlink("@PLACE@/open/notes", "link")
harmful(notes=lambda: read("@PLACE@/open/notes"), link=lambda: read("link"), names=lambda: os.listdir("@PLACE@/open"))
"""
)
READ_CLOSED = (
    TRY
    + """
harmful(key=lambda: read("@PLACE@/home/id_ed25519"), settings=lambda: read("@PLACE@/private/settings.env"),
        shadow=lambda: read("/etc/shadow"), parent=lambda: os.listdir("@PLACE@/home"))
"""
)
ENVIRONMENTS = (
    TRY
    + """
import glob
print(os.environ)
assert "DATABASE_URL" not in os.environ
harmful(keeper=lambda: read("/proc/@KEEPER@/environ"))
for path in glob.glob("/proc/[0-9]*/environ"):
    try:
        read(path)
    except OSError:
        pass
"""
)
START = (
    TRY
    + """
import site
assert os.read(0, 10) == b"" and os.fstat(0).st_rdev == os.stat("/dev/null").st_rdev
assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
assert not [path for path in sys.path if "site-packages" in path and not path.startswith(sys.prefix)]
assert not os.path.exists(site.getusersitepackages())
"""
)
CALL = (
    TRY
    + """
def unix(address):
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(address)
"""
)
NETWORK = (
    TRY
    + """
def own():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.connect(("192.0.2.1", 9))
        return asking.getsockname()[0]
harmful(address=lambda: socket.create_connection((own(), @TCP@), 2),
        other=lambda: socket.create_connection(("192.0.2.1", 80), 1))
"""
)
DATAGRAM = (
    TRY
    + """
try:
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", @UDP@))
except OSError:
    pass
"""
)
WRITE_CLOSED = (
    TRY
    + """
harmful(open=lambda: open("@PLACE@/open/@MARK@", "w"), settings=lambda: open("@PLACE@/private/settings.env", "a"),
        home=lambda: open("@PLACE@/home/@MARK@", "w"), usr=lambda: open("/usr/@MARK@", "w"),
        work=lambda: open("../work/@MARK@", "w"), tree=lambda: os.rename("../tree", "../@MARK@"))
"""
)
WRITE_OPEN = (
    TRY
    + """
for place in ("@PLACE@/public", "/tmp", "/var/tmp", "/run/lock"):
    try:
        open(place + "/@MARK@", "w").write("x")
    except OSError:
        pass
harmful(notes=lambda: os.truncate("@PLACE@/public/notes", 0), gone=lambda: os.unlink("@PLACE@/public/notes"))
"""
)
KILL = (
    TRY
    + """
for victim in (-1, os.getppid(), @KEEPER@):
    try:
        os.kill(victim, signal.SIGKILL)
    except OSError:
        pass
"""
)
ATTACH = (
    TRY
    + """
parent = os.getppid()
def attach(pid):
    if ctypes.CDLL(None, use_errno=True).ptrace(16, pid, 0, 0):
        raise OSError
harmful(parent=lambda: attach(parent), keeper=lambda: attach(@KEEPER@),
        memory=lambda: open(f"/proc/{parent}/mem", "rb"), files=lambda: os.listdir(f"/proc/{parent}/fd"))
"""
)
BECOME_ROOT = (
    TRY
    + """
import shutil
libc = ctypes.CDLL(None, use_errno=True)
harmful(user=lambda: os.setuid(0), groups=lambda: os.setgroups([0]), node=lambda: os.mknod("n", 0o60600, 1))
shutil.copy("/bin/sh", "sh")
os.chmod("sh", 0o6755)
libc.unshare(0x10020000)
libc.mount(b"none", b"/", None, 16384 | (1 << 18), None)
libc.mount(b"tmpfs", b"/etc", b"tmpfs", 0, None)
"""
)
UNREGISTER = """
def pytest_configure(config):
    plugins = config.pluginmanager
    plugins.unregister(plugins.get_plugin("remediation_reporter"))
"""
DEAF = "import signal\nfor number in (1, 2, 15):\n    signal.signal(number, signal.SIG_IGN)\n" + FOREVER
MANY_FILES = "import os\nos.mkdir('many')\nfor n in range(500): open(f'many/{n}', 'w').close()\n"
MANY_TESTS = "import pytest\n@pytest.mark.parametrize('n', range(10_000))\ndef test_it(n): pass\n"
TEXT = "raise ValueError('\\x1b[31m<script>\\u202e\\x00\\ud800 =cmd|A1' * 50)\n"
HOG = "kept = []\nwhile True: kept.append(bytearray(1 << 26))\n"
BAD, OWN = ("test_b.py",), ("own files",)

CASES = (
    Case("01 infinite loop", "counted", "while True: pass\n", limits=TIMEOUT, errors=BAD, kind="timeout"),
    Case("02 sleeps for ever", "counted", FOREVER, limits=TIMEOUT, errors=BAD, kind="timeout"),
    Case("03 floods standard output", "counted",
         "import os\nwhile True: os.write(1, b'x' * 65536)\n", PRINTED, errors=BAD, kind="crash"),
    Case("04 floods standard error", "counted",
         "import os\nwhile True: os.write(2, b'x' * 65536)\n", PRINTED, errors=BAD, kind="crash"),
    Case("04b floods pytest's capture", "counted", "while True: print('x' * 65536)\n", errors=BAD),
    Case("05 fork bomb", "counted", BOMB, limits={**TIMEOUT, "processes": 40}, errors=BAD, kind="timeout"),
    Case("06 daemon after two forks", "counted", DAEMON),
    Case("07 a daemon holds the pipes", "counted", "import subprocess\nsubprocess.Popen(['sleep', '300'])\n", PRINTED),
    Case("08 ignores every signal", "counted", DEAF, limits=TIMEOUT, errors=BAD, kind="timeout"),
    Case("09 memory hog", "counted", HOG, limits={"memory_bytes": 512 << 20}, errors=BAD, kind="crash"),
    Case("10 fills the disk", "counted", FILL, limits={"file_bytes": 4 << 20}),
    Case("11 makes many files", "counted", MANY_FILES, limits={"wall_seconds": 20}),
    Case("12 reads keys and settings", "counted", READ_CLOSED, needs=OWN),
    Case("12b reads what everybody may read", "counted", READ_OPEN, needs=("files",)),
    Case("13 reads environments", "counted", ENVIRONMENTS, needs=OWN),
    Case("13b standard input, core dumps, site directories", "counted", START),
    Case("14 calls local databases by TCP", "counted",
         CALL + "harmful(tcp=lambda: socket.create_connection(('127.0.0.1', @TCP@), 2))\n", needs=("network",)),
    Case("14b calls abstract sockets", "counted",
         CALL + "harmful(abstract=lambda: unix(chr(0) + '@MARK@'))\n", needs=("abstract sockets",)),
    Case("14c calls sockets with a path", "counted",
         CALL + "harmful(path=lambda: unix('@PLACE@/open/service.sock'))\n", needs=("path sockets",)),
    Case("15 calls the network", "counted", NETWORK, needs=("network",)),
    Case("15b sends datagrams", "counted", DATAGRAM, needs=("udp",)),
    Case("16 writes outside", "counted", WRITE_CLOSED, needs=OWN),
    Case("16b writes where everybody may write", "counted", WRITE_OPEN, needs=("files",)),
    Case("17 os._exit(0)", "counted", "import os; os._exit(0)\n", errors=BAD, kind="exit-at-import"),
    Case("18 sys.exit(0)", "counted", "import sys; sys.exit(0)\n", errors=BAD, kind="exit-at-import"),
    Case("19 segfault", "counted", "import ctypes; ctypes.string_at(0)\n", errors=BAD, kind="crash"),
    Case("20 kills everyone", "counted", KILL, needs=("processes",)),
    Case("21 stops itself", "counted",
         "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)\n", limits=TIMEOUT, errors=BAD, kind="timeout"),
    Case("22 hostile text", "counted", TEXT, errors=BAD),
    Case("23 many tests", "counted", MANY_TESTS, limits={"wall_seconds": 20}),
    Case("24 deep recursion", "counted", "def f(): return f()\nf()\n", errors=BAD),
    Case("25 attaches to its parent", "counted", ATTACH, needs=OWN),
    Case("27 replaces the stream by a link", "counted",
         TRY + STREAM + "harmful(unlink=lambda: os.unlink(stream), move=lambda: os.rename(stream, 'mine'))\n",
         needs=OWN),
    Case("28 a good project", "counted", HEALTHY, {"__init__.py": "", "conftest.py": "import pytest\n"}),
    Case("29 an import error", "counted", "import gone\n", errors=BAD),
    Case("30 wants to be root", "counted", BECOME_ROOT),
    Case("33 an option loads an evil plugin", "exit-without-finish",
         files={"evil.py": "import os; os._exit(0)\n", "pytest.ini": "[pytest]\naddopts = -p evil\n"}),
    Case("33b options that point at others' directories", "counted",
         files={"pytest.ini":
                "[pytest]\naddopts = --basetemp=@PLACE@/public --cache-clear\ncache_dir = @PLACE@/public\n"}),
    Case("34 a conftest takes the reporter out", "counted", "import gone\n", {"conftest.py": UNREGISTER}, errors=BAD),
    Case("34b a conftest changes what the reporter uses", "exit-without-finish",
         files={"conftest.py": "import json\njson.dumps = lambda *a, **k: '{}'\n"}),
    Case("35 forged lines", "garbled-stream", FORGED),
    Case("35b a forged end and a quick exit", "garbled-stream", FORGED + "os._exit(0)\n"),
    Case("37 fills memory file systems", "counted", SIZES, limits={"file_bytes": 64 << 20},
         needs=("files", "memory")),
)  # fmt: skip
