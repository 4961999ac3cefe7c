"""A file that ends or blocks the process costs the pass one run, never its count."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from remediation.collection.rounds import leaving_out
from remediation.collection.run import Target
from tests.collection.conftest import LEVELS, OLDEST, VERSIONS, Collecting, bare

OTHERS = {
    "test_a.py": "def test_a(): pass\n",
    "sub/test_c.py": "import gone\n",
    "test_z.py": "import pytest\n@pytest.mark.parametrize('n', range(3))\ndef test_z(n): pass\n",
}
# name: (text of test_b.py, type of its cause, part of its message)
CULPRITS = {
    "os._exit": ("import os; os._exit(0)", "collection.Exit", "the process ended with status 0"),
    "sys.exit": ("import sys\nsys.exit('no key')\n", "collection.Exit", "SystemExit: no key"),
    "pytest.exit": ("import pytest\npytest.exit('enough', 0)\n", "collection.Exit", "Exit: enough"),
    "interrupt": ("raise KeyboardInterrupt", "collection.Exit", "KeyboardInterrupt"),
    "segfault": ("import ctypes; ctypes.string_at(0)", "collection.Crash", "SIGSEGV"),
    "killed": ("import os; os.kill(os.getpid(), 9)", "collection.Crash", "SIGKILL"),
    "memory": ("x = bytearray(20 * 1024**3)", "collection.Crash", "MemoryError"),
    "class": ("import sys\nclass Meta(type):\n    @property\n    def __test__(cls): sys.exit(4)\n"
              "class TestIt(metaclass=Meta):\n    def test_it(self): pass\n", "collection.Exit", "SystemExit: 4"),
}  # fmt: skip


# Every pytest at the best level, and one at the weakest.
BETWEEN = [pytest.param(version, LEVELS[0], marks=pytest.mark.slow) for version in VERSIONS[:-1]]
ENDS = [(OLDEST, LEVELS[0]), *((VERSIONS[-1], level) for level in LEVELS)]


@pytest.mark.parametrize(("version", "level"), [*ENDS, *BETWEEN])
@pytest.mark.parametrize("name", CULPRITS)
def test_one_bad_file_is_one_error_and_the_rest_is_counted(
    name: str, version: str, level: int, collecting: Collecting
) -> None:
    text, kind, message = CULPRITS[name]
    outcome = collecting({**OTHERS, "test_b.py": text}, version, level)
    assert outcome.verdict.outcome == "counted", (outcome.verdict, outcome.collected.end)
    assert outcome.files() == {
        "test_a.py": ("collected", 1),
        "test_b.py": ("error", 0),
        "sub/test_c.py": ("error", 0),
        "test_z.py": ("collected", 3),
    }
    error = outcome.error("test_b.py")
    assert error.cause.type == kind and message in error.cause.message, error
    assert outcome.whole.runs == 2 and "--ignore=test_b.py" in outcome.collected.command


@pytest.mark.parametrize("version", VERSIONS)
def test_the_rest_equals_bare_pytest_that_ignores_the_culprits(
    version: str, tmp_path: Path, collecting: Collecting
) -> None:
    files = {**OTHERS, "test_b.py": CULPRITS["os._exit"][0], "test_y.py": CULPRITS["segfault"][0]}
    outcome = collecting(files, version, LEVELS[0])
    naive = bare(files, version, tmp_path / "bare", "--ignore=test_b.py", "--ignore=test_y.py")
    assert "4 tests collected, 1 error" in naive.stdout or "4 tests collected / 1 error" in naive.stdout, naive
    result = outcome.verdict.result
    assert result is not None
    assert (result.tests, result.pytest_errors, len(result.errors)) == (4, 1, 3)
    assert outcome.collected.end.returncode == naive.returncode == 2


@pytest.mark.parametrize("level", LEVELS)
def test_an_endless_import_names_its_file_and_where_it_stands(level: int, collecting: Collecting) -> None:
    files = {**OTHERS, "test_b.py": "import slow\n", "slow.py": "def wait():\n    while True: pass\nwait()\n"}
    start = time.monotonic()
    outcome = collecting(files, "9", level, file_seconds=2)
    assert time.monotonic() - start < 2 + 1 + 6
    error = outcome.error("test_b.py")
    assert error.cause.type == "collection.Timeout"
    assert [(frame.path, frame.line) for frame in error.cause.frames] == [
        ("test_b.py", 1),
        ("slow.py", 3),
        ("slow.py", 2),
    ]
    assert outcome.files()["test_z.py"] == ("collected", 3)


def test_a_crash_blames_the_module_that_died(collecting: Collecting) -> None:
    files = {**OTHERS, "test_b.py": "import native\n", "native.py": "import ctypes\nctypes.string_at(0)\n"}
    blame = collecting(files, "9", LEVELS[0]).error("test_b.py").cause.blame
    assert blame is not None and (blame.path, blame.line) == ("native.py", 2)


@pytest.mark.parametrize("version", VERSIONS)
def test_an_exit_blames_the_module_that_left(version: str, collecting: Collecting) -> None:
    files = {**OTHERS, "test_b.py": "import settings\n", "settings.py": "import sys\nsys.exit('no key')\n"}
    cause = collecting(files, version, LEVELS[0]).error("test_b.py").cause
    assert [frame.path for frame in cause.frames] == ["test_b.py", "settings.py"]


def test_any_number_of_exits_is_found_in_one_run(collecting: Collecting) -> None:
    """Only a process that dies or hangs costs a run of its own."""
    more = {f"test_m{number:02}.py": "import sys\nsys.exit()\n" for number in range(20)}
    outcome = collecting({**OTHERS, **more}, "9", LEVELS[0])
    assert outcome.verdict.result is not None and len(outcome.verdict.result.errors) == 21
    assert outcome.whole.runs == 2


def test_output_past_the_limit_is_its_file_s_error(collecting: Collecting) -> None:
    flood = "for _ in range(800):\n    print('x' * 65_536)"
    outcome = collecting({**OTHERS, "pytest.ini": "[pytest]\naddopts = -s\n", "test_b.py": flood}, "9", LEVELS[0])
    assert "limit on output" in outcome.error("test_b.py").cause.message
    assert outcome.files()["test_z.py"] == ("collected", 3)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_conftest_below_the_root_is_left_out_with_its_directory(version: str, collecting: Collecting) -> None:
    files = {**OTHERS, "deep/conftest.py": "import os; os._exit(0)", "deep/test_d.py": "def test_d(): pass"}
    outcome = collecting(files, version, LEVELS[0])
    assert outcome.error("deep/conftest.py").cause.type == "collection.Exit"
    found = outcome.files()
    assert found["deep/test_d.py"] == ("masked", 0) and found["test_z.py"] == ("collected", 3)


def test_a_plugin_that_breaks_over_a_file_costs_that_file(collecting: Collecting) -> None:
    hook = "def pytest_pycollect_makeitem(collector, name):\n    if name == 'bad': raise RuntimeError('plugin broke')\n"
    files = {**OTHERS, "conftest.py": hook, "test_b.py": "bad = 1\n"}
    outcome = collecting(files, "9", LEVELS[0])
    assert outcome.files()["test_z.py"] == ("collected", 3)
    assert "plugin broke" in outcome.error("test_b.py").cause.message


def test_a_tree_of_one_file_that_dies_is_one_error_and_no_test(collecting: Collecting) -> None:
    outcome = collecting({"test_b.py": "import os; os._exit(0)"}, "9", LEVELS[0])
    result = outcome.verdict.result
    assert result is not None and (result.tests, len(result.errors)) == (0, 1)


def test_what_a_run_wrote_into_the_tree_is_gone_in_the_next(collecting: Collecting) -> None:
    planted = "import os\nopen('test_planted.py', 'w').write('def test_it(): pass')\nos._exit(0)\n"
    outcome = collecting({**OTHERS, "test_b.py": planted}, "9", LEVELS[0])
    assert "test_planted.py" not in outcome.files()


def test_after_too_many_the_pass_is_blocked_with_their_list(collecting: Collecting) -> None:
    more = {f"test_m{number}.py": "import os; os._exit(0)\n" for number in range(5)}
    verdict = collecting({**OTHERS, **more}, "9", LEVELS[0], culprits=2).verdict
    assert (verdict.outcome, verdict.reason) == ("blocked", "too-many-culprits")
    assert "test_m0.py, test_m1.py, test_m2.py" in verdict.text and "not zero" in verdict.text
    assert "test_m2.py: the process ended with status 0" in verdict.detail


def test_all_runs_together_have_one_time_limit(collecting: Collecting) -> None:
    more = {f"test_m{number}.py": "while True: pass\n" for number in range(4)}
    start = time.monotonic()
    outcome = collecting({**OTHERS, **more}, "9", LEVELS[0], wall_seconds=9)
    assert time.monotonic() - start < 9 + 4
    assert outcome.verdict.outcome == "blocked"
    assert "test_m0.py" in outcome.verdict.text + outcome.verdict.detail


@pytest.mark.parametrize(
    ("arguments", "left"),
    [
        ((), ("--ignore=tests/test_b.py",)),
        (("-q", "tests"), ("-q", "tests", "--ignore=tests/test_b.py")),
        (("tests/test_a.py", "./tests/test_b.py::TestIt"), ("tests/test_a.py", "--ignore=tests/test_b.py")),
        (("-q", "--", "tests"), ("-q", "--ignore=tests/test_b.py", "--", "tests")),
    ],
)
def test_a_culprit_is_left_out_of_any_arguments(arguments: tuple[str, ...], left: tuple[str, ...]) -> None:
    assert leaving_out(Target("python", arguments), ["tests/test_b.py"]).arguments == left
