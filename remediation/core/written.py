"""How many tests a test file defines, counted from its text alone: parametrised cases once, a lower bound."""

from __future__ import annotations

import ast
import dataclasses
import fnmatch
import functools
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from msgspec import structs

from remediation.core.records import FileResult, PassResult
from remediation.core.source_names import parse

BLOCKED = frozenset({"error", "masked"})  # states of a file whose tests an error hides
# Strings and comments, so that what stands inside them is not taken for code. A text of three quotes that does not
# end is caught as "open"; one of a single quote ends with its line.
_TEXT = re.compile(
    r"""\"\"\"(?:\\.|[^\\])*?\"\"\"|'''(?:\\.|[^\\])*?'''|(?P<open>\"\"\"|''')"""
    r"""|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?|\#[^\n]*""",
    re.DOTALL,
)
_BLOCK = re.compile(r"^([ \t]*)(?:(?:async[ \t]+)?(def)|(class))[ \t]+(\w+)([^\n]*)", re.MULTILINE)
_ANY_LINE = re.compile(r"^([ \t]*)\S", re.MULTILINE)

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Naming:
    """What the project's pytest takes for a test: prefixes or globs of ``python_functions`` and ``python_classes``."""

    functions: Sequence[str] = ("test",)
    classes: Sequence[str] = ("Test",)

    def is_function(self, name: str) -> bool:
        """Whether pytest collects a function of that name."""
        return _named(name, self.functions)

    def is_class(self, name: str) -> bool:
        """Whether pytest collects a class of that name without looking at its bases."""
        return _named(name, self.classes)


def _named(name: str, patterns: Sequence[str]) -> bool:
    return any(name.startswith(one) or fnmatch.fnmatchcase(name, one) for one in patterns)


def count_tests(source: bytes, naming: Naming | None = None) -> int | None:
    """Tests that a file defines, each parametrised one once; None where the text cannot be read.

    Never more than is written: what a class inherits from another file, what a loop or a plugin makes and how
    often a test is parametrised is not in the text. A file that this Python cannot parse is read by its lines.
    """
    naming = naming or Naming()
    module = parse(source)
    if module is not None:
        try:
            return _Count(module, naming).tests()
        except RecursionError:
            return None
    text = _without_texts(source.decode("utf-8", "replace"))
    return None if text is None else len(_by_lines(text, naming))


def blocked_paths(result: PassResult) -> list[str]:
    """The files whose tests are asked for: those in error, and those below a failing conftest or package."""
    return [file.path for file in result.files if file.state in BLOCKED]


def with_written(result: PassResult, sources: Mapping[str, bytes], naming: Naming) -> PassResult:
    """The result with the tests that each blocked file defines; ``sources``: path to content, where it is known."""

    def counted(file: FileResult) -> FileResult:
        if file.state not in BLOCKED or file.path not in sources:
            return file
        return structs.replace(file, written=count_tests(sources[file.path], naming))

    return dataclasses.replace(result, files=tuple(counted(file) for file in result.files))


class _Count:
    """The tests of a parsed module."""

    def __init__(self, module: ast.Module, naming: Naming) -> None:
        self.module = module
        self.naming = naming
        self.classes = {node.name: node for node in self.defined(module.body) if isinstance(node, ast.ClassDef)}
        # Remembered, so that a diamond of bases is walked once; a circle of them finds what is there so far.
        self._cases: dict[ast.ClassDef, bool] = {}
        self._methods: dict[ast.ClassDef, set[str]] = {}

    def defined(self, body: Sequence[ast.stmt]) -> Iterator[Function | ast.ClassDef]:
        """Functions and classes at the level of a body, in the order of the text, in its branches too.

        Of an if and its else only one runs: the one with fewer functions counts. A handler runs where the body did not.
        """
        for node in body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                yield node
            elif isinstance(node, ast.If) and node.orelse:
                yield from self.defined(min(node.body, node.orelse, key=self._functions))
            else:
                for name in ("body", "orelse", "finalbody"):
                    yield from self.defined(getattr(node, name, None) or ())

    @functools.cached_property
    def _lines(self) -> list[int]:
        """Where functions begin, however deep; few modules have branches that ask for it."""
        functions = (n for n in ast.walk(self.module) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))
        return sorted(node.lineno for node in functions)

    def _functions(self, body: Sequence[ast.stmt]) -> int:
        last = body[-1].end_lineno or body[-1].lineno
        return bisect_right(self._lines, last) - bisect_left(self._lines, body[0].lineno)

    def tests(self) -> int:
        """Functions of the module and methods of its test classes; a later definition takes an earlier one's name."""
        if _switched_off(self.module.body):
            return 0
        found = 0
        for node in {node.name: node for node in self.defined(self.module.body)}.values():
            if isinstance(node, ast.ClassDef):
                found += len(self.methods(node)) if self.is_tested(node) else 0
            else:
                found += self.naming.is_function(node.name) and not _is_fixture(node)
        return found

    def is_tested(self, node: ast.ClassDef) -> bool:
        """Whether pytest collects the class: a TestCase of any name, or by its own name when it has no __init__."""
        if _switched_off(node.body):
            return False
        if self.is_case(node):
            return True
        made = {"__init__", "__new__"} & {one.name for one in self.defined(node.body)}
        return self.naming.is_class(node.name) and not made

    def is_case(self, node: ast.ClassDef) -> bool:
        """Whether it descends from a unittest.TestCase, as far as this file shows."""
        if node not in self._cases:
            self._cases[node] = False
            self._cases[node] = any(
                name.endswith("TestCase") or (name in self.classes and self.is_case(self.classes[name]))
                for name in _bases(node)
            )
        return self._cases[node]

    def methods(self, node: ast.ClassDef) -> set[str]:
        """Names of the tests of a class, with those of its bases in this file and of classes inside it."""
        if node in self._methods:
            return self._methods[node]
        found = self._methods[node] = set()
        for name in _bases(node):
            if name in self.classes:
                found |= self.methods(self.classes[name])
        found -= _taken_back(node.body)
        wanted = _is_method_of_a_case if self.is_case(node) else self.naming.is_function
        for one in self.defined(node.body):
            if isinstance(one, ast.ClassDef):
                inner = self.methods(one) if self.is_tested(one) else set()
                found |= {f"{one.name}::{name}" for name in inner}
            elif wanted(one.name) and not _is_fixture(one):
                found.add(one.name)
        return found


def _is_method_of_a_case(name: str) -> bool:
    return name.startswith("test")


def _taken_back(body: Sequence[ast.stmt]) -> set[str]:
    """Names that a class sets to None, to take back what it inherits."""
    return {
        target.id
        for node in body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and node.value.value is None
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _bases(node: ast.ClassDef) -> list[str]:
    return [base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "") for base in node.bases]


def _is_fixture(node: Function) -> bool:
    for decorator in node.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        if (called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")) == "fixture":
            return True
    return False


def _switched_off(body: Sequence[ast.stmt]) -> bool:
    """Whether ``__test__ = False`` stands in a module or a class."""
    return any(
        isinstance(node, ast.Assign)
        and any(isinstance(target, ast.Name) and target.id == "__test__" for target in node.targets)
        and isinstance(node.value, ast.Constant)
        and not node.value.value
        for node in body
    )


def _without_texts(text: str) -> str | None:
    """The text with strings and comments blanked; None where a string does not end, so nothing can be concluded."""
    if any(found["open"] for found in _TEXT.finditer(text)):
        return None
    return _TEXT.sub(lambda found: "\n" * found[0].count("\n"), text)


def _by_lines(text: str, naming: Naming) -> set[str]:
    """Names of the tests, "class.name", by indentation: methods of test classes, functions that nothing encloses."""
    found: set[str] = set()
    blocks = {match.start(): match for match in _BLOCK.finditer(text)}
    around: list[tuple[int, str, bool]] = []  # indentation, name, whether what stands in it can be a test
    for line in _ANY_LINE.finditer(text):
        indent = len(line[1].expandtabs())
        while around and around[-1][0] >= indent:
            around.pop()
        block = blocks.get(line.start())
        if block is None:
            continue
        name, inside = block[4], all(open_ for _, _, open_ in around)
        case = "TestCase" in block[5]
        if block[2] and inside and naming.is_function(name):
            found.add(".".join([*(outer for _, outer, _ in around), name]))
        around.append((indent, name, bool(block[3]) and (case or naming.is_class(name))))
    return found
