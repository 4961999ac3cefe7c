"""Compares what two collections ran under, fact by fact, and says why each difference can move the count."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from remediation.core import option_reasons
from remediation.core.command_line import read_options
from remediation.core.conditions import Conditions, Texts
from remediation.core.error_files import Files, split_files
from remediation.core.packages import Packages, differing


@dataclass(frozen=True, slots=True)
class Row:
    """One fact side by side. ``differs``: None where one side does not say. ``why``: what it can do to the count.

    A side is a tuple of words, () for "none", or None for "not said". ``things``: how many differences that can
    explain another count stand in it; a difference in the counts themselves explains nothing.
    """

    topic: str
    ours: Texts | None
    theirs: Texts | None
    differs: bool | None
    why: Texts = ()
    things: int = 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything the page says. ``files``: None where one side lists none."""

    rows: tuple[Row, ...]
    files: Files | None

    @property
    def differing(self) -> tuple[Row, ...]:
        """What differs, counts first."""
        return tuple(row for row in self.rows if row.differs)

    @property
    def unknown(self) -> tuple[Row, ...]:
        """What one side does not say."""
        return tuple(row for row in self.rows if row.differs is None)

    @property
    def same(self) -> tuple[Row, ...]:
        """What both say alike."""
        return tuple(row for row in self.rows if row.differs is False)

    @property
    def things(self) -> int:
        """Differences that can explain another count."""
        return sum(row.things for row in self.rows)


def compare(ours: Conditions, theirs: Conditions) -> Comparison:
    """Rows in a fixed order, one for each fact that at least one side says."""
    files = split_files(ours.files, theirs.files)
    rows = [*_numbers(ours, theirs), *_selection(ours, theirs), *_interpreter(ours, theirs), *_world(ours, theirs)]
    return Comparison(tuple(row for row in rows if row.ours is not None or row.theirs is not None), files)


def _numbers(ours: Conditions, theirs: Conditions) -> Iterator[Row]:
    yield _plain("Collection errors, as pytest counts", _count(ours.errors), _count(theirs.errors))
    yield _plain("Tests collected", _count(ours.tests), _count(theirs.tests))


def _selection(ours: Conditions, theirs: Conditions) -> Iterator[Row]:
    yield _arguments(ours, theirs)
    yield _paths(ours, theirs)
    yield _fact(
        "Options in the configuration", ours.addopts, theirs.addopts, "Options in the configuration select tests too."
    )
    yield _stopped(ours, theirs)
    yield _distributed(ours, theirs)
    yield _fact(
        "Configuration file", _one(_configuration(ours)), _one(_configuration(theirs)),
        "Another file gives other options, test paths and markers.",
    )  # fmt: skip
    yield _rootdir(ours, theirs)
    yield _fact(
        "Test file patterns", ours.python_files, theirs.python_files, "Other patterns make other files test files."
    )


def _interpreter(ours: Conditions, theirs: Conditions) -> Iterator[Row]:
    yield _version(
        "Python", ours.python, theirs.python,
        "Another Python has other modules in its standard library and accepts other syntax.",
    )  # fmt: skip
    yield _version("pytest", ours.pytest, theirs.pytest, _pytest_reason(ours.pytest, theirs.pytest))
    yield _fact(
        "Platform", _one(ours.platform), _one(theirs.platform), "Packages and modules differ from platform to platform."
    )
    yield from _distributions(
        "Plugins", ours.plugins, theirs.plugins,
        "Without a plugin its marks, fixtures and options are unknown.",
        "Another version of a plugin may know other marks and options.",
    )  # fmt: skip
    known = {*(ours.plugins or {}), *(theirs.plugins or {})}
    yield from _distributions(
        "Packages", _without(ours.packages, known), _without(theirs.packages, known),
        "A file that imports a package that is missing cannot be collected.",
        "Another version may lack a module or a name that a test file imports.",
    )  # fmt: skip
    yield _fact(
        "Interpreter", _one(_INTERPRETERS.get(ours.interpreter or "")),
        _one(_INTERPRETERS.get(theirs.interpreter or "")),
        "Other packages can be installed in another interpreter.",
    )  # fmt: skip


_INTERPRETERS = {"given": "given in the settings", "built": "built from what the commit declares"}


def _world(ours: Conditions, theirs: Conditions) -> Iterator[Row]:
    why = "Files that need the network while they are imported fail without it."
    yield _fact("Network", _network(ours.network), _network(theirs.network), why, always=ours.network is False)
    why = "What may be read, written and started differs."
    yield _fact("Sandbox", _level(ours.sandbox), _level(theirs.sandbox), why)
    why = "Code that reads a variable while it is imported acts on it."
    yield _fact("Environment variables, names", ours.variables, theirs.variables, why)
    why = "What lies in these folders can be imported without an installation."
    yield _fact("Folders on the import path", ours.source_roots, theirs.source_roots, why)


def _plain(topic: str, ours: Texts | None, theirs: Texts | None) -> Row:
    return Row(topic, ours, theirs, _differ(ours, theirs))


def _fact(topic: str, ours: Texts | None, theirs: Texts | None, why: str, *, always: bool = False) -> Row:
    """``always``: the reason is worth saying even where the other side says nothing."""
    differs = _differ(ours, theirs)
    return Row(
        topic, ours, theirs, differs, (why,) if differs or (differs is None and always) else (), int(bool(differs))
    )


def _differ(ours: Texts | None, theirs: Texts | None) -> bool | None:
    return None if ours is None or theirs is None else ours != theirs


def _arguments(ours: Conditions, theirs: Conditions) -> Row:
    """Both command lines whole; what makes them differ are only the options that can change the count."""
    shown = [None if side.arguments is None else _one(" ".join(side.arguments)) for side in (ours, theirs)]
    if ours.arguments is None or theirs.arguments is None:
        return Row("Arguments", shown[0], shown[1], None)
    mine, other = (_effective(side) for side in (ours, theirs))
    names = [name for name in dict.fromkeys([*other, *mine]) if mine.get(name) != other.get(name)]
    reasons = tuple(option_reasons.reason(name) for name in names)
    notes = tuple(note for name in other for note in option_reasons.note(name))
    return Row("Arguments", shown[0], shown[1], bool(names), reasons + notes, len(reasons))


def _effective(side: Conditions) -> dict[str, Texts]:
    """Options that can change the count. Early ends and workers have rows of their own where they are known."""
    left_out = set(option_reasons.HARMLESS)
    left_out |= option_reasons.STOPPING if side.stopped or side.ours else set()
    left_out |= option_reasons.DISTRIBUTING if side.workers or side.ours else set()
    options = read_options(side.arguments or ()).options
    return {
        name: values
        for name, values in options
        if name not in left_out and not name.startswith(option_reasons.HARMLESS_FAMILIES)
    }


def _paths(ours: Conditions, theirs: Conditions) -> Row:
    why = "Other paths hold other test files, and their errors."
    return _fact("Paths collected", _targets(ours), _targets(theirs), why)


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
    return _fact("Stopped early", told[0], told[1], why)


def _distributed(ours: Conditions, theirs: Conditions) -> Row:
    """A log with pytest's header and no word of workers comes from one process: xdist says how many it starts."""
    asked = any(name in option_reasons.DISTRIBUTING for name, _ in read_options(theirs.arguments or ()).options)
    one = theirs.workers is None and theirs.rootdir is not None and theirs.tests is not None and not asked
    workers = 0 if one else theirs.workers
    told = [None if n is None else (f"{n} workers" if n else "no",) for n in (ours.workers, workers)]
    return _fact(
        "Distributed", told[0], told[1], "xdist collects once per worker and counts some errors several times."
    )


def _rootdir(ours: Conditions, theirs: Conditions) -> Row:
    """A log's root is absolute, ours is relative to the repository: the same only where one ends with the other."""
    row = _fact(
        "Root directory", _one(ours.rootdir), _one(theirs.rootdir),
        "Node ids, the configuration and conftest.py files are looked for from there.",
    )  # fmt: skip
    if not row.differs or theirs.ours or ours.rootdir is None:
        return row
    if ours.rootdir == ".":
        return replace(row, differs=None, why=(), things=0)
    ends = f"/{theirs.rootdir}".replace("\\", "/").endswith(f"/{ours.rootdir}")
    return replace(row, differs=False, why=(), things=0) if ends else row


def _configuration(side: Conditions) -> str | None:
    """Its path below the root directory, as pytest's header writes it."""
    return (
        side.configuration.removeprefix(f"{side.rootdir}/") if side.configuration and side.ours else side.configuration
    )


def _version(topic: str, ours: str | None, theirs: str | None, why: str) -> Row:
    """Another last digit is said and no difference: the counts stay comparable, as with a scope."""
    row = _fact(topic, _one(ours), _one(theirs), why)
    if row.differs and ours and theirs and ours.split(".")[:2] == theirs.split(".")[:2]:
        return replace(row, differs=False, why=("Only the last digit differs.",), things=0)
    return row


def _pytest_reason(ours: str | None, theirs: str | None) -> str:
    majors = [int(major) if major.isdigit() else 0 for major in ((v or "").split(".")[0] for v in (ours, theirs))]
    if 0 < min(majors) < 8 <= max(majors):
        return "Before pytest 8 a broken conftest.py in a folder stops everything; since then only that folder fails."
    return "Another pytest collects in another way and knows other options."


def _distributions(
    topic: str, ours: Packages | None, theirs: Packages | None, missing: str, other: str
) -> Iterator[Row]:
    if ours is None or theirs is None:
        yield Row(topic, _listed(ours), _listed(theirs), None)
        return
    here, there, changed = differing(ours, theirs)
    if here:
        yield Row(f"{topic} only here", here, ("missing",), True, (missing,), 1)
    if there:
        yield Row(f"{topic} only there", ("missing",), there, True, (missing,), 1)
    if changed:
        mine, others = ([pair[side] for pair in changed] for side in (0, 1))
        yield Row(f"{topic} in another version", tuple(mine), tuple(others), True, (other,), 1)
    if not (here or there or changed):
        yield Row(topic, _listed(ours), _listed(theirs), False)


def _without(packages: Packages | None, names: set[str]) -> Packages | None:
    """Plugins have rows of their own."""
    if packages is None:
        return None
    return {name: text for name, text in packages.items() if name.removeprefix("pytest-") not in names}


def _listed(packages: Packages | None) -> Texts | None:
    return None if packages is None else tuple(f"{name} {version}".strip() for name, version in packages.items())


def _one(value: str | None) -> Texts | None:
    return None if value is None else (value,) if value else ()


def _count(number: int | None) -> Texts | None:
    return None if number is None else (f"{number:,}",)


def _network(on: bool | None) -> Texts | None:
    return None if on is None else ("on" if on else "off",)


def _level(level: int | None) -> Texts | None:
    return None if level is None else (f"level {level}",)
