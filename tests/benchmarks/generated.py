"""A repository large enough to be worth measuring: an application of many modules, and test files that import it."""

from __future__ import annotations

from collections.abc import Iterator

MODULES, TESTS = 4_800, 1_200  # files; a bare collection takes about 10 s on two cores
_MODULE = '''
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
def test_lookup(value): assert lookup_{number}(value).identity == value

class TestRecord(unittest.TestCase):
    def test_name(self): self.assertEqual(lookup_{number}(1).name, "record")
    def test_labels(self): self.assertEqual(lookup_{number}(1).labels, {{}})
"""


def files(modules: int = MODULES, tests: int = TESTS) -> Iterator[tuple[str, str]]:
    """(path, text) of every file. One test file in forty imports a module that does not exist."""
    yield "pytest.ini", "[pytest]\ntestpaths = tests\n"
    yield "tests/conftest.py", "import app.part_00.module_00000\n"
    per_test = modules // tests
    for number in range(modules):
        folder = f"app/part_{number // 50:02}"
        if number % 50 == 0:
            yield f"{folder}/__init__.py", ""
        imports = f"from {module(number - 1)} import Record{number - 1}" if number % per_test else ""
        yield f"{module(number).replace('.', '/')}.py", _MODULE.format(number=number, imports=imports)
    yield "app/__init__.py", ""
    for number in range(tests):
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
