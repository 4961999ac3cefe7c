"""Many projects in one sentence: how many errors are left, and who needs a look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from remediation.core.lead import errors

NAMED = 3  # projects that a sentence names; more are counted


@dataclass(frozen=True, slots=True)
class Standing:
    """One project. ``left``: of its last counted pass, None where nothing was ever counted: it enters no sum.

    ``rise``: more errors than a week before, where that may be said. ``dated``: a later pass was not counted.
    """

    name: str
    left: int | None
    hidden: int = 0
    rise: int = 0
    dated: bool = False


def sentence(projects: Sequence[Standing]) -> str:
    """ "3 projects, 61 errors left; payments-api rose by 6 this week."."""
    said = f"{len(projects):,} project{'' if len(projects) == 1 else 's'}"
    counts = [project.left for project in projects if project.left is not None]
    hidden = sum(project.hidden for project in projects if project.left is not None)
    said += f", {errors(sum(counts))} left" if counts else ", nothing counted yet"
    said += f" and {hidden:,} hidden" if counts and hidden else ""
    rising = sorted((p for p in projects if p.rise > 0), key=lambda p: -p.rise)
    if rising:
        named = [f"{p.name} rose by {p.rise:,}" for p in rising[:NAMED]]
        said += f"; {_list(named, len(rising) - len(named))} this week"
    return said + "."


def notes(projects: Sequence[Standing]) -> str:
    """What the sum holds and what it does not; "" where every project's last pass was counted."""
    never = [project.name for project in projects if project.left is None]
    dated = [project.name for project in projects if project.left is not None and project.dated]
    said = []
    if dated:
        said.append(f"The last pass of {_names(dated)} was not counted: the sum holds the count before it.")
    if never and len(never) < len(projects):
        one = len(never) == 1
        said.append(
            f"{_names(never)} {'was' if one else 'were'} never counted and {'is' if one else 'are'} not in the sum."
        )
    return " ".join(said)


def _names(names: Sequence[str]) -> str:
    return _list(names[:NAMED], len(names) - len(names[:NAMED]))


def _list(words: Sequence[str], more: int) -> str:
    """ "a", "a and b", "a, b and 4 more"."""
    parts = [*words, f"{more:,} more"] if more else list(words)
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
