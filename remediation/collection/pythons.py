"""Choose an interpreter that is installed on this machine for what a repository asks."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import uv
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from remediation.collection.recipe import BuildError
from remediation.core.text import clean_line

OLDEST = Version("3.8")  # what the reporter runs on


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A CPython on this machine: its full version and the path of the real executable."""

    version: Version
    path: Path


def uv_binary() -> str:
    """The absolute path of uv. Raises BuildError "no-uv"."""
    try:
        return str(Path(uv.find_uv_bin()).resolve())
    except FileNotFoundError as error:
        raise BuildError("no-uv", "The uv program is missing. Install this product's dependencies again.") from error


def installed_pythons() -> list[Interpreter]:
    """Every usable CPython found on PATH, under pyenv and by uv, newest first. No virtual environments, no shims."""
    environment = {
        "PATH": os.pathsep.join(map(str, _search_path())),
        "HOME": str(Path.home()),
        # Nothing is downloaded behind the administrator's back.
        "UV_PYTHON_DOWNLOADS": os.environ.get("UV_PYTHON_DOWNLOADS", "never"),
    }
    environment |= {name: os.environ[name] for name in ("UV_PYTHON_INSTALL_DIR", "UV_CACHE_DIR") if name in os.environ}
    command = [uv_binary(), "python", "list", "--only-installed", "--output-format", "json", "--no-config"]
    listing = subprocess.run(command, env=environment, cwd="/", capture_output=True, timeout=120)  # noqa: S603, PLW1510
    try:
        found = json.loads(listing.stdout)
    except ValueError:
        raise BuildError(
            "no-python", "uv could not list the interpreters.", listing.stderr.decode("utf-8", "replace")
        ) from None
    interpreters = {path: Interpreter(version, path) for version, path in _usable(found)}
    return sorted(interpreters.values(), key=lambda one: (one.version, str(one.path)), reverse=True)


def _usable(found: list[dict[str, object]]) -> Iterator[tuple[Version, Path]]:
    for row in found:
        path = Path(str(row.get("path")))
        if row.get("implementation") != "cpython" or row.get("variant") != "default" or path.parent.name == "shims":
            continue  # a pyenv shim needs its user's home and is blind inside the sandbox
        try:
            version = Version(str(row.get("version")))
        except InvalidVersion:
            continue
        if version >= OLDEST and path.exists():
            yield version, path.resolve()


def _search_path() -> Iterator[Path]:
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    yield from sorted(pyenv.glob("versions/*/bin"))
    for name in os.environ.get("PATH", os.defpath).split(os.pathsep):
        directory = Path(name)
        # Our own virtual environment must never become a target's interpreter.
        if directory.is_absolute() and directory.name != "shims" and not (directory.parent / "pyvenv.cfg").exists():
            yield directory
    yield from (Path("/usr/local/bin"), Path("/usr/bin"), Path("/opt/homebrew/bin"))


def choose_python(requires_python: str, wanted: str = "") -> str:
    """The path of the newest installed CPython that satisfies ``requires_python`` (PEP 440, "" for any).

    A version that starts with ``wanted`` ("3.12") is preferred where one satisfies; a must is said by
    ``requires_python`` ("==3.12.*"). Releases go before pre-releases. Raises BuildError "no-python", which lists
    what is installed.
    """
    try:
        accepted = SpecifierSet(requires_python)
    except InvalidSpecifier:
        accepted = SpecifierSet()  # written by the repository; a wrong one asks for nothing
    installed = installed_pythons()
    fitting = [one for one in installed if accepted.contains(one.version, prereleases=True)]
    if not fitting:
        versions = ", ".join(dict.fromkeys(str(one.version) for one in installed)) or "none"
        raise BuildError(
            "no-python",
            f"No installed Python satisfies “{clean_line(requires_python, 80)}”. Installed: {versions}. Install one "
            "(uv python install, pyenv or apt), or give an interpreter in the project's settings.",
        )
    prefix = f"{wanted.strip()}."
    best = max(
        fitting, key=lambda one: (f"{one.version}.".startswith(prefix), not one.version.is_prerelease, one.version)
    )
    return str(best.path)
