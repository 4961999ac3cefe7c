"""Rows on what was asked of pytest: commit, options, paths, configuration, and how far it came."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import replace

from remediation.core import option_reasons
from remediation.core.command_line import read_options
from remediation.core.conditions import Conditions
from remediation.core.facts import Row, Texts, fact, one


def selection_rows(ours: Conditions, theirs: Conditions) -> Iterator[Row]:
    """What decides most comes first."""
    yield _commit(ours, theirs)
    yield _stopped(ours, theirs)
    yield _distributed(ours, theirs)
    yield _options("Arguments", ours, theirs, ours.arguments, theirs.arguments)
    yield _paths(ours, theirs)
    yield _options("Options in the configuration", ours, theirs, ours.addopts, theirs.addopts)
    yield fact(
        "Configuration file", one(_configuration(ours)), one(_configuration(theirs)),
        "Another file gives other options, test paths and markers.",
    )  # fmt: skip
    yield _rootdir(ours, theirs)
    yield fact(
        "Test file patterns", ours.python_files, theirs.python_files, "Other patterns make other files test files."
    )


def _options(topic: str, ours: Conditions, theirs: Conditions, mine: Texts | None, others: Texts | None) -> Row:
    """Both command lines whole; they differ only where an option that can change the count does."""
    here, there = (None if words is None else one(shlex.join(words)) for words in (mine, others))
    if mine is None or others is None:
        return Row(topic, here, there, None)
    effective, theirs_effective = _effective(ours, mine), _effective(theirs, others)
    names = dict.fromkeys([*theirs_effective, *effective])
    reasons = tuple(option_reasons.reason(name) for name in names if effective.get(name) != theirs_effective.get(name))
    notes = tuple(note for name, _ in read_options(others).options for note in option_reasons.note(name))
    return Row(topic, here, there, bool(reasons), reasons + notes, bool(reasons))


def _effective(side: Conditions, arguments: Texts) -> dict[str, Texts]:
    """Options that can change the count. Early ends and workers have rows of their own where they are known."""
    left_out = option_reasons.HARMLESS | (option_reasons.STOPPING if side.stopped is not None else set())
    left_out |= option_reasons.DISTRIBUTING if side.workers is not None else set()
    return {
        name: values
        for name, values in read_options(arguments).options
        if name not in left_out and not name.startswith(option_reasons.HARMLESS_FAMILIES)
    }


def _commit(ours: Conditions, theirs: Conditions) -> Row:
    """A log may shorten it."""
    why = "Another commit holds other files." if theirs.commit else "Your CI may have run another commit."
    row = fact("Commit", _short(ours.commit), _short(theirs.commit), why, always=not theirs.ours)
    if not ours.commit or not theirs.commit:
        return row
    same = ours.commit.startswith(theirs.commit) or theirs.commit.startswith(ours.commit)
    return replace(row, differs=not same, why=() if same else (why,), explains=not same)


def _short(commit: str | None) -> Texts | None:
    return (commit[:9],) if commit else None


def _paths(ours: Conditions, theirs: Conditions) -> Row:
    why = "Other paths hold other test files, and their errors."
    return fact("Paths collected", _targets(ours), _targets(theirs), why)


def _targets(side: Conditions) -> Texts | None:
    """The paths named, else the configured ones, else everything below the start; None where nobody says."""
    named = read_options(side.arguments or ()).paths
    if named:
        return tuple(sorted(named))
    if side.testpaths:
        return tuple(sorted(path.rstrip("/") for path in side.testpaths))
    # pytest's header names the configured paths when it takes them, so silence there means none.
    known = side.arguments is not None and side.testpaths is not None if side.ours else side.rootdir is not None
    return ("everything",) if known and (side.ours or side.arguments is not None) else None


def _stopped(ours: Conditions, theirs: Conditions) -> Row:
    why = "It ended before every file was reached, so its count is cut short."
    told = [None if side.stopped is None else (side.stopped or "no",) for side in (ours, theirs)]
    return fact("Stopped early", told[0], told[1], why, prose=True)


def _distributed(ours: Conditions, theirs: Conditions) -> Row:
    """A log with pytest's header and no word of workers comes from one process: xdist says how many it starts."""
    asked = any(name in option_reasons.DISTRIBUTING for name, _ in read_options(theirs.arguments or ()).options)
    one = theirs.workers is None and theirs.rootdir is not None and theirs.tests is not None and not asked
    workers = 0 if one else theirs.workers
    told = [None if n is None else (f"{n} workers" if n else "no",) for n in (ours.workers, workers)]
    why = "xdist collects once per worker and counts some errors several times."
    return fact("Distributed", told[0], told[1], why, prose=True)


def _rootdir(ours: Conditions, theirs: Conditions) -> Row:
    """A log's root is absolute, ours is relative to the repository: the same only where one ends with the other."""
    row = fact(
        "Root directory", one(ours.rootdir), one(theirs.rootdir),
        "Node ids, the configuration and conftest.py files are looked for from there.",
    )  # fmt: skip
    if not row.differs or theirs.ours or ours.rootdir is None:
        return row
    if ours.rootdir == ".":
        return replace(row, differs=None, why=(), explains=False)
    ends = f"/{theirs.rootdir}".replace("\\", "/").endswith(f"/{ours.rootdir}")
    return replace(row, differs=False, why=(), explains=False) if ends else row


def _configuration(side: Conditions) -> str | None:
    """Its path below the root directory, as pytest's header writes it."""
    path = side.configuration
    return path.removeprefix(f"{side.rootdir}/") if path and side.ours else path
