"""The sandbox against hostile programs: nothing survives a run, nothing of ours is seen, every limit holds."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from remediation.collection import ownership, sandbox
from remediation.collection.run import Target, collect
from remediation.collection.runtime import InterpreterError, describe_interpreter, interpreter_paths
from remediation.collection.sandbox import Limits, Sandbox, SandboxError
from remediation.core.events import judge
from remediation.core.records import ProcessEnd
from tests.environments import environment, open_python

FACTS = sandbox.probe()
PLAIN = dataclasses.replace(FACTS, level=min(FACTS.level, 2), namespaces=False)
# (level, facts): everything this machine can do, and levels 2 and 1 as on a machine without namespaces.
WAYS = [(level, FACTS) for level in FACTS.levels]
WAYS += [(level, PLAIN) for level in PLAIN.levels] if FACTS.namespaces else []
IDS = [f"level{level}{'' if facts.namespaces else '-plain'}" for level, facts in WAYS]
ISOLATED = [way for way in WAYS if way[0] == 3]
CONFINED = [way for way in WAYS if way[0] == 2]
CONFINED_IDS = [f"level2{'' if facts.namespaces else '-plain'}" for _, facts in CONFINED]
NO_NETWORK = [way for way in WAYS if way[0] >= 2 or way[1].namespaces]


@pytest.fixture
def open_place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A directory that every user can enter (pytest's own are 0700), as a plain level 1 needs it."""
    place = Path("/var/tmp") / f"sandbox-test-{uuid.uuid4().hex[:8]}"
    place.mkdir(mode=0o755)
    yield place
    subprocess.run(["rm", "-rf", str(place)], check=True)


def shell(
    command: str, place: Path, level: int, facts: Sandbox, env: dict[str, str] | None = None, **limits: float
) -> ProcessEnd:
    tree = place / "tree"
    tree.mkdir(exist_ok=True)
    sandbox.give(tree)
    at = "/checkout" if level == 3 else str(tree)
    values = Limits(**{"wall_seconds": 20, **limits})  # type: ignore[arg-type]
    argv = ["/bin/sh", "-c", command]
    return sandbox.run(argv, tree=tree, tree_at=at, cwd=at, env=env, limits=values, level=level, sandbox=facts)


def alive(mark: str) -> list[str]:
    """Command lines of processes that carry ``mark``."""
    found = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = process.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if mark in line and str(os.getpid()) != process.parent.name:
            found.append(line)
    return found


@pytest.mark.parametrize(("level", "facts"), WAYS, ids=IDS)
def test_the_target_is_nobody_without_powers(level: int, facts: Sandbox, open_place: Path) -> None:
    end = shell("id -u; grep -E '^(CapEff|CapBnd|NoNewPrivs)' /proc/self/status", open_place, level, facts)
    uid, *status = end.stdout.split("\n")
    powers = dict(line.split(":\t") for line in status if line)
    assert end.returncode == 0, end
    assert int(uid) == (sandbox.NOBODY if facts.root or level == 3 else os.getuid())
    assert powers["CapEff"] == "0" * 16 and powers["NoNewPrivs"] == "1"
    if level == 3:
        assert powers["CapBnd"] == "0" * 16


@pytest.mark.parametrize(("level", "facts"), WAYS, ids=IDS)
def test_it_writes_its_tree_and_its_scratch_space(level: int, facts: Sandbox, open_place: Path) -> None:
    end = shell('touch made "$HOME/a" "$TMPDIR/b" && ls -A "$HOME" "$TMPDIR"', open_place, level, facts)
    assert end.returncode == 0, end
    assert (open_place / "tree/made").exists()
    assert not list(Path("/tmp").glob("target-*/home/a"))  # the scratch space is gone


@pytest.mark.parametrize(("level", "facts"), WAYS, ids=IDS)
def test_our_environment_is_not_its(
    level: int, facts: Sandbox, open_place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "canary")
    end = shell("env; cat /proc/1/environ /proc/$PPID/environ 2>/dev/null", open_place, level, facts, {"A": "b c"})
    assert "A=b c\n" in end.stdout and "canary" not in end.stdout, end


@pytest.mark.parametrize(("level", "facts"), ISOLATED, ids=["level3"] * len(ISOLATED))
def test_isolation_shows_only_what_was_given(level: int, facts: Sandbox, open_place: Path) -> None:
    (open_place / "secret").write_text("canary")
    here = "; ".join(f"ls {path} 2>/dev/null" for path in ("/root", "/home", "/var", "/work", "/etc", open_place))
    end = shell(f"ls /; {here}; cat {open_place}/secret; ls /proc | grep -c '^[0-9]'", open_place, level, facts)
    names = set(end.stdout.split())
    assert "checkout" in names and "passwd" in names
    assert not names & {"shadow", "secret", "canary", "root", "home", "var", "opt", "mnt", "run", "sys"}, end
    assert int(end.stdout.split()[-1]) < 10


@pytest.mark.parametrize(("level", "facts"), ISOLATED, ids=["level3"] * len(ISOLATED))
def test_isolation_has_no_unlimited_place_to_write(level: int, facts: Sandbox, open_place: Path) -> None:
    command = "for d in / /dev /dev/shm /tmp /etc /usr; do dd if=/dev/zero of=$d/fill bs=1M count=40 2>/dev/null; "
    command += "wc -c $d/fill 2>/dev/null; done"
    end = shell(command, open_place, level, facts, temp_bytes=8 * 2**20)
    sizes = {line.split()[1]: int(line.split()[0]) for line in end.stdout.splitlines()}
    assert set(sizes) == {"/dev/shm/fill", "/tmp/fill"}, end
    assert sizes["/dev/shm/fill"] <= 32 * 2**20 and sizes["/tmp/fill"] <= 8 * 2**20


@pytest.mark.parametrize("network", [False, True])
@pytest.mark.parametrize(("level", "facts"), NO_NETWORK)
def test_the_network_is_there_only_when_asked_for(level: int, facts: Sandbox, network: bool, open_place: Path) -> None:
    python = open_python() or Path(sys._base_executable)  # type: ignore[attr-defined]
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        ask = f"import socket; socket.create_connection(('127.0.0.1', {port}), 2); print('reached')"
        end = sandbox.run(
            [str(python), "-I", "-S", "-c", ask],
            tree=open_place, tree_at=str(open_place), cwd=str(open_place), readable=interpreter_paths(python),
            network=network, level=level, sandbox=facts,
        )  # fmt: skip
    assert ("reached" in end.stdout) == network, end


LEFTOVERS = {
    "daemon": "setsid sh -c 'sleep 300.{mark}' >/dev/null 2>&1 & exit 0",
    "double fork": "(setsid sh -c '(sleep 300.{mark} &) & exit 0' &) ; exit 0",
    "pipe holder": "sleep 300.{mark} & exit 0",
    "deaf": "trap '' TERM INT HUP; while :; do sleep 300.{mark}; done",
    "deaf daemon": "setsid sh -c 'trap \"\" TERM HUP INT; sleep 300.{mark}; sleep 301.{mark}' & sleep 0.2; exit 0",
    "stopped": "sleep 300.{mark} & kill -STOP $!; kill -STOP $$; sleep 300.{mark}",
}


@pytest.mark.parametrize("name", LEFTOVERS)
@pytest.mark.parametrize(("level", "facts"), WAYS, ids=IDS)
def test_nothing_is_alive_afterwards(name: str, level: int, facts: Sandbox, open_place: Path) -> None:
    mark = str(uuid.uuid4().int)[:12]
    start = time.monotonic()
    end = shell(LEFTOVERS[name].format(mark=mark), open_place, level, facts, wall_seconds=2)
    assert time.monotonic() - start < 2 + 3
    assert alive(mark) == []
    assert end.stopped == ("timeout" if name in ("deaf", "stopped") else "")


def test_control_a_naive_run_leaves_a_daemon() -> None:
    """Must stay so: this is what the sandbox is for."""
    mark = str(uuid.uuid4().int)[:12]
    subprocess.run(["/bin/sh", "-c", LEFTOVERS["daemon"].format(mark=mark)], timeout=5, check=False)
    time.sleep(0.2)
    assert alive(mark)
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if mark.encode() in process.read_bytes():
                os.kill(int(process.parent.name), signal.SIGKILL)


@pytest.mark.parametrize(("level", "facts"), WAYS, ids=IDS)
def test_a_killed_worker_takes_its_target_along(level: int, facts: Sandbox, open_place: Path) -> None:
    mark = str(uuid.uuid4().int)[:12]
    program = f"""
import dataclasses
from pathlib import Path
from remediation.collection import sandbox
tree = Path({str(open_place)!r})
facts = dataclasses.replace(sandbox.probe(), level={level}, namespaces={facts.namespaces})
sandbox.run(["/bin/sh", "-c", "(setsid sleep 300.{mark} &); sleep 301.{mark}"], tree=tree, tree_at=str(tree),
            cwd=str(tree), level={level}, sandbox=facts)
"""
    worker = subprocess.Popen([sys.executable, "-c", program], cwd=Path(__file__).parents[2])
    deadline = time.monotonic() + 15
    while len([line for line in alive(mark) if line.startswith("sleep")]) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert alive(mark)
    worker.kill()
    worker.wait()
    deadline = time.monotonic() + 5
    while alive(mark) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert alive(mark) == []


@pytest.mark.parametrize(("level", "facts"), WAYS, ids=IDS)
def test_limits(level: int, facts: Sandbox, open_place: Path) -> None:
    big = shell("dd if=/dev/zero of=big bs=1M count=20", open_place, level, facts, file_bytes=2**20)
    assert (open_place / "tree/big").stat().st_size == 2**20 and big.returncode != 0
    loud = shell("cat /dev/zero", open_place, level, facts, output_bytes=2**20)
    assert loud.stopped == "output-limit" and len(loud.stdout) < 140_000
    assert "bytes left out" in shell("yes | head -c 1000000", open_place, level, facts).stdout
    busy = shell("while :; do :; done", open_place, level, facts, cpu_seconds=1)
    assert busy.returncode in (-signal.SIGKILL, -signal.SIGXCPU) and busy.seconds < 10
    fork = "i=0; while [ $i -lt 200 ]; do sleep 5 & i=$((i+1)); done; echo all"
    bomb = shell(fork, open_place, level, facts, processes=40, wall_seconds=4)
    assert "all" not in bomb.stdout or "fork" in bomb.stderr, bomb


@pytest.mark.parametrize(("level", "facts"), WAYS, ids=IDS)
def test_ends_are_told_apart(level: int, facts: Sandbox, open_place: Path) -> None:
    assert shell("exit 7", open_place, level, facts).returncode == 7
    assert shell("kill -SEGV $$", open_place, level, facts).returncode == -signal.SIGSEGV
    tree = open_place / "tree"
    end = sandbox.run(["/nowhere/python"], tree=tree, tree_at=str(tree), cwd=str(tree), level=level, sandbox=facts)
    assert end.returncode is None and "No such file" in end.stderr, end


@pytest.mark.parametrize(("level", "facts"), WAYS, ids=IDS)
def test_variables_do_not_reach_the_tools_in_front(level: int, facts: Sandbox, open_place: Path) -> None:
    end = shell("echo started", open_place, level, facts, {"LD_PRELOAD": "/checkout/evil.so"})
    assert end.stdout == "started\n"
    assert end.stderr.count("evil.so") <= 1, end  # the target's own loader, and no other's
    with pytest.raises(SandboxError):
        shell("true", open_place, level, facts, {"A=B": "c"})


@pytest.mark.parametrize(("level", "facts"), [way for way in WAYS if way[0] == 3 or way[1].namespaces])
def test_directories_that_the_target_cannot_enter(level: int, facts: Sandbox, tmp_path: Path) -> None:
    """An interpreter and data below a 0700 directory, as under /root."""
    tmp_path.parent.chmod(0o700)
    assert describe_interpreter(environment("9"), level=level).pytest.startswith("9.")
    (tmp_path / "secret").write_text("canary")
    end = shell(f"touch made; ls {tmp_path}; cat {tmp_path}/secret", tmp_path, level, facts)
    assert (tmp_path / "tree/made").exists(), end
    if facts.root:
        assert "canary" not in end.stdout and "secret" not in end.stdout.split()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands its target to another user")
def test_without_namespaces_a_closed_directory_is_refused_with_advice(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with pytest.raises(SandboxError, match="Install bubblewrap"):
        shell("true", tmp_path, 1, dataclasses.replace(FACTS, namespaces=False))


def test_levels_are_enforced_and_described() -> None:
    with pytest.raises(SandboxError, match="SANDBOX_MIN_LEVEL=1"):
        sandbox.require(1, 3)
    with pytest.raises(SandboxError, match=r"Linux 6\.7 or newer with Landlock"):
        sandbox.require(1, 2)
    with pytest.raises(SandboxError, match="SANDBOX_MIN_LEVEL=2 if confined is enough"):
        sandbox.require(2, 3)
    sandbox.require(3, 3)
    assert [sandbox.name(level) for level in (3, 2, 1)] == ["isolated", "confined", "trusted code only"]
    assert "trusted code only" in sandbox.describe(1)
    weak = dataclasses.replace(FACTS, level=1)
    with pytest.raises(SandboxError, match="not available"):
        sandbox.run(["/bin/true"], tree=Path("/tmp"), tree_at="/tmp", cwd="/tmp", level=3, sandbox=weak)


def test_ownership_is_given_without_following_or_sharing(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("ours")
    tree = tmp_path / "tree"
    (tree / "deep").mkdir(parents=True)
    (tree / "deep/own").write_text("")
    (tree / "link").symlink_to(outside)
    os.link(outside, tree / "hard")
    sandbox.give(tree)
    owner = sandbox.NOBODY if os.geteuid() == 0 else os.geteuid()
    assert (tree / "deep/own").stat().st_uid == owner
    assert outside.stat().st_uid == os.geteuid()


def test_interpreters_that_cannot_be_used(tmp_path: Path) -> None:
    shim = tmp_path / "python"
    shim.write_text("#!/bin/sh\nexec python3\n")
    shim.chmod(0o755)
    for given, said in (("/nowhere/python", "no interpreter"), ("bin/python", "absolute"), (str(shim), "pyenv which")):
        with pytest.raises(InterpreterError, match=said):
            interpreter_paths(given)
    with pytest.raises(InterpreterError, match="does not run"):
        describe_interpreter("/bin/true")


def test_a_poisoned_environment_runs_in_the_sandbox_only(tmp_path: Path) -> None:
    """A .pth file runs at every start: the question for its version must not be asked as us."""
    subprocess.run([str(environment("9")), "-m", "venv", "--without-pip", str(tmp_path / "venv")], check=True)
    (packages,) = (tmp_path / "venv/lib").glob("python*/site-packages")
    text = f"import os; open('{tmp_path}/canary', 'w').write(str(os.getuid()))\n"
    (packages / "evil.pth").write_text(text)
    (tmp_path / "writable").mkdir()
    facts = describe_interpreter(tmp_path / "venv/bin/python")
    assert facts.pytest == "" and facts.version.startswith("3.")
    assert not (tmp_path / "canary").exists() or os.geteuid() != 0


@pytest.mark.parametrize("level", FACTS.levels)
def test_a_configuration_above_the_checkout_is_not_the_project_s(level: int, open_place: Path) -> None:
    """pytest looks upwards for it without end; the data directory of a first look lies in our own clone."""
    (open_place / "pyproject.toml").write_text("[tool.pytest.ini_options]\naddopts = '-p gone_plugin'\n")
    project = open_place / "data/project"
    for name in ("tree", "work", "bytecode"):
        (project / name).mkdir(parents=True)
    (project / "tree/__init__.py").touch()  # its package is then looked for from above
    (project / "tree/test_a.py").write_text("def test_it(): pass\n")
    places = {name: project / name for name in ("tree", "work", "bytecode")}
    collected = collect(Target(str(environment("9"))), level=level, **places)
    verdict = judge(collected.stream, collected.end, inventory=["test_a.py"])
    assert verdict.result is not None, (verdict, collected.end)
    assert [(file.path, file.state, file.tests) for file in verdict.result.files] == [("test_a.py", "collected", 1)]


@pytest.mark.parametrize("level", FACTS.levels)
def test_the_project_s_own_configuration_still_holds_below_another(level: int, open_place: Path) -> None:
    (open_place / "pytest.ini").write_text("[pytest]\npython_files = nothing.py\n")
    project = open_place / "data/project"
    for name in ("tree", "work", "bytecode"):
        (project / name).mkdir(parents=True)
    (project / "tree/tox.ini").write_text("[pytest]\npython_files = check_*.py\n")
    (project / "tree/check_a.py").write_text("def test_it(): pass\n")
    places = {name: project / name for name in ("tree", "work", "bytecode")}
    collected = collect(Target(str(environment("9"))), level=level, **places)
    verdict = judge(collected.stream, collected.end)
    assert verdict.result is not None and verdict.result.tests == 1, (verdict, collected.end)
    assert verdict.session.python_files == ("check_*.py",) and verdict.session.rootdir == "."


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's targets are another user, whose memory can be told apart")
def test_memory_that_a_target_left_is_freed_once_no_target_runs() -> None:
    left = Path("/dev/shm") / f"sandbox-test-{uuid.uuid4().hex}"
    kept = Path("/dev/shm") / f"sandbox-test-{uuid.uuid4().hex}"
    (left / "inner").mkdir(parents=True)
    os.chown(left, sandbox.NOBODY, sandbox.NOBODY)
    kept.write_text("ours")
    user = {"user": sandbox.NOBODY, "group": sandbox.NOBODY, "extra_groups": []}
    other = subprocess.Popen(["sleep", "60"], **user)  # type: ignore[call-overload]
    ownership.sweep_shared_memory()
    assert left.exists()
    other.kill()
    other.wait()
    deadline = time.monotonic() + 120
    while left.exists() and time.monotonic() < deadline:  # another process of this run tests targets all the time
        ownership.sweep_shared_memory()
        time.sleep(0.05)
    assert not left.exists() and kept.read_text() == "ours"
    kept.unlink()


@pytest.mark.parametrize(("level", "facts"), WAYS, ids=IDS)
def test_nothing_can_be_typed_and_nothing_is_dumped(level: int, facts: Sandbox, open_place: Path) -> None:
    end = shell("read line || echo empty; ulimit -c; ulimit -Hc; stat -L -c %t:%T /dev/fd/0", open_place, level, facts)
    assert end.stdout.split()[:3] == ["empty", "0", "0"], end
    assert end.stdout.split()[3:] in (["1:3"], []), end  # /dev/null


@pytest.mark.parametrize(("level", "facts"), WAYS, ids=IDS)
def test_it_is_stopped_before_the_disk_is_full(level: int, facts: Sandbox, open_place: Path) -> None:
    """No limit on a file bounds the number of files; the disk is our database's too."""
    full = shell("sleep 20", open_place, level, facts, free_bytes=1 << 60)
    assert (full.stopped, full.returncode) == ("disk-limit", -signal.SIGKILL) and full.seconds < 10
    verdict = judge(b"", full)
    assert (verdict.outcome, verdict.reason) == ("blocked", "disk-limit") and "nearly full" in verdict.text
    assert shell("sleep 0.8", open_place, level, facts, free_bytes=0).stopped == ""
