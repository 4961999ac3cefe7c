"""Collects one tree as the product does, and as bare pytest does."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from remediation.collection import parsing
from remediation.collection.declared import Declared, distribution_names, is_declaring, read_declared, references
from remediation.collection.removal import remove
from remediation.collection.rounds import collect_whole, judge_whole
from remediation.collection.run import Target
from remediation.collection.sandbox import Limits
from remediation.core import tree as tree_facts
from remediation.core.fingerprint import Identified, identify
from remediation.core.records import CollectionError, Verdict
from tests.corpus.fetch import environment, tracked, tree
from tests.corpus.recipes import Recipe

LIMITS = Limits(wall_seconds=300)


@dataclass(frozen=True, slots=True)
class Read:
    """A judged pass over one tree, and every error of it beside what the product makes of it."""

    verdict: Verdict
    errors: tuple[tuple[CollectionError, Identified], ...]


def read_tree(recipe: Recipe) -> Read:
    """The product's own way from a tree to its tickets; the one place to change when a pass gets another door."""
    place, python = tree(recipe), environment(recipe)
    paths = tracked(place)
    declared = _declared(place, paths)
    with _copy(place) as (copy, work, bytecode):
        target = Target(str(python), recipe.arguments, recipe.env)
        whole = collect_whole(
            target, tree=copy, work=work, bytecode=bytecode, renew=lambda: _lay_out(place, copy), limits=LIMITS
        )
    verdict = judge_whole(whole, inventory=[path for path in paths if path.endswith(".py")])
    if verdict.result is None:
        return Read(verdict, ())
    tried = parsing.tried(
        {path: source for path in tree_facts.unparsed_files(verdict.result) if (source := _content(place, path))},
        python=verdict.session.python,
        requires_python=declared.requires_python,
        level=whole.last.sandbox_level,
    )
    result = tree_facts.with_tree(
        verdict.result,
        paths,
        declared.distributions,
        read=lambda path: _content(place, path),
        distributions=distribution_names,
        parsed=tried,
    )
    found = list(identify(result).values())
    return Read(replace(verdict, result=result), tuple((error, _identified(error, found)) for error in result.errors))


def bare_errors(recipe: Recipe) -> str:
    """The last line of bare ``pytest --collect-only -q``, told to go on after an error, without anything of ours."""
    place, python = tree(recipe), environment(recipe)
    with _copy(place) as (copy, _, bytecode):
        given = {key: value.replace("{checkout}", str(copy)) for key, value in recipe.env.items()}
        env = {"PATH": os.environ["PATH"], "HOME": str(copy), "PYTHONPYCACHEPREFIX": str(bytecode), **given}
        command = [str(python), "-m", "pytest", "--collect-only", "-q", *recipe.arguments, "--maxfail=0"]
        done = subprocess.run(command, cwd=copy, env=env, capture_output=True, text=True, errors="replace", timeout=300)
    lines = [line for line in (done.stdout + done.stderr).splitlines() if re.search(r"\berrors?\b|no tests ", line)]
    return f"status {done.returncode}: {lines[-1] if lines else (done.stdout + done.stderr)[-300:]}"


def _identified(error: CollectionError, found: list[Identified]) -> Identified:
    """What an error was identified as: itself, or the one of its file that it was folded into."""
    of_file = [one for one in found if one.error.path == error.path]
    same = [one for one in of_file if one.error.cause == error.cause]
    alike = [one for one in of_file if one.error.cause.type == error.cause.type]
    return (same or alike or of_file)[0]


def _content(place: Path, path: str) -> bytes:
    file = place / path
    return file.read_bytes() if file.is_file() else b""


def _declared(place: Path, paths: list[str]) -> Declared:
    entries = set(paths)
    files: dict[str, bytes] = {}
    wanted = {path for path in paths if is_declaring(path)}
    while new := [path for path in sorted(wanted & entries) if path not in files]:
        files |= {path: (place / path).read_bytes() for path in new}
        wanted = references(files)
    return read_declared(files)


def _lay_out(place: Path, target: Path) -> None:
    remove(target)
    shutil.copytree(place, target, symlinks=True, ignore=lambda at, _: {".git"} if at == str(place) else ())


@contextmanager
def _copy(place: Path) -> Iterator[tuple[Path, Path, Path]]:
    """A throw-away copy of the tree, a folder for us and one for byte-code; below no configuration of ours."""
    with tempfile.TemporaryDirectory(prefix="corpus-", ignore_cleanup_errors=True) as directory:
        base = Path(directory)
        base.chmod(0o755)
        _lay_out(place, base / "tree")
        for name in ("work", "bytecode"):
            (base / name).mkdir()
        yield base / "tree", base / "work", base / "bytecode"
