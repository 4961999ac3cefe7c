"""Turn a recipe, the lines a maintainer would give to ``uv pip install``, into files and arguments for uv."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from packaging.requirements import InvalidRequirement, Requirement

from remediation.collection.manifest import MANIFESTS, read_manifest, strings, table
from remediation.collection.requirements import Line, closure, distribution_of, join, normal
from remediation.core.text import clean_line, clean_text

LOCKS = ("uv.lock", "poetry.lock", "pdm.lock")
OUT = "remediation-requirements"  # folder of the files made here, beside the repository's own
_NAMED = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_VALUED = ("--prerelease", "--exclude-newer", "--resolution", "--only-binary", "--no-binary", "--index-strategy")
_INDEX = ("--index-url", "-i", "--extra-index-url", "--default-index", "--index", "--find-links", "-f")
_BARE = ("--no-deps", "--no-build", "--no-index")
# Options that uv reads in a requirements file; the others of pip's make it fail.
_IN_FILES = ("--hash", "--no-binary", "--only-binary", "--no-index", *_INDEX)


class BuildError(Exception):
    """The environment cannot be built. ``code`` is a short word, the text says what to do, ``log`` what was printed."""

    def __init__(self, code: str, text: str, log: str = "") -> None:
        super().__init__(clean_text(text))
        self.code = code
        self.log = log


@dataclass(slots=True)
class Plan:
    """What to write into an empty directory and what to tell uv there.

    ``export`` are the arguments of ``uv export`` to be run first (its output goes to EXPORTED), () for none.
    ``install`` are those of ``uv pip install``; empty when nothing is to be installed.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    export: tuple[str, ...] = ()
    install: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    installs: set[str] = field(default_factory=set)


EXPORTED = f"{OUT}/uv.lock.txt"


@dataclass(slots=True)
class _Words:
    """The recipe's words, sorted by what they mean."""

    requirements: list[str] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)
    extras: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    options: list[str] = field(default_factory=list)
    packages: list[str] = field(default_factory=list)


def check_recipe(recipe: Iterable[str]) -> tuple[str, ...]:
    """The recipe's lines, stripped. Raises BuildError "recipe-refused" for a line that is not one of a recipe."""
    lines = tuple(line.strip() for line in recipe if line.strip() and not line.strip().startswith("#"))
    _sort(lines)
    return lines


def named_files(recipe: Iterable[str]) -> set[str]:
    """The repository's files that a recipe names. Raises BuildError "recipe-refused"."""
    words = _sort(check_recipe(recipe))
    return {*words.requirements, *words.constraints}


def plan(recipe: Sequence[str], files: Mapping[str, bytes]) -> Plan:
    """How to install ``recipe`` from the repository's ``files``. BuildError "recipe-refused" or "file-missing"."""
    words = _sort(check_recipe(recipe))
    made = Plan(install=list(words.options))
    for path in words.requirements:
        _require(path, files)
        if path in MANIFESTS:
            _take_manifest(made, path, files, words)
        elif path == "uv.lock":
            _take_lock(made, files, words)
        else:
            _take_requirements(made, "-r", path, files)
    for path in words.constraints:
        _require(path, files)
        if path in LOCKS:
            name = f"{OUT}/{path}.constraints.txt"
            made.files[name] = "".join(f"{pin}\n" for pin in _pins(files[path])).encode()
            made.install += ["-c", name]
        else:
            _take_requirements(made, "-c", path, files)
    made.install += words.packages
    made.installs |= {distribution_of(package) for package in words.packages}
    if not made.installs and not any(word in ("-r", "-e") for word in made.install):
        made.install = []
    return made


def _sort(lines: Sequence[str]) -> _Words:
    words = _Words()
    for line in lines:
        try:
            parts = shlex.split(line)
        except ValueError as error:
            raise BuildError("recipe-refused", f"“{clean_line(line, 120)}” cannot be read: {error}.") from None
        if not parts[0].startswith("-"):
            words.packages.append(_package(line))
            continue
        while parts:
            _option(words, parts, line)
    return words


def _option(words: _Words, parts: list[str], line: str) -> None:
    """Take one option and its value off the front of ``parts``."""
    name, equals, value = parts.pop(0).partition("=")
    if name in _BARE and not equals:
        words.options.append(name)
        return
    if not equals:
        value = parts.pop(0) if parts else ""
    places = {"-r": words.requirements, "--requirement": words.requirements, "--requirements": words.requirements}
    places |= {"-c": words.constraints, "--constraint": words.constraints, "--constraints": words.constraints}
    if name in places and (path := join("", value)):
        places[name].append(path)
    elif name in ("--extra", "--group") and _NAMED.fullmatch(value):
        (words.extras if name == "--extra" else words.groups).append(value)
    elif (name in _VALUED and re.fullmatch(r"[A-Za-z0-9:][A-Za-z0-9:._,+-]*", value)) or (
        name in _INDEX and value.startswith("https://")
    ):
        words.options += [name, value]
    else:
        raise BuildError(
            "recipe-refused",
            f"“{clean_line(line, 120)}” is not a line of a recipe. Use -r FILE, -c FILE, --extra NAME, --group NAME, "
            "--exclude-newer DATE, --index-url https://…, or a requirement such as pytest>=8.",
        )


def _package(line: str) -> str:
    try:
        requirement = Requirement(line.split(" #", 1)[0].strip())
    except InvalidRequirement:
        raise BuildError(
            "recipe-refused",
            f"“{clean_line(line, 120)}” is not a requirement such as pytest>=8. The project itself is not installed: "
            "its files are on the path.",
        ) from None
    if requirement.url and not requirement.url.startswith(("https://", "git+https://")):
        raise BuildError("recipe-refused", f"“{clean_line(line, 120)}”: only https:// and git+https:// are fetched.")
    return str(requirement)


def _require(path: str, files: Mapping[str, bytes]) -> None:
    if path not in files:
        raise BuildError(
            "file-missing",
            f"The recipe names {clean_line(path, 120)}, which this commit does not hold. Edit the recipe.",
        )


def _take_manifest(made: Plan, path: str, files: Mapping[str, bytes], words: _Words) -> None:
    manifest = read_manifest(path, files)
    made.notes += manifest.notes
    if manifest.computed:
        # Only the project's own build can tell; it runs in the sandbox, with the files a recipe may name.
        made.notes.append(f"The requirements in {path} are computed, so its build script is asked for them.")
        made.files |= files
        made.install += ["-r", path, *(word for extra in words.extras for word in ("--extra", extra))]
        return
    known = {*manifest.extras, *manifest.groups}
    made.notes += [
        f"{path} has no extra or group “{name}”."
        for name in (*words.extras, *words.groups)
        if normal(name) not in known
    ]
    chosen = manifest.chosen(words.extras, words.groups)
    name = f"{OUT}/{path}.txt"
    made.files[name] = "".join(f"{requirement}\n" for requirement in chosen).encode()
    made.installs |= {distribution_of(requirement) for requirement in chosen}
    made.install += ["-r", name]


def _take_lock(made: Plan, files: Mapping[str, bytes], words: _Words) -> None:
    _require("pyproject.toml", files)
    made.files |= {path: data for path, data in files.items() if path.endswith(("uv.lock", "pyproject.toml"))}
    manifest = read_manifest("pyproject.toml", files)
    extras = [extra for extra in words.extras if normal(extra) in manifest.extras]
    groups = [group for group in words.groups if normal(group) in manifest.groups]
    chosen = [word for extra in extras for word in ("--extra", extra)]
    chosen += [word for group in groups for word in ("--group", group)]
    made.export = ("--frozen", "--no-emit-local", "--no-default-groups", "--no-header", "--no-annotate", *chosen)
    made.install += ["-r", EXPORTED]
    made.installs |= {distribution_of(requirement) for requirement in manifest.chosen(extras, groups)}


def _take_requirements(made: Plan, option: str, path: str, files: Mapping[str, bytes]) -> None:
    for name, lines in closure([path], files):
        if name not in files:
            raise BuildError(
                "file-missing", f"{clean_line(path, 120)} includes {clean_line(name, 120)}, which is not there."
            )
        made.files[name] = "".join(f"{text}\n" for line in lines if (text := _kept(made, name, line))).encode()
        if option == "-r":
            made.installs |= {distribution_of(line.value) for line in lines if line.kind == "requirement"}
    made.install += [option, path]


def _kept(made: Plan, path: str, line: Line) -> str:
    """The line as uv takes it, or "" with a note where it must be left out."""
    if line.kind == "editable":
        return line.value  # uv takes editable installs of directories only
    reachable = line.kind not in ("include", "constraint") or "://" in line.value or join(path, line.value)
    option = line.kind == "option" and not line.text.startswith(_IN_FILES)
    local_index = line.kind == "option" and line.text.startswith(("-f", "--find-links")) and "://" not in line.value
    if line.kind == "local" or not reachable or option or local_index:
        made.notes.append(
            f"{path}: “{clean_line(line.text, 120)}” was left out (not installable from outside the tree)."
        )
        return ""
    return line.text


def _pins(lock: bytes) -> list[str]:
    """``name==version`` of a poetry.lock or pdm.lock; a name locked to two versions is left to the resolver."""
    try:
        document = tomllib.loads(lock.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return []
    found: dict[str, set[str]] = {}
    packages = document.get("package")
    for package in packages if isinstance(packages, list) else []:
        for name in strings(table(package).get("name")):
            source = table(package, "source").get("type")
            if source in (None, "legacy") and "path" not in package and "git" not in package:
                found.setdefault(normal(name), set()).update(strings(package.get("version")))
    return [
        f"{name}=={version}" for name, versions in sorted(found.items()) if len(versions) == 1 for version in versions
    ]
