"""The strip of all passes: one bar each, hatched where nothing was counted."""

from __future__ import annotations

from dataclasses import dataclass

from remediation.models import Project

MOST = 240  # bars; older passes are in the table


@dataclass(frozen=True, slots=True)
class Bar:
    """A pass in the strip, in percent of its box. A pass without a count has no height, it is hatched."""

    number: int
    x: float
    width: float
    height: float | None
    words: str

    @property
    def y(self) -> float:
        """Its top."""
        return round(100 - (self.height or 0), 2)


def bars(project: Project) -> list[Bar]:
    """Oldest first in the order they ran, the last 240. One query."""
    newest = project.passes.filter(state="ended").order_by("-number")[:MOST]
    rows = list(newest.values_list("number", "outcome", "total"))[::-1]
    top = max((total for _, _, total in rows if total is not None), default=0)
    step = 100 / max(len(rows), 48)
    return [
        Bar(
            number=number,
            x=round(i * step, 3),
            width=round(step * 0.8, 3),
            height=None if total is None else round(100 * total / max(top, 1), 2),
            words=f"#{number}: {outcome}, not counted" if total is None else f"#{number}: {total:,} errors",
        )
        for i, (number, outcome, total) in enumerate(rows)
    ]
