"""What a repository declares it needs, and the recipe a maintainer would install its tests with."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from configparser import ConfigParser, Error
from dataclasses import dataclass

from remediation.collection.distributions import distribution_names, import_names
from remediation.collection.manifest import MANIFESTS, Manifest, read_manifest, strings, table
from remediation.collection.recipe import LOCKS, BuildError, plan
from remediation.collection.requirements import closure, distribution_of, extras_of, normal, parse_lines
from remediation.core.text import clean_line

__all__ = ["Declared", "distribution_names", "import_names", "is_declaring", "read_declared"]

TEST_NAMES = ("test", "tests", "testing", "tests-require", "dev", "develop", "development")
_REQUIREMENTS = re.compile(r"(?:requirements/[^/]+|[^/]*requirements[^/]*)\.txt")
_BASES = ("requirements.txt", "requirements/base.txt", "requirements/requirements.txt", "requirements/main.txt")
_FOR_TESTS = re.compile(r"(?:^|[/._-])(?:tests?|testing|dev|develop|development|ci)(?=[._-])")
_VERSION_FILES = (".python-version", "runtime.txt")
_MINOR = re.compile(r"(?:python-?|cpython-?|)\s*(3\.[0-9]{1,2})(?:\.[0-9]+)?(?:\s|$)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Declared:
    """``distributions``: every normalised name declared anywhere, locks included. ``recipe``: see ``recipe.plan``.

    ``requires_python`` is a PEP 440 specifier or "". ``python`` is the minor version the repository names ("3.12"),
    by a version file or else the newest of its classifiers; "" when it names none.
    """

    distributions: frozenset[str]
    requires_python: str
    recipe: tuple[str, ...]
    notes: tuple[str, ...]
    python: str = ""


def is_declaring(path: str) -> bool:
    """True for a path at the root that :func:`read_declared` reads."""
    return path in (*MANIFESTS, *LOCKS, *_VERSION_FILES, "tox.ini") or _REQUIREMENTS.fullmatch(path) is not None


def read_declared(files: Mapping[str, bytes]) -> Declared:
    """Read the declaring files at a repository's root. What is broken becomes a note, never an exception."""
    manifests = {path: read_manifest(path, files) for path in MANIFESTS if path in files}
    notes = [note for manifest in manifests.values() for note in manifest.notes]
    tox = _tox_dependencies(files.get("tox.ini", b""))
    recipe = _recipe(files, manifests, tox)
    try:
        made = plan(recipe, files)
        brought, more = made.installs, made.notes
    except BuildError as error:
        brought, more = set(), [str(error)]
    if not any(name == "pytest" or name.startswith("pytest-") for name in brought):
        recipe.append("pytest")
    return Declared(
        distributions=frozenset(_distributions(files, manifests.values(), tox)),
        requires_python=next((m.requires_python for m in manifests.values() if m.requires_python), ""),
        recipe=tuple(dict.fromkeys(recipe)),
        notes=tuple(dict.fromkeys(clean_line(note) for note in [*notes, *more])),
        python=_python(files, manifests.values()),
    )


def _recipe(files: Mapping[str, bytes], manifests: Mapping[str, Manifest], tox: list[str]) -> list[str]:
    lines, source = _base(files, manifests)
    chosen = [f"--extra {name}" for name in source.extras if name in TEST_NAMES]
    chosen += [f"--group {name}" for name in source.groups if name in TEST_NAMES]
    lines += chosen
    tests = sorted(path for path in files if _REQUIREMENTS.fullmatch(path) and _FOR_TESTS.search(path))
    if not chosen and tests:
        included = {path for path, _ in closure(tests, files)}
        # A file for tests often includes the base file; naming both would say the same twice.
        lines = [line for line in lines if line.removeprefix("-r ") not in included]
        reached = {path for test in tests for path, _ in closure([test], files) if path != test}
        lines += [f"-r {path}" for path in tests if path not in reached]
        # "-e .[test]" in such a file means the project's own extras.
        local = [line.value for _, found in closure(tests, files) for line in found if line.kind == "local"]
        lines += [f"--extra {name}" for value in local for name in extras_of(value) if normal(name) in source.extras]
    elif not chosen:
        lines += [line for line in tox if not line.startswith("-") or line[3:] in files]
    return lines


def _base(files: Mapping[str, bytes], manifests: Mapping[str, Manifest]) -> tuple[list[str], Manifest]:
    """The lines that install what the code itself needs, and the manifest whose extras and groups go with them."""
    pyproject = manifests.get("pyproject.toml", Manifest())
    if "uv.lock" in files and pyproject.name:
        return ["-r uv.lock"], pyproject
    for path, manifest in manifests.items():
        if manifest.everything or manifest.computed:
            locks = [f"-c {lock}" for lock in LOCKS[1:] if lock in files and path == "pyproject.toml"]
            base = [] if manifest.base or manifest.computed else _requirements_base(files)
            return [f"-r {path}", *base, *locks], manifest
    return _requirements_base(files), Manifest()


def _requirements_base(files: Mapping[str, bytes]) -> list[str]:
    return [f"-r {path}" for path in _BASES if path in files][:1]


def references(files: Mapping[str, bytes], more: Iterable[str] = ()) -> set[str]:
    """Paths that declaring files (and ``more`` requirements files) point to: -r, -c and setuptools' ``file``."""
    start = [path for path in files if _REQUIREMENTS.fullmatch(path)]
    start += [path for path in more if path not in start and not path.endswith((".toml", ".lock", ".cfg", ".py"))]
    found = {path for path, _ in closure(start, files)}
    try:
        pointers = table(tomllib.loads(files.get("pyproject.toml", b"").decode()), "tool", "setuptools", "dynamic")
    except (ValueError, RecursionError):
        pointers = {}
    tables = [pointers.get("dependencies"), *table(pointers, "optional-dependencies").values()]
    found |= {path for pointer in tables for path in strings(table(pointer).get("file"))}
    directives = re.findall(r"=\s*file:([^\n]+)", files.get("setup.cfg", b"").decode("utf-8", "replace"))
    return found | {path.strip() for directive in directives for path in directive.split(",")}


def _tox_dependencies(data: bytes) -> list[str]:
    """Recipe lines for ``deps`` of ``[testenv]``, without those that hang on a factor or a substitution."""
    parser = ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(data.decode("utf-8-sig", "replace"))
    except (Error, ValueError):
        return []
    lines = []
    for line in parse_lines(parser.get("testenv", "deps", fallback="").encode()):
        if "{" in line.text or re.match(r"[\w,!.-]+:\s", line.text):
            continue
        if line.kind == "requirement" and distribution_of(line.value):
            lines.append(line.value)
        elif line.kind in ("include", "constraint"):
            lines.append(f"{'-r' if line.kind == 'include' else '-c'} {line.value}")
    return lines


def _distributions(files: Mapping[str, bytes], manifests: Iterable[Manifest], tox: list[str]) -> set[str]:
    found = {distribution_of(requirement) for manifest in manifests for requirement in manifest.everything}
    for _, lines in closure([path for path in files if _REQUIREMENTS.fullmatch(path)], files):
        found |= {distribution_of(line.value) for line in lines if line.kind in ("requirement", "editable")}
    found |= {distribution_of(line) for line in tox if not line.startswith("-")}
    for lock in LOCKS:
        found |= _locked(files.get(lock, b""))
    own = {normal(manifest.name) for manifest in manifests if manifest.name}
    return found - own - {""}


def _locked(data: bytes) -> set[str]:
    try:
        packages = tomllib.loads(data.decode("utf-8-sig")).get("package")
    except (ValueError, RecursionError):
        return set()
    listed = packages if isinstance(packages, list) else []
    return {normal(name) for package in listed for name in strings(table(package).get("name"))}


def _python(files: Mapping[str, bytes], manifests: Iterable[Manifest]) -> str:
    for path in _VERSION_FILES:
        if match := _MINOR.search(files.get(path, b"").decode("utf-8", "replace")):
            return match.group(1)
    minors = [minor for manifest in manifests for minor in manifest.minors]
    return max(minors, key=lambda minor: int(minor.partition(".")[2]), default="")
