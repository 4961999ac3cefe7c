"""Long histories in chapters: what is left of closed parts of them, so that a page need not read every pass."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce
from operator import or_
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, F, Max, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce, JSONArray

from remediation.core.condense import COARSE, FINE, PART, Row, closed, outline
from remediation.models import Chapter, CollectionPass, Project
from remediation.querysets import MOMENT, Seconds

FEW = 30 * PART  # passes of a project whose chapters are read fine
_NEVER = datetime(1, 1, 1, tzinfo=UTC)
_AT = Coalesce(*MOMENT)


_NUMBERS = JSONArray(
    "pk", Seconds(*MOMENT), "outcome", "total", "cleared", "hidden", "unmasked", "new", "regressed", "comparable",
    "rules_version",
)  # fmt: skip
_REPLAYED = Case(
    When(Q(trigger=CollectionPass.Trigger.REPLAY) | ~Q(requested_commit=""), then=Value(True)), default=Value(False)
)


@dataclass(frozen=True, slots=True)
class Part:
    """A chapter as it is read: when its first and its last pass were, and what is left of them."""

    since: datetime
    until: datetime
    rows: Sequence[Row]

    def holds(self, at: float) -> bool:
        """Whether the moment lies in it."""
        return self.rows[0].at <= at <= self.rows[-1].at


@dataclass(frozen=True, slots=True)
class Told:
    """A project's history: its chapters, and every pass after them.

    ``replayed``: whether the last pass tells of the past. ``based_at``: when the baseline was.
    """

    parts: Sequence[Part]
    rest: Sequence[Row]
    replayed: bool
    based_at: float | None

    @property
    def first(self) -> Row | None:
        """The first pass."""
        return next(iter(self.parts[0].rows if self.parts else self.rest), None)

    @property
    def last(self) -> Row | None:
        """The last pass; no chapter holds it."""
        return self.rest[-1] if self.rest else None

    @property
    def counted(self) -> Row | None:
        """The last counted pass. No chapter holds it: the last counted ones stay as they are."""
        return next((row for row in reversed(self.rest) if row.counted), None)


def write(project: Project) -> None:
    """Close what can be closed by now. The caller holds the project's row lock, so that nobody else writes any."""
    until = project.chapters.aggregate(last=Max("until"))["last"] or _NEVER
    passes = _in_time(project.passes).filter(moment__gt=until).values_list("moment", _NUMBERS)
    times, rows = [], []
    for at, numbers in passes:
        times.append(at)
        rows.append(_row(numbers))
    found, start = [], 0
    for part in closed(rows):
        stop = start + len(part)
        drawn = {"fine": outline(part, FINE), "coarse": outline(part, COARSE)}
        found.append(Chapter(project=project, since=times[start], until=times[stop - 1], **drawn))
        start = stop
    Chapter.objects.bulk_create(found)


def told(projects: Iterable[int]) -> dict[int, Told]:
    """The histories of some projects by their ids. One query, and one statement: no pass is missed or read twice."""
    own = Chapter.objects.filter(project=OuterRef("pk")).order_by("until")
    left = Case(When(project__last_pass_number__gt=FEW, then="coarse"), default="fine")
    until = Chapter.objects.filter(project=OuterRef(OuterRef("pk"))).order_by("-until").values("until")[:1]
    after = _in_time(CollectionPass.objects.filter(project=OuterRef("pk")))
    after = after.filter(moment__gt=Coalesce(Subquery(until), Value(_NEVER)))
    found = Project.objects.filter(pk__in=projects).annotate(
        parts=ArraySubquery(own.values(part=JSONArray("since", "until", left))),
        rest=ArraySubquery(after.values(row=_NUMBERS)),
        replayed=Subquery(after.reverse().values(replayed=_REPLAYED)[:1]),
        based_at=Seconds(*(f"baseline__{column}" for column in MOMENT)),
    )
    read = found.values_list("pk", "parts", "rest", "replayed", "based_at")
    return {
        pk: Told([_part(*part) for part in parts], [_row(row) for row in rest], bool(replayed), based_at)
        for pk, parts, rest, replayed, based_at in read
    }


def opened(histories: Mapping[int, Told], moments: Mapping[int, Iterable[float]]) -> dict[int, list[Row]]:
    """The rows of each history, with every pass of the chapters in which one of its ``moments`` lies.

    One query, none where all of them lie behind the last chapter.
    """
    wanted = {
        (pk, part.until): Q(project=pk, moment__gte=part.since, moment__lte=part.until)
        for pk, history in histories.items()
        for part in history.parts
        if any(part.holds(at) for at in moments[pk])
    }
    whole: dict[tuple[int, datetime], list[Row]] = {place: [] for place in wanted}
    if wanted:
        passes = _in_time(CollectionPass.objects.all()).filter(reduce(or_, wanted.values()))
        for pk, at, numbers in passes.values_list("project_id", "moment", _NUMBERS):
            until = min(end for project, end in wanted if project == pk and at <= end)
            whole[pk, until].append(_row(numbers))
    return {
        pk: [
            *(row for part in history.parts for row in whole.get((pk, part.until), part.rows)),
            *history.rest,
        ]
        for pk, history in histories.items()
    }


def _in_time(passes: Any) -> Any:
    """Those of a trend in its order: one that never learnt its commit is put in by its time."""
    return passes.for_trend().annotate(moment=_AT).order_by("moment", F("position").asc(nulls_last=True), "number")


def _part(since: str, until: str, rows: Iterable[Sequence[Any]]) -> Part:
    return Part(datetime.fromisoformat(since), datetime.fromisoformat(until), [_left(row) for row in rows])


def _left(stored: Sequence[Any]) -> Row:
    """A row of a chapter."""
    pk, at, outcome, total, terms, *others = stored
    return Row(pk, at, outcome, total, tuple(terms) if terms is not None else None, *others)


def _row(numbers: Sequence[Any]) -> Row:
    """A pass of its own."""
    pk, at, outcome, total, *terms, comparable, rules = numbers
    if outcome != CollectionPass.Outcome.COUNTED:
        return Row(pk, at, outcome, None)
    return Row(pk, at, outcome, total, None if terms[0] is None else tuple(terms), comparable is False, rules)
