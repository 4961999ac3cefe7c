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


def interpreter_for(workshop: Workshop, sha: str, *, level: int, alive: Callable[[], bool]) -> Interpreter:
    """Find or build the interpreter of a pass. Raises BuildError with what to do."""
    declared = environment.discover(workshop.mirror, sha)
    roots = environment.source_roots(entry.path for entry in workshop.mirror.tree(sha))
    found: dict[str, Any] = {
        "requires_python": declared.requires_python,
        "recipe": list(declared.recipe),
        "notes": list(declared.notes),
        "source_roots": list(roots),
    }
    if os.sep in workshop.project.interpreter:
        path, key, log = _given(workshop.project.interpreter)
    else:
        path, key, log = _built(workshop, sha, declared, level, alive, found)
    return Interpreter(path, key, roots, declared.distributions, log, found)


def _given(wanted: str) -> tuple[str, str, str]:
    try:
        path = check_interpreter(wanted)
    except InterpreterMissing as error:
        raise BuildError("interpreter-missing", str(error)) from error
    return path, "given-" + hashlib.sha256(path.encode()).hexdigest()[:24], ""


def _built(
    workshop: Workshop,
    sha: str,
    declared: Declared,
    level: int,
    alive: Callable[[], bool],
    found: dict[str, Any],
) -> tuple[str, str, str]:
    """Path, key and log of the environment made from the project's own lines, or from what the commit declares."""
    project = workshop.project
    recipe = tuple(project.install.splitlines()) or declared.recipe
    wanted = project.interpreter
    # A version that a person gave is a must; one that the repository names is a preference.
    must = f"=={wanted}.*" if wanted.count(".") < 2 else f"=={wanted}"
    base = choose_python(must if wanted else declared.requires_python, wanted or declared.python)
    found["python"] = base
    files = environment.declaring_files(workshop.mirror, sha, recipe)
    key = environment.recipe_key(recipe, files=files, python=base)
    run = functools.partial(sandbox.run, level=level, limits=BUILD_LIMITS, on_tick=alive)
    built = environment.ensure(recipe, files=files, python=base, root=workshop.environments, key=key, run=run)
    return str(built.python), key, built.log
