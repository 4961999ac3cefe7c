"""How many tests the errors hide, as an honest bound with its basis, and what clearing root causes gives back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

COLLECTED, SOURCE, UNKNOWN = "collected", "source", ""

Cause = Hashable  # what stands for a root cause: here only compared, by callers a ticket's id


@dataclass(frozen=True, slots=True)
class Estimate:
    """Tests that one file hides. ``tests`` None: unknown, which is never zero and enters no sum.

    ``basis``: COLLECTED (what it gave when it last collected, at pass ``number``), SOURCE (what its text defines,
    parametrised cases once) or UNKNOWN.
    """

    tests: int | None = None
    basis: str = UNKNOWN
    number: int | None = None


def estimate(gave: int | None, number: int | None, written: int | None, now: int = 0) -> Estimate:
    """What a blocked file hides, from what it ``gave`` when it last collected, or else from what is ``written``.

    ``now``: tests that it gives all the same, where only a part of it fails. A file from which nothing is missing
    by these numbers hides an unknown number: something in it fails.
    """
    for full, basis, at in ((gave, COLLECTED, number), (written, SOURCE, None)):
        if full is not None and full > now:
            return Estimate(full - now, basis, at)
    return Estimate()


@dataclass(frozen=True, slots=True)
class Blocked:
    """A test file that an error hides, and every root cause that must be cleared before it is whole again."""

    path: str
    causes: frozenset[Cause]
    estimate: Estimate = Estimate()


@dataclass(frozen=True, slots=True)
class Bound:
    """Tests of several files: ``tests`` is the sum over those that are known.

    ``collected``, ``source`` and ``unknown`` are numbers of files by basis; ``number``: the one pass in which all
    the collected ones last collected, None where they are several.
    """

    tests: int = 0
    collected: int = 0
    source: int = 0
    unknown: int = 0
    number: int | None = None

    @property
    def files(self) -> int:
        """Every file, the unknown ones too."""
        return self.collected + self.source + self.unknown

    @property
    def known(self) -> int | None:
        """The sum; None where no file is known, because unknown is not zero."""
        return self.tests if self.collected or self.source else None

    def plus(self, one: Estimate) -> Bound:
        """With one file more."""
        if one.tests is None:
            return replace(self, unknown=self.unknown + 1)
        if one.basis == SOURCE:
            return replace(self, tests=self.tests + one.tests, source=self.source + 1)
        number = one.number if not self.collected or self.number == one.number else None
        return replace(self, tests=self.tests + one.tests, collected=self.collected + 1, number=number)

    @property
    def basis(self) -> str:
        """Where the number comes from, in words: "6 files as last collected, 1 unknown"; "" without a file."""
        at = f" at #{self.number}" if self.number else ""
        parts = [
            (self.collected, f"as last collected{at}"),
            (self.source, "counted from source, parametrised cases once"),
            (self.unknown, "unknown"),
        ]
        said = [(count, words) for count, words in parts if count]
        if len(said) == 1:
            return said[0][1]
        return "; ".join(f"{count:,} file{'' if count == 1 else 's'} {words}" for count, words in said)


def bound(files: Iterable[Blocked]) -> Bound:
    """What files hide together, each path once, whatever the order."""
    found = {file.path: file.estimate for file in files}.values()
    collected = [one for one in found if one.basis == COLLECTED]
    source = sum(one.basis == SOURCE for one in found)
    numbers = {one.number for one in collected}
    return Bound(
        tests=sum(one.tests or 0 for one in found),
        collected=len(collected),
        source=source,
        unknown=len(found) - len(collected) - source,
        number=numbers.pop() if len(numbers) == 1 else None,
    )


@dataclass(frozen=True, slots=True)
class Impact:
    """What one root cause hides, and what comes back when it alone is cleared: the files that nothing else blocks."""

    hidden: Bound = Bound()
    alone: Bound = Bound()

    @property
    def shared(self) -> int:
        """Files that another root cause blocks as well."""
        return self.hidden.files - self.alone.files


def impacts(files: Iterable[Blocked]) -> dict[Cause, Impact]:
    """The impact of each root cause. Their sum may be more than :func:`bound` of all: shared files count in each."""
    hidden: dict[Cause, list[Blocked]] = defaultdict(list)
    for file in files:
        for cause in file.causes:
            hidden[cause].append(file)
    return {
        cause: Impact(bound(blocked), bound(file for file in blocked if len(file.causes) == 1))
        for cause, blocked in hidden.items()
    }


@dataclass(frozen=True, slots=True)
class Promise:
    """What clearing this root cause and all before it does: ``errors`` are cleared, ``freed`` files come back whole.

    At least these errors: behind a failing import more may be unmasked. ``waiting``: files in which something was
    cleared and something else is left.
    """

    cause: Cause
    errors: int
    freed: Bound
    waiting: int = 0


def promises(order: Sequence[Cause], errors: Mapping[Cause, int], files: Iterable[Blocked]) -> list[Promise]:
    """The running sums along an order of root causes; a file is freed with the last of its causes, not before."""
    by_cause, waiting = _index(files)
    said, cleared, freed = [], 0, Bound()
    touched: set[str] = set()
    for cause in order:
        cleared += errors.get(cause, 0)
        for file in by_cause.get(cause, ()):
            touched.add(file.path)
            waiting[file.path].discard(cause)
            if not waiting[file.path]:
                freed = freed.plus(file.estimate)
        said.append(Promise(cause, cleared, freed, len(touched) - freed.files))
    return said


def best_first(errors: Mapping[Cause, int], files: Iterable[Blocked], limit: int = 3) -> list[Cause]:
    """The few root causes that together clear most: most errors first; among equals, what then frees most tests."""
    by_cause, waiting = _index(files)
    place = {cause: place for place, cause in enumerate(errors)}
    chosen: list[Cause] = []

    def worth(cause: Cause) -> tuple[int, int, int]:
        alone = (file for file in by_cause.get(cause, ()) if waiting[file.path] == {cause})
        return errors[cause], sum(file.estimate.tests or 0 for file in alone), -place[cause]

    while len(chosen) < limit and len(chosen) < len(place):
        best = max((cause for cause in place if cause not in chosen), key=worth)
        chosen.append(best)
        for file in by_cause.get(best, ()):
            waiting[file.path].discard(best)
    return chosen


def _index(files: Iterable[Blocked]) -> tuple[dict[Cause, list[Blocked]], dict[str, set[Cause]]]:
    """The files of each root cause, by path, and the causes that each path still waits for."""
    once = {file.path: file for file in files}
    by_cause: dict[Cause, list[Blocked]] = defaultdict(list)
    for _, file in sorted(once.items()):
        for cause in file.causes:
            by_cause[cause].append(file)
    return by_cause, {path: set(file.causes) for path, file in once.items()}
