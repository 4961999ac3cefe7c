"""What a pasted CI log says: real output of four releases of pytest, however a CI service wrapped it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediation.core import ci_lines
from remediation.core.ci_log import parse

LOGS = Path(__file__).parent / "ci_logs"
BROKEN = {"tests/test_marker.py", "tests/test_missing.py", "tests/test_name.py", "tests/sub/test_syntax.py"}
HEADER = {"platform": "linux", "python": "3.11.7", "rootdir": "/home/ci/atlas", "configuration": "pyproject.toml"}
REAL: dict[str, dict[str, Any]] = {
    # One file's error is reported by both workers; the log's closing line counts a failing fixture too.
    "pytest-6.2-distributed": {
        **HEADER, "pytest": "6.2.5", "testpaths": ("tests",), "plugins": ("xdist 3.5.0", "cov 6.3.0"),
        "errors": 5, "tests": 3, "workers": 2, "stopped": "",
    },
    "pytest-7.4-quiet": {
        "platform": None, "python": None, "rootdir": None, "plugins": None, "configuration": None,
        "errors": 4, "tests": 3, "workers": None, "stopped": "",
    },
    "pytest-8.3-first-error": {
        **HEADER, "pytest": "8.3.5", "errors": 1, "tests": 0, "stopped": "stopping after 1 failures",
    },
    "pytest-9-coloured": {
        **HEADER, "pytest": "9.2.0", "plugins": ("xdist 3.8.0", "cov 7.1.0"), "errors": 4, "tests": 2, "stopped": "",
    },
}  # fmt: skip


def read(name: str) -> str:
    return (LOGS / f"{name}.txt").read_text()


def plain(text: str) -> str:
    return text


def github(text: str) -> str:
    return "\n".join(f"2025-09-09T12:00:0{i % 10}.1234567Z {line}" for i, line in enumerate(text.split("\n")))


def github_download(text: str) -> str:
    return "\ufeff" + "\n".join(f"test (3.11)\tRun tests\t{line}" for line in github(text).split("\n"))


def gitlab(text: str) -> str:
    return "\n".join(f"2025-09-09T12:00:00.123456Z 01O {line}" for line in text.split("\n"))


def jenkins(text: str) -> str:
    return "\r\n".join(f"[2025-09-09T12:00:00.123Z] {line}" for line in text.split("\n"))


@pytest.mark.parametrize("wrapped", [plain, github, github_download, gitlab, jenkins])
@pytest.mark.parametrize("name", REAL)
def test_it_reads_what_pytest_wrote(name: str, wrapped: Any) -> None:
    found = parse(wrapped(read(name)))
    assert found.runs == 1
    assert {field: getattr(found, field) for field in REAL[name]} == REAL[name]
    whole = name != "pytest-8.3-first-error"
    assert set(found.files or ()) == (BROKEN if whole else {"tests/sub/test_syntax.py"})


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ("collected 3834 items / 15 errors / 2 deselected / 1 skipped", {"tests": 3832, "errors": 15}),
        ("collected 3834 items / 4 errors / 34 deselected / 3800 selected", {"tests": 3800, "errors": 4}),
        ("collecting ... collected 1 item", {"tests": 1, "errors": 0, "files": ()}),
        ("collected 0 items / 1 error", {"tests": 0, "errors": 1, "files": None}),
        ("3834 tests collected, 15 errors in 3.2s", {"tests": 3834, "errors": 15}),
        ("== 100/120 tests collected (20 deselected), 1 error in 63.10s (0:01:03) ==", {"tests": 100, "errors": 1}),
        ("no tests collected, 1 error in 0.1s", {"tests": 0, "errors": 1}),
        ("no tests collected in 0.01s", {"tests": 0, "errors": 0}),
        ("=== 3 failed, 2 passed, 1 warning in 3.2s ===", {"tests": None, "errors": 0}),
        ("=== no tests ran in 0.12s ===", {"tests": None, "errors": 0}),
        ("!!!!!! Interrupted: 7 errors during collection !!!!!!", {"errors": 7, "stopped": None}),
        ("gw0 [42] / gw1 [42]", {"tests": 42, "workers": 2}),
        ("8 workers [1200 items]", {"tests": 1200, "workers": 8}),
        ("rootdir: /a b, configfile: sub/tox.ini, testpaths: tests, more",
         {"rootdir": "/a b", "configuration": "sub/tox.ini", "testpaths": ("tests", "more")}),
        ("configfile: a.toml (WARNING: ignoring pytest config in tox.ini!)", {"configuration": "a.toml"}),
        ("rootdir: /a", {"rootdir": "/a", "configuration": "", "plugins": None}),
        ("plugins: anyio-4.3.0, Faker-24.0.0, json-report-1.5.0, odd", {
            "plugins": ("anyio 4.3.0", "Faker 24.0.0", "json-report 1.5.0", "odd")}),
        ("platform win32 -- Python 3.12.0rc1, pytest-9.0.0, pluggy-1.6.0 -- C:\\py.exe",
         {"platform": "win32", "python": "3.12.0rc1", "pytest": "9.0.0"}),
        ("ERROR tests/my dir/test_x.py - ImportError: No module named 'a - b'", {"files": ("tests/my dir/test_x.py",)}),
        ("ERROR tests/test_x.py", {"files": ("tests/test_x.py",), "errors": 1}),
        ("____ ERROR collecting tests/test_x.py::TestOne ____", {"files": ("tests/test_x.py",), "errors": 1}),
        # none of these is pytest's word on collection
        ("ERROR tests/test_x.py::test_one - ValueError", {"files": None, "errors": None}),
        ("ERROR: Could not find a version that satisfies the requirement", {"files": None, "errors": None}),
        ("ERROR    root:conftest.py:3 no database", {"files": None, "errors": None}),
        ("Built 3 wheels, 2 errors in 1.2s", {"errors": None, "runs": 0}),
        ("Resolved 40 packages in 1.2s", {"errors": None, "runs": 0}),
    ],
)  # fmt: skip
def test_it_reads_one_line(line: str, fields: dict[str, Any]) -> None:
    found = parse(line)
    assert {name: getattr(found, name) for name in fields} == fields


@pytest.mark.parametrize(
    ("line", "arguments"),
    [
        ("##[group]Run python -m pytest -x tests", ("-x", "tests")),
        ("Run pytest", ()),
        ("$ poetry run pytest -m 'not slow' | tee log", ("-m", "not slow")),
        ("+ cd backend && uv run --frozen python3.12 -m pytest -n4 2>&1", ("-n4",)),
        ("py311: commands[0]> pytest tests", ("tests",)),
        ("\x1b[36;1mpytest tests/unit -q\x1b[0m", ("tests/unit", "-q")),
        ("$ DATABASE=x coverage run -m pytest --ds=a.b", ("--ds=a.b",)),
        ("$ pytest \\\n  -x \\\n  tests", ("-x", "tests")),
        ("pytest is what we use", None),
        ("pytest-cov 4.0 is installed", None),
        ("$ pip install pytest", None),
        ("pytest==8.3.5", None),
        ("$ echo 'pytest -x'", None),
    ],
)
def test_it_finds_the_command(line: str, arguments: tuple[str, ...] | None) -> None:
    assert parse(f"{line}\ncollected 3 items\n").arguments == arguments


def test_it_keeps_the_names_of_variables_and_never_their_values() -> None:
    found = parse(
        "##[group]Run pytest\nenv:\n  TOKEN: abc123\n  MODE: ci\n##[endgroup]\ncollected 1 item\n$ A=b pytest x/\n"
    )
    assert found.variables == ("A", "MODE", "TOKEN")
    assert "abc123" not in repr(found)


def test_it_finds_the_commit_that_was_laid_out_before_the_tests() -> None:
    sha = "0123456789abcdef0123456789abcdef01234567"
    assert parse(f"HEAD is now at 0123456 A subject\n{read('pytest-7.4-quiet')}").commit == "0123456"
    assert parse(f"'{sha}'\ncollected 1 item\n").commit == sha
    assert parse(f"collected 1 item\n{sha}\n").commit is None


def test_the_last_of_several_runs_is_taken_and_their_number_is_told() -> None:
    first, second = read("pytest-9-coloured"), read("pytest-8.3-first-error")
    found = parse(f"$ pytest -k one\n{first}\n$ pytest -k two\n{second}")
    assert (found.runs, found.pytest, found.arguments) == (2, "8.3.5", ("-k", "two"))
    assert found.files == ("tests/sub/test_syntax.py",)
    quiet = read("pytest-7.4-quiet")
    assert parse(quiet + quiet).runs == 2


def test_what_a_log_does_not_say_is_none_and_not_zero() -> None:
    found = parse("Set up job\nDone.\n")
    assert not found.says_something
    assert (found.errors, found.tests, found.files, found.plugins, found.packages) == (None,) * 5


@pytest.mark.parametrize(
    ("text", "packages"),
    [
        ("numpy==1.26.4\nDjango===5.2\n# editable\n-e git+https://x/y@1#egg=atlas\n",
         ("numpy 1.26.4", "Django 5.2", "atlas")),
        ("mine @ file:///x/y\nother @ git+https://u:p@h/x\n", ("mine", "other")),
        ("Package  Version  Editable project location\n-------- ------- ---\nnumpy    1.26.4\natlas 0.1 /x/atlas\n",
         ("numpy 1.26.4", "atlas 0.1")),
        (" + numpy==2.0.0\n ~ atlas==0.1 (from file:///x)\n", ("numpy 2.0.0",)),
        ("\x1b[1mnumpy\x1b[0m==1.26.4", ("numpy 1.26.4",)),
        ("nothing to see here, really\n", None),
        ("", None),
    ],
)  # fmt: skip
def test_it_reads_lists_of_packages(text: str, packages: tuple[str, ...] | None) -> None:
    assert parse("", text).packages == packages


PIECES = st.sampled_from(
    [
        "collected ", "1 item", " / 2 errors", "ERROR ", "tests/test_x.py", "::", " - ", "____ ERROR collecting x ____",
        "=== short test summary info ===", " in 1.0s", "3 passed", "!!! Interrupted: 9 errors during collection !!!",
        "$ pytest ", "-k '", "\\", "\n", "\r", "\x00", "\x1b[31m", "env:\n  A: b", "platform x -- Python 3, pytest-8",
        "rootdir: ", "plugins: a-1, b", "2025-09-09T12:00:00Z ", "9" * 12, "\ud800", "a==1", " @ x",
        "##[group]", "gw0 [1]",
    ]
)  # fmt: skip


@given(st.lists(st.one_of(PIECES, st.text(max_size=20)), max_size=60).map("".join))
def test_it_never_raises_and_never_counts_below_zero(text: str) -> None:
    found = parse(text, text)
    assert found.errors is None or found.errors >= 0
    assert found.files is None or len(found.files) == len(set(found.files))


@pytest.mark.parametrize(
    "line", ["_" * 3_000, "ERROR " * 2_000, "$ pytest " + "a" * 5_000, "1 passed, " * 900, "x" * 400_000]
)
def test_long_lines_are_cut_and_a_huge_log_is_read_to_its_limit(monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    monkeypatch.setattr(ci_lines, "LARGEST", 200_000)
    found = parse(f"{line}\n" * 300 + "collected 3 items\n")
    assert found.tests in (None, 3)
