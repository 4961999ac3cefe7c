"""Finds what of a project's Python must be visible to run it, and asks it who it is."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from remediation.collection.sandbox import Limits, SandboxError, give, run
from remediation.core.text import clean_line

# Too wide to be an interpreter's own: binding one of these would show the target what is not its business.
TOO_WIDE = (*(Path(name) for name in ("/", "/home", "/root", "/etc", "/var", "/tmp", "/opt")), Path.home())  # noqa: S108
HOPS = 40
QUESTION = """
import json, sys
try:
    from importlib.metadata import version
    pytest = version("pytest")
except Exception:
    pytest = ""
version = ".".join(str(part) for part in sys.version_info[:3])
print(json.dumps([version, sys.prefix, sys.base_prefix, pytest]))
"""


class InterpreterError(SandboxError):
    """The interpreter cannot be used; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class InterpreterFacts:
    """An interpreter's own answer. ``pytest`` is its installed version, "" where it has none."""

    version: str
    prefix: str
    base_prefix: str
    pytest: str


def interpreter_paths(python: str | Path) -> tuple[Path, ...]:
    """The directories the interpreter lives in: its virtual environment and its base installation.

    Found by reading links and ``pyvenv.cfg``, never by running it. Raises InterpreterError where there is no usable
    interpreter at that path.
    """
    path = Path(python)
    if not path.is_absolute():
        raise InterpreterError(f"The interpreter must be an absolute path, not {clean_line(path)}.")
    try:
        missing = not path.is_file() or not os.access(path, os.X_OK)
    except OSError:
        missing = True
    if missing:
        raise InterpreterError(f"There is no interpreter at {clean_line(path)}. Choose one that exists on the worker.")
    with path.open("rb") as file:
        if file.read(2) == b"#!":
            raise InterpreterError(
                f"{clean_line(path)} is a script that looks for an interpreter (a pyenv shim?). Give the interpreter "
                "itself, for example what `pyenv which python` prints."
            )
    homes = [_home(hop) for hop in _links(path)]
    config = path.parent.parent / "pyvenv.cfg"
    if config.is_file():
        homes += [_home(hop) for name in ("python", "python3") for hop in _links(_base(config) / name) if hop.exists()]
    found = dict.fromkeys(home for home in homes if home is not None)
    if not found:
        raise InterpreterError(f"{clean_line(path)} is not in an installation of its own (a folder with bin and lib).")
    return tuple(found)


def _links(path: Path) -> list[Path]:
    """``path`` and what it points to, link by link, ending with the real file."""
    hops = [path]
    while hops[-1].is_symlink() and len(hops) < HOPS:
        hops.append(Path(os.path.normpath(hops[-1].parent / hops[-1].readlink())))
    return [*hops, path.resolve()]


def _home(executable: Path) -> Path | None:
    home = executable.parent.parent
    return None if home in TOO_WIDE or not (home / "lib").is_dir() else home


def _base(config: Path) -> Path:
    """The directory of the base interpreter, out of ``pyvenv.cfg``."""
    for line in config.read_text("utf-8", "replace").splitlines():
        key, _, value = line.partition("=")
        if key.strip().lower() == "home":
            return Path(value.strip())
    raise InterpreterError(f"{clean_line(config)} names no base interpreter. Build the virtual environment again.")


def describe_interpreter(python: str | Path, *, level: int | None = None) -> InterpreterFacts:
    """Ask the interpreter for its version and for pytest, inside the sandbox: a virtual environment can run code.

    Raises InterpreterError where it is missing or does not answer.
    """
    readable = interpreter_paths(python)
    with tempfile.TemporaryDirectory(prefix="interpreter-") as directory:
        tree = Path(directory).resolve()
        give(tree)
        end = run(
            [str(python), "-I", "-c", QUESTION],
            tree=tree,
            tree_at=str(tree),
            cwd=str(tree),
            readable=readable,
            limits=Limits(wall_seconds=30),
            level=level,
        )
    try:
        answer = json.loads(end.stdout.strip().splitlines()[-1])
        version, prefix, base_prefix, pytest = (clean_line(part) for part in answer)
    except (ValueError, IndexError, TypeError) as error:
        said = clean_line(end.stderr, 300) or f"status {end.returncode}"
        raise InterpreterError(f"{clean_line(python)} does not run as a Python interpreter: {said}") from error
    return InterpreterFacts(version, prefix, base_prefix, pytest)
