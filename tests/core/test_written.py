"""Tests that a file defines, counted from its text."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from remediation.core.records import FileResult, PassResult, compress
from remediation.core.written import Naming, blocked_paths, count_tests, with_written

BRANCHES = (
    "if X:\n    def test_a(): ...\nelse:\n    def test_a(): ...\ntry:\n    pass\nexcept E:\n    def test_b(): ...\n"
)

PARSED = {
    "functions and methods": ("def test_a(): ...\nasync def test_b(): ...\nclass TestC:\n  def test_d(self): ...\n", 3),
    "what is no test": ("def helper(): ...\nclass Helper:\n    def test_a(self): ...\n", 0),
    "parametrised once": ("@pytest.mark.parametrize('n', range(9))\ndef test_a(n): ...\n", 1),
    "a later definition takes the name": ("def test_a(): ...\ndef test_a(): ...\n", 1),
    "in a branch": (BRANCHES, 1),
    "only one branch runs": ("if X:\n  def test_a(): ...\nelse:\n  def test_b(): ...\n  def test_c(): ...\n", 1),
    "a branch that may not run": ("if X:\n    def test_a(): ...\n", 1),
    "what a class takes back": ("class A:\n  def test_a(s): ...\nclass TestB(A):\n  test_a = None\n", 0),
    "inside a test": ("def test_a():\n    def test_b(): ...\n", 1),
    "fixtures": ("@pytest.fixture\ndef test_a(): ...\n@fixture(scope='module')\ndef test_b(): ...\n", 0),
    "a class with an __init__": ("class TestA:\n    def __init__(self): ...\n    def test_a(self): ...\n", 0),
    "a case of any name": ("class Checks(unittest.TestCase):\n  def test_a(s): ...\n  def helper(s): ...\n", 1),
    "a case behind a base of this file": (
        "class Base(SimpleTestCase):\n    def test_a(self): ...\nclass Checks(Base):\n    def test_b(self): ...\n", 3
    ),
    "bases in this file": ("class Mixin:\n  def test_a(s): ...\nclass TestB(Mixin):\n  def test_b(s): ...\n", 2),
    "a class in a class": ("class TestA:\n    class TestB:\n        def test_c(self): ...\n", 1),
    "switched off": ("__test__ = False\ndef test_a(): ...\n", 0),
    "a class that is switched off": ("class TestA:\n    __test__ = False\n    def test_a(self): ...\n", 0),
    "a circle of bases": ("class TestA(TestB):\n    def test_a(self): ...\nclass TestB(TestA): ...\n", 1),
}  # fmt: skip

BY_LINES = {
    "python 2": (
        'print "x"\ndef test_a(): pass\nclass TestB:\n    def test_c(self):\n        def test_no(): pass\n',
        2,
    ),
    "a case": ('print "x"\nclass Any(unittest.TestCase):\n\tdef test_a(self): pass\n\tdef test_b(self): pass\n', 2),
    "texts and comments": ("print \"x\"\n'''\ndef test_a(): pass\n'''\n# def test_b():\ndef test_c(): pass\n", 1),
    "another's method": ('print "x"\nclass Helper:\n    def test_a(self): pass\n', 0),
    "in a branch": ('print "x"\nif X:\n    def test_a(): pass\n', 1),
    "a conflict that git left": ("<<<<<<< HEAD\ndef test_a(): pass\n=======\ndef test_b(): pass\n>>>>>>> other\n", 2),
}


@pytest.mark.parametrize(("source", "tests"), PARSED.values(), ids=PARSED)
def test_a_file_that_parses(source: str, tests: int) -> None:
    assert count_tests(source.encode()) == tests


@pytest.mark.parametrize(("source", "tests"), BY_LINES.values(), ids=BY_LINES)
def test_a_file_that_does_not_parse_is_read_by_its_lines(source: str, tests: int) -> None:
    assert count_tests(source.encode()) == tests


@pytest.mark.parametrize("quote", ['"""', "'''"])
def test_a_text_that_does_not_end_says_nothing(quote: str) -> None:
    assert count_tests(f"def test_a(): pass\nx = {quote}open\n".encode()) is None


def test_the_projects_own_names() -> None:
    suites = b"class SuiteOne:\n    def check_c(self): ...\nclass T:\n    def check_d(self): ...\n"
    source = b"def check_a(): ...\ndef test_b(): ...\n" + suites
    assert count_tests(source, Naming(("check",), ("Suite*",))) == 2
    assert count_tests(source, Naming(("*_b", "check_a"), ())) == 2


@pytest.mark.parametrize(
    "source",
    [
        b"".join(b"class A%d(A%d): pass\n" % (n, n - 1) for n in range(5000)) + b"class TestX(A4999): pass\n",
        b"class A(B, C): pass\nclass B(A, C): pass\nclass C(A, B): pass\nclass TestD(A, B, C):\n def test_a(s): ...\n",
        b"(" * 5000,
        b"\x00\xff\xfe def test_a(",
        b"'" * 100_000,
        b"if x:\n" + b"".join(b" " * n + b"if x:\n" for n in range(1, 200)),
    ],
)
def test_hostile_sources_end(source: bytes) -> None:
    assert count_tests(source) in {None, 0, 1}


def test_only_blocked_files_are_read_and_what_is_not_known_stays_unknown() -> None:
    files = tuple(FileResult(f"t{n}.py", state) for n, state in enumerate(("error", "masked", "collected", "error")))
    result = PassResult(files, (), (), 0, 0)
    assert blocked_paths(result) == ["t0.py", "t1.py", "t3.py"]
    found = with_written(result, dict.fromkeys(("t0.py", "t1.py", "t2.py"), b"def test_a(): ..."), Naming())
    assert [file.written for file in found.files] == [1, 1, None, None]


def test_the_count_is_a_fact_of_the_result_and_no_other_state_of_the_file() -> None:
    file = FileResult("t.py", "error")
    counted = replace(file, written=3)
    assert counted.as_before(file)
    assert not counted.as_before(replace(file, state="masked"))
    assert not counted.as_before(None)
    one, other = (PassResult((row,), (), (), 0, 0) for row in (file, counted))
    assert one.digest() != other.digest()
    assert PassResult.unpack(other.pack()).files[0].written == 3


def test_a_result_stored_before_sources_were_read_is_unknown() -> None:
    document = json.loads(PassResult((FileResult("t.py", "error"),), (), (), 0, 0).canonical())
    del document["files"][0]["written"]
    assert PassResult.unpack(compress(json.dumps(document).encode())).files[0].written is None
