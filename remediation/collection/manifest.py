"""What one project file (pyproject.toml, setup.cfg, setup.py, Pipfile) declares, read as text and never run."""

from __future__ import annotations

import configparser
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement

from remediation.collection.constraints import poetry_requirements
from remediation.collection.requirements import normal, parse_lines
from remediation.collection.setup_script import setup_arguments

MANIFESTS = ("pyproject.toml", "setup.cfg", "setup.py", "Pipfile")
_CLASSIFIER = re.compile(r"Programming Language :: Python :: (3\.[0-9]{1,2})\s*")


@dataclass(frozen=True, slots=True)
class Manifest:
    """Requirements as PEP 508 strings, by where they stand.

    ``computed`` says that the base requirements are made by code, so only a build can tell them.
    ``minors`` are the Python versions its classifiers name. ``notes`` are sentences for a person.
    """

    name: str = ""
    version: str = ""
    base: tuple[str, ...] = ()
    extras: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    requires_python: str = ""
    minors: tuple[str, ...] = ()
    computed: bool = False
    notes: tuple[str, ...] = ()

    @property
    def everything(self) -> tuple[str, ...]:
        """All requirements wherever they stand."""
        parts = [self.base, *self.extras.values(), *self.groups.values()]
        return tuple(requirement for part in parts for requirement in part)

    def chosen(self, extras: Iterable[str], groups: Iterable[str]) -> tuple[str, ...]:
        """The base and the named extras and groups; an extra that names the project's own extras is followed."""
        result = dict.fromkeys(self.base)
        waiting, seen = [normal(extra) for extra in extras], set[str]()
        requirements = [requirement for group in groups for requirement in self.groups.get(normal(group), ())]
        while waiting or requirements:
            while requirements:
                own = self._own_extras(requirement := requirements.pop(0))
                if own is None:
                    result[requirement] = None
                else:
                    waiting += own
            if waiting and (extra := waiting.pop(0)) not in seen:
                seen.add(extra)
                requirements += self.extras.get(extra, ())
        return tuple(result)

    def _own_extras(self, requirement: str) -> list[str] | None:
        try:
            parsed = Requirement(requirement)
        except InvalidRequirement:
            return None
        if not self.name or normal(parsed.name) != normal(self.name):
            return None
        return [normal(extra) for extra in sorted(parsed.extras)]


def read_manifest(path: str, files: Mapping[str, bytes]) -> Manifest:
    """Read one of MANIFESTS out of ``files``. What is broken becomes a note, never an exception."""
    readers = {"pyproject.toml": _pyproject, "setup.cfg": _setup_cfg, "setup.py": _setup_py, "Pipfile": _pipfile}
    name = path.rpartition("/")[2]
    try:
        return readers[name](files[path], files)
    except (ValueError, SyntaxError, RecursionError, MemoryError, configparser.Error) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        return Manifest(notes=(f"{path} cannot be read and was left out: {reason}.",))


def table(value: object, *keys: str) -> dict[str, Any]:
    """The table under ``keys``, or an empty one where something else stands there."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def strings(value: object) -> tuple[str, ...]:
    """The non-empty strings of a list, or the one string."""
    items = [value] if isinstance(value, str) else value if isinstance(value, (list, tuple, set)) else []
    return tuple(item.strip() for item in items if isinstance(item, str) and item.strip())


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _pyproject(data: bytes, files: Mapping[str, bytes]) -> Manifest:
    document = tomllib.loads(data.decode("utf-8-sig"))
    project, poetry = table(document, "project"), table(document, "tool", "poetry")
    groups = _dependency_groups(table(document, "dependency-groups"))
    groups |= {normal(k): strings(v) for k, v in table(document, "tool", "pdm", "dev-dependencies").items()}
    uv_dev = strings(table(document, "tool", "uv").get("dev-dependencies"))
    if uv_dev:
        groups["dev"] = (*groups.get("dev", ()), *uv_dev)
    if poetry and "dependencies" not in project:
        return _poetry(poetry, project, groups)
    groups |= {name: given for name, given, _ in _poetry_groups(poetry)}
    base, computed = strings(project.get("dependencies")), False
    extras = {normal(k): strings(v) for k, v in table(project, "optional-dependencies").items()}
    dynamic = strings(project.get("dynamic"))
    pointers = table(document, "tool", "setuptools", "dynamic")
    if "dependencies" in dynamic:
        found = _pointed(table(pointers, "dependencies").get("file"), files)
        base, computed = found or (), found is None
    for name, pointer in table(pointers, "optional-dependencies").items():
        extras[normal(name)] = _pointed(table(pointer).get("file"), files) or ()
    return Manifest(
        name=_text(project.get("name")),
        version=_text(project.get("version")),
        base=base,
        extras=extras,
        groups=groups,
        requires_python=_text(project.get("requires-python")),
        minors=_minors(project.get("classifiers")),
        computed=computed,
    )


def _dependency_groups(found: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    raw = {normal(name): items for name, items in found.items() if isinstance(items, list)}

    def members(name: str, path: tuple[str, ...]) -> list[str]:
        result: list[str] = []
        for item in raw.get(name, []):
            included = normal(_text(table(item).get("include-group")))
            if isinstance(item, str):
                result.append(item.strip())
            elif included and included not in path:  # a circle is the repository's error, not ours
                result += members(included, (*path, included))
        return result

    return {name: tuple(dict.fromkeys(members(name, (name,)))) for name in raw}


def _pointed(value: object, files: Mapping[str, bytes]) -> tuple[str, ...] | None:
    paths = strings(value)
    if not paths or any(path not in files for path in paths):
        return None
    return tuple(line.value for path in paths for line in parse_lines(files[path]) if line.kind == "requirement")


def _minors(classifiers: object) -> tuple[str, ...]:
    return tuple(match.group(1) for text in strings(classifiers) if (match := _CLASSIFIER.fullmatch(text)))


def _poetry_groups(poetry: dict[str, Any]) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    found = {name: table(group, "dependencies") for name, group in table(poetry, "group").items()}
    if table(poetry, "dev-dependencies"):
        found["dev"] = {**table(poetry, "dev-dependencies"), **found.get("dev", {})}
    return [(normal(name), *poetry_requirements(given)) for name, given in found.items()]


def _poetry(poetry: dict[str, Any], project: dict[str, Any], groups: dict[str, tuple[str, ...]]) -> Manifest:
    declared = dict(table(poetry, "dependencies"))
    python = declared.pop("python", "")
    optional = {k: v for k, v in declared.items() if table(v).get("optional") is True}
    base, notes = poetry_requirements({k: v for k, v in declared.items() if k not in optional})
    extras = {}
    for name, members in table(poetry, "extras").items():
        chosen = {member: declared[member] for member in strings(members) if member in declared}
        extras[normal(name)] = poetry_requirements(chosen)[0]
    for name, given, more in _poetry_groups(poetry):
        groups[name] = (*groups.get(name, ()), *given)
        notes += more
    versions = poetry_requirements({"python": python})[0] if isinstance(python, str) and python else ()
    return Manifest(
        name=_text(project.get("name")) or _text(poetry.get("name")),
        version=_text(project.get("version")) or _text(poetry.get("version")),
        base=base,
        extras=extras,
        groups=groups,
        requires_python=_text(project.get("requires-python")) or "".join(versions).removeprefix("python"),
        minors=_minors(poetry.get("classifiers")),
        notes=notes,
    )


def _setup_cfg(data: bytes, files: Mapping[str, bytes]) -> Manifest:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.read_string(data.decode("utf-8-sig", "replace"))

    def listed(section: str, key: str) -> tuple[str, ...]:
        value = parser.get(section, key, fallback="")
        if value.strip().startswith("file:"):
            return _pointed([part.strip() for part in value.strip()[5:].split(",")], files) or ()
        return tuple(line.value for line in parse_lines(value.encode()) if line.kind == "requirement")

    section = "options.extras_require"
    keys = parser[section] if parser.has_section(section) else ()
    extras = {normal(key): listed(section, key) for key in keys}
    tests = listed("options", "tests_require")
    pointed = parser.get("options", "install_requires", fallback="").strip().startswith("file:")
    base = listed("options", "install_requires")
    return Manifest(
        name=parser.get("metadata", "name", fallback=""),
        version=_plain_version(parser.get("metadata", "version", fallback="")),
        base=base,
        extras=extras | ({"tests-require": tests} if tests else {}),
        requires_python=parser.get("options", "python_requires", fallback="").strip(),
        minors=_minors(parser.get("metadata", "classifiers", fallback="").split("\n")),
        computed=pointed and not base,
    )


def _plain_version(text: str) -> str:
    return text.strip() if re.fullmatch(r"\s*[0-9][0-9A-Za-z.+!-]*\s*", text) else ""


def _setup_py(data: bytes, files: Mapping[str, bytes]) -> Manifest:
    given, computed = setup_arguments(data)
    extras = {normal(name): strings(value) for name, value in table(given.get("extras_require")).items()}
    tests, base = strings(given.get("tests_require")), given.get("install_requires")
    if isinstance(base, str):  # setuptools also takes one requirement per line
        base = [line.value for line in parse_lines(base.encode())]
    return Manifest(
        name=_text(given.get("name")),
        version=_plain_version(_text(given.get("version"))),
        base=strings(base),
        extras=extras | ({"tests-require": tests} if tests else {}),
        requires_python=_text(given.get("python_requires")),
        minors=_minors(given.get("classifiers")),
        computed="install_requires" in computed,
    )


def _pipfile(data: bytes, files: Mapping[str, bytes]) -> Manifest:
    document = tomllib.loads(data.decode("utf-8-sig"))
    base, notes = poetry_requirements(table(document, "packages"))
    dev, more = poetry_requirements(table(document, "dev-packages"))
    version = _text(table(document, "requires").get("python_version"))
    return Manifest(
        base=base,
        groups={"dev": dev} if dev else {},
        minors=(version,) if re.fullmatch(r"3\.[0-9]{1,2}", version) else (),
        notes=notes + more,
    )
