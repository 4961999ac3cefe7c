"""The arithmetic of what moved: terms that sum, or an error."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ledger:
    """``before − cleared − hidden + unmasked + new + regressed = after``; anything else raises."""

    before: int
    cleared: int
    hidden: int
    unmasked: int
    new: int
    regressed: int
    after: int

    def __post_init__(self) -> None:
        terms = self.before - self.cleared - self.hidden + self.unmasked + self.new + self.regressed
        if terms != self.after:
            raise ArithmeticError(f"ledger does not sum: {self} gives {terms}")

    @classmethod
    def over(cls, steps: Sequence[Ledger]) -> Ledger:
        """The sum of consecutive steps. Raises ArithmeticError when they do not follow on each other."""
        for one, next_ in itertools.pairwise(steps):
            if one.after != next_.before:
                raise ArithmeticError(f"{one} is not followed by {next_}")
        names = ("cleared", "hidden", "unmasked", "new", "regressed")
        sums = {name: sum(getattr(step, name) for step in steps) for name in names}
        return cls(before=steps[0].before, after=steps[-1].after, **sums)
