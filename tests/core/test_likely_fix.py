"""What is suggested, kind by kind, and when nothing is."""

from __future__ import annotations

from typing import Any

import pytest

from remediation.core.class_order import consistent_order
from remediation.core.classify import Classified
from remediation.core.import_lines import dotted_of, moved_module, moved_name, renamed
from remediation.core.likely_fix import Evidence, likely_fix
from remediation.core.records import Cause, Frame
from remediation.core.source_names import bases_of, imported_from

TEST = "tests/test_a.py"
KEY = {"module": "atlas.cache", "name": "Key"}
MOVED = "from atlas.users.store import Store"


def error(
    kind: str, statement: str = "", *, bases: tuple[str, ...] = (), near: tuple[str, ...] = (), **facts: Any
) -> Classified:
    frames = (Frame(TEST, 7, "<module>", statement),) if statement else ()
    return Classified(TEST, kind, Cause("E", "m", frames=frames, bases=bases, near=near), **facts)


def said(found: Any) -> str:
    return " ".join(found.says)


@pytest.mark.parametrize(
    ("case", "known", "words", "diff"),
    [
        pytest.param(
            error("wrong-path", MOVED, module="atlas.users.store", elsewhere="src/atlas/sessions/store.py"),
            Evidence("9846d5f", sources={"src/atlas/sessions/store.py": b"import os\n\nclass Store:\n    pass\n"}),
            "A class `Store` is defined at `src/atlas/sessions/store.py:3` in commit `9846d5f`.",
            (("-", MOVED), ("+", "from atlas.sessions.store import Store")),
            id="moved, with the class and its line",
        ),
        pytest.param(
            error("wrong-path", MOVED, module="atlas.users.store", elsewhere="atlas/sessions/store.py"),
            Evidence(),
            "A module of that name exists at `atlas/sessions/store.py`.",
            (("-", MOVED), ("+", "from atlas.sessions.store import Store")),
            id="moved, contents not at hand",
        ),
        pytest.param(
            error("wrong-path", "from app.core import x", module="app.core", elsewhere="backend/app/core.py"),
            Evidence(),
            "The module stands at `backend/app/core.py`. It would be found if `backend` were on the import path.",
            (),
            id="not on the import path",
        ),
        pytest.param(
            error("wrong-path", "import redis.asyncio", module="redis.asyncio", elsewhere="tests/redis.py"),
            Evidence(),
            "`tests/redis.py` has the name of the package and is imported in its place; it has no submodules."
            " Under another name it would hide the package no more.",
            (),
            id="hidden by a file",
        ),
        pytest.param(
            error("wrong-path", "from tests import x", module="tests", name="x", elsewhere="tests/x.py"),
            Evidence(),
            "`tests/x.py` of this repository is hidden: another `tests` is found first."
            " The folder that holds it would have to come first on the import path.",
            (),
            id="another package of that name",
        ),
        pytest.param(
            error("missing-module", "from atlas.cache import Cache", module="atlas.cache"),
            Evidence(renames={"src/atlas/cache.py": "src/atlas/caching.py", "x.py": "y.py"}, roots=("src",)),
            "git sees `src/atlas/cache.py` renamed to `src/atlas/caching.py`.",
            (("-", "from atlas.cache import Cache"), ("+", "from atlas.caching import Cache")),
            id="renamed",
        ),
        pytest.param(
            error("missing-module", "from atlas.cache import Cache", module="atlas.cache"),
            Evidence(renames={"atlas/cache.py": "atlas/one.py", "atlas/cache/__init__.py": "atlas/two/__init__.py"}),
            "git sees the module renamed more than once: `atlas/one.py`, `atlas/two/__init__.py`.",
            (),
            id="renamed twice: both are listed, nothing is proposed",
        ),
        pytest.param(
            error("missing-name", "from atlas.cache import Key, Other", defined_in="atlas/keys.py", **KEY),
            Evidence("abc", ("atlas/keys.py",), sources={"atlas/keys.py": b"def Key(): ..."}),
            "A function `Key` is defined at `atlas/keys.py:1` in commit `abc`.",
            (
                ("-", "from atlas.cache import Key, Other"),
                ("+", "from atlas.cache import Other"),
                ("+", "from atlas.keys import Key"),
            ),
            id="name defined elsewhere; the other names stay",
        ),
        pytest.param(
            error("missing-name", "from atlas.cache import Key", defined_in="atlas/keys.py", **KEY),
            Evidence("", ("atlas/keys.py", "atlas/old.py"), sources={"atlas/old.py": b"Key = 1"}),
            "`Key` is defined in 2 files: `atlas/keys.py`, `atlas/old.py:1`."
            " Which one is meant, the commit does not say.",
            (),
            id="two matches: both are listed, nothing is proposed",
        ),
        pytest.param(
            error("missing-name", "from a.b import Foo as F", module="a.b", name="Foo", near=("Food",)),
            Evidence(),
            "`a.b` has a name that looks alike: `Food`.",
            (("-", "from a.b import Foo as F"), ("+", "from a.b import Food as F")),
            id="one name looks alike",
        ),
        pytest.param(
            error("missing-name", "from a.b import Foo", module="a.b", name="Foo", near=("Food", "Fool")),
            Evidence(),
            "`a.b` has names that look alike: `Food`, `Fool`.",
            (),
            id="two names look alike",
        ),
        pytest.param(
            error("missing-dependency", "import jwt", module="jwt", declared="pyjwt"),
            Evidence(
                sources={"pyproject.toml": b'dependencies = ["PyJWT>=2"]', "requirements.txt": b"# pyjwt\nflask\n"},
                looked=("pyproject.toml", "requirements.txt"),
            ),
            "The repository declares `pyjwt` in `pyproject.toml`, but it is not installed where the pass ran."
            " Installing what the repository declares would bring it.",
            (),
            id="declared, and in which file; a comment does not declare",
        ),
        pytest.param(
            error("missing-dependency", "import jwt", module="jwt"),
            Evidence(sources={"requirements.txt": b"flask\n"}, looked=("requirements.txt",)),
            "No file that declares packages names one that brings `jwt`: `requirements.txt`."
            " The package that brings it would have to be added to one of them.",
            (),
            id="undeclared",
        ),
        pytest.param(
            error("unknown-marker", "@pytest.mark.load", name="load"),
            Evidence(config="pyproject.toml"),
            "`pyproject.toml` does not register `load`."
            " This line would, in the list `markers` of `[tool.pytest.ini_options]`:",
            (("+", '    "load: what it selects",'),),
            id="marker, pyproject",
        ),
        pytest.param(
            error("unknown-marker", "@pytest.mark.load", name="load"),
            Evidence(config="setup.cfg"),
            "`setup.cfg` does not register `load`. This line would, below `markers =` of `[tool:pytest]`:",
            (("+", "    load: what it selects"),),
            id="marker, setup.cfg",
        ),
        pytest.param(
            error("mro-conflict", "class TestX(Base, Child):", bases=("Base", "Child")),
            Evidence(classes={"Base": ("TestCase",), "Child": ("Base",)}),
            "By the definitions of these classes the order `Child`, `Base` is consistent.",
            (("-", "class TestX(Base, Child):"), ("+", "class TestX(Child, Base):")),
            id="bases in an order that Python accepts",
        ),
        pytest.param(
            error("circular-import", MOVED, module="a", name="x", cycle=("a.py", "b.py")),
            Evidence(),
            "These files import each other in a circle. Which import to move or remove, the pass cannot tell.",
            (),
            id="a circle is only drawn",
        ),
    ],
)  # fmt: skip
def test_a_suggestion(case: Classified, known: Evidence, words: str, diff: tuple[tuple[str, str], ...]) -> None:
    found = likely_fix(case, known)
    assert found is not None
    assert said(found) == words
    assert found.diff == diff
    assert bool(found.where) == bool(diff)
    assert found.drawn == (("a.py", "b.py", "a.py") if case.kind == "circular-import" else ())


@pytest.mark.parametrize(
    ("case", "known"),
    [
        (error("missing-module", MOVED, module="atlas.users.store"), Evidence(renames={"users/store.py": "x.py"})),
        (error("missing-name", MOVED, module="atlas.users.store", name="Store"), Evidence()),
        (error("missing-dependency", "import jwt", module="jwt"), Evidence()),  # nothing was read
        (error("missing-dependency", "import numpy", module="numpy", package="pandas"), Evidence(looked=("setup.py",))),
        (error("missing-dependency", "import x", module="x", declared="x", variant="broken"), Evidence()),
        (error("unknown-marker", "@pytest.mark.load", name="load"), Evidence(config=None)),
        (error("unknown-marker", "x", name='"]\nevil'), Evidence(config="pytest.ini")),
        (error("mro-conflict", "class X(A, B):", bases=("A", "B")), Evidence(classes={"A": ()})),
        (error("mro-conflict", "class X(A, B):", bases=("A", "B")), Evidence(classes={"A": (), "B": ()})),
        (error("circular-import", MOVED, module="a", name="x"), Evidence()),
        (error("wrong-path", "from . import x", variant="relative"), Evidence()),
        *((error(kind, MOVED), Evidence()) for kind in ("syntax-error", "raised-at-import", "crash", "configuration")),
    ],
)  # fmt: skip
def test_without_evidence_there_is_no_suggestion(case: Classified, known: Evidence) -> None:
    assert likely_fix(case, known) is None


def test_text_of_a_stranger_stays_text() -> None:
    hostile = error("missing-module", MOVED, module="a`{0}{x}.\u202eb")
    whole = "a`{0}{x}/\u202eb.py"
    found = likely_fix(hostile, Evidence(renames={whole: "new`{y}.py"}))
    assert found is not None
    assert said(found) == "git sees `a{0}{x}/b.py` renamed to `new{y}.py`."


@pytest.mark.parametrize(
    ("path", "like", "roots", "name"),
    [
        ("src/atlas/a/b.py", "atlas.old", (), "atlas.a.b"),
        ("atlas/a/__init__.py", "atlas.old", (), "atlas.a"),
        ("backend/conf/x.py", "settings.x", ("backend/",), "conf.x"),
        ("backend/conf/x.py", "settings.x", (), ""),  # no root is known
        ("atlas/vendor/atlas/b.py", "atlas.b", (), ""),  # which of the two is the package?
        ("atlas/not-a-name.py", "atlas.b", (), ""),
        ("atlas/data.json", "atlas.data", (), ""),
    ],
)
def test_a_file_as_a_module(path: str, like: str, roots: tuple[str, ...], name: str) -> None:
    assert dotted_of(path, like, roots) == name


@pytest.mark.parametrize(
    ("statement", "line"),
    [
        ("from a.old import x as y, z", "from a.new import x as y, z"),
        ("from a.old import ( x, z, )", "from a.new import x, z"),
        ("from a import old", "from a import new as old"),
        ("import a.old as o", "import a.new as o"),
        ("import a.old", "import a.new"),
        ("import a.old, b", ""),
        ("from .old import x", ""),
        ("from a.old import *", ""),
        ("from a import old, other", ""),
        ("from a.old import ( x, y", ""),  # cut
        ("importlib.import_module('a.old')", ""),
        ("", ""),
    ],
)
def test_a_statement_for_a_module_that_moved(statement: str, line: str) -> None:
    assert moved_module(statement, "a.old", "a.new") == ((("-", statement), ("+", line)) if line else ())
    assert moved_module(statement, "a.old", "a.old") == ()


def test_names_are_only_moved_where_they_are_taken_plainly() -> None:
    assert moved_name("from b import x", "a", "x", "c") == ()
    assert moved_name("import a", "a", "x", "c") == ()
    assert renamed("from a import x", "a", "x", "y") == (("-", "from a import x"), ("+", "from a import y as x"))


@pytest.mark.parametrize(
    ("bases", "classes", "order"),
    [
        (("A", "B"), {"A": (), "B": ("A",)}, ("B", "A")),
        (("A", "B", "C"), {"A": (), "B": ("A",), "C": ()}, ("B", "A", "C")),
        (("object_", "B"), {"object_": ("lib.X",), "B": ("object_", "lib.X")}, ("B", "object_")),
        (("X", "Y"), {"X": ("A", "B"), "Y": ("B", "A"), "A": (), "B": ()}, ()),  # no order exists
        (("A", "B"), {"A": ("B",), "B": ("A",)}, ()),  # two classes of one name
        (("A",), {"A": ()}, ()),
        (("A", "B"), {"A": (), "B": ("A", "?")}, ()),  # a base that only running the code would tell
    ],
)
def test_an_order_of_bases(bases: tuple[str, ...], classes: dict[str, tuple[str, ...]], order: tuple[str, ...]) -> None:
    assert consistent_order(bases, classes) == order
    if order:
        made: dict[str, type] = {"lib.X": type("X", (), {})}
        for name, above in classes.items():
            made[name] = type(name, tuple(made[one] for one in above), {})
        type("Works", tuple(made[one] for one in order), {})  # Python itself agrees
        with pytest.raises(TypeError):
            type("Fails", tuple(made[one] for one in bases), {})


def test_bases_of_classes_as_they_are_written() -> None:
    source = b"class A(lib.X.Y, B): pass\nclass C(make(1), metaclass=M): pass\nclass D: pass\n"
    assert bases_of(source) == {"A": ("lib.X.Y", "B"), "C": ("?",), "D": ()}
    deep = b"class A(" + b"f(" * 90 + b")" * 90 + b"): pass\nclass B(a" + b".a" * 900 + b"): pass\n"
    assert bases_of(deep)["A"] == ("?",)
    assert bases_of(b"class A(" + b"(" * 50_000) == {}
    assert imported_from(b"from a.b import C as D, E\nfrom . import F\nimport g\n") == {"D": "a.b", "E": "a.b"}


def test_a_stranger_s_tower_of_classes_is_climbed_once() -> None:
    tower = {f"L{n}{side}": (f"L{n + 1}a", f"L{n + 1}b") for n in range(40) for side in "ab"}
    tower |= {"L40a": (), "L40b": ("L40a",)}
    assert consistent_order(("L0a", "L0b"), tower) == ()  # 2 ** 40 ways up
    assert consistent_order(("A", "B"), {"A": (), "B": ("A",), **{f"C{n}": () for n in range(500)}}) == ()
    wide = b"class A(" + b", ".join(b"B%d" % n for n in range(100)) + b"): pass"
    assert bases_of(wide) == {"A": ("?",)}
