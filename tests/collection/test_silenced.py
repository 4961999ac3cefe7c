"""How a test file is silenced, told by its mechanism at every pytest version: never guessed from printed text."""

from __future__ import annotations

import pytest

from tests.collection.conftest import LEVELS, OLDEST, VERSIONS, Collecting, Outcome

EVERY = (OLDEST, *VERSIONS)
TEST = "def test_it(): pass\n"
BROKEN = "import nothing_like_it\n"
HOOK = "def pytest_ignore_collect(%s): return True if str(%s).endswith('test_hooked.py') else None\n"


def told(outcome: Outcome) -> dict[str, tuple[str, int, str]]:
    """Code, tests and details of every file, by path."""
    assert outcome.verdict.result is not None, (outcome.verdict, outcome.collected.end)
    return {file.path: (file.code, file.tests, file.reason) for file in outcome.verdict.result.files}


@pytest.mark.parametrize("version", EVERY)
def test_ignored_files_say_by_what(version: str, collecting: Collecting) -> None:
    name = "path" if version == OLDEST else "collection_path"
    files = {
        "pytest.ini": "[pytest]\nnorecursedirs = attic .* build\naddopts = --ignore=old --ignore-glob=*/test_g_*.py\n",
        "conftest.py": "collect_ignore = ['test_listed.py']\ncollect_ignore_glob = ['*_slow_test.py']\n",
        "sub/conftest.py": HOOK % (name, name) + "collect_ignore = ['test_here.py', 'deep']\n",
        "test_ok.py": TEST,
        "test_listed.py": BROKEN,
        "very_slow_test.py": BROKEN,
        "old/test_old.py": BROKEN,
        "sub/test_g_one.py": BROKEN,
        "sub/test_here.py": BROKEN,
        "sub/deep/er/test_deep.py": BROKEN,
        "sub/test_hooked.py": BROKEN,
        "attic/test_attic.py": BROKEN,
        "sub/build/test_made.py": BROKEN,
    }
    assert told(collecting(files, version, LEVELS[0])) == {
        "test_ok.py": ("collected", 1, ""),
        "test_listed.py": ("by-conftest", 0, "collect_ignore in conftest.py"),
        "very_slow_test.py": ("by-conftest", 0, "collect_ignore_glob in conftest.py"),
        "old/test_old.py": ("by-option", 0, "--ignore=old"),
        "sub/test_g_one.py": ("by-option", 0, "--ignore-glob=*/test_g_*.py"),
        "sub/test_here.py": ("by-conftest", 0, "collect_ignore in sub/conftest.py"),
        "sub/deep/er/test_deep.py": ("by-conftest", 0, "collect_ignore in sub/conftest.py"),
        "sub/test_hooked.py": ("by-hook", 0, "in sub/conftest.py"),
        "attic/test_attic.py": ("norecurse", 0, "attic"),
        "sub/build/test_made.py": ("default-dir", 0, "sub/build"),
    }


@pytest.mark.parametrize("version", EVERY)
def test_skipped_and_empty_files_say_how(version: str, collecting: Collecting) -> None:
    files = {
        "test_ok.py": TEST,
        "test_skip.py": "import pytest\npytest.skip('not here', allow_module_level=True)\n",
        "test_needs.py": f"import pytest\npytest.importorskip('no_such_thing')\n{TEST}",
        "test_reason.py": "import pytest\npytest.importorskip('no_such_thing', reason='only on Mondays')\n",
        "test_off.py": f"__test__ = False\n{TEST}",
        "test_nothing.py": "",
        "test_helpers.py": "def helper(): pass\n",
        "test_init.py": "class TestIt:\n    def __init__(self): pass\n    def test_it(self): pass\n",
        # Its tests are skipped one by one, and are there: not silenced.
        "test_marked.py": f"import pytest\npytestmark = pytest.mark.skip(reason='flaky')\n{TEST}",
        "lib/plain.py": BROKEN,
    }
    found = told(collecting(files, version, LEVELS[0]))
    lost = found.pop("test_init.py")
    assert lost[:2] == ("empty", 0) and "cannot collect test class 'TestIt'" in lost[2]
    assert found == {
        "test_ok.py": ("collected", 1, ""),
        "test_skip.py": ("skip", 0, "not here"),
        "test_needs.py": ("importorskip", 0, "could not import 'no_such_thing': No module named 'no_such_thing'"),
        "test_reason.py": ("importorskip", 0, "no_such_thing: only on Mondays"),
        "test_off.py": ("test-false", 0, ""),
        "test_nothing.py": ("empty", 0, "the file is empty"),
        "test_helpers.py": ("empty", 0, ""),
        "test_marked.py": ("collected", 1, ""),
    }


@pytest.mark.parametrize("version", EVERY)
def test_unittest_skiptest_is_told_where_pytest_takes_it_for_a_skip(version: str, collecting: Collecting) -> None:
    files = {"test_ok.py": TEST, "test_unit.py": "import unittest\nraise unittest.SkipTest('no display')\n"}
    assert told(collecting(files, version, LEVELS[0]))["test_unit.py"] == ("unittest", 0, "no display")


@pytest.mark.parametrize("version", EVERY)
@pytest.mark.parametrize(
    ("addopts", "conftest", "by"),
    [
        ("-k 'not slow'", "", "-k 'not slow'"),
        ("-m 'not heavy'", "", "-m 'not heavy'"),
        ("--deselect test_gone.py", "", "--deselect test_gone.py"),
        (
            "",
            "def pytest_collection_modifyitems(config, items):\n"
            "    gone = [item for item in items if 'slow' in item.name]\n"
            "    config.hook.pytest_deselected(items=gone)\n"
            "    items[:] = [item for item in items if item not in gone]\n",
            "a hook in conftest.py",
        ),
        (
            "",
            "def pytest_collection_modifyitems(items):\n    items[:] = [i for i in items if 'slow' not in i.name]\n",
            "a hook that takes tests out of the list",
        ),
    ],
)
def test_deselected_files_say_by_what(
    version: str, addopts: str, conftest: str, by: str, collecting: Collecting
) -> None:
    files = {
        "pytest.ini": f"[pytest]\naddopts = {addopts}\nmarkers = heavy: not now\n",
        "conftest.py": conftest,
        "test_part.py": "def test_quick(): pass\n",
        "test_gone.py": "import pytest\n@pytest.mark.heavy\ndef test_slow_one(): pass\n",
    }
    outcome = collecting(files, version, LEVELS[0])
    assert told(outcome) == {"test_part.py": ("collected", 1, ""), "test_gone.py": ("deselected", 0, by)}
    assert outcome.verdict.result is not None and outcome.verdict.result.deselected == 1


@pytest.mark.parametrize("version", EVERY)
@pytest.mark.parametrize("given", ["testpaths", "arguments"])
def test_files_outside_what_pytest_was_given(version: str, given: str, collecting: Collecting) -> None:
    files = {
        "pytest.ini": "[pytest]\n" + ("testpaths = tests/unit spec\n" if given == "testpaths" else ""),
        "tests/unit/test_in.py": TEST,
        "tests/system/test_out.py": BROKEN,
        "spec/test_spec.py": TEST,
        "test_top.py": BROKEN,
    }
    arguments = ("tests/unit", "spec/test_spec.py::test_it") if given == "arguments" else ()
    found = told(collecting(files, version, LEVELS[0], arguments=arguments))
    said = "pytest was given tests/unit " + ("spec" if given == "testpaths" else "spec/test_spec.py")
    assert found == {
        "tests/unit/test_in.py": ("collected", 1, ""),
        "spec/test_spec.py": ("collected", 1, ""),
        "tests/system/test_out.py": ("outside", 0, said),
        "test_top.py": ("outside", 0, said),
    }


@pytest.mark.parametrize("version", EVERY)
def test_a_directory_that_pytest_was_given_is_entered_whatever_its_name(version: str, collecting: Collecting) -> None:
    files = {"build/test_made.py": TEST, "build/dist/test_deeper.py": BROKEN}
    assert told(collecting(files, version, LEVELS[0], arguments=("build",))) == {
        "build/test_made.py": ("collected", 1, ""),
        "build/dist/test_deeper.py": ("default-dir", 0, "build/dist"),
    }


@pytest.mark.parametrize("version", ["8.3", "9"])
def test_a_directory_skipped_by_its_conftest_silences_the_files_below(version: str, collecting: Collecting) -> None:
    files = {
        "test_ok.py": TEST,
        "gpu/conftest.py": "import pytest\npytest.importorskip('no_gpu_here')\n",
        "gpu/test_gpu.py": TEST,
    }
    code, tests, reason = told(collecting(files, version, LEVELS[0]))["gpu/test_gpu.py"]
    assert (code, tests) == ("importorskip", 0) and "no_gpu_here" in reason


def test_strange_plugins_and_lists_cost_no_pass(collecting: Collecting) -> None:
    files = {
        "conftest.py": "class Odd:\n    def __getattr__(self, name): raise RuntimeError(name)\n"
        "collect_ignore = ['test_left.py']\n"
        "def pytest_configure(config): config.pluginmanager.register(type('P', (), {'__file__': Odd()})())\n",
        "test_ok.py": TEST,
        "test_left.py": BROKEN,
        "test_odd.py": "class Odd:\n    def __eq__(self, other): raise RuntimeError\n__test__ = Odd()\n",
    }
    found = told(collecting(files, "9", LEVELS[0]))
    assert found["test_left.py"][0] in {"by-conftest", "ignored"}
    assert found["test_odd.py"][:2] == ("empty", 0)
