"""Root causes keep one key through everything that varies, and never share one by accident."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from remediation.core.classify import Classified, classify
from remediation.core.fingerprint import digest, identify, key_of, normalise, title_of, why_of
from remediation.core.records import Cause, CollectionError, Frame, PassResult, TreeFacts

TEST = "tests/test_a.py"
TREE = TreeFacts(first_party=("atlas",), elsewhere=(("atlas.core.moved", "atlas/moved.py"),))


def frame(path: str = TEST, line: int = 3, statement: str = "setup()") -> Frame:
    return Frame(path, line, "<module>", statement)


def made(cause: Cause, path: str = TEST) -> Classified:
    return classify(CollectionError(path, path, cause), TREE)


def missing(module: str) -> Cause:
    return Cause("ModuleNotFoundError", f"No module named '{module}'", name=module, frames=(frame(),))


NAME = Cause("ImportError", "cannot import name 'Key' from 'atlas.keys'", name="atlas.keys", name_from="Key")
CYCLE = replace(NAME, path="atlas/keys.py", frames=(frame("atlas/keys.py"), frame("atlas/other.py")))
TABLE = [
    (missing("atlas.core.gone"), "missing:atlas.core.gone", "Module atlas.core.gone does not exist",
     "Same missing module: atlas.core.gone."),
    (missing("atlas.core.moved"), "missing:atlas.core.moved", "Module atlas.core.moved has moved",
     "Same missing module: atlas.core.moved."),
    (missing("websocket"), "missing:websocket", "Package websocket is not installed",
     "Same missing module: websocket."),
    (missing("google.cloud"), "missing:google.cloud", "Module google.cloud of an installed package is missing",
     "Same missing module: google.cloud."),
    (missing("distutils.util"), "missing:distutils.util", "Module distutils.util was removed from Python in 3.12",
     "Same missing module: distutils.util."),
    (NAME, "missing:atlas.keys.Key", "Key is not exported by atlas.keys",
     "Same missing name Key in the same module atlas.keys."),
    (CYCLE, "cycle:atlas/keys.py,atlas/other.py", "Importing Key from atlas.keys is circular",
     "Same circle of modules: atlas/keys.py, atlas/other.py."),
    (Cause("_pytest.outcomes.Failed", "'load' not found in `markers` configuration option"), "marker:load",
     "Marker load is not registered", "Same unregistered marker: load."),
    (Cause("TypeError", "Cannot create…", bases=("Base", "Mixin")), "mro:Base,Mixin",
     "Bases Base, Mixin have no consistent order", "Same bases in the same order: Base, Mixin."),
    (Cause("_pytest.pathlib.ImportPathMismatchError", "test_a, one/test_a.py, two/test_a.py"), "mismatch:test_a.py",
     "Two test modules are named test_a", "Same module name: test_a."),
    (Cause("CollectError", "pass `allow_module_level=True`.", frames=(frame("tests/needs.py"),)), "skip:tests/needs.py",
     "pytest.skip used outside a test in tests/needs.py", "Same file to blame: tests/needs.py."),
    (Cause("SyntaxError", "invalid syntax (keys.py, line 41)", filename="atlas/keys.py", lineno=41),
     "syntax:atlas/keys.py", "Syntax error in atlas/keys.py", "Same file that cannot be parsed: atlas/keys.py."),
    (Cause("atlas.errors.Unset", "DATABASE_URL is not set", frames=(frame(), frame("atlas/settings.py", 90))),
     "raised:atlas.errors.Unset:DATABASE_URL is not set:atlas/settings.py",
     "Unset at import of atlas/settings.py",
     "Same exception Unset, same message, same file to blame: atlas/settings.py."),
]  # fmt: skip


@pytest.mark.parametrize(("cause", "key", "title", "why"), TABLE, ids=[row[1][:20] for row in TABLE])
def test_key_title_and_why(cause: Cause, key: str, title: str, why: str) -> None:
    error = made(cause)
    assert (key_of(error), title_of(error), why_of(error)) == (key, title, why)


def test_what_a_conftest_imports_is_named_by_what_raises() -> None:
    error = made(Cause("RuntimeError", "no database at port 5432", frames=(frame("atlas/db.py"),)), "tests/conftest.py")
    assert key_of(error) == "raised:RuntimeError:no database at port N:atlas/db.py"
    assert title_of(error) == "RuntimeError at import of atlas/db.py"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("object at 0x7f3a0c11", "object at 0x7FFF12ab34"),
        ("line 12 is bad", "line 99 is bad"),
        ("no file /srv/a/checkout/data/x.json", "no file /home/mei/x.json"),
        ("job 3f2504e0-4f89-11d3-9a0c-0305e82c3301", "job 16fd2706-8baf-433b-82eb-8c7fada847da"),
        ("commit 9f86d081884c7d659a2feaa0c55ad015", "commit 2c26b46b68ffc68ff99b453c1d304134"),
        ("cannot write /tmp/tmpk3j9_2xa", "cannot write /tmp/tmpqqqqqqqq"),
        ("cannot open '/tmp/tmpk3j9_2xa/db'", "cannot open '/tmp/tmpzzzzzzz1/db'"),
        ("took 1.25 seconds", "took 10.5 seconds"),
        ("no answer within 9 s", "no answer within 12 s"),
        ("atlas.py:9: bad", "atlas.py:131: bad"),
        ("unknown fields {'b', 'a'}", "unknown fields {'a', 'b'}"),
        ("port 80 is in use", "port 54321 is in use"),
        ("2026-01-02 03:04:05 late", "2025-11-12 13:14:15 late"),
    ],
)
def test_what_varies_between_two_runs_is_no_other_cause(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)
    assert key_of(made(Cause("OSError", one))) == key_of(made(Cause("OSError", other)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("DATABASE_URL is not set", "REDIS_URL is not set"),
        ("no file data/x.json", "no file data/y.json"),
        ("facade is not defined", "decade is not defined"),  # letters of hexadecimal numbers alone are words
        ("temporary is wrong", "temporal is wrong"),
        ("expected 3 arguments, got 2", "expected 4 arguments, got 2"),
        ("unknown codec utf8", "unknown codec utf16"),
        ("no field model1", "no field model2"),
        ("no file data/a/x.json", "no file data/b/x.json"),
        ("see https://example.org/a/x", "see https://example.org/b/x"),
    ],
)
def test_what_says_something_else_is_another_cause(one: str, other: str) -> None:
    assert normalise(one) != normalise(other)


def test_the_line_of_a_failure_is_no_part_of_its_key() -> None:
    for cause in (missing("atlas.gone"), NAME, Cause("ValueError", "bad"), Cause("SyntaxError", "bad", filename=TEST)):
        keys = {key_of(made(replace(cause, lineno=line, frames=(frame(line=line),)))) for line in (3, 4_711)}
        assert len(keys) == 1
        assert "4711" not in keys.pop()


def test_a_syntax_error_outside_the_repository_is_that_modules_wherever_it_is_installed() -> None:
    def cause(prefix: str) -> Cause:
        return Cause("SyntaxError", "invalid syntax", filename=f"{prefix}/site-packages/old/x.py", frames=(frame(),))

    one, other = made(cause("/environments/4f2a")), made(cause("/home/mei/venv"))
    assert key_of(one) == key_of(other) == "syntax-outside:old.x"


modules = st.from_regex(r"[a-z_][a-z0-9_]{0,9}(\.[a-z_][a-z0-9_]{0,9}){0,3}", fullmatch=True)


@given(modules, modules)
def test_two_missing_modules_share_a_key_only_when_they_are_one(one: str, other: str) -> None:
    assert (key_of(made(missing(one))) == key_of(made(missing(other)))) == (one == other)
    assert (digest(key_of(made(missing(one)))) == digest(key_of(made(missing(other))))) == (one == other)


def test_a_module_asked_for_in_either_way_is_one_cause() -> None:
    asked = Cause("ImportError", "cannot import name 'keys' from 'atlas'", name="atlas", name_from="keys")
    assert key_of(made(asked)) == key_of(made(missing("atlas.keys"))) == "missing:atlas.keys"


def test_one_who_names_no_module_shares_a_key_with_none_who_names_another() -> None:
    keys = {key_of(made(Cause("ModuleNotFoundError", text))) for text in ("install the extra", "no speedups built")}
    assert len(keys) == 2


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=400))
def test_no_message_brings_a_number_or_a_long_text_into_a_key(message: str) -> None:
    text = normalise(message)
    assert not re.search(r"(?<![\w.])[0-9]{2,}", text)
    assert len(text) <= 300
    assert len(title_of(made(Cause("x." + message, message, name=message)))) <= 290


def test_an_error_is_a_file_and_a_cause() -> None:
    def error(path: str, node: str, cause: Cause) -> CollectionError:
        return CollectionError(path, node, cause)

    marker = Cause("Failed", "'load' not found in `markers` configuration option")
    result = PassResult(
        files=(),
        errors=(
            error("tests/test_a.py", "tests/test_a.py::TestOne", missing("atlas.gone")),
            error("tests/test_a.py", "tests/test_a.py::TestTwo", missing("atlas.gone")),  # one cause in one file
            error("tests/test_a.py", "tests/test_a.py::TestThree", marker),  # two causes in one file
            error("tests/test_b.py", "tests/test_b.py", missing("atlas.gone")),
        ),
        inventory=(),
        tests=0,
        pytest_errors=4,
        tree=TREE,
    )
    assert set(identify(result)) == {
        ("tests/test_a.py", "missing:atlas.gone"),
        ("tests/test_a.py", "marker:load"),
        ("tests/test_b.py", "missing:atlas.gone"),
    }
    assert all(pair == identified.pair for pair, identified in identify(result).items())
    assert identify(PassResult.unpack(result.pack())) == identify(result)
