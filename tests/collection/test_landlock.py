"""Level 2 against a target that its user's permissions would let in: Landlock alone keeps it out."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from remediation.collection import landlock, sandbox
from remediation.collection.runtime import interpreter_paths
from remediation.collection.sandbox import Limits, Sandbox
from remediation.core.records import ProcessEnd
from tests.environments import open_python

FACTS = sandbox.probe()
PYTHON = open_python()
ROOT = Path(__file__).parents[2]
STRANGER = 61_234  # a user without a name and without any rights

pytestmark = pytest.mark.skipif(
    2 not in FACTS.levels or PYTHON is None,
    reason=f"no Landlock that keeps files away (ABI {landlock.version()}), or no Python that others may run",
)

# What a target tries; it prints the names of what it could do. argv: a place outside, a process outside.
TRIES = """
import ctypes, json, os, signal, socket, sys
outside, process, port, abstract = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
def connect(kind, where):
    with socket.socket(kind, socket.SOCK_STREAM) as client:
        client.settimeout(2)
        client.connect(where)
def attach():
    if ctypes.CDLL(None, use_errno=True).ptrace(16, process, 0, 0):
        raise OSError(ctypes.get_errno(), "ptrace")
tries = {
    "read": lambda: open(outside + "/secret").read(),
    "read by a link": lambda: (os.symlink(outside + "/secret", "link"), open("link").read()),
    "list": lambda: os.listdir(outside),
    "append": lambda: open(outside + "/secret", "a"),
    "cut off": lambda: os.truncate(outside + "/secret", 1),
    "add a file": lambda: open(outside + "/new", "w"),
    "add a folder": lambda: os.mkdir(outside + "/folder"),
    "add a socket": lambda: socket.socket(socket.AF_UNIX).bind(outside + "/socket"),
    "move out": lambda: (open("mine", "w").close(), os.rename("mine", outside + "/moved")),
    "link in": lambda: os.link(outside + "/secret", "hard"),
    "delete": lambda: os.unlink(outside + "/spare"),
    "environment": lambda: open(f"/proc/{process}/environ").read(),
    "memory": lambda: open(f"/proc/{process}/mem", "rb"),
    "root of a process": lambda: os.listdir(f"/proc/{process}/root"),
    "attach": attach,
    "signal": lambda: os.kill(process, 0),
    "tcp": lambda: connect(socket.AF_INET, ("127.0.0.1", port)),
    "abstract socket": lambda: connect(socket.AF_UNIX, abstract.replace("@", chr(0))),
}
done = []
for name, attempt in tries.items():
    try:
        attempt()
        done.append(name)
    except OSError:
        pass
print(json.dumps(done))
"""


@pytest.fixture
def place() -> Iterator[Path]:
    directory = Path("/var/tmp") / f"landlock-test-{uuid.uuid4().hex[:8]}"
    directory.mkdir(mode=0o755)
    yield directory
    shutil.rmtree(directory)


def run(argv: list[str], place: Path, level: int, facts: Sandbox, **more: object) -> ProcessEnd:
    tree = place / "tree"
    tree.mkdir(exist_ok=True)
    sandbox.give(tree)
    limits = Limits(wall_seconds=20)
    return sandbox.run(
        argv, tree=tree, tree_at=str(tree), cwd=str(tree), level=level, sandbox=facts, limits=limits,
        readable=interpreter_paths(PYTHON or ""), **more,  # type: ignore[arg-type]
    )  # fmt: skip


def python(code: str, place: Path, level: int, facts: Sandbox, *arguments: str, **more: object) -> ProcessEnd:
    return run([str(PYTHON), "-I", "-S", "-c", code, *arguments], place, level, facts, **more)


def tried(place: Path, level: int, facts: Sandbox) -> list[str]:
    """What of TRIES a target could do, against files and a process of its own user."""
    outside = place / "outside"
    outside.mkdir()
    for name in ("secret", "spare"):
        (outside / name).write_text("kept")
    sandbox.give(outside)
    user = {"user": sandbox.NOBODY, "group": sandbox.NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    other = subprocess.Popen(["sleep", "60"], env={"SECRET": "canary"}, cwd="/", **user)  # type: ignore[call-overload]
    abstract = f"@landlock-test-{uuid.uuid4().hex}"
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_UNIX) as named:
        named.bind(abstract.replace("@", "\0"))
        named.listen()
        port = tcp.getsockname()[1]
        end = python(TRIES, place, level, facts, str(outside), str(other.pid), str(port), abstract)
    other.kill()
    other.wait()
    assert end.returncode == 0, end
    return list(json.loads(end.stdout))


PLAIN = dataclasses.replace(FACTS, level=2, namespaces=False)
WAYS = [FACTS, *([PLAIN] if FACTS.namespaces and 2 in PLAIN.levels else [])]


@pytest.mark.parametrize("facts", WAYS, ids=["as it is", "plain"][: len(WAYS)])
def test_it_reaches_nothing_outside(facts: Sandbox, place: Path) -> None:
    assert tried(place, 2, facts) == []
    assert sorted(path.name for path in (place / "outside").iterdir()) == ["secret", "spare"]


@pytest.mark.skipif(not FACTS.namespaces, reason="an older ABI 2 has no network rules and needs a network namespace")
@pytest.mark.parametrize("abi", range(1, landlock.version() + 1))
def test_an_older_kernel_s_rules_keep_the_files_too(abi: int, place: Path) -> None:
    facts = dataclasses.replace(FACTS, level=2, landlock=abi)
    if 2 not in facts.levels:
        pytest.skip("a file of the same user could be cut off")
    assert set(tried(place, 2, facts)) <= ({"cut off"} if abi < 3 else set())


@pytest.mark.parametrize("abi", range(landlock.version() + 1))
def test_it_is_offered_only_where_a_target_was_really_kept_out(abi: int) -> None:
    """With ABI 0 there is nothing that keeps it out, and the question must say so."""
    assert sandbox._confines(dataclasses.replace(FACTS, level=2, landlock=abi)) is (abi > 0)


def test_control_without_it_all_of_that_can_be_done(place: Path) -> None:
    """Must stay so: the files and the process are the target's own by every permission there is."""
    plain = dataclasses.replace(FACTS, level=1, namespaces=False)
    could = set(tried(place, 1, plain))
    assert could >= {"read", "read by a link", "list", "append", "cut off", "add a file", "move out", "delete"}
    assert could >= {"environment", "signal", "tcp", "abstract socket"}


def test_without_a_network_of_its_own_a_kernel_that_cannot_deny_tcp_gives_no_level_2() -> None:
    for abi, namespaces, expected in ((4, False, True), (3, False, False), (3, True, True), (0, True, False)):
        facts = dataclasses.replace(FACTS, landlock=abi, namespaces=namespaces)
        assert (2 in facts.levels) is expected, (abi, namespaces)


@pytest.mark.parametrize("facts", WAYS, ids=["as it is", "plain"][: len(WAYS)])
def test_honest_programs_still_work(facts: Sandbox, place: Path) -> None:
    code = "import os, tempfile, subprocess, multiprocessing, pathlib, pwd, random\n"
    code += "lock = multiprocessing.Lock()\n" if facts.namespaces or facts.root else ""
    code += "tempfile.NamedTemporaryFile(); pathlib.Path.home().joinpath('x').write_text('x')\n"
    code += (
        "pathlib.Path('a/b').mkdir(parents=True); os.rename('a/b', 'c'); os.symlink('c', 'd'); os.link('f', 'a/g')\n"
    )
    code += "open('/dev/null', 'w'); open('/dev/urandom', 'rb').read(1); pwd.getpwuid(0)\n"
    code += (
        "print(subprocess.check_output(['/bin/sh', '-c', 'cat /proc/self/comm; ./run; cat /proc/meminfo | head -1']))"
    )
    (place / "tree").mkdir()
    (place / "tree/f").touch()
    (place / "tree/run").write_text("#!/bin/sh\necho ran\n")
    (place / "tree/run").chmod(0o755)
    end = python(code, place, 2, facts)
    assert end.returncode == 0 and "ran" in end.stdout and "MemTotal" in end.stdout, end


@pytest.mark.parametrize("facts", WAYS, ids=["as it is", "plain"][: len(WAYS)])
def test_what_is_readable_is_not_writable_and_what_is_listed_is_not_readable(facts: Sandbox, place: Path) -> None:
    for name in ("readable", "writable", "listed"):
        (place / name).mkdir()
        (place / name / "f").write_text("content\n")
        sandbox.give(place / name)
    more = {"readable": [place / "readable"], "writable": [place / "writable"], "listed": [place / "listed"]}
    code = "for n in readable writable listed; do ls ../$n; cat ../$n/f; echo more > ../$n/f && echo wrote $n; done"
    tree = place / "tree"
    tree.mkdir()
    sandbox.give(tree)
    end = sandbox.run(
        ["/bin/sh", "-c", code], tree=tree, tree_at=str(tree), cwd=str(tree), level=2, sandbox=facts, **more
    )  # type: ignore[arg-type]
    # In a view of its own there is nothing to list but what was given.
    expected = ["f", "content", "f", "content", "wrote", "writable", *([] if facts.namespaces else ["f"])]
    assert end.stdout.split() == expected, end


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else; others are ordinary users already")
@pytest.mark.skipif(
    not os.access(ROOT, os.X_OK) or not ROOT.stat().st_mode & 1, reason="the tests lie in a closed folder"
)
def test_an_ordinary_user_gets_level_2(place: Path) -> None:
    """The target then is the worker's own user: nothing but Landlock stands between it and the worker's files."""
    os.chown(place, STRANGER, STRANGER)
    program = f"""
import dataclasses, os, sys
sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
from remediation.collection import sandbox
place = Path({str(place)!r})
(place / "secret").write_text("canary")
tree = place / "tree"
tree.mkdir()
facts = sandbox.probe()
print(facts.levels)
for namespaces in {{facts.namespaces, False}}:
    facts = dataclasses.replace(facts, level=2, namespaces=namespaces)
    command = f"id -u; cat {{place}}/secret /proc/{{os.getpid()}}/environ; touch {{place}}/new; touch made; exit 7"
    end = sandbox.run(["/bin/sh", "-c", command], tree=tree, tree_at=str(tree), cwd=str(tree), level=2, sandbox=facts)
    print(end.returncode, end.stdout)
"""
    done = subprocess.run(
        [str(PYTHON), "-B", "-c", program], user=STRANGER, group=STRANGER, extra_groups=[], cwd="/", text=True,
        env={"PATH": "/usr/bin:/bin", "SECRET": "canary"}, capture_output=True, timeout=60,
    )  # fmt: skip
    lines = done.stdout.split("\n")
    assert "2" in lines[0], done
    assert lines[1:2] == [f"7 {STRANGER}"] and "canary" not in done.stdout, done
    assert {path.name for path in place.iterdir()} == {"secret", "tree"} and (place / "tree/made").exists()


def test_the_launcher_keeps_its_memory_to_itself(place: Path) -> None:
    plain = dataclasses.replace(FACTS, level=1, namespaces=False)
    code = "import os\nfor name in ('environ', 'mem', 'maps', 'fd'):\n    path = f'/proc/{os.getppid()}/{name}'\n"
    code += "    try:\n        os.listdir(path) if name == 'fd' else open(path).read(1); print('read', name)\n"
    code += "    except PermissionError: print('closed')\n"
    assert python(code, place, 1, plain).stdout.split() == ["closed"] * 4


def test_the_module_needs_nothing_of_ours() -> None:
    """The launcher loads it as ``python -I -S`` does."""
    path = ROOT / "remediation/collection/landlock.py"
    code = f"import runpy; print(runpy.run_path({str(path)!r})['version']())"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, cwd="/")
    assert done.stdout.strip() == str(landlock.version()), done
