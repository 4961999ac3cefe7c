"""Whose a missing module is, where it went and what would bring it: from paths, statements and sources."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from remediation.core.classify import classify
from remediation.core.fingerprint import key_of, title_of
from remediation.core.layout import Layout
from remediation.core.records import Cause, CollectionError, Frame, Outside, PassResult, TreeFacts
from remediation.core.source_names import asked, attributes_of, bound_names, defines
from remediation.core.tree import unparsed_files, with_tree

FILES = {
    "setup.py": "",
    "src/atlas/__init__.py": "",
    "src/atlas/services/__init__.py": "",
    "src/atlas/services/registry.py": "class Registry: pass\n",
    "src/atlas/backends/redis.py": "import redis\nredis.Redis()\n",
    "src/atlas/backends/__init__.py": "",
    "src/atlas/backends/sibling.py": "def connect(): pass\n",
    "src/atlas/_speedups.c": "",
    "src/atlas/proto/user.proto": "",
    "src/atlas/new.py": "class Moved: pass\nLIMIT: int = 3\n",
    "src/atlas/commands.py": "def run(): pass\n",
    "scripts/release.py": "def tag(): pass\n",
    "docker/build.py": "",
    "tests/helpers/builders.py": "def build(): pass\n",
    "tests/unit/test_x.py": "",
    "tests/redis/test_redis.py": "",
}


def error(cause: Cause, path: str = "tests/unit/test_x.py") -> CollectionError:
    return CollectionError(path, path, cause)


def missing(module: str, statement: str, importer: str = "tests/unit/test_x.py") -> Cause:
    frames = (Frame(importer, 1, "<module>", statement),)
    return Cause("ModuleNotFoundError", f"No module named '{module}'", name=module, frames=frames)


def tree_of(
    *causes: Cause, declared: tuple[str, ...] = (), files: Mapping[str, str] = FILES, read: bool = True
) -> TreeFacts:
    result = PassResult((), tuple(error(cause) for cause in causes), (), 0, len(causes))
    contents = {path: text.encode() for path, text in files.items()}
    known = {"yaml": ("pyyaml",), "google.cloud.storage": ("google-cloud-storage",)}
    return with_tree(
        result, list(files), declared,
        read=(lambda path: contents.get(path, b"")) if read else None,
        distributions=lambda module: known.get(module, ()),
    ).tree  # fmt: skip


BACKEND = "src/atlas/backends/redis.py"


@pytest.mark.parametrize(
    ("cause", "kind", "elsewhere"),
    [
        # The repository's own package
        (missing("atlas.gone", "import atlas.gone"), "missing-module", ""),
        (missing("atlas.core.registry", "from atlas.core.registry import Registry"), "wrong-path",
         "src/atlas/services/registry.py"),
        (missing("atlas.core.registry", "from atlas.core.registry import Other"), "missing-module", ""),
        (missing("atlas", "import atlas"), "wrong-path", "src/atlas/__init__.py"),  # it is not installed
        (missing("scripts", "from scripts.release import tag"), "wrong-path", "scripts/release.py"),
        # Imported by less than the whole name
        (missing("builders", "from builders import build"), "wrong-path", "tests/helpers/builders.py"),
        (missing("builders", "from builders import other"), "missing-dependency", ""),
        (missing("sibling", "from sibling import connect", BACKEND), "wrong-path", "src/atlas/backends/sibling.py"),
        # A file or folder of a package's name is not that package
        (missing("redis", "import redis", BACKEND), "missing-dependency", ""),
        (missing("redis", "import redis", "src/atlas/backends/sibling.py"), "missing-dependency", ""),
        (missing("redis", "from redis import Redis"), "missing-dependency", ""),
        (missing("docker", "import docker"), "missing-dependency", ""),
        (missing("docker", "from docker import from_env"), "missing-dependency", ""),
        # Python's own modules are removed unless the repository holds one beside the importer
        (missing("commands", "import commands"), "removed-stdlib", ""),
        (missing("commands", "from commands import run", "src/atlas/new.py"), "wrong-path", "src/atlas/commands.py"),
        # What a build makes
        (missing("atlas._speedups", "import atlas._speedups"), "missing-dependency", ""),
        (missing("atlas.proto.user_pb2", "from atlas.proto import user_pb2"), "missing-dependency", ""),
    ],
)  # fmt: skip
def test_whose_a_missing_module_is(cause: Cause, kind: str, elsewhere: str) -> None:
    found = classify(error(cause), tree_of(cause))
    assert (found.kind, found.elsewhere) == (kind, elsewhere)


def test_without_the_sources_paths_decide() -> None:
    cause = missing("builders", "from builders import other")
    assert classify(error(cause), tree_of(cause, read=False)).kind == "wrong-path"


@pytest.mark.parametrize(
    ("module", "declared", "expected"),
    [
        ("yaml", ("PyYAML",), (("yaml", "pyyaml"),)),
        ("google.cloud.storage", ("google-cloud-storage",), (("google.cloud.storage", "google-cloud-storage"),)),
        ("redis", ("redis",), (("redis", "redis"),)),
        ("redis", ("requests",), ()),
    ],
)
def test_what_is_declared_for_a_module(module: str, declared: tuple[str, ...], expected: tuple) -> None:
    assert tree_of(missing(module, f"import {module}"), declared=declared).declared_as == expected


def name_missing(module: str, name: str, path: str) -> Cause:
    return Cause(
        "ImportError", f"cannot import name '{name}' from '{module}' ({path})", name=module, name_from=name,
        path=path, owner=module, origin="repository",
        frames=(Frame("tests/unit/test_x.py", 1, "", f"from {module} import {name}"),),
    )  # fmt: skip


def test_where_a_missing_name_lives_now() -> None:
    tree = tree_of(name_missing("atlas.services", "Moved", "src/atlas/services/__init__.py"))
    assert tree.defined_in == (("atlas.services", "Moved", "src/atlas/new.py"),)
    assert tree_of(name_missing("atlas.services", "Nowhere", "src/atlas/services/__init__.py")).defined_in == ()
    many = {**FILES, **{f"src/atlas/copy{n}.py": "class Moved: pass\n" for n in range(5)}}
    assert tree_of(name_missing("atlas.services", "Moved", "x.py"), files=many).defined_in == ()


def test_an_installed_package_of_the_same_name_hides_ours() -> None:
    files = {"tests/__init__.py": "", "tests/tools.py": ""}
    cause = Cause(
        "ImportError", "cannot import name 'tools' from 'tests'", name="tests", name_from="tools",
        path="/env/site-packages/tests/__init__.py", owner="tests", origin="package",
    )  # fmt: skip
    found = classify(error(cause), tree_of(cause, files=files))
    assert (found.kind, found.elsewhere) == ("wrong-path", "tests/tools.py")


def test_a_file_of_the_repository_that_bears_the_name_of_a_package_hides_it() -> None:
    files = {"tests/email.py": "", "tests/test_a.py": ""}
    message = "No module named 'email.mime'; 'email' is not a package"
    cause = Cause("ModuleNotFoundError", message, name="email.mime")
    found = classify(error(cause), tree_of(cause, files=files))
    assert (found.kind, found.elsewhere) == ("wrong-path", "tests/email.py")
    assert title_of(found) == "Module email.mime is hidden by tests/email.py"
    ours = Cause("ModuleNotFoundError", "No module named 'os.errno'; 'os' is not a package", name="os.errno")
    assert classify(error(ours), tree_of(ours, files=files)).kind == "removed-stdlib"


def test_a_copy_of_the_repository_that_is_installed_is_not_a_third_party() -> None:
    by = (Outside("atlas.core", "<module>", "package", "import imp"),)
    cause = Cause("ModuleNotFoundError", "No module named 'imp'", name="imp", outside=by)
    assert key_of(classify(error(cause), tree_of(cause))) == "missing:imp"
    assert key_of(classify(error(cause), TreeFacts())) == "missing:imp@atlas"


def test_files_that_cannot_be_parsed_are_named_once() -> None:
    causes = [
        Cause("SyntaxError", "invalid syntax", filename="atlas/x.py"),
        Cause("IndentationError", "unexpected indent", filename="atlas/x.py"),
        Cause("SyntaxError", "invalid syntax", filename="/env/site-packages/y.py"),
        Cause("ValueError", "no", filename="z.py"),
    ]
    assert unparsed_files(PassResult((), tuple(map(error, causes)), (), 0, 4)) == ["atlas/x.py"]


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("from a.b import c, d as e", [("a.b", ("c", "d"))]),
        ("from a import ( b, c, )", [("a", ("b", "c"))]),
        ("from .a import *", [(".a", ("*",))]),
        ("import a.b as c, d", [("a.b", ()), ("d", ())]),
        ("setup()", []),
    ],
)
def test_what_an_import_statement_asks_for(statement: str, expected: list) -> None:
    assert asked(statement) == expected


SOURCE = b"""
import os.path, json as j
from a import b as c
if True:
    X: int = 1
    for i in range(3): pass
try:
    def f():
        local = 1
except Exception: pass
class K:
    inner = 2
"""


def test_names_that_a_source_binds_and_defines() -> None:
    assert bound_names(SOURCE) == {"os", "j", "c", "X", "i", "f", "K"}
    assert bound_names(b"def broken(:") is None
    assert defines(b"X: int = 1", "X") and defines(b"def f(): pass", "f")
    assert not defines(b"from a import X", "X")
    assert attributes_of(b"import redis as r\nr.Redis()\nx.Other", "redis") == {"Redis"}


@pytest.mark.parametrize(
    "source",
    [
        "def X(): ...", "async  def  X(): ...", "class X: ...", "@made\nclass X(A): ...", "class \\\n  X: ...",
        "X = 1", "X=1", "X \\\n = 1", "a = X = 1", "a = \\\n    X = 1", "(X) = 1", "(\n  X  # ours\n  # alone\n) = 2",
        "X: int", "X : int = 1", "X += 1", "X //= 2", "X **= 2", "X <<= 1", "X @= y", "X |= y", "X ^= y", "X -= y",
        "for X in y: ...", "for X \\\n in y: ...", "for (X) in y: ...", "a = 1; X = 2", "import X\nX = X",
    ],
)  # fmt: skip
def test_every_way_to_define_a_name_is_seen(source: str) -> None:
    assert defines(source.encode(), "X")
    assert not defines(source.replace("X", "Xs").encode(), "X")
    assert not defines(source.replace("X", "a.X").encode(), "X")


@pytest.mark.parametrize("name", ["é", "größe", "naïf", "Ü", "x1"])
def test_a_name_of_any_letters_is_seen_as_a_whole(name: str) -> None:
    for source in (f"{name} = 1", f"class {name}: ...", f"def {name}(): ..."):
        assert defines(source.encode(), name)
        assert not defines(source.replace(name, f"é{name}").encode(), name)
        assert not defines(source.replace(name, f"{name}é").encode(), name)


@pytest.mark.parametrize(
    "source",
    [
        "import X", "from a import X", "from a import b as X", "X", "X()", "X.y = 1", "X[0] = 1", "f(X=1)", "X == 1",
        "def f():\n    X = 1", "if a:\n    X = 1", "(X := 1)", "X, y = 1, 2", "with a as X: ...", "# X = 1", "'X = 1'",
        "lambda X: 1", "{X: 1}", "class A:\n    X = 1", "print(x in X)", "X = (",
    ],
)  # fmt: skip
def test_what_only_looks_like_a_definition_is_none(source: str) -> None:
    assert not defines(source.encode(), "X")


def test_a_source_made_to_waste_time_is_read_in_no_time() -> None:
    # Each of these would take hours if the search for a definition went back over white space or comments.
    for source in (
        b"X " * 200_000,
        b"X" + b" " * 400_000,
        b"X #" * 100_000,
        b"X" + b"\n#" * 200_000,
        b"X\\\n" * 100_000,
    ):
        assert not defines(source, "X")


def test_a_package_that_setup_py_keeps_in_a_folder_of_another_name_has_moved() -> None:
    setup = b"META = {'package_dir': {'game': 'lib', 'game.tests': 'test'}}\nsetup(**META)\n"
    layout = Layout(["setup.py", "lib/__init__.py", "lib/color.py"], lambda path: setup if path == "setup.py" else b"")
    assert (layout.mapped("game"), layout.mapped("game.color")) == ("lib/__init__.py", "lib/color.py")
    assert layout.mapped("other") == ""


def test_build_scripts_tell_which_modules_are_compiled() -> None:
    script = b"ffi.set_source('_sodium', '')\nExtension(name='game._fast', sources=['x.c'])\n"
    layout = Layout(["setup.py", "build_sodium.py"], lambda path: script if path == "build_sodium.py" else b"")
    assert layout.source_of("nacl._sodium") == layout.source_of("game._fast") == "build_sodium.py"
    assert layout.source_of("game.slow") == ""
