"""Where modules live in a commit: import roots, candidates for a module's name, and sources of what a build makes."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from remediation.core.source_names import asked, attributes_of, bound_names, extensions, imports, package_folders

Read = Callable[[str], bytes]  # path in the commit -> content; b"" where it is not known
Holding = Callable[[str, Iterable[str]], Iterable[str]]  # name, paths -> those whose content holds the name's bytes

# A last name that so many modules share says nothing about where a missing module went.
_COMMON_NAMES = frozenset(
    ["__init__", "app", "base", "common", "config", "conftest", "constants", "core", "helpers", "main", "models",
     "settings", "types", "util", "utils", "test", "tests", "version", "compat"]
)  # fmt: skip
_TRIED = 20  # files of one name that are looked into, the nearest first
_ROOTS = ("", "src", "lib", "python")
_TESTS = frozenset({"test", "tests", "testing", "examples", "docs"})
_SCRIPTS = 20  # build scripts that are read for the names of compiled modules
_COMPILED = (".c", ".cc", ".cpp", ".cxx", ".pyx", ".rs", ".f90", ".f", ".m", ".pyi")


class Layout:
    """The paths of a commit as Python would import them."""

    def __init__(self, paths: Sequence[str], read: Read | None = None, holding: Holding | None = None) -> None:
        self.paths = frozenset(paths)
        self.read = read
        self.holding = holding or self._read_for
        self.modules = [path for path in paths if path.endswith(".py")]
        self._by_last: dict[str, list[str]] = defaultdict(list)
        self._folders: set[str] = set()
        self._sources: dict[str, list[str]] = defaultdict(list)
        for path in paths:
            if path.endswith((*_COMPILED, ".proto")):
                self._sources[path.rpartition("/")[2].partition(".")[0]].append(path)
        for path in self.modules:
            self._by_last[_name(path)].append(path)
            folder = _above(path)
            while folder not in self._folders:  # those above a known one are known
                self._folders.add(folder)
                folder = _above(folder)
        self.roots = self._find_roots()

    @functools.cached_property
    def _scripts(self) -> list[str]:
        """Files that may declare what a build makes."""
        return sorted([p for p in self.modules if p == "setup.py" or "build" in p.rpartition("/")[2]][:_SCRIPTS])

    def _find_roots(self) -> frozenset[str]:
        roots = set(_ROOTS)
        for path in self.modules:
            if not path.endswith("/__init__.py"):
                continue
            above = _above(_above(path))
            if _join(above, "__init__.py") not in self.paths and not _TESTS & set(above.split("/")):
                roots.add(above)
        return frozenset(roots)

    def holds(self, root: str, dotted: str) -> str:
        """The file of a (dotted) module below a root, "" where it has none; a package is its ``__init__``."""
        place = _join(root, dotted.replace(".", "/"))
        return next((path for path in (f"{place}.py", f"{place}/__init__.py") if path in self.paths), "")

    def at_roots(self, dotted: str) -> str:
        """The file of a module that can be imported from an import root of the repository, else ""."""
        return next((path for root in sorted(self.roots) if (path := self.holds(root, dotted))), "")

    def mapped(self, dotted: str) -> str:
        """The file of a module whose package setup.py keeps in a folder of another name, else ""."""
        if self.read is None or "setup.py" not in self.paths:
            return ""
        top, _, rest = dotted.partition(".")
        folder = package_folders(self.read("setup.py")).get(top)
        return self.holds("", ".".join([*folder.split("/"), *filter(None, [rest])])) if folder else ""

    def is_own(self, module: str, wanted: str, *, declared: bool) -> bool:
        """Whether the missing module's top-level name is the repository's, at one of its import roots.

        A folder without ``__init__`` is one, too, where a module below it is missing or where it holds what is
        ``wanted``; unless the repository declares a distribution of that name.
        """
        top = module.partition(".")[0]
        if self.at_roots(top):
            return True
        if declared:
            return False
        if module != top:
            return any(_join(root, top) in self._folders for root in self.roots)
        folder = wanted.replace(".", "/")
        held = bool(self.at_roots(wanted)) or any(_join(root, folder) in self._folders for root in self.roots)
        return wanted != top and held

    def like(self, dotted: str, importer: str) -> list[str]:
        """Files whose path ends like the dotted name (all of it first, then its last part), nearest first."""
        parts = dotted.split(".")
        ending = "/".join(parts)
        found = [p for p in self._by_last[parts[-1]] if p != importer and _stem(p) == ending]
        found = found or [p for p in self._by_last[parts[-1]] if p != importer and _stem(p).endswith("/" + ending)]
        return sorted(found, key=lambda path: (-_shared(path, importer), path))

    def moved(self, dotted: str, importer: str, statement: str) -> str:
        """The one file that a missing module of the repository could have become, else ""."""
        whole = self.like(dotted, importer)
        if whole:
            return whole[0]
        for length in range(len(dotted.split(".")) - 1, 0, -1):
            ending = ".".join(dotted.split(".")[-length:])
            if length == 1 and ending in _COMMON_NAMES:
                return ""
            found = [p for p in self.like(ending, importer) if not PurePosixPath(p).name.startswith("test_")]
            found = [p for p in found[:_TRIED] if self._has(p, dotted, importer, statement, unknown=True)]
            if found:
                return found[0] if len(found) == 1 or _nearer(found, dotted) else ""
        return ""

    def beside(self, name: str, importer: str) -> str:
        """The module of that name in the importer's own folder, else ""."""
        found = self.holds(_above(importer), name) if importer else ""
        return found if found != importer else ""

    def bare(self, name: str, importer: str, statement: str) -> str:
        """The file that ``import name`` meant without saying its package: beside the importer, or among the tests.

        A file of that name proves little (``backends/redis.py`` imports redis), so it must have what is asked of it.
        """
        beside = self.beside(name, importer)
        if beside and self._has(beside, name, importer, statement, unknown=True):
            return beside
        for path in self.like(name, importer)[:_TRIED]:
            if path != beside and self._has(path, name, importer, statement, unknown=self.read is None):
                return path
        return ""

    def _has(self, path: str, name: str, importer: str, statement: str, *, unknown: bool) -> bool:
        """Whether the file binds anything of what the importer wants of it; ``unknown`` where that cannot be told."""
        if self.read is not None and imports(self.read(path), name):
            return False  # it wraps the package of its own name
        for module, names in asked(statement):
            if module.startswith(name + "."):
                return bool(self.holds(str(_package(path)), module.partition(".")[2]))
            if module == name and self.read is not None:
                wanted = set(names) or set(attributes_of(self.read(importer), name))
                bound = bound_names(self.read(path))
                if not wanted or bound is None or "*" in wanted:
                    return unknown
                return bool(wanted & bound) or any(self.holds(str(_package(path)), one) for one in wanted)
        return unknown

    def source_of(self, dotted: str) -> str:
        """The source from which a build would make a module that has no Python file, else ""."""
        folder, _, last = dotted.replace(".", "/").rpartition("/")
        schema = last.removesuffix("_grpc").removesuffix("_pb2") if "_pb2" in last else ""
        candidates = [path for path in self._sources[schema or last] if path.endswith(".proto") == bool(schema)]
        made = min((path for path in candidates if _builds(path, folder, last)), default="")
        return made or self._declared_extension(dotted)

    def _declared_extension(self, dotted: str) -> str:
        """The build script that declares a compiled module of that name, else ""."""
        if self.read is None:
            return ""
        wanted = {dotted, dotted.rpartition(".")[2]}
        return next((path for path in self._scripts if wanted & extensions(self.read(path))), "")

    def _read_for(self, name: str, among: Iterable[str]) -> Iterator[str]:
        raw = name.encode()
        return (path for path in among if self.read is not None and raw in self.read(path))


def reader(contents: Mapping[str, bytes]) -> Read:
    """A reader of contents that are at hand."""
    return lambda path: contents.get(path, b"")


def _builds(path: str, folder: str, last: str) -> bool:
    """Whether the source stands where the module would, or its name is that of an extension, wherever it stands."""
    inside = f"/{PurePosixPath(path).parent}".endswith(f"/{folder}") if folder else True
    return inside or (last.startswith("_") and not path.endswith(".pyi"))


def _name(path: str) -> str:
    return _stem(path).rpartition("/")[2]


def _stem(path: str) -> str:
    """The path as a module: without ``.py`` and without ``/__init__``."""
    return path.removesuffix(".py").removesuffix("/__init__")


def _package(path: str) -> PurePosixPath:
    return PurePosixPath(_stem(path))


def _above(path: str) -> str:
    return path.rpartition("/")[0]


def _join(root: str, rest: str) -> str:
    return f"{root}/{rest}" if root else rest


def _shared(path: str, importer: str) -> int:
    """How many leading folders two paths have in common."""
    count = 0
    for one, other in zip(PurePosixPath(path).parts[:-1], PurePosixPath(importer).parts[:-1], strict=False):
        if one != other:
            break
        count += 1
    return count


def _nearer(found: Sequence[str], dotted: str) -> bool:
    """Whether the first candidate shares more of the missing module's own path than the second."""
    wanted = dotted.replace(".", "/") + ".py"
    ranked = sorted((_shared(path, wanted) for path in found), reverse=True)
    return ranked[0] > ranked[1]
