"""Collections that end before their time: none of them counts, each says why, and no exit status is believed."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from remediation.collection.run import Target, collect
from remediation.core.blocker import identify_blocker, title_of_blocker
from remediation.core.events import judge
from tests.collection.conftest import LEVELS, OLDEST, VERSIONS, Collecting, bare
from tests.environments import environment

HEALTHY = {"test_a.py": "def test_it(): pass\n"}
FORGER = """
import json, os
line = json.dumps({"event": "finish", "status": 0, "tests": 0, "pytest_errors": 0, "interrupted": False,
                   "stopped": "", "size": 0, "digest": ""}) + chr(10)
for number in range(3, 64):
    try:
        if "stream" in os.readlink(f"/proc/self/fd/{number}"):
            os.write(number, line.encode())
    except OSError:
        pass
os._exit(0)
"""
# name: (files beside a healthy one, outcome and reason, part of the text)
ENDINGS = {
    "forged": ({"test_b.py": FORGER}, "garbled-stream", "cannot be trusted"),
    "root conftest": ({"conftest.py": "import gone"}, "conftest-failure", "while loading conftest.py, before"),
    "tests conftest": ({"tests/conftest.py": "import gone"}, "conftest-failure", "loading tests/conftest.py, before"),
    "no xdist": ({"pytest.ini": "[pytest]\naddopts = -n 2\n"}, "usage-error", "refused its options"),
    "bad ini": ({"pytest.ini": "[pytest]\nnonsense\n"}, "usage-error", "refused its options"),
    "old pytest": ({"pytest.ini": "[pytest]\nminversion = 99\n"}, "usage-error", "refused its options"),
    "lost plugin": ({"pytest.ini": "[pytest]\naddopts = -p gone_plugin\n"}, "plugin-failure", "plugin"),
    "root conftest exits": ({"conftest.py": "import os; os._exit(0)"}, "exit-without-finish", "importing conftest.py"),
    "root conftest dies": ({"conftest.py": "import os; os.kill(os.getpid(), 11)"}, "crash", "importing conftest.py"),
    "late exit": (
        {"conftest.py": "import os\ndef pytest_collection_modifyitems(): os._exit(0)"},
        "exit-without-finish", "after it had reached every file",
    ),
    "conftest plugin": ({"conftest.py": "pytest_plugins = ['gone_plugin']"}, "plugin-failure", "gone_plugin"),
    "empty": ({"test_a.py": "", "helper.py": ""}, "nothing-collected", "without one test"),
    "no files": ({"test_a.py": None, "helper.py": ""}, "nothing-collected", "without one test"),
    "stopped": (
        {"conftest.py":
         "def pytest_collectreport(report):\n    report.nodeid and setattr(S[0], 'shouldstop', 'enough')\n"
         "S = []\ndef pytest_sessionstart(session):\n    S.append(session)\n", "test_b.py": "def test_it(): pass"},
        "interrupted", "enough",
    ),
}  # fmt: skip


# Every pytest at the best level, and one at the weakest.
WHERE = [*((version, LEVELS[0]) for version in VERSIONS), (VERSIONS[-1], LEVELS[-1])]


@pytest.mark.parametrize(("version", "level"), WHERE)
@pytest.mark.parametrize("name", ENDINGS)
def test_it_does_not_count(name: str, version: str, level: int, collecting: Collecting) -> None:
    more, reason, part = ENDINGS[name]
    files = {path: text for path, text in {**HEALTHY, **more}.items() if text is not None}
    outcome = collecting(files, version, level)
    verdict = outcome.verdict
    assert (verdict.outcome, verdict.reason) == ("blocked", reason), (verdict, outcome.collected.end)
    seen = (verdict, outcome.collected.end, outcome.collected.stream)
    assert part in verdict.text and verdict.text.endswith("This is not zero errors."), seen
    assert verdict.result is None
    if "conftest" in reason:
        assert "gone" in verdict.detail


@pytest.mark.parametrize("level", LEVELS)
def test_output_under_capture_is_nobody_s_trouble(level: int, collecting: Collecting) -> None:
    files = {**HEALTHY, "test_b.py": "for _ in range(800):\n    print('x' * 65_536)\ndef test_b(): pass\n"}
    assert collecting(files, "9", level).files() == {"test_a.py": ("collected", 1), "test_b.py": ("collected", 1)}


@pytest.mark.parametrize("level", LEVELS)
def test_a_stream_at_its_size_limit_does_not_count(level: int, collecting: Collecting) -> None:
    files = {f"test_{number:03}.py": "def test_it(): pass\n" for number in range(60)}
    outcome = collecting(files, "9", level, file_bytes=4_096)
    assert outcome.verdict.outcome == "blocked", outcome.verdict
    assert outcome.verdict.reason == "exit-without-finish"


@pytest.mark.parametrize("level", LEVELS)
def test_pytest_missing(level: int, collecting: Collecting) -> None:
    outcome = collecting(HEALTHY, "", level)
    assert (outcome.verdict.outcome, outcome.verdict.reason) == ("blocked", "no-pytest")


@pytest.mark.parametrize("level", LEVELS)
def test_no_interpreter_is_our_failure_and_says_which(level: int, tmp_path: Path) -> None:
    for name in ("tree", "work", "bytecode"):
        (tmp_path / name).mkdir()
    places = {name: tmp_path / name for name in ("tree", "work", "bytecode")}
    collected = collect(Target("/nowhere/bin/python"), level=level, **places)
    verdict = judge(collected.stream, collected.end)
    assert (verdict.outcome, verdict.reason) == ("failed", "not-started")
    assert "/nowhere/bin/python" in verdict.text


def test_cancelled(tmp_path: Path, collecting: Collecting) -> None:
    for name in ("tree", "work", "bytecode"):
        (tmp_path / f"c-{name}").mkdir()
    (tmp_path / "c-tree/test_a.py").write_text("while True: pass\n")
    looks: list[float] = []

    def look() -> bool:
        looks.append(time.monotonic())
        return len(looks) < 3

    places = {name: tmp_path / f"c-{name}" for name in ("tree", "work", "bytecode")}
    collected = collect(Target(str(environment("9"))), on_tick=look, level=LEVELS[0], **places)
    verdict = judge(collected.stream, collected.end)
    assert (verdict.outcome, verdict.reason) == ("failed", "cancelled")
    assert len(looks) == 3 and 0.3 < looks[2] - looks[1] < 2


def test_a_result_replaced_by_a_link_is_not_followed(tmp_path: Path, collecting: Collecting) -> None:
    secret = tmp_path / "secret"
    secret.write_text('{"event": "canary"}\n')
    text = f"import os, glob\nfor path in glob.glob('{tmp_path}/work/*.jsonl'):\n"
    text += f"    try:\n        os.unlink(path); os.symlink('{secret}', path)\n    except OSError: pass\n"
    outcome = collecting({"test_a.py": text + "def test_it(): pass\n"}, "9", LEVELS[-1])
    assert b"canary" not in outcome.collected.stream


@pytest.mark.parametrize("text", ["import os; os._exit(0)", FORGER])
def test_control_an_exit_status_is_believed_by_the_naive(text: str, tmp_path: Path) -> None:
    """Must stay so: this is the false zero that the judge is for."""
    seen = bare({**HEALTHY, "test_b.py": text}, "9", tmp_path / "naive")
    assert seen.returncode == 0  # "no errors", says whoever reads only this
    assert subprocess.CompletedProcess([], seen.returncode).check_returncode() is None


# name: (the file of the one error that blocks everything, its kind, part of its title)
BLOCKERS = {
    "root conftest": ("conftest.py", "conftest-failure", "conftest.py cannot be loaded: No module named 'gone'"),
    "tests conftest": ("tests/conftest.py", "conftest-failure", "tests/conftest.py cannot be loaded: No module named"),
    "root conftest exits": ("conftest.py", "conftest-failure", "the process ended with status 0"),
    "root conftest dies": ("conftest.py", "conftest-failure", "SIGSEGV"),
    "bad ini": ("pytest.ini", "configuration", "pytest does not start: unexpected line"),
    "old pytest": ("pytest.ini", "configuration", "requires pytest-99"),
    "no xdist": ("pytest.ini", "configuration", "unrecognized arguments: -n"),
    "lost plugin": ("", "configuration", 'Error importing plugin "gone_plugin"'),
    "conftest plugin": ("", "configuration", 'Error importing plugin "gone_plugin"'),
}


@pytest.mark.parametrize("version", (OLDEST, *VERSIONS))
@pytest.mark.parametrize("name", BLOCKERS)
def test_what_blocks_everything_is_named_with_its_file(name: str, version: str, collecting: Collecting) -> None:
    more, _, _ = ENDINGS[name]
    path, kind, title = BLOCKERS[name]
    verdict = collecting({**HEALTHY, **more}, version, LEVELS[0]).verdict
    assert verdict.blocker is not None, verdict
    found = identify_blocker(verdict.blocker)
    assert (found.error.path, found.error.kind) == (path, kind), verdict.blocker
    assert title in title_of_blocker(found.error)
