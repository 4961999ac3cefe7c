"""A file that the pass's Python cannot parse is shown to the other Pythons of the machine, and never run."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from packaging.version import Version

from remediation.collection import sandbox
from remediation.collection.parsing import tried
from remediation.collection.pythons import Interpreter, installed_pythons
from remediation.collection.recipe import BuildError
from remediation.core.records import Parsed

OWN = f"{sys.version_info[0]}.{sys.version_info[1]}"


def minors(oldest: str = "3.8") -> tuple[str, ...]:
    """The minor versions on this machine, from ``oldest`` on."""
    found = {(one.version.major, one.version.minor) for one in installed_pythons()}
    return tuple(f"{a}.{b}" for a, b in sorted(found) if (a, b) >= tuple(map(int, oldest.split("."))))


def asked(sources: dict[str, bytes], requires: str = "", python: str = OWN + ".1") -> dict[str, Parsed]:
    level = sandbox.probe().level
    return {one.path: one for one in tried(sources, python=python, requires_python=requires, level=level)}


def test_it_says_which_minor_versions_parse_a_file(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    sources = {
        "a/walrus.py": f"open({str(mark)!r}, 'w')\nif (n := 3): pass\n".encode(),
        "a/match.py": b"match 1:\n    case 1: pass\n",
        "a/two.py": b"print 'x'\n",
        "a/null.py": b"x = 1\x00\n",
    }
    found = asked(sources, python="3.7.9")
    assert found["a/walrus.py"].versions == minors()
    assert found["a/match.py"].versions == minors("3.10")
    assert found["a/two.py"].versions == found["a/null.py"].versions == ()
    assert not mark.exists()


@pytest.mark.parametrize(
    ("requires", "supported"), [("", False), (">=3.8", True), (">=3.99", False), ("nonsense", False)]
)
def test_whether_the_repository_supports_the_python_of_the_pass(requires: str, supported: bool) -> None:
    assert asked({"x.py": b"print 'x'\n"}, requires)["x.py"].supported is supported


def test_what_the_own_python_parses_was_a_warning_made_an_error() -> None:
    found = asked({"warns.py": b"assert 1 is 1\n", "two.py": b"print 'x'\n"})
    assert list(found) == ["two.py"]


def test_nothing_is_asked_and_nothing_claimed_where_there_is_nothing_to_ask() -> None:
    def none() -> list[Interpreter]:
        raise BuildError("no-uv", "no")

    gone = [Interpreter(Version("3.99.0"), Path("/nowhere/bin/python"))]
    values = {"python": OWN, "requires_python": "", "level": 1}
    assert tried({}, **values, interpreters=none) == []
    assert tried({"x.py": b""}, **values, interpreters=none) == []
    assert tried({"x.py": b""}, **values, interpreters=lambda: gone) == []
    assert tried({"x.py": b""}, **values, interpreters=list) == []
