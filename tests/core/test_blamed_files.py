"""Which files a root cause is about, for every kind that has its own answer."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from remediation.core.blamed_files import asked_paths, likeliest_first, watched_paths
from remediation.core.classify import Classified, classify
from remediation.core.records import Cause, Frame, TreeFacts
from tests import factories

TEST = "tests/test_a.py"
TREE = TreeFacts(first_party=("atlas",), elsewhere=(("atlas.old", "atlas/new.py"),))


def error(kind: str, *, frame: str = TEST, **values: object) -> Classified:
    names = {name: values.pop(name) for name in ("cycle", "environment") if name in values}
    facts = {name: values.pop(name) for name in ("module", "name", "elsewhere") if name in values}
    cause = Cause("ImportError", "", frames=(Frame(frame, 3),), **values)
    return Classified(TEST, kind, cause, **facts, **names)


@pytest.mark.parametrize(
    ("about", "asked"),
    [
        # a module that does not exist has the paths it would have
        (error("missing-module", module="atlas.core"), ["atlas/core.py", "atlas/core/__init__.py",
                                                        "src/atlas/core.py", "src/atlas/core/__init__.py"]),
        (error("missing-name", module="atlas.c", name="K", path="atlas/c.py"),
         ["atlas/c.py", "atlas/c/__init__.py", "src/atlas/c.py", "src/atlas/c/__init__.py"]),
        (error("wrong-path", module="atlas.old", elsewhere="atlas/new.py"), ["atlas/new.py"]),
        (error("circular-import", cycle=("atlas/a.py", "atlas/b.py")), ["atlas/a.py", "atlas/b.py"]),
        (error("unknown-marker", name="load"), ["pyproject.toml"]),
        (error("raised-at-import", frame="atlas/broken.py"), ["atlas/broken.py"]),
        (error("syntax-error", filename="atlas/wrong.py"), ["atlas/wrong.py"]),
        (error("mro-conflict"), [TEST]),
        # nothing in the repository is to blame
        (error("missing-dependency", module="yaml", environment=True), []),
        # and what lies outside it is not asked for
        (error("raised-at-import", frame="/usr/lib/python3/x.py"), []),
        (error("raised-at-import", frame="../x.py"), []),
        (error("syntax-error", filename="<string>", frame="<frozen importlib>"), []),
    ],
)  # fmt: skip
def test_the_paths_whose_owner_is_asked_for(about: Classified, asked: list[str]) -> None:
    assert list(asked_paths(about, ["src"], "pyproject.toml")) == asked


def test_from_real_errors() -> None:
    missing = classify(factories.missing_module(TEST), TREE)
    assert asked_paths(missing) == ("atlas/core/registry.py", "atlas/core/registry/__init__.py")
    assert asked_paths(classify(factories.missing_name(TEST), TREE))[0] == "atlas/cache/keys.py"
    assert asked_paths(classify(factories.syntax_error(TEST), TREE)) == (TEST,)
    assert asked_paths(classify(factories.unknown_marker(TEST), TREE)) == (TEST,), "no configuration is known"


def test_of_paths_that_do_not_exist_the_one_that_fits_the_tree_goes_first() -> None:
    paths = ["atlas/core/registry.py", "atlas/core/registry/__init__.py", "src/atlas/core/registry.py"]
    assert likeliest_first(paths, {"src", "src/atlas", "tests"})[0] == "src/atlas/core/registry.py"
    assert likeliest_first(paths, {"atlas", "atlas/core", "atlas/core/registry"})[0] == paths[1]
    assert list(likeliest_first(paths, set())) == paths


def test_a_repair_may_be_made_where_the_statement_fails() -> None:
    errors = [error("missing-module", module="atlas.core", frame=f"tests/test_{n}.py") for n in range(80)]
    watched = watched_paths(errors, ["atlas/core.py"])
    assert watched[:2] == ("atlas/core.py", "tests/test_0.py")
    assert len(watched) == 50
    outside = replace(errors[0], environment=True)
    assert watched_paths([outside], asked_paths(outside)) == ("tests/test_0.py",)
