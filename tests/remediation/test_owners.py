"""CODEOWNERS: the rules of GitHub, line by line; what cannot be read is said; nothing in it takes long."""

from __future__ import annotations

import time

import codeowners
import pytest

from remediation.owners import owned, read

FILE = """\
# Whoever has nothing else.
*                       @atlas/everyone
/atlas/core/            @team-core @ada   # the heart
*.sql                   dba@example.org
docs/*                  @writers
/atlas/cache/**/keys.py @cache
/atlas/core/vendored/
build/                  @release
/tools/with\\ blank/     @tools
"""


@pytest.mark.parametrize(
    ("path", "owners", "line"),
    [
        ("setup.py", ("@atlas/everyone",), 2),
        ("atlas/core/registry.py", ("@team-core", "@ada"), 3),
        ("atlas/core/deep/er.py", ("@team-core", "@ada"), 3),
        ("other/atlas/core/registry.py", ("@atlas/everyone",), 2),  # a leading slash is the top
        ("atlas/core/query.sql", ("dba@example.org",), 4),  # the last match wins, not the longest
        ("docs/a.md", ("@writers",), 5),
        ("docs/deep/a.md", ("@atlas/everyone",), 2),  # /* is one level
        ("atlas/cache/keys.py", ("@cache",), 6),
        ("atlas/cache/a/b/keys.py", ("@cache",), 6),
        ("atlas/core/vendored/x.py", (), 7),  # a line without owners takes them away
        ("a/build/x.py", ("@release",), 8),  # no other slash: at any depth
        ("tools/with blank/x.py", ("@tools",), 9),
    ],
)
def test_the_last_line_that_matches_names_the_owners(path: str, owners: tuple[str, ...], line: int) -> None:
    found = owned(FILE, [path])
    assert (found.path, found.owners, found.line) == (path, owners, line)


def test_of_several_paths_the_first_that_has_an_owner_is_told() -> None:
    text = "/src/atlas/ @team-core\n"
    assert owned(text, ["atlas/registry.py", "src/atlas/registry.py"]).path == "src/atlas/registry.py"
    nobody = owned(text, ["atlas/registry.py", "atlas/registry/__init__.py"])
    assert (nobody.path, nobody.owners, nobody.line) == ("atlas/registry.py", (), None)
    assert owned("", []) == owned("* @a", [])


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("[Core team]", "section of GitLab"),
        ("^[Optional][2] @ada", "section of GitLab"),
        ("!atlas/core @ada", "taken back"),
        ("atlas/[core @ada", "cannot be read"),
        ("atlas/core ada", "neither @name"),
        ("atlas/core @ada somebody", "neither @name"),
        ("a" * 501 + " @ada", "longer than 500"),
    ],
)
def test_a_line_that_counts_for_nothing_is_said_and_the_others_count(line: str, why: str) -> None:
    file = read(f"* @everyone\n{line}\n/atlas/ @atlas\n")
    assert [rule.line for rule in file.rules] == [1, 3]
    assert [number for number, _ in file.ignored] == [2] and why in file.ignored[0][1]
    assert owned(f"* @everyone\n{line}\n/atlas/ @atlas\n", ["atlas/x.py"]).owners == ("@atlas",)


PATHOLOGICAL = "a*" * 120 + "b"


def test_a_pattern_made_to_hang_takes_linear_time() -> None:
    path = "a" * 3_000
    patterns = [PATHOLOGICAL, "**/" * 80 + "x", "*" * 200 + "/" + "?*" * 100, "/" + "**/a/" * 60 + "b"]
    started = time.perf_counter()
    for pattern in patterns:
        assert owned(f"{pattern} @ada\n", [path, "a/" * 1_000]).owners == ()
    assert time.perf_counter() - started < 2


def test_the_control_python_own_engine_does_not() -> None:
    """If this ever ends soon, the test above proves nothing."""
    steps = []
    for length in (40, 80):
        started = time.perf_counter()
        assert codeowners.path_to_regex("*a*a*a*b").search("a" * length) is None
        steps.append(time.perf_counter() - started)
    assert steps[1] > 5 * steps[0]  # twice the length, many times the time


def test_a_huge_file_is_read_in_bounded_time_and_the_rest_is_said() -> None:
    text = "".join(f"/atlas/part{n}/**/deep*/ @team{n}\n" for n in range(4_000))
    started = time.perf_counter()
    file = read(text)
    assert owned(text, ["nowhere/x.py"] * 3).line is None
    assert time.perf_counter() - started < 6
    assert len(file.rules) == 3_000 and file.ignored[-1] == (3_001, "only the first 3,000 lines are read")


@pytest.mark.parametrize(
    "text", ["\x00 @a", "\\", "/ @a", "[ @a", "* @" + "a" * 400, "\u202e @a", "***/ @a", "] @a", "?"]
)
def test_nothing_in_it_raises(text: str) -> None:
    file = read(text)
    assert len(file.rules) + len(file.ignored) == 1
    owned(text, ["a/b.py", "", "*"])
