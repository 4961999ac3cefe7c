"""inspect.getmodule with a memory answers as it does without one."""

from __future__ import annotations

import importlib
import inspect
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from remediation.collection.reporter.misses import remember_misses


@pytest.fixture
def searches(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """What the real search was asked, with the memory in front of it."""
    real, asked = inspect.getmodule, []

    def search(*given: Any) -> Any:
        asked.append(given)
        return real(*given)

    monkeypatch.setattr(inspect, "getmodule", search)
    remember_misses()
    yield asked


def made(name: str) -> types.CodeType:
    return compile("def f(): return __import__('sys')._getframe()", name, "exec")


def called(name: str) -> Callable[[], types.FrameType]:
    scope: dict[str, Any] = {}
    exec(made(name), scope)
    found: Callable[[], types.FrameType] = scope["f"]
    return found


def test_every_kind_of_object_gets_the_answer_of_the_search(searches: list[Any]) -> None:
    real = inspect.unwrap(inspect.getmodule)
    things = [
        sys._getframe(), test_every_kind_of_object_gets_the_answer_of_the_search, Path, inspect, len, made("<string>"),
        called("<string>")(), called(__file__)(), importlib.import_module.__code__, 3, None,
    ]  # fmt: skip
    for thing in things:
        for _ in range(3):
            assert inspect.getmodule(thing) is real(thing)
    assert inspect.getmodule(sys._getframe()) is sys.modules[__name__]


def test_what_no_module_has_is_searched_once_until_one_comes(
    searches: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "late_module.py"
    place.write_text("")
    frame = called(str(place))()
    for _ in range(3):
        assert inspect.getmodule(frame) is None
        assert inspect.getmodule(frame.f_code) is None
    assert len(searches) == 1
    monkeypatch.syspath_prepend(str(tmp_path))
    late = importlib.import_module("late_module")
    try:
        assert inspect.getmodule(frame) is late
    finally:
        del sys.modules["late_module"]


def test_looking_at_callers_says_the_same(searches: list[Any]) -> None:
    def seen() -> list[tuple[str, int, str]]:
        return [(row.filename, row.lineno, row.function) for row in inspect.stack()[1:]]

    first, second = seen(), seen()
    assert [row[::2] for row in first] == [row[::2] for row in second]
    assert first[0][0] == __file__
