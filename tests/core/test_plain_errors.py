"""Errors read at once are what reading and cleaning each of their values makes of them."""

from __future__ import annotations

import json
from typing import Any
from unittest import mock

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from remediation.core import limits, stream
from remediation.core.causes import CollectionError
from remediation.core.plain_errors import plain_error

FRAME = {
    "path": "tests/a b/test_a.py", "line": 3, "function": "<module>", "statement": "from atlas.core import Registry",
    "pending": ["0f0f0f0f", "1e1e1e1e"],
}  # fmt: skip
OUTSIDE = {"module": "importlib", "function": "import_module", "origin": "stdlib", "statement": "return _gcd(name)"}
LINK = {"type": "ImportError", "message": "no", "frames": [FRAME], "link": "cause"}
CAUSE = {
    "type": "ModuleNotFoundError", "message": "No module named 'atlas.core'\nnor any other", "name": "atlas.core",
    "frames": [FRAME, FRAME], "outside": [OUTSIDE], "bases": ["A", "B"], "near": ["Register"],
    "cycle": ["atlas/a.py", "atlas/b.py"], "chain": [LINK], "filename": "atlas/a.py", "lineno": 7,
}  # fmt: skip
EVENT = {
    "event": "error", "node": "tests/a b/test_a.py::Ünit", "path": "tests/a b/test_a.py", "cause": CAUSE,
    "traceback": "tests/a b/test_a.py:3: in <module>\n    import atlas.core\nE   ModuleNotFoundError: “atlas”",
}  # fmt: skip

# What a stranger may write in any place, beside what belongs there.
ODD = st.sampled_from(
    [
        "", " ", "two  spaces", " before", "after ", "a\nb", "\ttab", "\x1b[31mred\x1b[0m", "nul\x00", "\x7f", "\x85",
        "\u202eright", "https://me:secret@example.org/x", "://", "x" * 499, "x" * 501, "x" * 2_001, "y" * 25_000,
        "é", "\ud800", "a | b", None, True, 0, -1, 3.0, 2**31 - 1, 2**31, 10**30, [], ["a"], [3], {}, {"path": "a"},
        ["n"] * 300, [{"path": "p", "line": 1}] * 40, [{"path": "p"}], [{**LINK, "chain": [LINK]}], [LINK] * 6,
    ]
)  # fmt: skip


def line(event: Any) -> bytes:
    return json.dumps(event).encode()


def slowly(content: bytes) -> stream.Recording:
    with mock.patch.object(stream, "plain_error", lambda line: None):
        return stream.read(content)


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value in a document, and to itself."""
    inner: list[tuple[Any, ...]] = [at]
    for key, one in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        inner += places(one, (*at, key))
    return inner


def with_odd(event: Any, at: tuple[Any, ...], odd: Any) -> Any:
    if not at:
        return odd
    changed = dict(event) if isinstance(event, dict) else list(event)
    changed[at[0]] = with_odd(event[at[0]], at[1:], odd)
    return changed


def test_what_the_reporter_writes_is_read_at_once() -> None:
    error = plain_error(line(EVENT))
    assert isinstance(error, CollectionError)
    assert error.cause.frames[0].pending == ("0f0f0f0f", "1e1e1e1e")
    assert [error] == slowly(line(EVENT)).errors == stream.read(line(EVENT)).errors


@given(st.lists(st.tuples(st.sampled_from([at for at in places(EVENT) if at]), ODD), min_size=1, max_size=3))
def test_whatever_stands_in_it_both_ways_read_the_same(changes: list[tuple[tuple[Any, ...], Any]]) -> None:
    event: Any = EVENT
    for at, odd in changes:
        try:
            event = with_odd(event, at, odd)
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took the place away
    content = line(event) + b"\n"
    read, expected = stream.read(content), slowly(content)
    assert (read.errors, read.garbled) == (expected.errors, expected.garbled)


@pytest.mark.parametrize(
    "at", [at for at in places(EVENT) if at and at != ("event",)], ids=lambda at: ".".join(map(str, at))
)
@pytest.mark.parametrize("odd", ["a\x1b[0mb", "://x:y@z", "\u202e", 2**31, None, "y" * 25_000, [LINK] * 20])
def test_what_must_be_cleaned_or_cut_is_never_taken_as_it_is(at: tuple[Any, ...], odd: Any) -> None:
    content = line(with_odd(EVENT, at, odd))
    assert plain_error(content) is None
    assert stream.read(content).errors == slowly(content).errors


@given(st.binary(max_size=60))
@example(b'"path": "a", "event": "finish"}')
@example(b'"\\u0065vent": "loaded", "path": "", "node": "", "traceback": "", "cause": {"type": "", "message": ""}}')
@example(b"[" * 50)
def test_a_line_that_only_begins_like_an_error_is_read_as_before(rest: bytes) -> None:
    content = b'{"event": "error", ' + rest.replace(b"\n", b"") + b"\n"
    read, expected = stream.read(content), slowly(content)
    assert (read.errors, read.garbled, read.loaded) == (expected.errors, expected.garbled, expected.loaded)


def test_no_more_errors_are_kept_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "ERRORS", 2)
    recording = stream.read((line(EVENT) + b"\n") * 3)
    assert len(recording.errors) == 2
    assert "more than 2 errors" in recording.garbled
    assert limits.ERRORS > 2
