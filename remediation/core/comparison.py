"""Compares what two collections ran under, fact by fact, and says why each difference can move the count."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from remediation.core.conditions import Conditions
from remediation.core.error_files import Files, split_files
from remediation.core.facts import Row, Texts, fact, one, plain
from remediation.core.packages import Packages, differing
from remediation.core.selection_rows import selection_rows


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
    def explaining(self) -> tuple[str, ...]:
        """Names of the facts that differ and can explain another count, each once."""
        return tuple(dict.fromkeys(row.name for row in self.rows if row.explains))


def compare(ours: Conditions, theirs: Conditions) -> Comparison:
    """Rows in a fixed order, one for each fact that at least one side says."""
    files = split_files(ours.files, theirs.files)
    rows = [*_numbers(ours, theirs), *selection_rows(ours, theirs), *_interpreter(ours, theirs), *_world(ours, theirs)]
    return Comparison(tuple(row for row in rows if row.ours is not None or row.theirs is not None), files)


def _numbers(ours: Conditions, theirs: Conditions) -> Iterator[Row]:
    yield plain("Collection errors, as pytest counts", _count(ours.errors), _count(theirs.errors))
    yield plain("Tests collected", _count(ours.tests), _count(theirs.tests))


def _interpreter(ours: Conditions, theirs: Conditions) -> Iterator[Row]:
    yield _version(
        "Python", ours.python, theirs.python,
        "Another Python has other modules in its standard library and accepts other syntax.",
    )  # fmt: skip
    yield _version("pytest", ours.pytest, theirs.pytest, _pytest_reason(ours.pytest, theirs.pytest))
    yield fact(
        "Platform", one(ours.platform), one(theirs.platform), "Packages and modules differ from platform to platform."
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
    yield fact(
        "Interpreter", one(_INTERPRETERS.get(ours.interpreter or "")),
        one(_INTERPRETERS.get(theirs.interpreter or "")),
        "Other packages can be installed in another interpreter.", prose=True,
    )  # fmt: skip


_INTERPRETERS = {"given": "given in the settings", "built": "built from what the commit declares"}


def _world(ours: Conditions, theirs: Conditions) -> Iterator[Row]:
    why = "Files that need the network while they are imported fail without it."
    yield fact(
        "Network", _network(ours.network), _network(theirs.network), why, always=ours.network is False, prose=True
    )
    why = "What may be read, written and started differs."
    yield fact("Sandbox", _level(ours.sandbox), _level(theirs.sandbox), why, prose=True)
    why = "Code that reads a variable while it is imported acts on it."
    yield fact("Environment variables, names", ours.variables, theirs.variables, why)
    why = "What lies in these folders can be imported without an installation."
    yield fact("Folders on the import path", ours.source_roots, theirs.source_roots, why)


def _version(topic: str, ours: str | None, theirs: str | None, why: str) -> Row:
    """Another last digit is said and no difference: the counts stay comparable, as with a scope."""
    row = fact(topic, one(ours), one(theirs), why)
    if row.differs and ours and theirs and ours.split(".")[:2] == theirs.split(".")[:2]:
        return replace(row, differs=False, why=("Only the last digit differs.",), explains=False)
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
        yield Row(f"{topic} only here", here, (), True, (missing,), True)
    if there:
        yield Row(f"{topic} only there", (), there, True, (missing,), True)
    if changed:
        mine, others = ([pair[side] for pair in changed] for side in (0, 1))
        yield Row(f"{topic} in another version", tuple(mine), tuple(others), True, (other,), True)
    if not (here or there or changed):
        yield Row(topic, _listed(ours), _listed(theirs), False)


def _without(packages: Packages | None, names: set[str]) -> Packages | None:
    """Plugins have rows of their own."""
    if packages is None:
        return None
    return {name: text for name, text in packages.items() if name.removeprefix("pytest-") not in names}


def _listed(packages: Packages | None) -> Texts | None:
    return None if packages is None else tuple(f"{name} {version}".strip() for name, version in packages.items())


def _count(number: int | None) -> Texts | None:
    return None if number is None else (f"{number:,}",)


def _network(on: bool | None) -> Texts | None:
    return None if on is None else ("on" if on else "off",)


def _level(level: int | None) -> Texts | None:
    return None if level is None else (f"level {level}",)
