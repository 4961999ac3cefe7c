"""`manage.py up` as a person uses it: start, sign-in link, trouble, Ctrl-C, and a power cut of the supervisor."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from dashboard.embedded import Address
from dashboard.first_link import check
from dashboard.postgres import SHARED
from dashboard.processes import command_line
from dashboard.supervisor import Child, GivenUp, Supervisor, python

ROOT = Path(__file__).resolve().parent.parent.parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Site:
    """One `manage.py up` in a data directory of its own."""

    def __init__(self, data: Path, log: Path) -> None:
        self.data, self.log, self.port = data, log, free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME"}}
        return kept | {"DATA_DIR": str(self.data)}

    def start(self) -> None:
        with open(self.log, "ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up", "--port", str(self.port), "--no-sample"],
                cwd=ROOT, env=self.environment, stdout=out, stderr=out, start_new_session=True,
            )  # fmt: skip
        wait_for(lambda: self.process.poll() is not None or "Ctrl-C stops" in self.text(), 90, self.text)
        assert self.process.poll() is None, self.text()

    def text(self) -> str:
        return self.log.read_text()

    def get(self, path: str) -> tuple[int, dict[str, str], bytes]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
                return answer.status, dict(answer.headers), answer.read()
        except urllib.error.HTTPError as error:
            return error.code, dict(error.headers), error.read()

    def manage(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=90,
        )

    def end(self, number: int = signal.SIGTERM, seconds: float = 40) -> int:
        self.process.send_signal(number)
        return self.process.wait(seconds)

    def processes(self) -> dict[int, str]:
        """Everything alive that belongs to this data directory, by its environment or its command line."""
        marks = [os.fsencode(self.data), os.fsencode(Address.of(self.data).socket_dir)]
        found = {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            with contextlib.suppress(OSError):
                known = (entry / "environ").read_bytes() + (entry / "cmdline").read_bytes()
                if any(mark in known for mark in marks):
                    found[int(entry.name)] = command_line(int(entry.name))
        return found


def wait_for(condition, seconds: float, explain=lambda: "") -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, explain()
        time.sleep(0.05)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("up")
    yield folder
    for data in folder.glob("data*"):
        shutil.rmtree(Address.of(data).socket_dir, ignore_errors=True)
        shutil.rmtree(SHARED / Address.of(data).key, ignore_errors=True)


@pytest.fixture(scope="module")
def site(folder):
    site = Site(folder / "data", folder / "up.log")
    site.start()
    yield site
    if site.process.poll() is None:
        site.end()


def test_it_answers_and_offers_a_first_sign_in(site):
    status, _, body = site.get("/healthz")
    assert (status, json.loads(body)["status"]) == (200, "ok")
    token = re.search(r"/welcome/([\w-]{40,})/", site.text()).group(1)
    assert check(site.data, token)
    assert "SANDBOX_MIN_LEVEL=1" in site.text()


def test_static_files_are_hashed_compressed_and_kept_by_browsers(site):
    manifest = json.loads((site.data / "static" / "staticfiles.json").read_text())
    status, headers, body = site.get("/static/" + manifest["paths"]["plotly/plotly.min.js"])
    assert status == 200
    assert "immutable" in headers["Cache-Control"]
    assert len(body) > 1_000_000
    assert (site.data / "static" / (manifest["paths"]["plotly/plotly.min.js"] + ".gz")).exists()


def test_doctor_finds_everything_running(site):
    wait_for(lambda: "last dispatch" in site.manage("doctor").stdout, 60)
    done = site.manage("doctor", "--json")
    findings = {finding["name"]: finding for finding in json.loads(done.stdout)}
    states = {name: finding["state"] for name, finding in findings.items()}
    for name in ("postgres", "fsync", "migrations", "redis", "worker", "beat", "git", "uv", "data"):
        assert states[name] == "ok", findings[name]
    assert states["sandbox"] in {"ok", "warn"}, findings["sandbox"]  # what this machine offers
    assert done.returncode == (1 if "FAIL" in states.values() else 0)


def test_a_second_start_says_who_is_there(site):
    done = site.manage("up", "--port", str(free_port()))
    assert done.returncode == 2
    assert f"is already in use by manage.py up (process {site.process.pid})" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_taken_port_is_named_with_what_to_do(site):
    done = site.manage("up", "--port", str(site.port))
    assert done.returncode == 2
    assert f"Port {site.port} is taken" in done.stderr
    assert "make run PORT=" in done.stderr


@pytest.mark.parametrize("words", [("--python", "/usr/bin/python3"), ("--port", "70000"), ("--port", "x")])
def test_what_cannot_work_is_refused(site, words):
    done = site.manage("up", *words)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_killed_process_starts_again(site):
    def beats() -> list[int]:
        return [pid for pid, line in site.processes().items() if "celery beat" in line]

    wait_for(beats, 15, site.text)  # the site answers before its last process has begun
    [beat] = beats()
    os.kill(beat, signal.SIGKILL)
    wait_for(lambda: "beat ended (signal SIGKILL)" in site.text(), 10, site.text)
    wait_for(lambda: set(beats()) - {beat}, 15, site.text)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_ctrl_c_ends_everything_in_order(site):
    assert site.processes()
    assert site.end(signal.SIGINT) == 0
    wait_for(lambda: not site.processes(), 5, lambda: str(site.processes()))
    assert not Address.of(site.data).postgres_socket.exists()
    assert not Address.of(site.data).valkey_socket.exists()
    assert "database system is shut down" in (site.data / "logs" / "postgres.log").read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children that their parent has died")
def test_kill_9_of_the_supervisor_leaves_nothing_and_the_next_start_is_clean(site):
    if site.process.poll() is None:
        site.end()
    for _ in range(2):
        site.log.write_text("")
        began = time.monotonic()
        site.start()
        assert time.monotonic() - began < 30, site.text()
        assert site.get("/healthz")[0] == 200
        assert len(site.processes()) > 8
        site.end(signal.SIGKILL)
        wait_for(lambda: not site.processes(), 20, lambda: str(site.processes()))


def test_doctor_on_its_own_tells_what_does_not_run(site):
    if site.process.poll() is None:
        site.end()
    done = site.manage("doctor", "--json")
    states = {finding["name"]: finding["state"] for finding in json.loads(done.stdout)}
    assert (states["postgres"], states["worker"]) == ("ok", "warn")


def test_doctor_finds_a_lost_server(site, tmp_path):
    """A database that is not there: every check still gives its line, and the exit code says so."""
    urls = {"DATABASE_URL": "postgresql://u:hush@127.0.0.1:9/app", "REDIS_URL": "redis://:hush@127.0.0.1:9/0"}
    done = subprocess.run(
        [sys.executable, "manage.py", "doctor"], cwd=ROOT, capture_output=True, text=True, timeout=90,
        env=site.environment | urls | {"SECRET_KEY": "k" * 60, "DATA_DIR": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 1
    lines = dict(line.split(None, 2)[1::-1] for line in done.stdout.splitlines())
    assert lines["postgres:"] == lines["redis:"] == lines["worker:"] == lines["migrations:"] == "FAIL"
    assert lines["git:"] == "ok"
    assert "hush" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_child_that_never_lives_ends_the_supervisor_with_its_last_lines(tmp_path, monkeypatch):
    monkeypatch.setattr("dashboard.supervisor.RESTARTS", 1)
    said: list[str] = []
    supervisor = Supervisor(tmp_path, {}, said.append)
    supervisor.start(Child("broken", python("-c", "print('no such luck', flush=True); raise SystemExit(3)")))
    with pytest.raises(GivenUp, match="no such luck"):
        supervisor.watch()
    assert said == ["broken ended (exit code 3); it starts again in 1 s."]
    assert (tmp_path / "broken.log").read_text() == "broken  no such luck\n" * 2


def test_a_log_that_has_grown_gives_way_to_a_new_one_while_the_child_runs(tmp_path, monkeypatch):
    monkeypatch.setattr("dashboard.logs.LONGEST", 2_000)
    supervisor = Supervisor(tmp_path, {}, lambda line: None)
    talks = "import time\nfor n in range(100): print(f'line {n:03} ' + 'x' * 90, flush=True); time.sleep(0.005)"
    supervisor.start(Child("talker", python("-c", talks), once=True))
    supervisor.watch(lambda: supervisor.finished("talker") is not None)
    supervisor.end(["talker"])
    files = [tmp_path / name for name in ("talker.log.1", "talker.log")]
    assert files[0].exists() and set(tmp_path.iterdir()) <= set(files), "of the old ones one stays"
    kept = [line for file in files if file.exists() for line in file.read_text().splitlines()]
    assert kept == [f"talker  line {n:03} " + "x" * 90 for n in range(100 - len(kept), 100)] and 18 < len(kept) < 100


def test_only_what_is_loud_reaches_the_terminal(tmp_path):
    lines = ['{"level": "info", "text": "quiet"}', '{"level": "error", "text": "loud\\nsecond"}', "plain", '["odd"]']
    said: list[str] = []
    supervisor = Supervisor(tmp_path, {}, said.append)
    child = Child("talker", python("-c", f"print({chr(10).join(lines)!r})"), once=True)
    supervisor.start(child)
    wait_for(lambda: supervisor.finished("talker") is not None, 20)
    supervisor.end(["talker"])
    assert said == ["talker: error: loud"]
    assert (tmp_path / "talker.log").read_text().splitlines() == [f"talker  {line}" for line in lines]
