"""Causes as real releases raise them on newer Pythons: kind, key and whether the environment is to blame."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from remediation.core.classify import KINDS, Classified, classify
from remediation.core.fingerprint import key_of, title_of, why_of
from remediation.core.records import Cause, CollectionError, Frame, Outside, Parsed, PassResult, TreeFacts
from remediation.core.wording import facts_of

TEST = "tests/test_a.py"
TREE = TreeFacts(first_party=("atlas",), declared_as=(("yaml", "pyyaml"),), unbuilt=(("atlas._fast", "atlas/_fast.c"),))
SITE = "/env/lib/python3.13/site-packages"


def frame(path: str = TEST, statement: str = "import x", function: str = "<module>") -> Frame:
    return Frame(path, 3, function, statement)


def outside(module: str, function: str = "<module>", statement: str = "import y", origin: str = "package") -> Outside:
    return Outside(module, function, origin, statement)


def made(cause: Cause, path: str = TEST, tree: TreeFacts = TREE) -> Classified:
    return classify(CollectionError(path, path, cause), tree)


def not_found(name: str, *, by: tuple[Outside, ...] = (), link: str = "") -> Cause:
    message = f"No module named '{name}'"
    return Cause("ModuleNotFoundError", message, name=name, frames=(frame(),), outside=by, link=link)


def no_name(module: str, name: str, origin: str, *, by: tuple[Outside, ...] = (), link: str = "") -> Cause:
    message = f"cannot import name '{name}' from '{module}'"
    path = "" if origin == "repository" else f"{SITE}/{module}.py"
    return Cause(
        "ImportError", message, name=module, name_from=name, path=path, owner=module, origin=origin,
        frames=(frame(),), outside=by, link=link,
    )  # fmt: skip


def no_attribute(owner: str, name: str, origin: str, owner_is: str = "module", by: tuple[Outside, ...] = ()) -> Cause:
    message = f"{owner_is} '{owner}' has no attribute '{name}'"
    return Cause(
        "AttributeError", message, name=name, owner=owner, owner_is=owner_is, origin=origin, frames=(frame(),),
        outside=by,
    )  # fmt: skip


def raised(kind: str, message: str, *by: Outside, at: str = TEST, statement: str = "setup()") -> Cause:
    return Cause(kind, message, frames=(frame(at, statement),), outside=by)


PYTEST = outside("_pytest.fixtures", "__call__", "raise ValueError(", "pytest")
FAIL = outside("_pytest.outcomes", "fail", "raise Failed(", "pytest")
SETTINGS = outside("django.conf", "_setup", "raise ImproperlyConfigured(")

# (cause, kind, key, environment)
TABLE: list[tuple[Cause, str, str, bool]] = [
    # Third-party packages
    (not_found("yaml"), "missing-dependency", "missing:yaml", True),
    (not_found("numpy", by=(outside("pandas"),)), "missing-dependency", "missing:numpy", True),
    (not_found("google.cloud.storage"), "missing-dependency", "missing:google.cloud.storage", True),
    (not_found("werkzeug.contrib"), "missing-dependency", "missing:werkzeug.contrib", True),
    (not_found("werkzeug.contrib", by=(outside("flask_old"),)), "missing-dependency",
     "missing:werkzeug.contrib@flask_old", True),
    (no_name("werkzeug", "url_quote", "package", by=(outside("flask.app"),)), "missing-dependency",
     "missing:werkzeug.url_quote@flask", True),
    (no_name("jinja2", "Markup", "package"), "missing-dependency", "missing:jinja2.Markup", True),
    (no_attribute("numpy", "float", "package"), "missing-dependency", "missing:numpy.float", True),
    (no_attribute("numpy", "float", "package", by=(outside("oldsk.core"),)), "missing-dependency",
     "missing:numpy.float@oldsk", True),
    (no_attribute("pytest", "config", "pytest"), "missing-dependency", "missing:pytest.config", True),
    (no_attribute("flask.app.Flask", "before_first_request", "package", "instance"), "missing-dependency",
     "missing:flask.app.Flask.before_first_request", True),
    (not_found("_tkinter", by=(outside("tkinter", origin="stdlib"),)), "missing-dependency", "missing:_tkinter", True),
    (not_found("tomllib"), "missing-dependency", "missing:tomllib", True),
    (no_name("typing", "Self", "stdlib"), "missing-dependency", "missing:typing.Self", True),
    (not_found("atlas._fast"), "missing-dependency", "missing:atlas._fast", True),
    (no_name("atlas", "_fast", "repository"), "missing-dependency", "missing:atlas._fast", True),
    (Cause("importlib.metadata.PackageNotFoundError", "No package metadata was found for atlas", name="atlas"),
     "missing-dependency", "distribution:atlas", True),
    (Cause("pkg_resources.DistributionNotFound", "The 'six>=1' distribution was not found and is required by atlas"),
     "missing-dependency", "distribution:six", True),
    (Cause("SyntaxError", "invalid syntax", filename=f"{SITE}/nose/core.py", owner="nose.core", origin="package"),
     "missing-dependency", "syntax-outside:nose.core", True),
    (raised("ValueError", "numpy.dtype size changed", outside("pandas"), statement="import pandas"),
     "missing-dependency", "broken:pandas:ValueError:numpy.dtype size changed", True),
    (raised("ValueError", "numpy.dtype size changed", PYTEST, outside("pandas"), statement="pytest.importorskip('x')"),
     "missing-dependency", "broken:pandas:ValueError:numpy.dtype size changed", True),
    (raised("ImportError", "/x/libGL.so.1: cannot open shared object file: No such file", outside("cv2")),
     "missing-dependency", "library:libGL.so.1", True),
    # Python and its standard library
    (not_found("imp"), "removed-stdlib", "missing:imp", True),
    (not_found("imp", by=(outside("nose.importer"),)), "removed-stdlib", "missing:imp@nose", True),
    (not_found("imp", by=(outside("celery.loaders", "load", "importlib.import_module(name)"),)), "removed-stdlib",
     "missing:imp", True),  # a name handed in: who loads it is not who needs it
    (not_found("urllib2"), "removed-stdlib", "missing:urllib2", True),
    (not_found("email.MIMEText"), "removed-stdlib", "missing:email.MIMEText", True),
    (no_name("collections", "Mapping", "stdlib"), "removed-stdlib", "missing:collections.Mapping", True),
    (no_attribute("collections", "Mapping", "stdlib"), "removed-stdlib", "missing:collections.Mapping", True),
    (no_attribute("inspect", "getargspec", "stdlib", by=(outside("wrapt.dec", "f", "inspect.getargspec(f)"),)),
     "removed-stdlib", "missing:inspect.getargspec@wrapt", True),
    (no_attribute("unittest.case.TestCase", "assertEquals", "stdlib", "class"), "removed-stdlib",
     "missing:unittest.case.TestCase.assertEquals", True),
    (no_attribute("builtins.dict", "iteritems", "stdlib", "instance"), "removed-stdlib",
     "missing:builtins.dict.iteritems", True),
    (raised("AttributeError", "'dict' object has no attribute 'has_key'"), "removed-stdlib",
     "missing:builtins.dict.has_key", True),
    (replace(raised("NameError", "name 'unicode' is not defined"), name="unicode"), "removed-stdlib",
     "missing:builtins.unicode", True),
    # The repository's own
    (no_attribute("atlas.keys", "Key", "repository"), "missing-name", "missing:atlas.keys.Key", False),
    (no_attribute("atlas.keys.Color", "RED", "repository", "class"), "missing-name", "missing:atlas.keys.Color.RED",
     False),
    (raised("AttributeError", "module 'statistics' has no attribute 'mean'", at="tests/statistics.py"), "missing-name",
     "missing:statistics.mean", False),  # it hides Python's own
    (replace(no_name("atlas.a", "A", "repository"), cycle=("atlas/a.py", "atlas/b.py")), "circular-import",
     "cycle:atlas/a.py,atlas/b.py", False),
    (replace(no_name("atlas.b", "B", "repository"), cycle=("atlas/b.py", "atlas/a.py")), "circular-import",
     "cycle:atlas/a.py,atlas/b.py", False),  # the same circle from its other end
    (raised("ImportError", "attempted relative import with no known parent package"), "wrong-path", "relative:tests",
     False),
    (Cause("IndentationError", "unexpected indent", filename="atlas/x.py", frames=(frame(),)), "syntax-error",
     "syntax:atlas/x.py", False),
    (raised("ValueError", "source code string cannot contain null bytes"), "syntax-error", f"syntax:{TEST}", False),
    # pytest
    (raised("ValueError", "fixture is being applied more than once to the same function", PYTEST), "configuration",
     f"raised:ValueError:fixture is being applied more than once to the same function:{TEST}", False),
    (raised("_pytest.outcomes.Failed", "In test_x: function uses no argument 'y'",
            outside("_pytest.python", "parametrize", "fail(", "pytest"), FAIL), "configuration",
     f"raised:_pytest.outcomes.Failed:In test_x: function uses no argument 'y':{TEST}", False),
    (Cause("pluggy._manager.PluginValidationError", "Plugin 'tests/conftest.py' for hook 'pytest_x'"), "configuration",
     f"raised:pluggy._manager.PluginValidationError:Plugin 'tests/conftest.py' for hook 'pytest_x':{TEST}", False),
    (raised("_pytest.outcomes.Failed", "no", FAIL), "raised-at-import", f"raised:_pytest.outcomes.Failed:no:{TEST}",
     False),
    (raised("_pytest.outcomes.Skipped", "not here", at="tests/needs.py"), "skip-misuse", "skip:tests/needs.py", False),
    (raised("pytest.PytestUnknownMarkWarning", "Unknown pytest.mark.load - is this a typo?"), "unknown-marker",
     "marker:load", False),
    (Cause("_pytest.pathlib.ImportPathMismatchError", f"atlas.tests.conftest, {SITE}/atlas/tests/conftest.py, "
           "atlas/tests/conftest.py", name="atlas.tests.conftest"), "import-mismatch", "mismatch-installed:atlas",
     True),
    # Raised
    (replace(raised("FileNotFoundError", "[Errno 2] No such file"), filename="tests/data/x.json"), "raised-at-import",
     "file:FileNotFoundError:tests/data/x.json", False),
    (raised("DeprecationWarning", "use x", statement="import atlas"), "raised-at-import",
     "raised:DeprecationWarning:use x:", False),
    (raised("DeprecationWarning", "use x", outside("oldpkg"), statement="import oldpkg"), "raised-at-import",
     "raised:DeprecationWarning:use x:oldpkg", True),
    (raised("django.core.exceptions.ImproperlyConfigured", "Requested setting CACHES, but settings are not configured.",
            SETTINGS), "raised-at-import",
     "raised:django.core.exceptions.ImproperlyConfigured:settings are not configured.:django.conf:_setup", False),
    (raised("ValueError", "invalid literal for int()", outside("decimal", "f", "raise ValueError(", "stdlib")),
     "raised-at-import", f"raised:ValueError:invalid literal for int():{TEST}", False),
    (raised("KeyError", "'x'", outside("pkg.m", "get", "return self.d[k]")), "raised-at-import",
     f"raised:KeyError:'x':{TEST}", False),
    (raised("TypeError", "ForeignKey.__init__() missing 1 required positional argument: 'on_delete'"),
     "raised-at-import",
     "raised:TypeError:ForeignKey.__init__() missing 1 required positional argument: 'on_delete':", False),
    (raised("TypeError", "__init__() got an unexpected keyword argument 'x'"), "raised-at-import",
     f"raised:TypeError:__init__() got an unexpected keyword argument 'x':{TEST}", False),
    (raised("AttributeError", "'NoneType' object has no attribute 'x'"), "raised-at-import",
     f"raised:AttributeError:'NoneType' object has no attribute 'x':{TEST}", False),
    # The process came to its end
    (Cause("collection.Exit", "SystemExit: 1", frames=(frame("atlas/cli.py"),)), "exit-at-import",
     "exit-at-import:atlas/cli.py", False),
    (Cause("collection.Timeout", "no sign of life"), "timeout", f"timeout:{TEST}", False),
    (Cause("collection.Crash", "signal 11"), "crash", f"crash:{TEST}", False),
]  # fmt: skip


@pytest.mark.parametrize(("cause", "kind", "key", "environment"), TABLE, ids=[row[2][:60] for row in TABLE])
def test_kind_key_and_environment(cause: Cause, kind: str, key: str, environment: bool) -> None:
    error = made(cause)
    assert (error.kind, key_of(error), error.environment) == (kind, key, environment)
    assert kind in KINDS and title_of(error) and why_of(error).endswith(".")


@pytest.mark.parametrize(
    ("outer", "chain", "key"),
    [
        # A re-raise: what was missing is the root, whatever was said of it
        (raised("RuntimeError", "install redis"), [not_found("redis", link="cause")], "missing:redis"),
        (raised("ImportError", "install redis"), [not_found("redis", link="handled")], "missing:redis"),
        (raised("app.Unset", "x"), [replace(raised("ValueError", "y"), link="cause"),
                                    not_found("redis", link="cause")], "missing:redis"),
        (raised("ImportError", 'Error importing plugin "x"'), [not_found("x", link="cause")], "missing:x"),
        (raised("ExceptionGroup", "g (1 sub-exception)"), [not_found("redis", link="group")], "missing:redis"),
        # A fallback that is missing too: it is what the code needs in the end
        (not_found("simplejson"), [not_found("ujson", link="fallback")], "missing:simplejson"),
        (not_found("simplejson"), [not_found("ujson", link="handled")], "missing:simplejson"),
        # except that a fallback for Python 2 says nothing on Python 3
        (not_found("HTMLParser"), [no_name("html.parser", "HTMLParseError", "stdlib", link="fallback")],
         "missing:html.parser.HTMLParseError"),
        (not_found("urllib2"), [not_found("requests", link="fallback")], "missing:requests"),
        (not_found("cPickle"), [not_found("ConfigParser", link="fallback")], "missing:cPickle"),
        # An exception that was handled on the way to another one is not its root
        (raised("ValueError", "Set NOPE"), [replace(raised("KeyError", "'NOPE'"), link="handled")],
         f"raised:ValueError:Set NOPE:{TEST}"),
        (raised("RuntimeError", "x"), [replace(no_attribute("os", "fork", "stdlib"), link="handled")],
         f"raised:RuntimeError:x:{TEST}"),
    ],
)  # fmt: skip
def test_the_root_of_a_chain(outer: Cause, chain: list[Cause], key: str) -> None:
    assert key_of(made(replace(outer, chain=tuple(chain)))) == key


def test_a_complaint_of_a_package_is_one_cause_in_sixty_files() -> None:
    said = "Requested setting CACHES, but settings are not configured."
    causes = [raised("ImproperlyConfigured", said, SETTINGS, at=f"app{n}/models.py") for n in range(60)]
    assert len({key_of(made(cause)) for cause in causes}) == 1


def test_the_same_words_of_the_standard_library_in_two_files_are_two_causes() -> None:
    number = outside("decimal", "f", "raise ValueError(", "stdlib")
    causes = [raised("ValueError", "invalid literal", number, at=path) for path in ("a.py", "b.py")]
    assert len({key_of(made(cause)) for cause in causes}) == 2


@pytest.mark.parametrize("kind", ["SyntaxError", "TabError"])
def test_five_tests_that_import_one_broken_module_are_one_ticket(kind: str) -> None:
    messages = ("invalid syntax", "Missing parentheses in call to 'print'. Did you mean print(...)?")
    causes = [
        Cause(kind, text, filename="atlas/old.py", frames=(frame(f"t{n}.py"),)) for n in "12" for text in messages
    ]
    assert {key_of(made(cause)) for cause in causes} == {"syntax:atlas/old.py"}


@pytest.mark.parametrize(
    ("parsed", "environment", "said"),
    [
        (Parsed("atlas/x.py", ("3.12", "3.13"), supported=False), True, "3.12, 3.13"),
        (Parsed("atlas/x.py", ("3.12",), supported=True), False, "3.12"),  # the repository says that ours should do
        (Parsed("atlas/x.py", (), supported=False), False, "no Python that was tried"),
    ],
)
def test_a_file_for_another_python_is_the_environments_unless_ours_is_supported(
    parsed: Parsed, environment: bool, said: str
) -> None:
    error = made(Cause("SyntaxError", "invalid syntax", filename="atlas/x.py"), tree=TreeFacts(parsed=(parsed,)))
    assert error.environment is environment
    assert ("Parsed by", said) in facts_of(error)


@pytest.mark.parametrize(
    ("cause", "facts"),
    [
        (not_found("yaml"), {"Declared by the repository": "yes, as pyyaml"}),
        (not_found("websocket"), {"Declared by the repository": "no"}),
        (no_name("werkzeug", "url_quote", "package", by=(outside("flask.app"),)),
         {"Needed by": "the installed package flask"}),
        (replace(no_name("atlas.keys", "Foo", "repository"), near=("Food",)), {"Names that look alike": "Food"}),
        (replace(no_name("atlas.a", "A", "repository"), cycle=("atlas/a.py", "atlas/b.py")),
         {"Circle": "atlas/a.py → atlas/b.py → atlas/a.py"}),
        (Cause("TypeError", "Cannot create…", bases=("A", "B")), {"Bases in order": "A, B"}),
        (Cause("SyntaxError", "Missing parentheses in call to 'print'. Did you mean", filename=TEST),
         {"Written for": "Python 2"}),
        (raised("ValueError", "x"), {}),
    ],
)  # fmt: skip
def test_what_else_is_known_is_said(cause: Cause, facts: dict[str, str]) -> None:
    assert dict(facts_of(made(cause))) == facts


@pytest.mark.parametrize(
    ("cause", "title"),
    [
        (not_found("imp", by=(outside("nose"),)), "nose needs module imp, which was removed from Python in 3.12"),
        (no_name("collections", "Mapping", "stdlib"), "Mapping was removed from Python's collections in 3.10"),
        (no_name("shutil", "nonsense", "stdlib"), "nonsense is not in this Python's shutil"),
        (no_name("typing", "Self", "stdlib"), "Self is not in this Python's typing"),
        (not_found("_tkinter"), "Module _tkinter is not part of this Python"),
        (not_found("atlas._fast"), "Module atlas._fast of this repository is not built"),
        (not_found("atlas.core.old"), "Module atlas.core.old has moved"),
        (not_found("builders"), "Module builders is not on the import path"),
    ],
)
def test_titles_say_the_cause(cause: Cause, title: str) -> None:
    places = (("atlas.core.old", "atlas/services/old.py"), ("builders", "tests/helpers/builders.py"))
    tree = dataclasses.replace(TREE, first_party=("atlas", "builders"), elsewhere=places)
    assert title_of(made(cause, tree=tree)) == title


def asks(statement: str, name: str) -> Cause:
    return replace(not_found(name), frames=(frame(statement=statement),))


@pytest.mark.parametrize(
    ("statement", "name", "key"),
    [
        ("import google.cloud.storage", "google", "missing:google.cloud.storage"),
        ("from google.cloud import bigquery", "google", "missing:google.cloud.bigquery"),
        ("from google.cloud import bigquery", "google.cloud", "missing:google.cloud.bigquery"),
        ("from google.cloud.storage import Client", "google", "missing:google.cloud.storage"),
        ("from zope import interface", "zope", "missing:zope.interface"),
        ("import google", "google", "missing:google"),
        ("load()", "google", "missing:google"),
        ("import redis.cluster", "redis", "missing:redis"),  # not shared: all of it comes in one package
    ],
)
def test_packages_that_share_a_namespace_are_told_apart(statement: str, name: str, key: str) -> None:
    assert key_of(made(asks(statement, name))) == key


words = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
any_frames = st.lists(st.builds(Frame, words, st.integers(0, 9), words, words), max_size=3).map(tuple)
origins = st.sampled_from(["", "repository", "stdlib", "package", "pytest"])
any_outside = st.lists(st.builds(Outside, words, words, origins, words), max_size=3).map(tuple)
types = st.one_of(words, st.sampled_from([row[0].type for row in TABLE]))
bare = st.builds(
    Cause, types, words, words, words, words, words, st.integers(0, 9), st.just(()), any_frames, any_outside, words,
    st.sampled_from(["", "module", "class", "instance"]), origins, st.just(()), st.lists(words, max_size=2).map(tuple),
    st.sampled_from(["cause", "handled", "fallback", "group"]),
)  # fmt: skip
causes = st.builds(lambda cause, chain: replace(cause, chain=tuple(chain)), bare, st.lists(bare, max_size=3))


@given(causes, words)
def test_nothing_that_a_stranger_raises_breaks_it(cause: Cause, path: str) -> None:
    error = made(cause, path)
    assert error.kind in KINDS and key_of(error) and title_of(error) and why_of(error)
    assert all(label and isinstance(value, str) for label, value in facts_of(error))


@given(st.sampled_from(TABLE), st.integers(1, 10**6), st.integers(1, 10**6))
def test_line_numbers_never_split_a_ticket(row: tuple[Cause, str, str, bool], one: int, other: int) -> None:
    def at(line: int) -> str:
        frames = tuple(replace(frame, line=line) for frame in row[0].frames)
        return key_of(made(replace(row[0], frames=frames, lineno=line)))

    assert at(one) == at(other)


@given(st.sampled_from(TABLE), st.sampled_from(["/srv/a/env", "/home/mei/.venv", "/opt/x/y/z"]))
def test_where_an_environment_stands_never_splits_a_ticket(row: tuple[Cause, str, str, bool], prefix: str) -> None:
    def moved(text: str) -> str:
        return text.replace("/env/", prefix + "/")

    cause = replace(row[0], path=moved(row[0].path), filename=moved(row[0].filename), message=moved(row[0].message))
    assert key_of(made(cause)) == row[2]


def test_results_keep_the_new_facts_when_they_are_stored() -> None:
    errors = tuple(CollectionError(TEST, str(n), replace(row[0], chain=(row[0],))) for n, row in enumerate(TABLE))
    tree = dataclasses.replace(TREE, defined_in=(("a", "b", "c.py"),), parsed=(Parsed("x.py", ("3.9",), True),))
    result = PassResult((), errors, (), 0, len(errors), tree=tree)
    again = PassResult.unpack(result.pack())
    assert (again.tree, set(again.errors)) == (tree, set(errors))


def test_a_module_that_a_conftest_imports_and_that_raises_is_no_conftest_failure() -> None:
    own = Cause("ValueError", "x", frames=(frame("tests/conftest.py"),))
    behind = Cause("ValueError", "x", frames=(frame("tests/conftest.py"), frame("app/settings.py")))
    assert made(own, "tests/conftest.py").kind == "conftest-failure"
    assert made(behind, "tests/conftest.py").kind == "raised-at-import"


def test_what_the_standard_library_itself_was_asked_for_is_its_own_though_the_repository_bears_the_name() -> None:
    cause = no_name("typing", "GenericMeta", "stdlib")
    assert made(cause, tree=TreeFacts(first_party=("typing",))).kind == "removed-stdlib"


def test_a_declared_part_of_a_shared_namespace_is_not_the_repository_s() -> None:
    tree = TreeFacts(first_party=("zope",), declared_as=(("zope.interface", "zope-interface"),))
    assert made(not_found("zope.interface"), tree=tree).kind == "missing-dependency"
    assert made(not_found("zope.component.gone"), tree=tree).kind == "missing-module"


def test_a_module_that_a_package_makes_at_run_time_is_the_package_s() -> None:
    cause = Cause("AttributeError", "module 'lib' has no attribute 'x'", name="x", owner="lib", owner_is="module")
    assert made(cause).kind == "missing-dependency"


def test_a_test_that_pytest_cannot_collect_is_misuse_where_its_warning_is_an_error() -> None:
    cause = Cause("pytest.PytestCollectionWarning", "cannot collect test class 'TestIt'")
    assert made(cause).kind == "configuration"
