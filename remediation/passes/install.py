"""Which interpreter collects a commit: the given one, or an environment made from what the commit declares."""

from __future__ import annotations

import functools
import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from remediation.collection import environment, sandbox
from remediation.collection.declared import Declared
from remediation.collection.environment import BuildError
from remediation.collection.interpreter import InterpreterMissing, check_interpreter
from remediation.collection.pythons import choose_python
from remediation.passes.workshop import Workshop

# Building may download and compile; it has limits of its own, wider than a collection's.
BUILD_LIMITS = sandbox.Limits(
    wall_seconds=1_800,
    cpu_seconds=3_600,
    file_bytes=2 << 30,
    processes=1_024,
    output_bytes=64 << 20,
    temp_bytes=4 << 30,
)


@dataclass(frozen=True, slots=True)
class Interpreter:
    """An interpreter ready to collect. ``key`` names its byte-code; ``declared`` what the commit declares."""

    path: str
    key: str
    source_roots: tuple[str, ...] = ()
    declared: frozenset[str] = frozenset()
    log: str = ""
    detected: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a commit declares and which Python it gets, before anything is built. ``python`` is a path.

    ``key`` names the environment; "" where the interpreter is given and nothing is built.
    """

    declared: Declared
    python: str
    recipe: tuple[str, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)
    key: str = ""


def interpreter_for(
    workshop: Workshop, sha: str, *, level: int, alive: Callable[[], bool], printed: Callable[[bytes], None]
) -> Interpreter:
    """Find or build the interpreter of a pass. Raises BuildError with what to do.

    While it builds, ``alive`` is asked whether to go on and ``printed`` is told what uv said last.
    """
    wanted = wanted_by(workshop, sha)
    declared = wanted.declared
    roots = environment.source_roots(entry.path for entry in workshop.mirror.tree(sha))
    found: dict[str, Any] = {
        "requires_python": declared.requires_python,
        "recipe": list(declared.recipe),
        "notes": list(declared.notes),
        "source_roots": list(roots),
    }
    if not wanted.key:
        given = "given-" + hashlib.sha256(wanted.python.encode()).hexdigest()[:24]
        return Interpreter(wanted.python, given, roots, declared.distributions, "", found)
    built = build(workshop, wanted, level=level, alive=alive, printed=printed)
    found["python"] = wanted.python
    return Interpreter(str(built.python), built.key, roots, declared.distributions, built.log, found)


def wanted_by(workshop: Workshop, sha: str) -> Wanted:
    """Read what the commit declares and choose a Python that is installed here; runs nothing of the target."""
    declared, project = environment.discover(workshop.mirror, sha), workshop.project
    if os.sep in project.interpreter:
        try:
            return Wanted(declared, check_interpreter(project.interpreter))
        except InterpreterMissing as error:
            raise BuildError("interpreter-missing", str(error)) from error
    recipe = tuple(project.install.splitlines()) or declared.recipe
    wanted = project.interpreter
    # A version that a person gave is a must; one that the repository names is a preference.
    must = f"=={wanted}.*" if wanted.count(".") < 2 else f"=={wanted}"
    base = choose_python(must if wanted else declared.requires_python, wanted or declared.python)
    files = environment.declaring_files(workshop.mirror, sha, recipe)
    return Wanted(declared, base, recipe, files, environment.recipe_key(recipe, files=files, python=base))


def build(
    workshop: Workshop, wanted: Wanted, *, level: int, alive: Callable[[], bool], printed: Callable[[bytes], None]
) -> environment.Built:
    """The environment that is wanted, built in the sandbox if it is not there. Raises BuildError."""
    run = functools.partial(sandbox.run, level=level, limits=BUILD_LIMITS, on_tick=alive, on_output=printed)
    root, key = workshop.environments, wanted.key
    return environment.ensure(wanted.recipe, files=wanted.files, python=wanted.python, root=root, key=key, run=run)
