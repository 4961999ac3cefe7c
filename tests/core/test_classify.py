"""Every kind from exceptions as Python and pytest really raise them."""

from __future__ import annotations

import pytest

from remediation.core.classify import ENVIRONMENT_KINDS, KINDS, classify, missing_name
from remediation.core.fingerprint import key_of, title_of
from remediation.core.records import Cause, CollectionError, Frame, PassResult, TreeFacts
from remediation.core.tree import with_tree

TEST = "tests/test_a.py"
TREE = TreeFacts(
    first_party=("atlas", "redis"),
    declared=("redis",),
    elsewhere=(("atlas.core.registry", "atlas/services/registry.py"),),
)
REPOSITORY = "/srv/checkout"


def error(cause: Cause, path: str = TEST) -> CollectionError:
    return CollectionError(path, path, cause, "E   traceback")


def not_found(name: str, message: str = "") -> Cause:
    return Cause("ModuleNotFoundError", message or f"No module named '{name}'", name=name)


def frames(*paths: str) -> tuple[Frame, ...]:
    return tuple(Frame(path, 3, "<module>", "import x") for path in paths)


TABLE = [
    # Modules that do not exist
    (not_found("atlas.core.gone"), "missing-module", "atlas.core.gone", ""),
    (not_found("atlas"), "missing-module", "atlas", ""),
    (not_found("atlas.core.registry"), "wrong-path", "atlas.core.registry", ""),
    (
        not_found("atlas.cache.x", "No module named 'atlas.cache.x'; 'atlas.cache' is not a package"),
        "missing-module", "atlas.cache.x", "",
    ),
    (Cause("ModuleNotFoundError", "No module named 'atlas.old'"), "missing-module", "atlas.old", ""),  # name not kept
    (not_found("websocket"), "missing-dependency", "websocket", ""),
    (not_found("google.cloud.storage"), "missing-dependency", "google.cloud.storage", ""),
    (not_found("redis"), "missing-dependency", "redis", ""),  # declared, though a folder has its name
    (not_found("redis.cluster_of_ours"), "missing-module", "redis.cluster_of_ours", ""),
    (not_found("imp"), "removed-stdlib", "imp", ""),
    (not_found("distutils.util"), "removed-stdlib", "distutils.util", ""),
    (not_found("asyncio.compat"), "removed-stdlib", "asyncio.compat", ""),
    # Names that do not exist
    (
        Cause("ImportError", "cannot import name 'Key' from 'atlas.keys' (/srv/checkout/atlas/keys.py)",
              name="atlas.keys", name_from="Key", path="atlas/keys.py", frames=frames(TEST)),
        "missing-name", "atlas.keys", "Key",
    ),
    (  # Python < 3.12 says the name in the message only
        Cause("ImportError", "cannot import name 'Key' from 'atlas.keys' (/srv/checkout/atlas/keys.py)",
              name="atlas.keys", path="atlas/keys.py", frames=frames(TEST)),
        "missing-name", "atlas.keys", "Key",
    ),
    (
        Cause("ImportError", "cannot import name 'Key' from 'atlas' (unknown location)", name="atlas"),
        "missing-name", "atlas", "Key",
    ),
    (  # a guess of Python's: the module is not being imported further up
        Cause("ImportError", "cannot import name 'Key' from partially initialized module 'atlas.keys' "
              "(most likely due to a circular import) (/srv/checkout/atlas/keys.py)",
              name="atlas.keys", path="atlas/keys.py", frames=frames(TEST, "atlas/other.py")),
        "missing-name", "atlas.keys", "Key",
    ),
    (  # the frames show it: keys imports other, which imports from keys
        Cause("ImportError", "cannot import name 'Key' from partially initialized module 'atlas.keys' "
              "(most likely due to a circular import) (/srv/checkout/atlas/keys.py)",
              name="atlas.keys", path="atlas/keys.py", frames=frames(TEST, "atlas/keys.py", "atlas/other.py")),
        "circular-import", "atlas.keys", "Key",
    ),
    (  # a module that asks itself for a name: nothing else is being imported
        Cause("ImportError", "cannot import name 'Key' from 'atlas.keys'", name="atlas.keys", name_from="Key",
              path="atlas/keys.py", frames=frames(TEST, "atlas/keys.py")),
        "missing-name", "atlas.keys", "Key",
    ),
    (  # the same evidence without Python's guess
        Cause("ImportError", "cannot import name 'Key' from 'atlas.keys'", name="atlas.keys", name_from="Key",
              path="atlas/keys.py", frames=frames(TEST, "atlas/keys.py", "atlas/other.py")),
        "circular-import", "atlas.keys", "Key",
    ),
    # Everything else
    (Cause("SyntaxError", "invalid syntax (test_a.py, line 4)", filename=TEST, lineno=4), "syntax-error", "", ""),
    (Cause("IndentationError", "unexpected indent", filename=TEST, lineno=4), "syntax-error", "", ""),
    (Cause("TabError", "inconsistent use of tabs and spaces", filename=TEST), "syntax-error", "", ""),
    (
        Cause("TypeError", "Cannot create a consistent method resolution order (MRO) for bases A, B", bases=("A", "B")),
        "mro-conflict", "", "",
    ),
    (Cause("TypeError", "unsupported operand type(s) for +: 'int' and 'str'"), "raised-at-import", "", ""),
    (
        Cause("_pytest.outcomes.Failed", "'load' not found in `markers` configuration option"),
        "unknown-marker", "", "load",
    ),
    (Cause("_pytest.pathlib.ImportPathMismatchError", "test_a, a/test_a.py, b/test_a.py"), "import-mismatch", "", ""),
    (
        Cause("_pytest.nodes.Collector.CollectError", "import file mismatch:\nimported module 'test_a' has"),
        "import-mismatch", "", "",
    ),
    (
        Cause("_pytest.nodes.Collector.CollectError", "Using pytest.skip outside of a test will skip the entire "
              "module. If that's your intention, pass `allow_module_level=True`."),
        "skip-misuse", "", "",
    ),
    (Cause("_pytest.config.exceptions.UsageError", "unknown option"), "configuration", "", ""),
    (Cause("ValueError", "SECRET_KEY must be at least 32 characters"), "raised-at-import", "", ""),
    (Cause("ImportError", "libGL.so.1: cannot open shared object file"), "missing-dependency", "libGL.so.1", ""),
    (Cause("ModuleNotFoundError", "please install the monitoring extra"), "raised-at-import", "", ""),
    (Cause("", ""), "raised-at-import", "", ""),
]  # fmt: skip


@pytest.mark.parametrize(("cause", "kind", "module", "name"), TABLE, ids=[f"{r[1]}-{n}" for n, r in enumerate(TABLE)])
def test_kind_module_and_name(cause: Cause, kind: str, module: str, name: str) -> None:
    found = classify(error(cause), TREE)
    assert (found.kind, found.module, found.name) == (kind, module, name)
    assert found.kind in KINDS
    assert (found.path, found.cause, found.traceback) == (TEST, cause, "E   traceback")


@pytest.mark.parametrize(
    ("cause", "kind"),
    [
        (Cause("RuntimeError", "no database"), "conftest-failure"),
        (not_found("atlas.gone"), "missing-module"),  # the cause inside is the better name
        (Cause("SyntaxError", "invalid syntax", filename="tests/conftest.py"), "syntax-error"),
    ],
)
def test_a_conftest_that_raises_is_named_by_its_cause_where_there_is_one(cause: Cause, kind: str) -> None:
    assert classify(error(cause, "tests/conftest.py"), TREE).kind == kind


def test_where_a_missing_module_went_is_kept() -> None:
    assert classify(error(not_found("atlas.core.registry")), TREE).elsewhere == "atlas/services/registry.py"
    assert classify(error(not_found("atlas.core.gone")), TREE).elsewhere == ""


def test_only_the_environments_own_kinds_blame_the_environment() -> None:
    blamed = {classify(error(cause), TREE).kind for cause, *_ in TABLE if classify(error(cause), TREE).environment}
    assert blamed == ENVIRONMENT_KINDS == {"missing-dependency", "removed-stdlib"}


def test_missing_name_prefers_the_exceptions_own_attributes() -> None:
    assert missing_name(Cause("ImportError", "words", name="m", name_from="n")) == ("m", "n")
    assert missing_name(Cause("ImportError", "words")) is None


PATHS = [
    "atlas/__init__.py",
    "atlas/services/registry.py",
    "atlas/one/twice.py",
    "atlas/two/twice.py",
    "atlas/config.py",
    "src/lib/widget/__init__.py",
    "tests/redis/test_cluster.py",
    "tests/test_registry.py",
    "docs/websocket.md",
]


def tree_of(*causes: Cause, declared: tuple[str, ...] = ()) -> TreeFacts:
    errors = tuple(error(cause) for cause in causes)
    return with_tree(PassResult((), errors, (), 0, len(errors)), PATHS, declared).tree


@pytest.mark.parametrize(
    ("module", "first_party", "elsewhere"),
    [
        ("atlas.core.registry", ("atlas",), (("atlas.core.registry", "atlas/services/registry.py"),)),
        ("lib.gadgets.widget", ("lib",), (("lib.gadgets.widget", "src/lib/widget/__init__.py"),)),
        ("atlas.core.twice", ("atlas",), ()),  # two candidates prove nothing
        ("atlas.core.config", ("atlas",), ()),  # a name that everybody uses proves nothing
        ("registry", ("registry",), (("registry", "atlas/services/registry.py"),)),  # imported by its last name
        ("websocket", (), ()),  # a document of that name is no module
        ("redis", (), ()),  # a folder of tests is no package
        ("redis.cluster", (), ()),
    ],
)
def test_the_tree_says_what_is_ours_and_where_it_went(module: str, first_party: tuple, elsewhere: tuple) -> None:
    tree = tree_of(not_found(module))
    assert (tree.first_party, tree.elsewhere) == (first_party, elsewhere)


def test_with_tree_keeps_only_what_the_errors_ask_about() -> None:
    everything = ("redis", "websocket", "Atlas_Tools", "unrelated")
    tree = tree_of(not_found("atlas_tools.x"), not_found("redis"), Cause("ValueError", "no"), declared=everything)
    named = (("atlas_tools.x", "atlas-tools"), ("redis", "redis"))
    assert tree == TreeFacts(declared=("atlas-tools", "redis"), declared_as=named)
    assert tree_of(Cause("ValueError", "No module named 'atlas.core.registry'"), declared=everything) == TreeFacts()


def test_an_unrelated_change_of_the_tree_is_no_other_result() -> None:
    result = PassResult((), (error(not_found("atlas.core.registry")),), (), 3, 1, 2, ("w",))
    one, other = with_tree(result, PATHS, ["redis"]), with_tree(result, [*PATHS, "atlas/new.py"], ["redis", "celery"])
    assert one.digest() == other.digest() != result.digest()
    assert (one.tests, one.deselected, one.warnings) == (3, 2, ("w",))


@pytest.mark.parametrize(
    ("module", "name", "path", "kind", "title"),
    [
        ("atlas.cache", "CacheKey", "atlas/cache.py", "missing-name", "CacheKey is not exported by atlas.cache"),
        (
            "collections",
            "Mapping",
            "/usr/lib/python3.13/collections/__init__.py",
            "removed-stdlib",
            "Mapping was removed from Python's collections in 3.10",
        ),
        (
            "twisted.web.test",
            "Forever",
            "/opt/venv/lib/python3.13/site-packages/twisted/web/test.py",
            "missing-dependency",
            "The installed twisted has no Forever in twisted.web.test",
        ),
    ],
)
def test_a_name_missing_outside_the_repository_is_the_environments(
    module: str, name: str, path: str, kind: str, title: str
) -> None:
    cause = Cause("ImportError", f"cannot import name '{name}' from '{module}'", name=module, name_from=name, path=path)
    found = classify(CollectionError("tests/test_a.py", "tests/test_a.py", cause), TreeFacts())
    assert (found.kind, found.environment) == (kind, kind != "missing-name")
    assert key_of(found) == f"missing:{module}.{name}"
    assert title_of(found) == title
