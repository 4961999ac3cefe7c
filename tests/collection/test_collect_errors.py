"""Every kind of collection error, at each pytest version and level: counts as bare pytest has them, causes as facts."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from tests.collection.conftest import LEVELS, OLDEST, VERSIONS, WHERE, Collecting, bare

PROJECT = {
    "pytest.ini": "[pytest]\naddopts = --strict-markers -x -ra\nmarkers =\n    load: heavy\n",
    "core/__init__.py": "",
    "core/deep.py": "from core import helpers\n",
    "core/helpers.py": "import gone_dependency\n",
    "tests/test_ok.py": """
import pytest
@pytest.mark.parametrize("number", range(7))
def test_many(number): pass
class TestGroup:
    def test_one(self): pass
""",
    "tests/test_missing_module.py": "import os\nimport core.registry\nfrom core import (  # all\n    a,\n    b,\n)\n",
    "tests/test_missing_dependency.py": "import core.deep\n",
    "tests/test_missing_name.py": "from core import (\n    Nope,  # gone\n)\n",
    "tests/test_syntax.py": "def broken(:\n    pass\n",
    "tests/test_marker.py": "import pytest\n@pytest.mark.unheard\ndef test_it(): pass\n",
    "tests/test_mro.py": "class A: pass\nclass B(A): pass\nclass TestC(A, B): pass\n",
    "tests/test_name.py": "\n\nundefined_thing\n",
    "one/test_same.py": "def test_it(): pass\n",
    "two/test_same.py": "def test_it(): pass\n",
    "tests/test_skip.py": "import pytest\npytest.skip('not here', allow_module_level=True)\n",
    "tests/test_skip_misuse.py": "import pytest\npytest.skip('misused')\n",
    "tests/test_two.py": """
import pytest
def test_fine(): pass
class TestFirst:
    @pytest.mark.unheard_a
    def test_it(self): pass
""",
    "tests/test_class.py": """
class Meta(type):
    def __dir__(cls): raise RuntimeError("no listing")
    __dict__ = property(lambda cls: (_ for _ in ()).throw(RuntimeError("no listing")))
class TestFirst(metaclass=Meta):
    def test_it(self): pass
class TestSecond(metaclass=Meta):
    def test_it(self): pass
def test_fine(): pass
""",
    "tests/test_empty.py": "",
}
FAILING = {
    "tests/test_missing_module.py": ("ModuleNotFoundError", "core.registry"),
    "tests/test_missing_dependency.py": ("ModuleNotFoundError", "gone_dependency"),
    "tests/test_missing_name.py": ("ImportError", "core"),
    "tests/test_syntax.py": ("SyntaxError", ""),
    "tests/test_marker.py": ("_pytest.outcomes.Failed", ""),
    "tests/test_mro.py": ("TypeError", ""),
    "tests/test_name.py": ("NameError", "undefined_thing"),
    "tests/test_skip_misuse.py": ("_pytest.outcomes.Skipped", ""),
    "tests/test_two.py": ("_pytest.outcomes.Failed", ""),
    "two/test_same.py": ("_pytest.pathlib.ImportPathMismatchError", "test_same"),
}


@pytest.mark.parametrize(("version", "level"), [(OLDEST, LEVELS[0]), *WHERE])
def test_every_kind_of_error(version: str, level: int, collecting: Collecting, tmp_path: Path) -> None:
    outcome = collecting(PROJECT, version, level)
    assert outcome.verdict.outcome == "counted", (outcome.verdict, outcome.collected.end)
    assert outcome.collected.sandbox_level == level
    result = outcome.verdict.result
    assert result is not None
    singles = {e.path: (e.cause.type, e.cause.name) for e in result.errors if e.path != "tests/test_class.py"}
    assert singles == FAILING
    assert [e.node for e in result.errors if e.path == "tests/test_class.py"] == [
        "tests/test_class.py::TestFirst",
        "tests/test_class.py::TestSecond",
    ]
    files = outcome.files()
    assert files["tests/test_ok.py"] == ("collected", 8)
    assert files["one/test_same.py"] == ("collected", 1)
    assert files["tests/test_class.py"] == ("error", 1)
    assert files["tests/test_skip.py"] == ("skipped", 0)
    assert files["tests/test_empty.py"] == ("collected", 0)
    # The same tree in a person's hands; -x would end it at the first error, which is why ours overrides it.
    plain = {**PROJECT, "pytest.ini": PROJECT["pytest.ini"].replace(" -x", "")}
    seen = bare(plain, version, tmp_path / "bare").stdout
    errors = int(re.search(r"(\d+) errors?", seen.splitlines()[-1]).group(1))  # type: ignore[union-attr]
    assert (result.pytest_errors, len(result.errors)) == (errors, errors)
    assert result.tests == len([line for line in seen.splitlines() if "::" in line and not line.startswith("ERROR")])


@pytest.mark.parametrize(("version", "level"), WHERE)
def test_causes_are_facts_of_the_exception(version: str, level: int, collecting: Collecting) -> None:
    outcome = collecting(PROJECT, version, level)
    module = outcome.error("tests/test_missing_module.py").cause
    assert (module.blame.path, module.blame.line, module.blame.statement) == (
        "tests/test_missing_module.py",
        2,
        "import core.registry",
    )
    assert module.blame.pending == (hashlib.sha256(b"from core import ( a, b, )").hexdigest()[:8],)
    dependency = outcome.error("tests/test_missing_dependency.py").cause
    assert [frame.path for frame in dependency.frames] == [
        "tests/test_missing_dependency.py",
        "core/deep.py",
        "core/helpers.py",
    ]
    name = outcome.error("tests/test_missing_name.py").cause
    assert (name.name_from, name.path, name.blame.statement) == (
        "Nope",
        "core/__init__.py",
        "from core import ( Nope, )",
    )
    assert "checkout" not in name.message and "tree" not in name.message
    syntax = outcome.error("tests/test_syntax.py").cause
    assert (syntax.filename, syntax.lineno) == ("tests/test_syntax.py", 1)
    marker = outcome.error("tests/test_marker.py").cause
    assert marker.message == "'unheard' not found in `markers` configuration option"
    assert marker.blame.line == 2
    assert outcome.error("tests/test_mro.py").cause.bases == ("A", "B")
    assert outcome.error("tests/test_name.py").cause.blame.line == 3
    mismatch = outcome.error("two/test_same.py").cause
    assert mismatch.message == "test_same, one/test_same.py, two/test_same.py"
    assert "core.registry" in outcome.error("tests/test_missing_module.py").traceback


def test_the_session_says_what_it_is(collecting: Collecting) -> None:
    outcome = collecting(PROJECT, "9", LEVELS[0])
    session = outcome.verdict.session
    assert session.pytest.startswith("9.") and session.python.count(".") == 2
    assert (session.rootdir, session.inipath, session.args) == (".", "pytest.ini", (".",))
    assert session.ini_digest == hashlib.sha256(PROJECT["pytest.ini"].encode()).hexdigest()
    assert session.python_files == ("test_*.py", "*_test.py")


def test_the_same_tree_gives_the_same_bytes_at_every_level(collecting: Collecting, tmp_path: Path) -> None:
    first = collecting(PROJECT, "9", LEVELS[0]).verdict.result
    (tmp_path / "tree").rename(tmp_path / "old-tree")
    (tmp_path / "work").rename(tmp_path / "old-work")
    second = collecting(PROJECT, "9", LEVELS[-1]).verdict.result
    assert first is not None and second is not None
    assert first.digest() == second.digest()


@pytest.mark.parametrize("version", VERSIONS)
def test_deselected_ignored_and_lost_tests_are_told_apart(version: str, collecting: Collecting) -> None:
    files = {
        "pytest.ini": "[pytest]\naddopts = -k 'not slow'\n",
        "conftest.py": "collect_ignore = ['test_left_out.py', 'attic']\n",
        "test_part.py": "def test_slow(): pass\ndef test_quick(): pass\n",
        "test_gone.py": "def test_slow_one(): pass\n",
        "test_left_out.py": "import nothing_like_it\n",
        "attic/test_old.py": "import nothing_like_it\n",
        "node_modules/test_vendor.py": "import nothing_like_it\n",
        "test_init.py": "class TestIt:\n    def __init__(self): pass\n    def test_it(self): pass\n",
    }
    outcome = collecting(files, version, LEVELS[0])
    assert outcome.files() == {
        "test_part.py": ("collected", 1),
        "test_gone.py": ("deselected", 0),
        "test_left_out.py": ("ignored", 0),
        "attic/test_old.py": ("ignored", 0),
        "node_modules/test_vendor.py": ("ignored", 0),
        "test_init.py": ("collected", 0),
    }
    result = outcome.verdict.result
    assert result is not None
    assert (result.tests, result.deselected, result.pytest_errors) == (1, 2, 0)
    assert any("__init__ constructor" in warning for warning in result.warnings)


@pytest.mark.parametrize(("version", "level"), WHERE)
def test_healthy(version: str, level: int, collecting: Collecting) -> None:
    files = {"tests/test_it.py": "def test_a(): pass\ndef test_b(): pass\n", "tests/conftest.py": ""}
    outcome = collecting(files, version, level)
    assert (outcome.verdict.outcome, outcome.verdict.reason) == ("counted", "")
    assert outcome.files() == {"tests/test_it.py": ("collected", 2)}
    assert outcome.verdict.result is not None
    assert outcome.verdict.result.inventory == ("tests/conftest.py", "tests/test_it.py")


@pytest.mark.parametrize(("version", "level"), WHERE)
def test_broken_nested_conftest(version: str, level: int, collecting: Collecting) -> None:
    files = {
        "sub/conftest.py": "import gone\n",
        "sub/test_below.py": "def test_it(): pass\n",
        "test_beside.py": "def test_it(): pass\n",
    }
    outcome = collecting(files, version, level)
    if version == "7.4":  # pytest 7 gives up the whole session
        assert (outcome.verdict.outcome, outcome.verdict.reason) == ("blocked", "session-failure")
        assert "sub/conftest.py" in outcome.verdict.text and "No module named 'gone'" in outcome.verdict.detail
        return
    assert outcome.files() == {
        "sub/conftest.py": ("error", 0),
        "sub/test_below.py": ("masked", 0),
        "test_beside.py": ("collected", 1),
    }
    assert outcome.error("sub/conftest.py").cause.name == "gone"


def test_variables_reach_the_target_and_nothing_of_ours_does(
    collecting: Collecting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUR_SECRET", "canary")
    files = {
        "lib/inside.py": "",
        "test_env.py": """
import os, sys, inside
assert "OUR_SECRET" not in os.environ and "canary" not in str(os.environ)
assert not [name for name in os.environ if name.startswith("REMEDIATION")]
assert not [entry for entry in sys.path if "plugin" in entry], sys.path
assert "plugin" not in os.environ["PYTHONPATH"] and os.environ["MODE"] == "x=1"
assert os.listdir(os.environ["HOME"]) == []
def test_it(): pass
""",
    }
    outcome = collecting(files, "9", LEVELS[0], env={"PYTHONPATH": "{checkout}/lib", "MODE": "x=1"})
    assert outcome.files() == {"test_env.py": ("collected", 1)}
