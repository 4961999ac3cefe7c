"""Long histories in chapters: what is left of closed parts of them, so that a page need not read every pass."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection
from django.db.models import Max

from remediation.core.condense import COARSE, FINE, PART, Row, closed, outline
from remediation.models import Chapter, CollectionPass, Project
from remediation.querysets import MOMENT

FEW = 30 * PART  # passes of a project whose chapters are read fine
KNOWN = 100  # projects whose chapters a process remembers
_NEVER = datetime(1, 1, 1, tzinfo=UTC)

# Every page with a trend asks these, and Django took longer to write them down than Postgres to answer. They say what
# PassQuerySet.for_trend says, in the order of the moment: a pass that never learnt its commit is put in by its time.
_AT = f"coalesce({', '.join(f'p.{column}' for column in MOMENT)})"
_NUMBERS = f"""json_build_array(p.id, extract(epoch FROM {_AT})::float8, p.outcome, p.total,
    p.cleared, p.hidden, p.unmasked, p.new, p.regressed, p.comparable, p.rules_version)"""
_PASSES = "FROM remediation_collectionpass p"
_PLACED = "p.state = 'ended' AND (p.position IS NOT NULL OR (p.commit = '' AND p.requested_commit = ''))"
_IN_TIME = f"{_AT}, p.position NULLS LAST, p.number"
_AFTER = f"""
SELECT {_AT}, {_NUMBERS} {_PASSES}
WHERE {_PLACED} AND p.project_id = %(project)s AND {_AT} > %(until)s ORDER BY {_IN_TIME}"""
_WITHIN = f"""
SELECT p.project_id, {_AT}, {_NUMBERS} {_PASSES}
JOIN unnest(%(projects)s::bigint[], %(since)s::timestamptz[], %(until)s::timestamptz[]) part(project, since, until)
    ON p.project_id = part.project AND {_AT} BETWEEN part.since AND part.until
WHERE {_PLACED} ORDER BY {_IN_TIME}"""
_TOLD = f"""
SELECT project.id,
    (SELECT json_agg(CASE WHEN mark = ANY(%(known)s::uuid[]) THEN json_build_array(mark)
            ELSE json_build_array(mark, since, until, CASE WHEN project.id = ANY(%(long)s) THEN coarse ELSE fine END)
        END ORDER BY until) FROM remediation_chapter WHERE project_id = project.id),
    (SELECT json_agg({_NUMBERS} ORDER BY {_IN_TIME}) {_PASSES} WHERE {_PLACED} AND p.project_id = project.id AND
        {_AT} > coalesce((SELECT max(until) FROM remediation_chapter WHERE project_id = project.id), '-infinity')),
    (SELECT p.trigger = 'replay' OR p.requested_commit <> '' {_PASSES} WHERE {_PLACED} AND p.project_id = project.id
        ORDER BY {_AT} DESC, p.position DESC NULLS FIRST, p.number DESC LIMIT 1),
    (SELECT extract(epoch FROM {_AT})::float8 {_PASSES} WHERE p.id = project.baseline_id)
FROM remediation_project project WHERE project.id = ANY(%(projects)s)"""  # noqa: S608  (nothing but constants)


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


_known: dict[tuple[int, bool], dict[str, Part]] = {}  # by project and resolution, then by their marks


def write(project: Project) -> None:
    """Close what can be closed by now. The caller holds the project's row lock, so that nobody else writes any."""
    until = project.chapters.aggregate(last=Max("until"))["last"] or _NEVER
    passes = _read(_AFTER, {"project": project.pk, "until": until})
    times, rows = [at for at, _ in passes], [_row(numbers) for _, numbers in passes]
    found, start = [], 0
    for part in closed(rows):
        stop = start + len(part)
        drawn = {"fine": outline(part, FINE), "coarse": outline(part, COARSE)}
        found.append(Chapter(project=project, since=times[start], until=times[stop - 1], **drawn))
        start = stop
    Chapter.objects.bulk_create(found)


def told(projects: Iterable[Project]) -> dict[int, Told]:
    """The histories of some projects by their ids. One query, and one statement: no pass is missed or read twice.

    A process reads a chapter once: it never becomes another one, it goes, and others come.
    """
    global _known  # noqa: PLW0603  (replaced as a whole, so that threads need no lock)
    long = {project.pk: project.last_pass_number > FEW for project in projects}
    known = {pk: _known.get((pk, few), {}) for pk, few in long.items()}
    given = {
        "projects": list(long),
        "long": [pk for pk, few in long.items() if few],
        "known": [mark for parts in known.values() for mark in parts],
    }
    found, read = {}, {}
    for pk, parts, rest, replayed, based_at in _read(_TOLD, given) if long else ():
        own = {mark: _part(*part) if part else known[pk][mark] for mark, *part in parts or ()}
        read[pk, long[pk]] = own
        found[pk] = Told(list(own.values()), [_row(row) for row in rest or ()], bool(replayed), based_at)
    _known = (_known if len(_known) < KNOWN else {}) | read
    return found


def opened(histories: Mapping[int, Told], moments: Mapping[int, Iterable[float]]) -> dict[int, list[Row]]:
    """The rows of each history, with every pass of the chapters in which one of its ``moments`` lies.

    One query, none where all of them lie behind the last chapter.
    """
    wanted = [
        (pk, part)
        for pk, history in histories.items()
        for part in history.parts
        if any(part.holds(at) for at in moments[pk])
    ]
    whole: dict[tuple[int, datetime], list[Row]] = {(pk, part.until): [] for pk, part in wanted}
    if wanted:
        given = {
            "projects": [pk for pk, _ in wanted],
            "since": [part.since for _, part in wanted],
            "until": [part.until for _, part in wanted],
        }
        for pk, at, numbers in _read(_WITHIN, given):
            until = min(end for project, end in whole if project == pk and at <= end)
            whole[pk, until].append(_row(numbers))
    return {
        pk: [
            *(row for part in history.parts for row in whole.get((pk, part.until), part.rows)),
            *history.rest,
        ]
        for pk, history in histories.items()
    }


def _read(statement: str, given: Mapping[str, object]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        return list(cursor.fetchall())


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
