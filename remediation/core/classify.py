"""The kind of an error, from the exception object and what the tree says of it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from remediation.core.records import Cause, CollectionError, PassResult, TreeFacts

KINDS = {
    "missing-module": "a module of this repository does not exist",
    "missing-dependency": "a third-party package is not installed, or not in a release that fits",
    "removed-stdlib": "it was removed from Python's standard library",
    "missing-name": "the module exists, the name in it does not",
    "wrong-path": "the module exists elsewhere in this repository",
    "circular-import": "modules import each other",
    "mro-conflict": "the base classes have no consistent order",
    "unknown-marker": "a pytest marker is not registered",
    "syntax-error": "Python cannot parse the file",
    "import-mismatch": "two test files share one module name",
    "conftest-failure": "a conftest.py raises",
    "configuration": "pytest's configuration does not work",
    "raised-at-import": "code that runs at import raises",
    "skip-misuse": "pytest.skip outside a test without allow_module_level",
    "exit-at-import": "the process ends at import",
    "timeout": "the import does not end",
    "crash": "the interpreter dies at import",
}

# Installing a package or choosing another Python repairs these; it is not remediation of the repository.
ENVIRONMENT_KINDS = frozenset({"missing-dependency", "removed-stdlib"})

# Modules that left the standard library, up to Python 3.13 (PEP 594, PEP 632 and imp, asyncore, asynchat, lib2to3).
REMOVED_STDLIB = frozenset(
    [
        "aifc",
        "asynchat",
        "asyncore",
        "audioop",
        "cgi",
        "cgitb",
        "chunk",
        "crypt",
        "distutils",
        "imghdr",
        "imp",
        "lib2to3",
        "mailcap",
        "msilib",
        "nis",
        "nntplib",
        "ossaudiodev",
        "pipes",
        "smtpd",
        "sndhdr",
        "spwd",
        "sunau",
        "symbol",
        "telnetlib",
        "uu",
        "xdrlib",
        "formatter",
        "parser",
        "binhex",
        "macpath",
        "dummy_threading",
        "_bootlocale",
    ]
)

# A last name that so many modules share says nothing about where a missing module went.
_COMMON_NAMES = frozenset(
    [
        "__init__",
        "app",
        "base",
        "common",
        "config",
        "conftest",
        "constants",
        "core",
        "helpers",
        "main",
        "models",
        "settings",
        "types",
        "util",
        "utils",
    ]
)

_CANNOT_IMPORT = re.compile(r"cannot import name '([^']+)' from (?:partially initialized module )?'([^']+)'")
_MARKER = re.compile(r"'([^']+)' not found in `markers` configuration option")
_NO_MODULE = re.compile(r"No module named '([^']+)'")


@dataclass(frozen=True, slots=True)
class Classified:
    """An error with its kind and the structured facts that the fingerprint and the title are made from.

    ``module`` and ``name`` are filled where the kind has them; ``elsewhere`` is where a missing module
    of that name exists in the repository.
    """

    path: str
    kind: str
    cause: Cause
    module: str = ""
    name: str = ""
    elsewhere: str = ""
    traceback: str = ""

    @property
    def environment(self) -> bool:
        """Whether the interpreter or its packages are to blame, not the repository."""
        return self.kind in ENVIRONMENT_KINDS


def classify(error: CollectionError, tree: TreeFacts) -> Classified:
    """Return the error with its kind. Never raises: what has no better name is ``raised-at-import``."""
    cause = error.cause
    short = cause.type.rpartition(".")[2]
    module = name = elsewhere = ""
    if short == "ModuleNotFoundError" and (module := _asked_module(cause)):
        kind, elsewhere = _missing_module(module, tree)
    elif short == "ImportError" and (pair := missing_name(cause)):
        module, name = pair
        kind = _missing_name(module, cause)
    elif short in {"SyntaxError", "IndentationError", "TabError"}:
        kind = "syntax-error"
    elif short == "TypeError" and cause.bases:
        kind = "mro-conflict"
    elif name := _first(_MARKER, cause.message):
        kind = "unknown-marker"
    elif short == "ImportPathMismatchError" or cause.message.startswith("import file mismatch"):
        kind = "import-mismatch"
    elif "pytest.skip outside of a test" in cause.message or "allow_module_level=True" in cause.message:
        kind = "skip-misuse"
    elif short == "UsageError":
        kind = "configuration"
    elif PurePosixPath(error.path).name == "conftest.py":
        kind = "conftest-failure"
    else:
        kind = "raised-at-import"
    return Classified(error.path, kind, cause, module, name, elsewhere, error.traceback)


def missing_name(cause: Cause) -> tuple[str, str] | None:
    """Return (module, name) of a "cannot import name" error, else None.

    ``name_from`` exists since Python 3.12; older interpreters say it only in the message.
    """
    if cause.name and cause.name_from:
        return cause.name, cause.name_from
    match = _CANNOT_IMPORT.search(cause.message)
    return (match[2], match[1]) if match else None


def _first(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    return match[1] if match else ""


def _missing_name(module: str, cause: Cause) -> str:
    """A name missing from a module outside the repository is the environment's: another Python, another release."""
    if _is_cycle(cause):
        return "circular-import"
    if not PurePosixPath(cause.path).is_absolute():
        return "missing-name"
    stdlib = module.partition(".")[0] in sys.stdlib_module_names
    return "removed-stdlib" if stdlib else "missing-dependency"


def _is_cycle(cause: Cause) -> bool:
    """Whether the module that lacks the name is itself still being imported, further up the traceback.

    Python's own "most likely due to a circular import" is a guess; the frames are evidence.
    """
    return bool(cause.path) and any(frame.path == cause.path for frame in cause.frames[:-1])


def _missing_module(module: str, tree: TreeFacts) -> tuple[str, str]:
    elsewhere = dict(tree.elsewhere).get(module, "")
    top = module.partition(".")[0]
    # "import redis" fails and the repository declares redis: a folder tests/redis/ does not make it first-party.
    undeclared = "." in module or _distribution(top) not in tree.declared
    if top in tree.first_party and undeclared:
        return ("wrong-path" if elsewhere else "missing-module"), elsewhere
    if top in REMOVED_STDLIB:
        return "removed-stdlib", ""
    return "missing-dependency", ""


def with_tree(result: PassResult, paths: Sequence[str], declared: Iterable[str]) -> PassResult:
    """Return ``result`` with the facts of the tree that concern its errors.

    ``paths``: all tracked paths of the commit; ``declared``: normalised distribution names the
    repository declares. Only what the errors ask about is kept, so an unrelated change of the tree
    does not make another result.
    """
    missing = sorted({m for error in result.errors if (m := _asked_module(error.cause))})
    modules = [path for path in paths if path.endswith(".py")]
    tops = _top_levels(modules)
    named = {_distribution(d) for d in declared}
    elsewhere = [(module, found) for module in missing if (found := _elsewhere(module, modules))]
    facts = TreeFacts(
        first_party=tuple(sorted({m.partition(".")[0] for m in missing} & tops)),
        declared=tuple(sorted({t for m in missing if (t := _distribution(m.partition(".")[0])) in named})),
        elsewhere=tuple(elsewhere),
    )
    return PassResult(
        files=result.files,
        errors=result.errors,
        inventory=result.inventory,
        tests=result.tests,
        pytest_errors=result.pytest_errors,
        deselected=result.deselected,
        warnings=result.warnings,
        tree=facts,
    )


def _distribution(name: str) -> str:
    """A module's or a package's name as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _asked_module(cause: Cause) -> str:
    """The module that is missing; "" also where code raises ModuleNotFoundError itself and names none."""
    if cause.type.rpartition(".")[2] != "ModuleNotFoundError":
        return ""
    return cause.name or _first(_NO_MODULE, cause.message)


def _top_levels(modules: Iterable[str]) -> set[str]:
    """Every name under which some file of the repository could be imported from some directory on sys.path."""
    names: set[str] = set()
    for path in modules:
        parts = PurePosixPath(path).parts
        names.update(parts[:-1])
        names.add(parts[-1].removesuffix(".py"))
    return names


def _elsewhere(module: str, modules: Sequence[str]) -> str:
    """The one file of the repository that a missing module of this name could have become, else ""."""
    last = module.rpartition(".")[2]
    if last in _COMMON_NAMES or "." not in module:
        return ""
    found = [
        path
        for path in modules
        if (path.endswith(f"/{last}.py") or path == f"{last}.py" or path.endswith(f"/{last}/__init__.py"))
        and not PurePosixPath(path).name.startswith("test_")
    ]
    return found[0] if len(found) == 1 else ""
