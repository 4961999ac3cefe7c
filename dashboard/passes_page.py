"""What the list of passes shows: the strip of all of them, the filter, and a page of the table."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.core.paginator import Page, Paginator
from django.db.models import BigIntegerField, Count, F, Max, Min, Q
from django.db.models.functions import Cast
from django.utils.http import urlencode
from django.utils.safestring import SafeString, mark_safe

from remediation.models import CollectionPass, Project
from remediation.querysets import PassQuerySet

MOST = 150  # bars; more passes than that share bars
PER_PAGE = 50
LABELLED = 24  # bars; more leave no room for a number above each
_HEX = re.compile(r"[0-9a-f]{4,40}")
_NUMBER = re.compile(r"#?([0-9]{1,9})")

_SHIFT = 2**31  # beyond every number of a pass


class Group(NamedTuple):
    """Passes that share a bar: the first and the last number and how many; the last blocked and the last failed one.

    ``highest``: the largest total, and the number of the last pass with it; None where none was counted.
    """

    first: int
    last: int
    passes: int
    blocked: int | None
    failed: int | None
    highest: tuple[int, int] | None

    @property
    def uncounted(self) -> tuple[int, str] | None:
        """The last pass without a count, and how it ended."""
        ended = [(n, word) for n, word in ((self.blocked, "blocked"), (self.failed, "failed")) if n is not None]
        return max(ended, default=None)


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of the strip, in percent of its box. Without a count it has no height, it is hatched.

    ``number`` is the pass it leads to; ``label`` what is written above it, "" for nothing.
    """

    number: int
    x: float
    width: float
    height: float | None
    words: str
    label: str = ""

    @property
    def room(self) -> SafeString:
        """The whole height of its place, as attributes."""
        return mark_safe(f'x="{self.x}%" width="{self.width}%" y="0" height="100%"')  # noqa: S308  (numbers)

    @property
    def place(self) -> SafeString:
        """The bar itself, as attributes."""
        return mark_safe(f'x="{self.x}%" width="{self.width}%" y="{self.y}%" height="{self.height}%"')  # noqa: S308

    @property
    def y(self) -> float:
        """Its top."""
        return round(100 - (self.height or 0), 2)

    @property
    def middle(self) -> float:
        """Where its number stands."""
        return round(self.x + self.width / 2, 3)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the address asks for; an unknown value is none."""

    result: str = ""
    trigger: str = ""
    q: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Chosen:
        """Read the query of an address."""
        result, trigger = query.get("result", ""), query.get("trigger", "")
        return cls(
            result=result if result in CollectionPass.Outcome.values else "",
            trigger=trigger if trigger in CollectionPass.Trigger.values else "",
            q=query.get("q", "").replace("\0", "").strip()[:200],
        )

    def __bool__(self) -> bool:
        return bool(self.result or self.trigger or self.q)

    @property
    def query(self) -> str:
        """The filter as the part of an address that a page number follows."""
        said = {name: value for name in ("result", "trigger", "q") if (value := getattr(self, name))}
        return urlencode(said) + "&" if said else ""

    def narrow(self, passes: PassQuerySet) -> PassQuerySet:
        """The passes that match. ``q`` is looked for in commit, subject and author; #31 is that pass."""
        if self.result:
            passes = passes.filter(outcome=self.result)
        if self.trigger:
            passes = passes.filter(trigger=self.trigger)
        if not self.q:
            return passes
        wanted = Q(subject__icontains=self.q) | Q(author__icontains=self.q)
        if _HEX.fullmatch(self.q.lower()):
            wanted |= Q(commit__startswith=self.q.lower())
        if (number := _NUMBER.fullmatch(self.q)) and int(number[1]) < 2**31:
            wanted |= Q(number=int(number[1]))
        return passes.filter(wanted)


def build(project: Project, query: Mapping[str, str]) -> dict[str, Any]:
    """The context of the page, the live strip apart. Two queries; one more to count what a filter leaves."""
    chosen = Chosen.of(query)
    groups = groups_of(project)
    every = sum(group.passes for group in groups)
    pages = Paginator(chosen.narrow(project.passes.listed().filter(state="ended")), PER_PAGE)
    if not chosen:
        pages.count = every
    ended: Page[CollectionPass] = pages.get_page(query.get("page"))
    return {
        "project": project,
        "page": "passes",
        "ended": ended,
        "chosen": chosen,
        "results": CollectionPass.Outcome.choices,
        "triggers": CollectionPass.Trigger.choices,
        "bars": bars(groups),
        "all": every,
        "first": groups[0].first if groups else None,
        "latest": groups[-1].last if groups else None,
        "top": max((group.highest[0] for group in groups if group.highest), default=None),
    }


def groups_of(project: Project) -> list[Group]:
    """Every ended pass in at most MOST groups of consecutive numbers. One query, one row for each group."""
    last = max(project.last_pass_number, 1)
    place = (F("number") - 1) * min(last, MOST) / last
    rows = project.passes.filter(state="ended").order_by().annotate(place=place).values("place")
    rows = rows.annotate(
        first=Min("number"),
        last=Max("number"),
        passes=Count("*"),
        blocked=Max("number", filter=Q(outcome="blocked")),
        failed=Max("number", filter=Q(outcome="failed")),
        highest=Max(Cast("total", BigIntegerField()) * _SHIFT + F("number")),
    )
    fields = rows.order_by("place").values_list("first", "last", "passes", "blocked", "failed", "highest")
    return [Group(*row, highest=None if high is None else divmod(high, _SHIFT)) for *row, high in fields]


def bars(groups: Sequence[Group]) -> list[Bar]:
    """The strip of some passes, in the order of their numbers; it fills its box whatever their number is.

    A bar shows the pass of its group without a count, which must not vanish, or else the highest.
    """
    top = max((group.highest[0] for group in groups if group.highest), default=0)
    step = 100 / max(len(groups), 1)
    labelled = len(groups) <= LABELLED
    return [
        Bar(
            number=_speaker(group),
            x=round(i * step, 3),
            width=round(step * (0.86 if labelled else 0.78), 3),
            height=None if total is None else round(100 * total / max(top, 1), 2),
            words=_words(group),
            label=f"{total:,}" if labelled and total is not None else "",
        )
        for i, group in enumerate(groups)
        for total in [_total(group)]
    ]


def _total(group: Group) -> int | None:
    return None if group.uncounted or not group.highest else group.highest[0]


def _speaker(group: Group) -> int:
    return group.uncounted[0] if group.uncounted else group.highest[1] if group.highest else group.last


def _words(group: Group) -> str:
    number, total = _speaker(group), _total(group)
    if total is None:
        said = f"#{number}: {group.uncounted[1] if group.uncounted else ''}, not counted"
    else:
        said = f"#{number}: {total:,} error{'s'[: total != 1]}"
    return said if group.passes == 1 else f"{said} (#{group.first} to #{group.last} share this bar)"
