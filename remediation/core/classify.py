"""The kind of an error, from the exception object and what the tree says of it."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

import msgspec

from remediation.core.chain import asked_module, first, missing_name, root_of, short_type
from remediation.core.kinds import ENVIRONMENT_KINDS, KINDS
from remediation.core.missing import (
    Missing,
    as_named,
    cycle_of,
    declared_as,
    missing_attribute,
    missing_builtin,
    missing_module,
    missing_name_of,
)
from remediation.core.records import Cause, CollectionError, Outside, Parsed, TreeFacts

__all__ = ["ENVIRONMENT_KINDS", "KINDS", "Classified", "classify", "missing_name"]

_MARKER = re.compile(r"'([^']+)' not found in `markers` configuration option")
_UNKNOWN_MARK = re.compile(r"Unknown pytest\.mark\.(\w+)")
_NO_PARENT = re.compile(r"attempted relative import (?:with no known parent package|beyond top-level package)")
_LIBRARY = re.compile(
    r"(?:([^\s:]+\.(?:so|dylib)[.\d]*): )?(?:cannot open shared object|undefined symbol|wrong ELF)|DLL load failed"
)
_METADATA = re.compile(r"The '([\w.-]+)[^']*' distribution was not found|metadata was found for ([\w.-]+)")
_IMPORT_CALL = re.compile(r"\b(?:importorskip|import_module|__import__)\(")
_NULL_BYTES = "source code string cannot contain null bytes"
_SITE = re.compile(r".*/(?:(?:site|dist)-packages|python\d\.\d+)/")
_SYNTAX = frozenset({"SyntaxError", "IndentationError", "TabError"})
_ENDINGS = {"Exit": "exit-at-import", "Timeout": "timeout", "Crash": "crash"}
# What pytest's own modules raise about a definition; the rest of pytest is called by a test for its own ends.
_DEFINITIONS = ("_pytest.fixtures", "_pytest.mark", "_pytest.python", "_pytest.config", "_pytest.nodes")
_CALLED = ("_pytest.python_api",)
# Raised by the interpreter when two releases do not fit; what a package raises deliberately is a complaint of its own.
_MISFITS = frozenset(
    {"AttributeError", "TypeError", "NameError", "ImportError", "ValueError", "IndexError", "SystemError"}
)


class Classified(msgspec.Struct, frozen=True, gc=False):
    """An error with its kind and the structured facts that the fingerprint and the title are made from.

    ``cause`` is the root of the exception's chain. ``module`` and ``name`` are filled where the kind has them;
    ``elsewhere`` is where a missing module of that name exists in the repository, ``defined_in`` where a missing
    name does. ``package`` is the third-party package whose own code failed. ``declared`` is the distribution that
    the repository declares for a missing module. ``variant`` tells apart what one kind has in several forms.
    ``environment``: the interpreter or its packages are to blame, not the repository.
    """

    path: str
    kind: str
    cause: Cause
    module: str = ""
    name: str = ""
    elsewhere: str = ""
    traceback: str = ""
    package: str = ""
    variant: str = ""
    declared: str = ""
    defined_in: str = ""
    cycle: tuple[str, ...] = ()
    parsed: Parsed | None = None
    environment: bool = False


def classify(error: CollectionError, tree: TreeFacts) -> Classified:
    """Return the error with its kind. Never raises: what has no better name is ``raised-at-import``."""
    cause = root_of(error.cause)
    found = (
        _ending(error.cause)
        or _missing(cause, tree)
        or _syntax(error.path, cause)
        or _environment(cause, tree)
        or _pytest(cause)
        or Missing("conftest-failure" if _raised_by_conftest(error.path, cause) else "raised-at-import", "")
    )
    file = syntax_file(error.path, cause) if found.kind == "syntax-error" else ""
    parsed = tree.parsed_at.get(file) if file else None
    places = tree.places_of.get((found.module, found.name), ()) if found.kind == "missing-name" else ()
    return Classified(
        path=error.path,
        kind=found.kind,
        cause=cause,
        module=found.module,
        name=found.name,
        elsewhere=found.elsewhere,
        traceback=error.traceback,
        package=found.package,
        variant=found.variant,
        declared=declared_as(found.module, tree) if found.kind == "missing-dependency" else "",
        defined_in=places[0] if places else "",
        cycle=cycle_of(cause) if found.kind == "circular-import" else (),
        parsed=parsed,
        environment=found.kind in ENVIRONMENT_KINDS or _is_environments(found, cause, parsed),
    )


def _raised_by_conftest(path: str, cause: Cause) -> bool:
    """Whether a conftest's own code raised, and not a module that it imports like any test."""
    blamed = cause.blame.path if cause.blame else path
    return PurePosixPath(path).name == PurePosixPath(blamed).name == "conftest.py"


def _ending(cause: Cause) -> Missing | None:
    """The process, not the import, came to its end: what the launcher recorded."""
    module, _, short = cause.type.rpartition(".")
    return Missing(_ENDINGS[short], "") if module == "collection" and short in _ENDINGS else None


def _missing(cause: Cause, tree: TreeFacts) -> Missing | None:
    """A module or a name is not there."""
    short = short_type(cause)
    if short in {"PackageNotFoundError", "DistributionNotFound"}:
        found = _METADATA.search(cause.message)
        name = cause.name or (found and (found[1] or found[2])) or cause.message.strip()
        return Missing("missing-dependency", name, variant="metadata")
    if module := asked_module(cause):
        return missing_module(as_named(module, cause), cause, tree)
    if short == "ImportError":
        if pair := missing_name(cause):
            return missing_name_of(*pair, cause, tree)
        if _NO_PARENT.search(cause.message):
            return Missing("wrong-path", "", variant="relative")
    if short == "AttributeError":
        return missing_attribute(cause, tree)
    return missing_builtin(cause, tree) if short == "NameError" else None


def _syntax(path: str, cause: Cause) -> Missing | None:
    """A file that Python cannot parse; where it lies outside the repository, its release does not fit."""
    if short_type(cause) not in _SYNTAX and _NULL_BYTES not in cause.message:
        return None
    filename = cause.filename or path
    if cause.origin in {"package", "stdlib"} or PurePosixPath(filename).is_absolute():
        owner = cause.owner or _SITE.sub("", filename).removesuffix(".py").replace("/", ".")
        return Missing("missing-dependency", owner, variant="syntax")
    return Missing("syntax-error", "")


def syntax_file(path: str, cause: Cause) -> str:
    """The file that cannot be parsed. Code made at run time ("<string>") belongs to the file that made it."""
    if cause.filename and not cause.filename.startswith("<"):
        return cause.filename
    return cause.blame.path if cause.blame else path


def _environment(cause: Cause, tree: TreeFacts) -> Missing | None:
    """A library that the system lacks, or a third-party package that cannot itself be imported."""
    if short_type(cause) == "ImportError" and (library := _LIBRARY.search(cause.message)):
        return Missing("missing-dependency", PurePosixPath(library[1] or "").name, variant="library")
    if "VersionConflict" in short_type(cause):
        return Missing("missing-dependency", "", variant="conflict")
    package = package_importing(cause)
    if package and package not in tree.first_party and cause.type in _MISFITS:
        return Missing("missing-dependency", package, package=package, variant="broken")
    return None


def package_importing(cause: Cause) -> str:
    """The package that failed in the middle of its own import, which an import statement of the repository began."""
    outside = [frame for frame in cause.outside if frame.origin != "pytest"]  # importorskip is as good as import
    statement = cause.blame.statement if cause.blame else ""
    begun = cause.blame is None or statement.startswith(("import ", "from ")) or _IMPORT_CALL.search(statement)
    if not (outside and begun and outside[0].origin == "package" and outside[0].function == "<module>"):
        return ""
    return next(frame.package for frame in reversed(outside) if frame.origin == "package")


def _pytest(cause: Cause) -> Missing | None:
    """What pytest itself has to say about definitions, names of files and its configuration."""
    short, message = short_type(cause), cause.message
    if short == "TypeError" and cause.bases:
        return Missing("mro-conflict", "")
    if marker := first(_MARKER, message) or (short == "PytestUnknownMarkWarning" and first(_UNKNOWN_MARK, message)):
        return Missing("unknown-marker", "", str(marker))
    if short == "ImportPathMismatchError" or message.startswith("import file mismatch"):
        return Missing("import-mismatch", "", variant="installed" if _outside_copy(cause) else "")
    if short == "Skipped" or "pytest.skip outside of a test" in message or "allow_module_level=True" in message:
        return Missing("skip-misuse", "")
    if short in {"UsageError", "PluginValidationError", "PytestCollectionWarning"} or (
        not short.endswith("Warning") and _defines(cause)
    ):
        return Missing("configuration", "")
    return None


def _outside_copy(cause: Cause) -> bool:
    """Whether the other file of a mismatch lies outside the repository: an installed copy hides the tree's."""
    parts = cause.message.split(", ")
    return len(parts) == 3 and any(PurePosixPath(part).is_absolute() for part in parts[1:])


def _defines(cause: Cause) -> bool:
    """Whether pytest refuses a fixture, a marker, a parametrization or a plugin that the repository defines."""
    frames = [frame for frame in cause.outside if frame.module != "_pytest.outcomes"]
    last = frames[-1] if frames else Outside("")
    if last.module == "_pytest.python" and last.function == "importtestmodule":
        return False
    return last.module.startswith(_DEFINITIONS) and not last.module.startswith(_CALLED)


def _is_environments(found: Missing, cause: Cause, parsed: Parsed | None) -> bool:
    if found.kind == "syntax-error":
        return parsed is not None and bool(parsed.versions) and not parsed.supported
    if found.kind == "import-mismatch":
        return found.variant == "installed"
    return cause.type.endswith("Warning") and bool(package_importing(cause))
