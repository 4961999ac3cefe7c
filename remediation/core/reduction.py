"""A percentage that may be said of two counted passes, always with its fraction."""

from __future__ import annotations

from dataclasses import dataclass

from remediation.core.trend import Point, fewer


@dataclass(frozen=True, slots=True)
class Reduction:
    """A percentage with its fraction. Only ever made where one may be said (``trend.fewer``)."""

    before: Point
    after: Point
    percent: str

    def __post_init__(self) -> None:
        if (self.percent == "100") != (self.after.value == 0):
            raise ArithmeticError(f"{self.percent}% with {self.after.value} left")

    @property
    def arithmetic(self) -> str:
        """ "(112 − 15) / 112 = 0.8660 → 86.6%", both rounded down."""
        before, after = self.before.value, self.after.value
        parts = (before - after) * 10_000 // before
        return f"({before:,} − {after:,}) / {before:,} = {parts // 10_000}.{parts % 10_000:04} → {self.percent}%"


def reduction(before: Point | None, after: Point | None) -> Reduction | None:
    """The part that is gone between two counted passes; None where a percentage would mislead."""
    part = fewer(before, after)
    return Reduction(before, after, part.percent) if part and before and after else None
