"""Reads a project's passes and category counts into the trend's values."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q
from django.db.models.functions import JSONArray

from dashboard.history_rows import TERMS, chosen
from remediation.core.condense import LIMIT, Step
from remediation.core.ledger import Ledger
from remediation.core.scope import changes, in_short
from remediation.core.trend import Layer, Point, Trend
from remediation.core.trend import comparable as core_comparable
from remediation.core.trend import is_stale as core_is_stale
from remediation.models import CategoryCount, CollectionPass, Project
from remediation.querysets import MOMENT, Seconds
from remediation.schedule import BadSchedule, next_times


@dataclass(frozen=True, slots=True)
class History:
    """A project's trend, the tickets of each layer that the last counted pass saw, and the rows behind it all."""

    trend: Trend
    tickets: tuple[int, ...]
    rows: Mapping[int, CollectionPass]  # by number
    scopes: Mapping[int, Mapping[str, Any]]  # facts by id

    @property
    def latest(self) -> CollectionPass | None:
        """The last pass in commit order, counted or not."""
        return self.rows[self.trend.points[-1].number] if self.trend.points else None

    @property
    def base_changes(self) -> str:
        """What the last counted pass has in another way than the baseline, in short; "" when they are comparable."""
        base, last = self.trend.base, self.trend.last
        if base is None or last is None or core_comparable(base, last):
            return ""
        return _changed(self.scopes, base.scope, last.scope)

    @property
    def last(self) -> CollectionPass | None:
        """The last counted pass."""
        return self.rows[self.trend.last.number] if self.trend.last else None


_OF_A_POINT = (
    "pk", "project_id", "number", "outcome", "trigger", "requested_commit", "commit", "total", "environment_errors",
    "tests_collected", "scope_id", "comparable", "held", "confirmed_at", "moment", *TERMS, "rules_version",
)  # fmt: skip
_COLUMNS = (*_OF_A_POINT, "position", "files_total", "state", "subject", "reason", "reason_text", "sandbox_level")
_ADDED = ("scope_facts", "evidence")
# Read as numbers: many thousands of times, of which few are shown.
_TIMES = {"effective_at": Seconds("effective_at"), "ended_at": Seconds("ended_at")}
_READ_TIMES = {f"{name}_seconds": seconds for name, seconds in _TIMES.items()}
# Of a category in a pass; the last two are the order of the layers, as Category's own.
_COUNT = ("category_id", "errors", "tickets", "category__name", "category__slot")
_STACKED = ("category__is_fallback", "category__order")


class _Passes(Mapping[int, CollectionPass]):
    """Passes by number, out of the values that were read of them: each becomes an object when it is asked for."""

    def __init__(self, read: Mapping[int, Any]) -> None:
        self.read = read

    def __getitem__(self, number: int) -> CollectionPass:
        values = self.read[number]._asdict()
        values["id"] = values.pop("pk")
        values |= {name: _time(values[f"{name}_seconds"]) for name in _TIMES}
        fields = [field.attname for field in CollectionPass._meta.concrete_fields if field.attname in values]
        found: CollectionPass = CollectionPass.from_db("default", fields, [values[name] for name in fields])
        for name in _ADDED:
            setattr(found, name, values[name])
        return found

    def __iter__(self) -> Iterator[int]:
        return iter(self.read)

    def __len__(self) -> int:
        return len(self.read)


def history_of(project: Project, *, whole: bool = False) -> History:
    """A project's passes; of a long history those that its page needs, unless ``whole``. At most two queries.

    A pass is read in one statement with its counts: one that lands meanwhile is left out, never torn.
    """
    long = not whole and project.last_pass_number > LIMIT
    steps = chosen([project])[project.pk] if long else {}
    passes = project.passes.filter(pk__in=steps) if long else project.passes
    counts = CategoryCount.objects.filter(collection_pass=OuterRef("pk")).values(row=JSONArray(*_COUNT, *_STACKED))
    read = passes.for_trend().with_scope_facts().with_evidence().annotate(counts=ArraySubquery(counts))
    read = read.annotate(moment=Seconds(*MOMENT), **_READ_TIMES)
    # Objects become only those that are shown.
    rows = list(read.values_list(*_COLUMNS, *_ADDED, *_READ_TIMES, "counts", named=True))
    layers: dict[int, tuple[tuple[Any, ...], Layer]] = {}
    errors: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    tickets: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows:
        for category, seen, causes, name, slot, *place in row.counts:
            errors[row.pk][category] += seen
            tickets[row.pk][category] += causes
            layers[category] = ((*place, category), Layer(category, name, slot))
    shown = [layer for _, layer in sorted(layers.values(), key=lambda placed: placed[0])]
    scopes = {row.scope_id: row.scope_facts for row in rows if row.scope_id and row.scope_facts}
    points = _points(rows, errors, shown, scopes, steps)
    last = next((row for row in reversed(rows) if row.outcome == "counted" and row.position is not None), None)
    baseline = next((row.number for row in rows if row.pk == project.baseline_id), None)
    by_layer = tickets[last.pk] if last else {}
    return History(
        trend=Trend(tuple(shown), tuple(points), baseline),
        tickets=tuple(by_layer.get(layer.key, 0) for layer in shown),
        rows=_Passes({row.number: row for row in rows}),
        scopes=scopes,
    )


def totals_of(projects: list[Project]) -> dict[int, Trend]:
    """The trends of many projects by id, without categories: one layer holds the total. At most two queries."""
    layer = Layer(0, "All", 0)
    rows: dict[int, list[Any]] = {project.pk: [] for project in projects}
    baselines = {project.pk: project.baseline_id for project in projects}
    steps = chosen([project for project in projects if project.last_pass_number > LIMIT])
    wanted = Q(project__in=[pk for pk in rows if pk not in steps])
    if steps:
        wanted |= Q(pk__in=[pk for kept in steps.values() for pk in kept])
    every = CollectionPass.objects.filter(wanted).for_trend().annotate(moment=Seconds(*MOMENT))
    for row in every.values_list(*_OF_A_POINT, named=True):  # no objects: there may be many thousands
        rows[row.project_id].append(row)
    return {
        pk: Trend(
            (layer,),
            tuple(_points(passes, {row.pk: {0: row.total or 0} for row in passes}, [layer], {}, steps.get(pk, {}))),
            next((row.number for row in passes if row.pk == baselines[pk]), None),
        )
        for pk, passes in rows.items()
    }


def is_stale(project: Project, last: CollectionPass | None, now: datetime) -> bool:
    """Whether the last counted pass is older than one and a half intervals of the project's schedule.

    Never while it is paused; a due time that was skipped, because the commit is a known one, is as good as a pass.
    """
    if last is None or last.ended_at is None or project.paused_at:
        return False
    known_at = max(last.ended_at, project.last_skipped_at or last.ended_at)
    try:
        due = next_times(project.schedule, project.time_zone, known_at, 2)
    except BadSchedule:
        return False
    return len(due) == 2 and core_is_stale(known_at, due[0], due[1], now)


def _changed(scopes: Mapping[int, Mapping[str, Any]], before: int | None, after: int | None) -> str:
    """What differs between two scopes, in short; "" where one of them is not known."""
    if before not in scopes or after not in scopes:
        return ""
    return in_short(changes(scopes[before], scopes[after]))


def _points(
    rows: Sequence[Any],
    errors: Mapping[int, Mapping[int, int]],
    layers: list[Layer],
    scopes: Mapping[int, Mapping[str, Any]],
    steps: Mapping[int, Step],
) -> list[Point]:
    """In commit order. A pass that never learnt its commit has no place in it and is put in by its time.

    ``steps``: what moved up to each of the passes that were chosen from a long history; none for a whole one.
    """
    points, before, scope = [], None, None
    for row in rows:
        if row.outcome != CollectionPass.Outcome.COUNTED:
            points.append(
                Point(row.number, _time(row.moment), row.outcome, replayed=_replayed(row), commit=row.commit, id=row.pk)
            )
            continue
        counts = tuple(errors[row.pk].get(layer.key, 0) for layer in layers)
        points.append(
            Point(
                number=row.number,
                at=_time(row.moment),
                outcome=row.outcome,
                total=row.total,
                counts=counts,
                environment=row.environment_errors or 0,
                ledger=_merged(steps[row.pk], before, row.total) if row.pk in steps else ledger_of(row, before),
                scope=row.scope_id,
                tests=row.tests_collected,
                scope_changed=row.comparable is False,
                scope_words=_changed(scopes, scope, row.scope_id) if row.comparable is False else "",
                held=row.held and row.confirmed_at is None,
                replayed=_replayed(row),
                commit=row.commit,
                id=row.pk,
                rules=row.rules_version,
                steps=steps[row.pk].passes if row.pk in steps else 1,
            )
        )
        before, scope = row.total, row.scope_id
    return sorted(points, key=lambda point: point.at)


def ledger_of(row: CollectionPass, before: int | None) -> Ledger | None:
    """What moved since the counted pass before; None for the first. Raises ArithmeticError when it does not sum."""
    if before is None or row.cleared is None or row.total is None:
        return None
    return Ledger(before, row.cleared, row.hidden, row.unmasked, row.new, row.regressed, row.total)


def _merged(step: Step, before: int | None, after: int) -> Ledger | None:
    return None if before is None or step.terms is None else Ledger(before, *step.terms, after)


def _replayed(row: CollectionPass) -> bool:
    return row.trigger == CollectionPass.Trigger.REPLAY or bool(row.requested_commit)


def _time(seconds: float | None) -> datetime | None:
    """To the microsecond, as it is stored."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
