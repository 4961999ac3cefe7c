"""Whose a missing module or a missing name is: the repository's, the standard library's or a package's."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import PurePosixPath

import msgspec

from remediation.core.records import Cause, Outside, TreeFacts
from remediation.core.source_names import asked
from remediation.core.stdlib_history import PYTHON2_BUILTINS, is_stdlib, module_left, name_came, name_left

_MODULE_ATTRIBUTE = re.compile(r"module '([^']+)' has no attribute '([^']+)'")
_OBJECT_ATTRIBUTE = re.compile(r"'(\w+)' object has no attribute '(\w+)'")
# Packages of many distributions: Python names the first part that is missing, not the one that is asked for.
_NAMESPACES = frozenset(
    ["google", "google.cloud", "google.api", "azure", "azure.mgmt", "azure.storage", "backports", "zope", "ruamel",
     "jaraco", "sphinxcontrib", "repoze", "paste", "plone", "collective", "opentelemetry",
     "opentelemetry.instrumentation", "opentelemetry.exporter"]
)  # fmt: skip
_IMPORTING = ("import ", "from ", "__import__(")


class Missing(msgspec.Struct, frozen=True, gc=False):
    """The kind of what is missing. ``package``: the third-party package whose own code asked for it.

    ``variant`` tells apart what needs other words: "unbuilt", "interpreter" (this Python never had it).
    """

    kind: str
    module: str
    name: str = ""
    elsewhere: str = ""
    package: str = ""
    variant: str = ""


def package_asking(cause: Cause, tree: TreeFacts, *, by_import: bool) -> str:
    """The third-party package in whose code it failed, "" where that is the repository, pytest or Python itself.

    ``by_import``: only where an import statement of the package asked. A name handed to ``import_module`` comes
    from elsewhere, most often from the repository's settings.
    """
    last = cause.outside[-1] if cause.outside else Outside("")
    if last.origin != "package" or last.package in tree.first_party:
        return ""
    return last.package if not by_import or last.statement.startswith(_IMPORTING) else ""


def as_named(module: str, cause: Cause) -> str:
    """The missing module as its importer names it, where Python stopped at a namespace that many packages share.

    ``import google.cloud.storage`` fails with "No module named 'google'" as long as nothing of Google's is installed.
    """
    if module not in _NAMESPACES:
        return module
    last = cause.outside[-1].statement if cause.outside else ""
    statement = last or (cause.blame.statement if cause.blame else "")
    for whole, names in asked(statement):
        if whole == module and names and names[0] != "*":
            return as_named(f"{whole}.{names[0]}", cause)
        if whole.startswith(module + "."):
            return f"{whole}.{names[0]}" if whole in _NAMESPACES and names else whole
    return module


def missing_module(module: str, cause: Cause, tree: TreeFacts) -> Missing:
    """The kind of a module that cannot be found."""
    elsewhere = tree.module_at.get(module, "")
    if module in tree.source_of:
        return Missing("missing-dependency", module, variant="unbuilt")
    if hook := tree.finder_of.get(module):
        return Missing("removed-stdlib", module, elsewhere=hook, variant="hook")
    if is_ours(module, tree):
        return Missing("wrong-path" if elsewhere else "missing-module", module, elsewhere=elsewhere)
    package = package_asking(cause, tree, by_import=True)
    inside = "." in module  # of a package that is there
    if module_left(module) or (inside and is_stdlib(module)):
        return Missing("removed-stdlib", module, package=package)
    if is_stdlib(module):
        return Missing("missing-dependency", module, variant="interpreter")
    # A package that is not installed at all is one cause, whoever asks for it.
    return Missing("missing-dependency", module, package=package if inside else "")


def is_ours(module: str, tree: TreeFacts) -> bool:
    """Whether the repository's own tree is where the module belongs."""
    top = module.partition(".")[0]
    if _is_declared_part(module, tree):
        return False
    # "import redis" fails and the repository declares redis: a folder tests/redis/ does not make it first-party.
    return top in tree.first_party and ("." in module or distribution(top) not in tree.declared)


def _is_declared_part(module: str, tree: TreeFacts) -> bool:
    """Whether a dotted module is a distribution of its own, declared: zope.interface beside the repository's zope."""
    known = tree.distribution_of.get(module)
    if known is None:
        return False
    parts = module.split(".")
    return any(known == distribution(".".join(parts[:length])) for length in range(2, len(parts) + 1))


def missing_name_of(module: str, name: str, cause: Cause, tree: TreeFacts) -> Missing:
    """The kind of a name that a module does not have."""
    whose = _whose(module, cause, tree)
    if whose == "repository":
        return _missing_name_of_ours(module, name, cause, tree)
    package = package_asking(cause, tree, by_import=False)
    if whose != "stdlib":
        return Missing("missing-dependency", module, name, package=package if package != _top(module) else "")
    if name_came(module, name):
        return Missing("missing-dependency", module, name, package=package, variant="interpreter")
    return Missing("removed-stdlib", module, name, package=package)


def _missing_name_of_ours(module: str, name: str, cause: Cause, tree: TreeFacts) -> Missing:
    full = f"{module}.{name}"
    if full in tree.source_of:
        return Missing("missing-dependency", full, variant="unbuilt")
    if cycle_of(cause):
        return Missing("circular-import", module, name)
    elsewhere = tree.module_at.get(full, "")
    return Missing("wrong-path" if elsewhere else "missing-name", module, name, elsewhere=elsewhere)


def _whose(module: str, cause: Cause, tree: TreeFacts) -> str:
    if cause.origin == "repository" or (cause.path and not PurePosixPath(cause.path).is_absolute()):
        return "repository"
    if cause.origin == "stdlib" and is_stdlib(module):
        return "stdlib"  # the module itself was looked at; a folder of the repository that bears its name was not asked
    if cause.origin == "package" and cause.owner_is in {"class", "instance"}:
        return "package"
    if _top(module) in tree.first_party:
        return "repository"
    if cause.origin:
        return cause.origin
    stem = cause.blame.path.removesuffix(".py") if cause.blame else ""
    if f"/{stem}".endswith("/" + module.replace(".", "/")):
        return "repository"  # the file asks the module of its own name: itself, where it hides another
    if is_stdlib(module):
        return "stdlib"
    # A module without a file, and none of the repository's: a package made it at run time.
    return "package" if cause.path or cause.owner_is == "module" else "repository"


def missing_attribute(cause: Cause, tree: TreeFacts) -> Missing | None:
    """The kind of an AttributeError that says a module, a class or a library's object lacks a name; else None."""
    owner, name = cause.owner, cause.name
    if not owner and (match := _MODULE_ATTRIBUTE.search(cause.message)):
        return missing_name_of(match[1], match[2], cause, tree)
    if not owner and (match := _OBJECT_ATTRIBUTE.match(cause.message)):  # Python < 3.10 keeps no object
        owner, name = f"builtins.{match[1]}", match[2]
    if not (owner and name):
        return None
    if cause.owner_is == "module":
        return missing_name_of(owner, name, cause, tree)
    if cause.owner_is == "class":
        known = "" if owner.startswith("builtins.") else cause.origin
        return missing_name_of(owner, name, cause, tree) if known or name_left(owner, name) else None
    if cause.origin in {"package", "pytest"}:
        return missing_name_of(owner, name, cause, tree)
    return Missing("removed-stdlib", owner, name, package=_asking(cause, tree)) if name_left(owner, name) else None


def missing_builtin(cause: Cause, tree: TreeFacts) -> Missing | None:
    """A name that Python 2 had built in; any other undefined name is a mistake of the code that uses it."""
    if cause.name not in PYTHON2_BUILTINS:
        return None
    return Missing("removed-stdlib", "builtins", cause.name, package=_asking(cause, tree))


def _asking(cause: Cause, tree: TreeFacts) -> str:
    return package_asking(cause, tree, by_import=False)


def cycle_of(cause: Cause) -> tuple[str, ...]:
    """The files of a true import cycle, from the one that lacks the name on; empty where there is none.

    Python's own "most likely due to a circular import" is a guess; that the module which lacks the name is itself
    still being imported, further up the traceback, is evidence.
    """
    if cause.cycle or cause.origin:
        return cause.cycle
    # What older passes stored has the frames only.
    paths = [frame.path for frame in cause.frames]
    if not cause.path or cause.path not in paths[:-1] or paths[-1] == cause.path:
        return ()
    return tuple(dict.fromkeys(paths[paths.index(cause.path) :]))


def declared_as(module: str, tree: TreeFacts) -> str:
    """The distribution that the repository declares and that brings the module; "" where it declares none."""
    top = distribution(_top(module))
    return tree.distribution_of.get(module) or (top if top in tree.declared else "")


@lru_cache(maxsize=4_096)
def distribution(name: str) -> str:
    """A module's or a package's name as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _top(module: str) -> str:
    return module.partition(".")[0]
