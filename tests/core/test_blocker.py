"""What keeps a whole pass from counting: the real exception and the file, also where pytest only prints it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from remediation.core.blocker import blocker_of, identify_blocker, is_blocker, located, title_of_blocker
from remediation.core.records import Cause, CollectionError, ProcessEnd
from remediation.core.stream import Recording

ARGUMENTS = """ERROR: usage: __main__.py [options] [file_or_dir] [file_or_dir] [...]
__main__.py: error: unrecognized arguments: --cov=atlas
  inifile: /checkout/setup.cfg
  rootdir: /checkout

"""
PLUGIN = """Traceback (most recent call last):
  File "/usr/lib/python3.11/site-packages/_pytest/config/__init__.py", line 865, in import_plugin
    __import__(importspec)
ModuleNotFoundError: No module named 'gone_plugin'

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "<frozen runpy>", line 198, in _run_module_as_main
  File "/checkout/plugins/own.py", line 3, in <module>
    import gone_plugin
ImportError: Error importing plugin "gone_plugin": No module named 'gone_plugin'
"""
# what pytest prints: (path, type, message, title)
PRINTED = {
    ARGUMENTS: ("setup.cfg", "UsageError", "unrecognized arguments: --cov=atlas",
                "pytest does not start: unrecognized arguments: --cov=atlas"),
    "ERROR: /checkout/pytest.ini:2: unexpected line: 'nonsense'\n\n": (
        "pytest.ini", "UsageError", "unexpected line: 'nonsense'",
        "pytest does not start: unexpected line: 'nonsense'"),
    "ERROR: /checkout/pyproject.toml: Expected '=' after a key (at line 3, column 5)\n\n": (
        "pyproject.toml", "UsageError", "Expected '=' after a key (at line 3, column 5)",
        "pytest does not start: Expected '=' after a key (at line 3, column 5)"),
    "ERROR: file or directory not found: nope\n\n": (
        "", "UsageError", "file or directory not found: nope",
        "pytest does not start: file or directory not found: nope"),
    PLUGIN: ("plugins/own.py", "ImportError", "Error importing plugin \"gone_plugin\": No module named 'gone_plugin'",
             "pytest does not start: Error importing plugin \"gone_plugin\": No module named 'gone_plugin'"),
}  # fmt: skip


@pytest.mark.parametrize("stderr", PRINTED)
def test_it_reads_what_pytest_printed_before_its_session(stderr: str) -> None:
    path, kind, message, title = PRINTED[stderr]
    error = blocker_of(Recording(), ProcessEnd(4, stderr=stderr), "usage-error", root="/checkout")
    assert error is not None
    assert (error.path, error.cause.type, error.cause.message) == (path, kind, message)
    found = identify_blocker(error)
    assert (found.error.kind, title_of_blocker(found.error)) == ("configuration", title)


@pytest.mark.parametrize("reason", ["nothing-collected", "status-mismatch", "garbled-stream", "too-many-culprits"])
def test_it_names_no_cause_where_no_single_one_is_known(reason: str) -> None:
    assert blocker_of(Recording(), ProcessEnd(2, stderr=ARGUMENTS), reason) is None


@pytest.mark.parametrize("stderr", ["", "Killed", "ERROR", "Traceback (most recent call last)", "ERROR: \n"])
def test_output_that_says_nothing_gives_no_cause(stderr: str) -> None:
    assert blocker_of(Recording(), ProcessEnd(1, stderr=stderr), "plugin-failure") is None


def test_a_plugin_that_is_missing_is_looked_for_in_the_configuration() -> None:
    found = CollectionError("", "", Cause("ImportError", "Error importing plugin \"gone\": No module named 'gone'"))
    files = {"setup.cfg": b"[tool:pytest]\naddopts = -p gone\n", "tox.ini": b"[tox]\n"}
    assert located(found, lambda path: files.get(path, b"")).path == "setup.cfg"
    assert located(found, lambda path: b"") == found
    assert located(replace(found, path="conftest.py"), lambda path: files.get(path, b"")).path == "conftest.py"


def conftest(message: str = "No module named 'gone'", line: str = "") -> CollectionError:
    return CollectionError("tests/conftest.py", "", Cause("ModuleNotFoundError", message, name="gone"), line)


def test_a_conftest_is_a_cause_of_its_own_kind() -> None:
    found = identify_blocker(conftest())
    assert found.error.kind == "conftest-failure"
    assert title_of_blocker(found.error) == "tests/conftest.py cannot be loaded: No module named 'gone'"
    assert is_blocker(found.key) and found.key != identify_blocker(conftest("x")).key.removeprefix("blocked:")


def test_the_conftest_that_ends_the_process_is_named() -> None:
    ended = CollectionError("conftest.py", "conftest.py", Cause("collection.Exit", "the process ended with status 0"))
    error = blocker_of(Recording(), ProcessEnd(0), "exit-without-finish", (ended,))
    assert error is ended


def test_a_pathless_error_of_an_old_pytest_is_found_by_its_frames() -> None:
    frames = (conftest().cause,)
    recording = Recording(errors=[CollectionError("", "", frames[0])])
    error = blocker_of(recording, ProcessEnd(2), "session-failure")
    assert error is not None and error.cause.name == "gone"
