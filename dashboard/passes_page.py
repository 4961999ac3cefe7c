"""What the list of passes shows: the strip of all of them, the filter, and a page of the table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Q
from django.utils.http import urlencode

from remediation.models import CollectionPass, Project
from remediation.querysets import PassQuerySet

MOST = 150  # bars; more passes than that share bars
PER_PAGE = 50
LABELLED = 24  # bars; more leave no room for a number above each
_HEX = re.compile(r"[0-9a-f]{4,40}")
_NUMBER = re.compile(r"#?([0-9]{1,9})")

Row = tuple[int, str, int | None]  # number, outcome, total


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
    """The context of the page, the live strip apart. Three queries; one more where nothing matches."""
    chosen = Chosen.of(query)
    found = chosen.narrow(project.passes.listed().filter(state="ended"))
    ended: Page[CollectionPass] = Paginator(found, PER_PAGE).get_page(query.get("page"))
    rows = list(project.passes.filter(state="ended").order_by("number").values_list("number", "outcome", "total"))
    return {
        "project": project,
        "page": "passes",
        "ended": ended,
        "chosen": chosen,
        "results": CollectionPass.Outcome.choices,
        "triggers": CollectionPass.Trigger.choices,
        "bars": bars(rows),
        "all": len(rows),
        "first": rows[0] if rows else None,
        "latest": rows[-1] if rows else None,
        "top": max((total for _, _, total in rows if total is not None), default=None),
    }


def bars(rows: Sequence[Row]) -> list[Bar]:
    """The strip of some passes, in the order of their numbers; it fills its box whatever their number is."""
    groups = list(_shared(rows))
    top = max((total for _, _, total in rows if total is not None), default=0)
    step = 100 / max(len(groups), 1)
    found = []
    for i, group in enumerate(groups):
        number, _, total = _speaker(group)
        labelled = len(groups) <= LABELLED and total is not None
        found.append(
            Bar(
                number=number,
                x=round(i * step, 3),
                width=round(step * (0.86 if len(groups) <= LABELLED else 0.78), 3),
                height=None if total is None else round(100 * total / max(top, 1), 2),
                words=_words(group),
                label=f"{total:,}" if labelled else "",
            )
        )
    return found


def _shared(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """The passes of each bar: one, or as many as are needed for at most MOST bars."""
    count = min(len(rows), MOST)
    for i in range(count):
        yield rows[i * len(rows) // count : (i + 1) * len(rows) // count]


def _speaker(group: Sequence[Row]) -> Row:
    """The pass that a bar shows: one without a count, which must not vanish, or else the highest."""
    uncounted = [row for row in group if row[2] is None]
    return uncounted[-1] if uncounted else max(group, key=lambda row: (row[2] or 0, row[0]))


def _words(group: Sequence[Row]) -> str:
    number, outcome, total = _speaker(group)
    said = f"#{number}: {outcome}, not counted" if total is None else f"#{number}: {total:,} error{'s'[: total != 1]}"
    return said if len(group) == 1 else f"{said} (#{group[0][0]} to #{group[-1][0]} share this bar)"
