"""One pass over a tree in as many runs as it takes: a file that ends or blocks the process is left out of the next."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from remediation.collection import sandbox
from remediation.collection.run import Collected, Target, collect, tree_at
from remediation.collection.sandbox import DEFAULTS, Limits
from remediation.core import events
from remediation.core.culprit import culprits, ignore_argument
from remediation.core.records import CollectionError, Verdict

__all__ = ["Whole", "collect_whole", "judge_whole"]


@dataclass(frozen=True, slots=True)
class Whole:
    """All runs of one pass. ``last`` is the run to be judged; ``root`` is where the target saw the tree.

    ``left_out`` are the errors of the files that the last run was told to ignore; ``unresolved`` those of files that
    could not be left out any more: the pass does not count then.
    """

    last: Collected
    root: str
    left_out: tuple[CollectionError, ...] = ()
    unresolved: tuple[CollectionError, ...] = ()
    runs: int = 1
    seconds: float = 0.0


def collect_whole(
    target: Target,
    *,
    tree: Path,
    work: Path,
    bytecode: Path,
    renew: Callable[[], None],
    limits: Limits = DEFAULTS,
    level: int | None = None,
    on_tick: Callable[[], bool] | None = None,
    on_round: Callable[[Sequence[str]], None] | None = None,
) -> Whole:
    """Collect ``tree`` as ``run.collect`` does, again without the culprits when files end or block the process.

    The last run equals bare pytest with ``--ignore`` for every file in ``left_out``. All runs together have
    ``limits.wall_seconds``; after ``limits.culprits`` runs that died it is given up. ``renew`` lays the tree out
    afresh, because a run may have written into it. ``on_round`` hears before each run what is left out of it.
    """
    level = sandbox.probe().level if level is None else level
    start, root = time.monotonic(), tree_at(tree, level)
    found: dict[str, CollectionError] = {}
    runs = 0
    while True:
        remaining = limits.wall_seconds - (time.monotonic() - start)
        if runs:
            renew()
        if on_round is not None:
            on_round(tuple(found))
        collected = collect(
            leaving_out(target, found),
            tree=tree,
            work=work,
            bytecode=bytecode,
            limits=replace(limits, wall_seconds=max(1.0, remaining)),
            level=level,
            on_tick=on_tick,
        )
        runs += 1
        # A stream that is cut off blames whatever file stands at the cut.
        blamed = () if collected.full else culprits(collected.stream, collected.end, root)
        new = {error.path: error for error in blamed if error.path not in found}
        if not new or runs > limits.culprits or not all(map(ignore_argument, new)) or remaining <= 1:
            return Whole(collected, root, tuple(found.values()), tuple(new.values()), runs, time.monotonic() - start)
        found.update(new)


def judge_whole(whole: Whole, *, inventory: Sequence[str]) -> Verdict:
    """The verdict on a pass; ``inventory`` as for ``core.events.judge``."""
    return events.judge(
        whole.last.stream,
        whole.last.end,
        inventory=inventory,
        left_out=whole.left_out,
        unresolved=whole.unresolved,
        root=whole.root,
    )


def leaving_out(target: Target, paths: Iterable[str]) -> Target:
    """The target told to ignore ``paths``; named as an argument a file is collected all the same, so it is dropped."""
    ignored = [ignore_argument(path) for path in paths]
    if not ignored:
        return target
    kept = [argument for argument in target.arguments if _file_of(argument) not in ignored]
    stop = kept.index("--") if "--" in kept else len(kept)
    options = [f"--ignore={path}" for path in ignored]
    return replace(target, arguments=(*kept[:stop], *options, *kept[stop:]))


def _file_of(argument: str) -> str:
    """The file an argument names: ``tests/test_a.py::TestIt`` is about tests/test_a.py."""
    return argument.partition("::")[0].removeprefix("./")
