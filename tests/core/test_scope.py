"""How two scopes differ, in words."""

from __future__ import annotations

from typing import Any

import pytest

from remediation.core.scope import changes, in_short

FACTS: dict[str, Any] = {
    "arguments": "", "ini": "pyproject.toml", "addopts": [], "rootdir": ".", "testpaths": ["tests"],
    "python_files": ["test_*.py"], "python": "3.11", "pytest": "9.1", "sandbox": 3, "session": {"python": "3.11.2"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "short", "sentences"),
    [
        ({}, "", []),
        ({"session": {"python": "3.11.3"}}, "", []),
        ({"python": "3.12"}, "Python 3.11 to 3.12", ["Python: 3.11 became 3.12"]),
        ({"sandbox": 1}, "sandbox level 3 to 1", ["sandbox level: 3 became 1"]),
        ({"arguments": "-k one"}, "pytest arguments", ["pytest arguments: nothing became -k one"]),
        ({"testpaths": ["tests/unit", "tests/api"]}, "test paths", ["test paths: tests became tests/unit tests/api"]),
        ({"pytest": "9.2", "python": "3.12", "rootdir": "sub"}, "Python 3.11 to 3.12 and 2 more",
         ["Python: 3.11 became 3.12", "pytest: 9.1 became 9.2", "root directory: . became sub"]),
    ],
)  # fmt: skip
def test_it_says_what_changed_shortly_and_at_length(change: dict[str, Any], short: str, sentences: list[str]) -> None:
    found = changes(FACTS, {**FACTS, **change})
    assert in_short(found) == short
    assert [one.sentence for one in found] == sentences
