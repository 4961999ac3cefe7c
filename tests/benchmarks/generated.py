"""Repositories large enough to be worth measuring: an application of many modules, and test files that import it.

``APPLICATION`` has the shape of a real one. In the repository of the campaign (tests/gallery) the 1,670 modules of the
application have on average 14 functions, 11 of which are methods, 2.2 classes, a dataclass in every third module and
29 annotations; so has a module here (15, 11, 2.3, a third, 39). What a real one imports of other packages it has not.

``DATACLASSES`` is the hard case: every module makes a dataclass, whose methods are compiled at import. A third of what
its pass takes is that, the tree's own work, which no pass can do without.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

_METHOD = '''
    def step_{i}(self, key: str, limit: int = {number}) -> "{kind}{number}":
        """Step {i} of {number}."""
        if limit < {i}:
            raise ValueError(f"{{key}} at {{limit}}")
        self.seen[key] = limit
        return self
'''
_FUNCTION = '''
def helper_{number}_{i}(value: int, *, deep: bool = False) -> dict[str, int]:
    """Helper {i} of module {number}."""
    found = {{"value": value, "module": {number}}}
    return {{**found, "deep": 1}} if deep else found
'''
_RECORD = """
@dataclasses.dataclass
class Record{number}:
    identity: int = {number}
    name: str = "record"
"""
_APPLICATION = '''
"""Module {number} of the application."""
import dataclasses
import logging
from typing import Any
{imports}

LOG = logging.getLogger(__name__)
{record}
class Service{number}:
    """A service of the application."""

    def __init__(self, name: str = "service") -> None:
        self.name = name
        self.seen: dict[str, Any] = {{}}
{services}
class Error{number}(Exception):
    """What goes wrong in it."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.seen: dict[str, Any] = {{}}
{errors}{functions}
def lookup_{number}(key: int) -> Service{number}:
    return Service{number}(str(key))
'''
_DATACLASSES = '''
"""Module {number} of the application."""
import dataclasses
import functools
import typing
{imports}

@dataclasses.dataclass
class Record{number}:
    identity: int = {number}
    name: str = "record"
    labels: typing.Mapping[str, str] = dataclasses.field(default_factory=dict)

    def renamed(self, name: str) -> "Record{number}":
        return dataclasses.replace(self, name=name)

@functools.lru_cache(maxsize=8)
def lookup_{number}(key: int) -> Record{number}:
    if key < 0:
        raise KeyError(key)
    return Record{number}(key)
'''
_TEST = """
import unittest
import pytest
{imports}

@pytest.mark.parametrize("value", range(4))
def test_lookup(value): assert lookup_{number}(value)

class TestLookup(unittest.TestCase):
    def test_one(self): self.assertTrue(lookup_{number}(1))
    def test_same(self): self.assertEqual(type(lookup_{number}(1)), type(lookup_{number}(2)))
"""


@dataclass(frozen=True, slots=True)
class Shape:
    """How many files a tree has, and what a module of it says: ``text`` of its number and its import lines."""

    modules: int
    tests: int
    text: Callable[[int, str], str]


def _application(number: int, imports: str) -> str:
    def methods(kind: str, count: int) -> str:
        return "".join(_METHOD.format(i=i, number=number, kind=kind) for i in range(count))

    return _APPLICATION.format(
        number=number,
        imports=imports,
        record=_RECORD.format(number=number) if number % 3 == 0 else "",
        services=methods("Service", 5),
        errors=methods("Error", 4),
        functions="".join(_FUNCTION.format(i=i, number=number) for i in range(3)),
    )


def _dataclasses(number: int, imports: str) -> str:
    return _DATACLASSES.format(number=number, imports=imports)


# A bare collection takes about 10 s on two cores.
APPLICATION = Shape(6_000, 1_500, _application)
DATACLASSES = Shape(4_800, 1_200, _dataclasses)
SMALL = Shape(240, 60, _application)


def files(shape: Shape) -> Iterator[tuple[str, str]]:
    """(path, text) of every file. One test file in forty imports a module that does not exist."""
    yield "pytest.ini", "[pytest]\ntestpaths = tests\n"
    yield "tests/conftest.py", "import app.part_00.module_00000\n"
    per_test = shape.modules // shape.tests
    for number in range(shape.modules):
        folder = f"app/part_{number // 50:02}"
        if number % 50 == 0:
            yield f"{folder}/__init__.py", ""
        imports = f"from {module(number - 1)} import lookup_{number - 1}" if number % per_test else ""
        yield f"{module(number).replace('.', '/')}.py", shape.text(number, imports)
    yield "app/__init__.py", ""
    for number in range(shape.tests):
        folder = f"tests/area_{number // 30:02}"
        if number % 30 == 0:
            yield f"{folder}/__init__.py", ""
        last = (number + 1) * per_test - 1
        missing = "import app.missing\n" if number % 40 == 39 else ""
        imports = f"{missing}from {module(last)} import lookup_{last}"
        yield f"{folder}/test_{number:04}.py", _TEST.format(number=last, imports=imports)


def module(number: int) -> str:
    """Its dotted name."""
    return f"app.part_{number // 50:02}.module_{number:05}"
