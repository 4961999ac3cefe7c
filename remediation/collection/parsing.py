"""Which of the installed Pythons parse a file that the pass's own could not."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from remediation.collection import sandbox
from remediation.collection.pythons import Interpreter, installed_pythons
from remediation.collection.recipe import BuildError
from remediation.collection.runtime import interpreter_paths
from remediation.core.records import Parsed

FILES, BYTES = 50, 1 << 20
_LIMITS = sandbox.Limits(wall_seconds=60, cpu_seconds=60, memory_bytes=2 << 30, processes=16)
# It only compiles; nothing of the file runs. One line of JSON: the names that compile.
_PROGRAM = """
import json, sys, warnings
warnings.simplefilter("ignore")
good = []
for name in sys.argv[1:]:
    with open(name, "rb") as file:
        source = file.read()
    try:
        compile(source, name, "exec", dont_inherit=True)
    except Exception:
        continue
    good.append(name)
print(json.dumps(good))
"""


def tried(
    sources: Mapping[str, bytes],
    *,
    python: str,
    requires_python: str,
    level: int,
    interpreters: Callable[[], Sequence[Interpreter]] = installed_pythons,
) -> list[Parsed]:
    """Try every source with one interpreter of each minor version. ``python`` is the pass's own version.

    What the pass's own Python parses here is left out: there a warning was made an error.

    Files beyond FILES and larger than BYTES are left out; where no interpreter can be asked, all are.
    """
    chosen = {path: data for path, data in sorted(sources.items())[:FILES] if len(data) <= BYTES}
    if not chosen:
        return []
    accepted: dict[str, list[str]] = {path: [] for path in chosen}
    try:
        own = ".".join(python.split(".")[:2])
        others = _of_each_minor(interpreters())
        for minor, interpreter in others:
            for path in _compiled(interpreter, chosen, level):
                if path in accepted and minor == own:
                    del accepted[path]  # it is the pass's warnings that are errors, not its Python
                elif path in accepted:
                    accepted[path].append(minor)
    except (BuildError, sandbox.SandboxError, OSError):
        return []
    supported = _supports(requires_python, python)
    return [Parsed(path, tuple(minors), supported) for path, minors in accepted.items()] if others else []


def _of_each_minor(installed: Iterable[Interpreter]) -> list[tuple[str, Interpreter]]:
    """One interpreter of each minor version, oldest first."""
    return list({_minor(one.version): one for one in sorted(installed, key=lambda one: one.version)}.items())


def _minor(version: Version) -> str:
    return f"{version.major}.{version.minor}"


def _compiled(interpreter: Interpreter, sources: Mapping[str, bytes], level: int) -> list[str]:
    names = {f"{number}.py": path for number, path in enumerate(sources)}
    with tempfile.TemporaryDirectory(prefix="parse-") as folder:
        tree = Path(folder)
        tree.chmod(0o755)
        for name, path in names.items():
            (tree / name).write_bytes(sources[path])
        end = sandbox.run(
            [str(interpreter.path), "-I", "-S", "-B", "-c", _PROGRAM, *names],
            tree=tree,
            tree_at=folder,
            cwd=folder,
            readable=interpreter_paths(interpreter.path),
            limits=_LIMITS,
            level=level,
        )
    try:
        good = json.loads(end.stdout)
    except ValueError:
        raise sandbox.SandboxError(f"Python {interpreter.version} died of a file that it was to parse.") from None
    return [names[name] for name in good if name in names] if isinstance(good, list) else []


def _supports(requires_python: str, python: str) -> bool:
    """Whether the repository says that the pass's Python is one it supports."""
    try:
        return bool(requires_python) and SpecifierSet(requires_python).contains(Version(python), prereleases=True)
    except (InvalidSpecifier, InvalidVersion):
        return False
