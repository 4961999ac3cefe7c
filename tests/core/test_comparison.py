"""Two sets of conditions side by side: what differs, what is not known, and why it matters."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediation.core.ci_log import CiLog, parse
from remediation.core.comparison import Row, compare
from remediation.core.conditions import Conditions, of_log, of_pass
from remediation.core.error_files import Files, split_files

STORED: dict[str, Any] = {
    "arguments": ["tests"],
    "variables": ["MODE"],
    "command": "python -m pytest --collect-only -q tests",
    "python": "3.12.1",
    "pytest": "9.1.0",
    "platform": "linux",
    "rootdir": ".",
    "inipath": "pyproject.toml",
    "addopts": ["-ra"],
    "testpaths": ["tests"],
    "python_files": ["test_*.py"],
    "plugins": ["pytest-cov 5.0.0", "xdist 3.8.0"],
    "packages": ["numpy 2.1.0", "pytest_cov 5.0.0", "pip 24.0", "Foo.Bar 1.0"],
    "sandbox_level": 3,
    "network": False,
    "interpreter": "built",
    "source_roots": ["src"],
}


def ours(**changes: Any) -> Conditions:
    facts = {name: value for name, value in {**STORED, **changes}.items() if value is not None}
    return of_pass(facts, commit="a" * 40, errors=15, tests=300, files=["tests/test_a.py"])


def row(topic: str, one: Conditions, other: Conditions) -> Row:
    (found,) = (row for row in compare(one, other).rows if row.topic == topic)
    return found


def log(**fields: Any) -> Conditions:
    return of_log(CiLog(**fields))


def test_a_pass_beside_itself_differs_in_nothing_and_all_is_known() -> None:
    compared = compare(ours(), ours())
    assert compared.differing == compared.unknown == compared.explaining == ()
    assert len(compared.same) > 15


def test_an_empty_log_says_nothing_and_nothing_differs() -> None:
    compared = compare(ours(), log())
    assert compared.differing == () and compared.explaining == ()
    assert compared.files is None
    assert all(found.theirs is None for found in compared.rows)


def test_a_pass_of_which_nothing_was_kept_has_no_row_that_claims_anything() -> None:
    bare = of_pass(None, commit="", errors=None, tests=None, files=None)
    assert [found.topic for found in compare(bare, Conditions()).rows] == ["Stopped early", "Distributed"]


@pytest.mark.parametrize(
    ("mine", "their", "reasons"),
    [
        ([], ("-x",), ["-x stops at the first error, so that count is cut short."]),
        (["-x", "--maxfail=1"], (), []),  # our own --maxfail=0 comes last
        ([], ("-xvs", "--tb=short", "--cov=atlas", "-q", "--junitxml", "out.xml"), ["-x stops"]),
        ([], ("-n", "auto", "--dist=loadfile"), ["-n distributes the run", "--dist distributes the run"]),
        (["-k", "one"], ("-k", "one"), []),
        (["-k", "one"], ("-ktwo",), ["-k leaves tests out by name"]),
        ([], ("-m", "not slow"), ["-m leaves tests out by mark"]),
        ([], ("--ignore=tests/load", "--ignore", "x"), ["--ignore leaves files out, and their errors with them."]),
        (["--ignore=a", "--ignore=b"], ("--ignore", "a", "--ignore", "b"), []),
        ([], ("--exitfirst",), ["-x stops"]),
        ([], ("--import-mode=importlib",), ["--import-mode decides how files are imported"]),
        ([], ("-p", "no:cacheprovider"), ["-p loads or blocks a plugin"]),
        ([], ("--run-integration",), ["--run-integration is an option of a plugin or of the project"]),
        (["--strict"], ("--strict-markers",), []),
    ],
)
def test_each_option_that_can_change_the_count_says_what_it_does(
    mine: list[str], their: tuple[str, ...], reasons: list[str]
) -> None:
    found = row("Arguments", ours(arguments=mine), log(arguments=their))
    assert len(found.why) == len(reasons)
    assert all(said.startswith(start) for said, start in zip(found.why, reasons, strict=True))
    assert found.differs is bool(reasons) is found.explains


def test_what_is_often_blamed_and_changes_nothing_is_put_right() -> None:
    found = row("Arguments", ours(arguments=[]), log(arguments=("--continue-on-collection-errors",)))
    assert (found.differs, found.explains) == (False, False)
    assert found.why == ("--continue-on-collection-errors does not change the count.",)


@pytest.mark.parametrize(
    ("mine", "their", "differs"),
    [
        ({"arguments": []}, {"arguments": ("tests/",)}, False),  # ours takes the configured paths, theirs names them
        ({"arguments": ["tests/unit"]}, {"arguments": ("./tests/unit",)}, False),
        ({"arguments": []}, {"arguments": ("tests/unit",)}, True),
        ({"arguments": []}, {"arguments": (), "testpaths": ("tests",)}, False),
        ({"arguments": [], "testpaths": []}, {"arguments": (), "rootdir": "/x"}, False),
        ({"arguments": []}, {"arguments": (), "rootdir": "/x"}, True),
        ({"arguments": []}, {"arguments": ()}, None),
        ({"arguments": []}, {"rootdir": "/x"}, None),
        ({"arguments": [], "testpaths": None}, {"arguments": ("tests",)}, None),
    ],
)
def test_paths_are_the_named_ones_or_the_configured_ones(
    mine: dict[str, Any], their: dict[str, Any], differs: bool | None
) -> None:
    assert row("Paths collected", ours(**mine), log(**their)).differs is differs


@pytest.mark.parametrize(
    ("topic", "mine", "their", "differs", "why"),
    [
        ("Python", {"python": "3.12.1"}, {"python": "3.11.7"}, True, "Another Python has other modules"),
        ("Python", {"python": "3.12.1"}, {"python": "3.12.9"}, False, "Only the last digit differs."),
        ("pytest", {"pytest": "9.1.0"}, {"pytest": "7.4.4"}, True, "Before pytest 8 a broken conftest.py"),
        ("pytest", {"pytest": "9.1.0"}, {"pytest": "8.3.5"}, True, "Another pytest collects in another way"),
        ("Platform", {}, {"platform": "win32"}, True, "Packages and modules differ"),
        ("Configuration file", {}, {"configuration": "tox.ini"}, True, "Another file gives other options"),
        ("Configuration file", {}, {"configuration": ""}, True, "Another file gives other options"),
        ("Configuration file", {"rootdir": "sub", "inipath": "sub/tox.ini"}, {"configuration": "tox.ini"}, False, ""),
        ("Root directory", {}, {"rootdir": "/home/ci/atlas"}, None, ""),
        ("Root directory", {"rootdir": "sub"}, {"rootdir": "/home/ci/atlas/sub"}, False, ""),
        ("Root directory", {"rootdir": "sub"}, {"rootdir": "/home/ci/atlas"}, True, "Node ids"),
        ("Stopped early", {}, {"stopped": "stopping after 1 failures"}, True, "It ended before every file"),
        ("Stopped early", {}, {"stopped": ""}, False, ""),
        ("Distributed", {}, {"workers": 4}, True, "xdist collects once per worker"),
        ("Distributed", {}, {"rootdir": "/x", "tests": 3}, False, ""),
        ("Distributed", {}, {"rootdir": "/x", "tests": 3, "arguments": ("-n2",)}, None, ""),
        ("Distributed", {}, {"tests": 3}, None, ""),
        ("Network", {}, {}, None, "Files that need the network"),
        ("Network", {"network": True}, {}, None, ""),
        ("Environment variables, names", {}, {"variables": ("MODE", "GITHUB_SHA", "pythonLocation")}, False, ""),
        ("Environment variables, names", {}, {"variables": ("DATABASE",)}, True, "Code that reads a variable"),
        ("Environment variables, names", {}, {"variables": ("CI",)}, None, ""),
        ("Commit", {}, {"commit": "a" * 9}, False, ""),
        ("Commit", {}, {"commit": "b" * 9}, True, "Another commit holds other files."),
        ("Commit", {}, {}, None, "Your CI may have run another commit."),
        ("Collection errors, as pytest counts", {}, {"errors": 9}, True, ""),
        ("Tests collected", {}, {"tests": 300}, False, ""),
    ],
)
def test_each_fact_is_compared_in_its_own_way(
    topic: str, mine: dict[str, Any], their: dict[str, Any], differs: bool | None, why: str
) -> None:
    found = row(topic, ours(**mine), log(**their))
    assert found.differs is differs
    assert " ".join(found.why).startswith(why) and bool(found.why) == bool(why)


def test_the_counts_themselves_explain_nothing() -> None:
    assert compare(ours(), log(errors=9, tests=1)).explaining == ()


def test_plugins_and_packages_are_told_apart_by_side_and_version() -> None:
    their = log(
        plugins=("cov 4.1.0", "mock 3.14"), packages=("numpy 2.1", "foo-bar 1.0", "boto3 1.34", "pytest-cov 4.1")
    )
    found = {r.topic: (r.ours, r.theirs) for r in compare(ours(), their).rows if r.topic.startswith(("Plug", "Pack"))}
    assert found == {
        "Plugins only here": (("xdist 3.8.0",), ()),
        "Plugins only there": ((), ("mock 3.14",)),
        "Plugins in another version": (("cov 5.0.0",), ("cov 4.1.0",)),
        "Packages only there": ((), ("boto3 1.34",)),
    }
    assert compare(ours(), their).explaining == ("plugins", "packages")


def test_a_fact_that_was_not_said_is_no_difference() -> None:
    compared = compare(ours(), log(python="3.11.7", plugins=("cov 5.0.0",)))
    assert {found.topic for found in compared.differing} == {"Python", "Plugins only here"}
    assert "Packages" in {found.topic for found in compared.unknown}


@pytest.mark.parametrize(
    ("mine", "their", "files"),
    [
        (("a/test_x.py", "b.py"), ("a/test_x.py", "c.py"), Files(("b.py",), ("c.py",), ("a/test_x.py",))),
        (("backend/tests/test_x.py",), ("tests/test_x.py",), Files((), (), ("backend/tests/test_x.py",))),
        (("tests/test_x.py",), ("backend/tests/test_x.py",), Files((), (), ("tests/test_x.py",))),
        # two could be meant, so neither is
        (("a/t/x.py", "b/t/x.py"), ("t/x.py",), Files(("a/t/x.py", "b/t/x.py"), ("t/x.py",), ())),
        (("a_x.py",), ("x.py",), Files(("a_x.py",), ("x.py",), ())),
        ((), (), Files((), (), ())),
        (None, ("a.py",), None),
        (("a.py",), None, None),
    ],
)
def test_files_are_only_here_only_there_or_in_both(mine: Any, their: Any, files: Files | None) -> None:
    assert split_files(mine, their) == files


def test_two_passes_are_compared_in_what_a_log_never_says() -> None:
    other = replace(ours(), network=True, source_roots=(), interpreter="given", commit="b" * 40)
    assert compare(ours(), other).explaining == ("commit", "interpreter", "network", "folders on the import path")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(sorted(STORED)), JSON), st.text(max_size=200), st.text(max_size=60))
def test_whatever_was_stored_and_pasted_it_never_raises(stored: dict[str, Any], text: str, packages: str) -> None:
    mine = of_pass(stored, commit="", errors=None, tests=None, files=None)
    compared = compare(mine, of_log(parse(text, packages)))
    assert {*compared.differing, *compared.unknown, *compared.same} == {*compared.rows}
    assert compare(mine, mine).explaining == ()
