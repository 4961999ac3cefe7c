"""All tickets of a project as short lines: which are in a tab, in which order and group, with their running sums."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from django.db.models import Q

from dashboard.beside import Kind
from dashboard.ticket_filter import TABS, Filter
from remediation.core import decisions
from remediation.core.decisions import Standing
from remediation.core.impact import Blocked, Bound, Impact, Promise, best_first, bound, impacts, promises
from remediation.models import Project, User

ROOT = "top of the repository"
NOWHERE = "in no file now"


class Line(NamedTuple):
    """What sorting, counting and grouping need of a ticket. ``first`` and ``gone`` are positions of passes."""

    pk: int
    number: int
    status: str
    owner: int | None
    category: int
    kind: str
    environment: bool
    errors: int
    hidden: int
    blocking: str
    first: int | None
    gone: int | None
    reason: str = ""  # for which it waits for a decision, one of ``core.decisions.REASONS``

    @property
    def standing(self) -> bool:
        """Whether it still stands: not verified."""
        return self.status != "verified"

    @property
    def muted(self) -> bool:
        """Whether it is set aside: it stands and counts, and is nobody's next task."""
        return self.status == "muted"


_FIELDS = (
    "pk", "number", "status", "claimed_by", "category", "kind", "environment", "errors", "hidden_errors", "blocking",
    "first_pass__position", "verified_pass__position",
)  # fmt: skip
_FOR_REASON = ("flagged_at", "first_pass__effective_at", "freed_at")


def lines_of(project: Project, now: datetime) -> list[Line]:
    """Every ticket that is not merged away. One query."""
    rows = project.tickets.filter(merged_into__isnull=True).with_freed().values_list(*_FIELDS, *_FOR_REASON)
    patience = project.unclaimed_after
    return [_reasoned(Line(*row[: len(_FIELDS)]), *row[len(_FIELDS) :], now, patience) for row in rows]


def _reasoned(
    line: Line, flagged: datetime | None, seen: datetime | None, freed: datetime | None, now: datetime, patience: int
) -> Line:
    if not line.standing:
        return line
    claimed = line.owner is not None
    known = Standing(line.status, line.blocking == "all", claimed, claimed and flagged is not None, seen, freed)
    return line._replace(reason=decisions.reason(known, now, patience))


def matching(project: Project, text: str) -> set[int]:
    """The tickets whose title, module or label holds a text. One query."""
    wanted = Q(title__icontains=text) | Q(fingerprints__readable__icontains=text)
    number = text.upper().removeprefix(f"{project.key}-").removeprefix("#")
    if number.isdecimal() and len(number) < 10:
        wanted |= Q(number=int(number))
    return set(project.tickets.filter(wanted).values_list("pk", flat=True))


def in_tab(line: Line, tab: str, user: User) -> bool:
    """Whether a ticket belongs to a tab of this reader."""
    match tab:
        case "unclaimed":
            return line.standing and line.owner is None and not line.muted
        case "mine":
            return line.standing and line.owner == user.pk
        case "decide":
            return bool(line.reason)
        case "awaiting":
            return line.status == "awaiting"
        case "muted":
            return line.muted
        case "verified":
            return not line.standing
        case "all":
            return True
    return line.standing


def tab_counts(lines: Iterable[Line], user: User) -> dict[str, int]:
    """Tickets per tab, in the tabs' order."""
    every = list(lines)
    return {tab: sum(in_tab(line, tab, user) for line in every) for tab in TABS}


@dataclass(frozen=True)
class Lines:
    """Some tickets of a project, with the files that errors block now."""

    lines: Sequence[Line]
    files: Sequence[Blocked]

    @cached_property
    def impacts(self) -> Mapping[Any, Impact]:
        """What each ticket hides."""
        return impacts(self.files)

    def only(self, wanted: Callable[[Line], bool]) -> Lines:
        """The tickets that fit; the files stay, for a file may be blocked by a ticket that does not."""
        return Lines([line for line in self.lines if wanted(line)], self.files)

    def bound(self) -> Bound:
        """Tests that these tickets hide together; a file of two causes counts once."""
        own = {line.pk for line in self.lines}
        return bound(file for file in self.files if file.causes & own)

    def ordered(self, chosen: Filter, groups: Mapping[int, str]) -> list[Line]:
        """In the chosen order, group after group where there are ``groups``."""
        key, rank = (
            self._key(chosen.sorting),
            {name: place for place, name in enumerate(dict.fromkeys(groups.values()))},
        )
        return sorted(self.lines, key=lambda line: (rank.get(groups.get(line.pk, ""), 0), *key(line)))

    def _key(self, order: str) -> Callable[[Line], tuple[Any, ...]]:
        def place(position: int | None) -> float:
            return float("inf") if position is None else position

        def tests(line: Line) -> float:
            known = self.impacts.get(line.pk, Impact()).hidden.known
            return float("inf") if known is None else -known  # what is unknown stands behind all that is known

        keys: dict[str, Callable[[Line], tuple[Any, ...]]] = {
            # What blocks everything goes before all that could be counted.
            "errors": lambda line: (line.blocking != "all", -line.errors, line.number),
            "tests": lambda line: (line.blocking != "all", tests(line), -line.errors, line.number),
            "oldest": lambda line: (place(line.first), line.number),
            "newest": lambda line: (line.first is None, -(line.first or 0), -line.number),
            "gone": lambda line: (line.gone is None, -(line.gone or 0), -line.number),
        }
        return keys[order]

    def directories(self) -> dict[int, str]:
        """The directory, two levels deep, that holds most of each ticket's files; NOWHERE without one."""
        found: dict[Any, Counter[str]] = defaultdict(Counter)
        for file in self.files:
            folder = "/".join(file.path.split("/")[:-1][:2]) or ROOT
            for cause in file.causes:
                found[cause][folder] += 1
        return {
            line.pk: max(found[line.pk].items(), key=lambda item: (item[1], item[0]))[0] if found[line.pk] else NOWHERE
            for line in self.lines
        }

    def groups(self, by: str, categories: Sequence[Kind]) -> dict[int, str]:
        """Each ticket's group by its name, in the order in which groups stand; empty without grouping."""
        if by == "category":
            names = {category.pk: category.name for category in categories}
            found = {line.pk: names[line.category] for line in self.lines}
            return _by_rank(found, {name: place for place, name in enumerate(names.values())})
        if by == "kind":
            found = {line.pk: line.kind.replace("-", " ") for line in self.lines}
        elif by == "directory":
            found = self.directories()
        else:
            return {}
        errors: Counter[str] = Counter()
        for line in self.lines:
            errors[found[line.pk]] += line.errors
        return _by_rank(found, {name: (-errors[name], name) for name in found.values()})

    def best(self, count: int = 3) -> tuple[Promise, list[int]] | None:
        """The few tickets that clear most together, and their numbers; None where they are all there is to take."""
        errors = {line.pk: line.errors for line in self.lines if line.standing and line.errors and not line.muted}
        if len(errors) <= count:
            return None
        chosen = best_first(errors, self.files, count)
        numbers = {line.pk: line.number for line in self.lines}
        return promises(chosen, errors, self.files)[-1], [numbers[pk] for pk in chosen]


def _by_rank(groups: Mapping[int, str], rank: Mapping[str, Any]) -> dict[int, str]:
    return dict(sorted(groups.items(), key=lambda item: rank[item[1]]))


def running(lines: Sequence[Line], files: Sequence[Blocked]) -> list[Promise]:
    """What clearing each line with all before it does."""
    return promises([line.pk for line in lines], {line.pk: line.errors for line in lines}, files)
