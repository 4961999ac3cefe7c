"""Scores the product on the corpus: ``python -m tests.corpus.score [--json FILE] [--raw] [NAME ...]``.

NAME is the beginning of a recipe's name. Exit code 1 where a goal is missed or a pass ends in another way than its
recipe says, 2 where a recipe does not cover its tree or its release cannot be fetched or installed. ``--raw`` prints
what each error is, to write a truth from.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.corpus.collecting import Read, bare_errors, read_tree
from tests.corpus.recipes import Recipe, RecipeError, load_all
from tests.corpus.report import TreeReport, document, lines, passed
from tests.corpus.scoring import Scored, score


def examine(recipe: Recipe) -> TreeReport:
    """Collect a tree and set what the product says beside the truth. Raises RecipeError for an error without one."""
    read = read_tree(recipe)
    true = [recipe.cause_of(error) for error, _ in read.errors]
    errors = tuple(
        Scored(
            tree=recipe.name,
            path=error.path,
            cause=f"{cause.label(error)}: {cause.what}",
            true_kind=cause.kind,
            kind=identified.error.kind,
            ticket=identified.key,
            true_environment=cause.environment,
            environment=identified.error.environment,
        )
        for (error, identified), cause in zip(read.errors, true, strict=True)
    )
    pytest_errors = read.verdict.result.pytest_errors if read.verdict.result else None
    complaint = _complaint(recipe, read, {cause.name for cause in true})
    return TreeReport(
        recipe, read.verdict.outcome, read.verdict.reason, pytest_errors, errors, score(errors), complaint
    )


def _complaint(recipe: Recipe, read: Read, seen: set[str]) -> str:
    verdict = read.verdict
    if verdict.reason != recipe.blocked or (verdict.result is None) != bool(recipe.blocked):
        wanted = f"blocked, {recipe.blocked}" if recipe.blocked else "counted"
        return f"the pass is {verdict.outcome} ({verdict.reason or 'no reason'}: {verdict.text}), truth {wanted}"
    if verdict.result is None:
        return ""
    if absent := [cause.what for cause in recipe.causes if cause.name not in seen]:
        return f"no error shows a true cause: {'; '.join(absent)}"
    # Up to pytest 7 a file that ends the process is an error of pytest's, too; a pass leaves it out of its last run.
    ended = sum(identified.error.kind in {"exit-at-import", "timeout", "crash"} for _, identified in read.errors)
    if recipe.pytest_errors not in {verdict.result.pytest_errors, verdict.result.pytest_errors + ended}:
        return f"pytest counts {verdict.result.pytest_errors} errors, bare pytest {recipe.pytest_errors}"
    return ""


def _examine_all(recipes: list[Recipe]) -> list[TreeReport]:
    """Every tree's report, in order; one tree per core at a time."""
    trees = []
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        waiting = [pool.submit(examine, recipe) for recipe in recipes]
        try:
            for number, (recipe, report) in enumerate(zip(recipes, waiting, strict=True), start=1):
                trees.append(report.result())
                print(f"{number} of {len(recipes)}: {recipe.name}", file=sys.stderr, flush=True)
        finally:
            pool.shutdown(cancel_futures=True)
    return trees


def raw(recipe: Recipe) -> Iterator[str]:
    """What pytest and the exceptions themselves say, and nothing that the product makes of it."""
    read = read_tree(recipe)
    result = read.verdict.result
    yield f"{recipe.name}: bare pytest ends with {bare_errors(recipe)}"
    yield f"{read.verdict.outcome} {read.verdict.reason}: {len(read.errors)} errors {read.verdict.text}"
    yield f"pytest's own count: {result.pytest_errors if result else 'none'}\n{read.verdict.detail}"
    for error, _ in sorted(read.errors, key=lambda pair: (pair[0].cause.type, pair[0].cause.message, pair[0].path)):
        cause = error.cause
        yield f"\n=== {error.node}\n{cause.type}: {cause.message}"
        yield f"name {cause.name!r}, from {cause.name_from!r}, path {cause.path!r}, file {cause.filename!r}"
        yield from (f"  {frame.path}:{frame.line} in {frame.function}: {frame.statement}" for frame in cause.frames)
        yield from (f"  | {line}" for line in error.traceback.splitlines()[-16:])


def main(arguments: list[str]) -> int:
    """Print the report; the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.corpus.score", description="Score the product on the corpus."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="the beginning of a recipe's name; none: all")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report there too")
    parser.add_argument("--raw", action="store_true", help="print the errors themselves, to write a truth from")
    given = parser.parse_args(arguments)
    try:
        recipes = load_all(given.names)
        if given.raw:
            for recipe in recipes:
                print("\n".join(raw(recipe)))
            return 0
        trees = _examine_all(recipes)
    except (RecipeError, OSError, subprocess.SubprocessError) as error:  # also an index that cannot be reached
        print(error, file=sys.stderr)
        return 2
    print("\n".join(lines(trees)))
    if given.json:
        given.json.write_text(json.dumps(document(trees), indent=1) + "\n", "utf-8")
    return 0 if passed(trees) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
