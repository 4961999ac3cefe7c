"""A project's rows as the report of a period: what was visible, resolved, back and hidden at its last counted pass."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, Sum

from dashboard.forecasts import forecast_of
from dashboard.history import History, history_of
from dashboard.plot import picture_of
from dashboard.sorted_then import categories_at
from dashboard.templatetags.figures import day
from remediation.attribution import Verified, credits
from remediation.core import report as core
from remediation.core.credit import UNKNOWN, Credit
from remediation.core.fix_marks import Place
from remediation.core.forecast import Forecast, NoForecast
from remediation.core.period import Period
from remediation.core.report import CameBack, ErrorFile, Facts, Hidden, Reason, Remaining, Report, Resolved
from remediation.core.silence import MECHANISMS, SERVING
from remediation.core.trend import Point, Trend
from remediation.models import Category, CategoryCount, FileState, Occurrence, Project, Ticket, Transition
from remediation.reporting import weeks_of
from remediation.schedule import zone_or_utc
from remediation.statements import lines_of

_HIDING = ("masked", "silenced", "not-seen", "held")


def zone_of(project: Project) -> ZoneInfo:
    """The project's zone, by whose clock its days are told; UTC where it has none that is known."""
    return zone_or_utc(project.time_zone)


def report_of(project: Project, period: Period, now: datetime, history: History | None = None) -> Report:
    """At most fourteen queries. Raises ArithmeticError rather than give a report that does not add up."""
    history = history or history_of(project, whole=True)
    trend = core.until(history.trend, period.end)
    facts = _facts(project, history, trend, period, now)
    return core.build(project.name, history.trend, period, weeks_of(project), facts, now)


def _facts(project: Project, history: History, trend: Trend, period: Period, now: datetime) -> Facts:
    inside = [point for point in trend.points if point.at in period]
    reasons = tuple(
        Reason(p.number, p.at, p.outcome, history.rows[p.number].reason_text) for p in inside if not p.counted
    )
    statements = lines_of(project, period.label) if period.week else ()
    if trend.last is None:
        return Facts(reasons=reasons, statements=statements)
    seen = _Seen.at(project, trend.last, inside, trend, history)
    at = min(now, period.end)
    forecast = forecast_of(project, trend, at)
    return Facts(
        remaining=seen.remaining(),
        resolved=seen.resolved(),
        came_back=seen.came_back(),
        hidden=seen.hidden(),
        silenced=_silenced(project, trend.last, history),
        deleted=tuple(sorted({path for _, reason, _, path in seen.ended if reason == "deleted"})),
        reasons=reasons,
        impacts=dict(project.categories.exclude(business_impact="").values_list("pk", "business_impact")),
        tickets=_tickets(trend),
        environment={p.number: _environment(history, p) for p in trend.counted},
        command=_command(history, trend.last),
        changes=tuple(f"#{point.number}: {point.scope_note}" for point in inside if point.scope_changed),
        forecast=_forecast(forecast),
        files=seen.files(),
        picture=picture_of(project, trend, at, forecast=forecast),
        statements=statements,
    )


@dataclass(frozen=True, slots=True)
class _Seen:
    """Rows as of one counted pass; tickets by id. ``ended``: (ticket, reason, file, path) in the period."""

    trend: Trend
    tickets: dict[int, Ticket]
    visible: list[tuple[int, int, str]]  # ticket, file, path
    unseen: list[tuple[int, int, str, str]]  # ticket, file, path, why
    ended: list[tuple[int, str, int, str]]
    lines: dict[int, list[tuple[str, Point]]]  # ticket: verified and regressed, in order, up to the last pass
    inside: frozenset[int]  # numbers of the period's passes
    categories: Mapping[int, Category]  # of the tickets, as the rules of that pass have it
    credits: Mapping[int, Credit]  # of the tickets that the period's passes verified

    @classmethod
    def at(cls, project: Project, last: Point, inside: list[Point], trend: Trend, history: History) -> _Seen:
        """Seven queries."""
        place = project.passes.only("position", "number").get(pk=last.id)
        rows = Occurrence.objects.filter(fingerprint__project=project)
        ticket = "fingerprint__ticket_id"
        here = rows.filter(_upto("first_pass", place)).filter(_open("closed_pass", place))
        gone = rows.filter(_upto("closed_pass", place), close_reason__in=_HIDING).filter(_open("settled_pass", place))
        ids = [point.id for point in inside]
        ended = rows.filter(closed_pass__in=ids, close_reason__in=["fixed", "deleted"])
        visible = list(here.values_list(ticket, "file_id", "file__path"))
        lines = _lines(project, {point.number: point for point in trend.points})
        numbers = frozenset(point.number for point in inside)
        told = {pk for pk, row in lines.items() if any(point.number in numbers for _, point in row)}
        hidden = list(gone.values_list(ticket, "file_id", "file__path", "close_reason"))
        closed = list(ended.values_list(ticket, "close_reason", "file_id", "file__path"))
        wanted = {pk for pk, *_ in (*visible, *hidden, *closed)} | told
        tickets = Ticket.objects.filter(pk__in=wanted).select_related("category", "claimed_by")
        found = {row.pk: row for row in tickets}
        for row in found.values():
            row.project = project
        at = categories_at(project, last, found.values())
        places = {number: (row.position, number) for number, row in history.rows.items() if row.position is not None}
        credited = credits(_verified(lines, numbers, places))
        return cls(trend, found, visible, hidden, closed, lines, numbers, at, credited)

    def remaining(self) -> tuple[Remaining, ...]:
        """By category in its order, the largest ticket first."""
        errors = Counter(pk for pk, *_ in self.visible)
        order, at = {layer.key: place for place, layer in enumerate(self.trend.layers)}, self.categories
        rows = sorted(
            (self.tickets[pk] for pk in errors),
            key=lambda row: (order.get(at[row.pk].pk, len(order)), at[row.pk].pk, -errors[row.pk], row.number),
        )
        return tuple(
            Remaining(
                row.label, row.title, _words(row.kind), row.status, _owner(row), at[row.pk].pk, at[row.pk].name,
                at[row.pk].slot, errors[row.pk],
            )
            for row in rows
        )  # fmt: skip

    def resolved(self) -> tuple[Resolved, ...]:
        """Verified in the period, and not seen again in it; the last first."""
        standing = {file for _, file, *_ in (*self.visible, *self.unseen)}
        found = []
        for pk, lines in self.lines.items():
            verb, point = lines[-1]
            row = self.tickets.get(pk)
            if row is None or verb != "verified" or point.number not in self.inside:
                continue
            mine = [(reason, file) for ticket, reason, file, _ in self.ended if ticket == pk]
            fixed = {file for reason, file in mine if reason == "fixed"}
            at = self.categories[pk]
            module = str((row.rule_facts or {}).get("module") or "")
            found.append(
                Resolved(
                    row.label, row.title, module, _words(row.kind), at.name, at.slot,
                    point.number, point.commit, sum(reason == "fixed" for reason, _ in mine),
                    sum(reason == "deleted" for reason, _ in mine), len(fixed - standing),
                    row.solution, row.business_value, self.credits.get(pk, UNKNOWN),
                )
            )  # fmt: skip
        return tuple(sorted(found, key=lambda row: (-row.number, row.label)))

    def came_back(self) -> tuple[CameBack, ...]:
        """Seen again in the period after a pass had verified it, each at its last return."""
        errors = Counter(pk for pk, *_ in self.visible)
        found = []
        for pk, lines in self.lines.items():
            back = [i for i, (verb, p) in enumerate(lines) if verb == "regressed" and p.number in self.inside]
            row = self.tickets.get(pk)
            if not back or row is None:
                continue
            point = lines[back[-1]][1]
            before = [p.number for verb, p in lines[: back[-1]] if verb == "verified"]
            found.append(
                CameBack(
                    row.label, row.title, point.number, point.commit, before[-1] if before else 0, errors[pk],
                    _owner(row),
                )
            )  # fmt: skip
        return tuple(sorted(found, key=lambda row: (-row.number, row.label)))

    def hidden(self) -> tuple[Hidden, ...]:
        """By ticket and how they became hidden."""
        errors = Counter((pk, reason) for pk, *_, reason in self.unseen)
        return tuple(
            Hidden(self.tickets[pk].label, self.tickets[pk].title, _words(reason), number)
            for (pk, reason), number in sorted(errors.items(), key=lambda row: (-row[1], row[0]))
        )

    def files(self) -> tuple[ErrorFile, ...]:
        """Every error that is seen, hidden, or ended in the period, by test file."""
        rows = [(path, pk, "error") for pk, _, path in self.visible]
        rows += [(path, pk, _words(reason)) for pk, _, path, reason in self.unseen]
        rows += [(path, pk, reason) for pk, reason, _, path in self.ended]
        return tuple(ErrorFile(path, self.tickets[pk].label, state) for path, pk, state in sorted(rows))


def _lines(project: Project, points: dict[int, Point]) -> dict[int, list[tuple[str, Point]]]:
    rows = Transition.objects.filter(ticket__project=project, ticket__merged_into=None)
    rows = rows.filter(verb__in=["verified", "regressed"], collection_pass__isnull=False).order_by("ticket", "sequence")
    found: dict[int, list[tuple[str, Point]]] = defaultdict(list)
    for pk, verb, number in rows.values_list("ticket_id", "verb", "collection_pass__number"):
        if number in points:
            found[pk].append((verb, points[number]))
    return found


def _verified(
    lines: Mapping[int, list[tuple[str, Point]]], inside: frozenset[int], places: Mapping[int, Place]
) -> dict[int, Verified]:
    """The tickets whose last line in the period is that a pass verified them, each with the verification before."""
    found = {}
    for pk, row in lines.items():
        verb, point = row[-1]
        if verb == "verified" and point.number in inside and point.number in places:
            before = [places[p.number] for verb, p in row[:-1] if verb == "verified" and p.number in places]
            found[pk] = Verified(point.id, places[point.number], before[-1] if before else None)
    return found


def _upto(name: str, place: Any) -> Q:
    """The pass under that name stands at this place of the commit order, or before it."""
    same = {f"{name}__position": place.position, f"{name}__number__lte": place.number}
    return Q(**{f"{name}__position__lt": place.position}) | Q(**same)


def _open(name: str, place: Any) -> Q:
    """There is no pass under that name, or it stands after this place."""
    later = {f"{name}__position": place.position, f"{name}__number__gt": place.number}
    return Q(**{f"{name}__isnull": True}) | Q(**{f"{name}__position__gt": place.position}) | Q(**later)


def _silenced(project: Project, last: Point, history: History) -> tuple[tuple[str, int], ...]:
    place = history.rows[last.number]
    serving = Q(file__path__in=SERVING)
    for name in SERVING:
        serving |= Q(file__path__endswith=f"/{name}")
    rows = FileState.objects.filter(file__project=project, state__in=MECHANISMS.keys()).exclude(serving)
    rows = rows.filter(_upto("first_pass", place)).filter(_open("closed_pass", place)).order_by()
    found = dict(rows.values_list("state").annotate(number=Count("pk")))
    return tuple((mechanism.words, found[code]) for code, mechanism in MECHANISMS.items() if code in found)


def _tickets(trend: Trend) -> dict[int, int]:
    """Pass number to the tickets it saw. One query."""
    numbers = {point.id: point.number for point in trend.counted}
    rows = CategoryCount.objects.filter(collection_pass__in=numbers).order_by().values_list("collection_pass_id")
    seen = dict(rows.annotate(number=Sum("tickets")))
    return {number: seen.get(pk, 0) for pk, number in numbers.items()}


def _environment(history: History, point: Point) -> str:
    facts = history.scopes.get(point.scope or 0, {})
    said = [f"{words} {facts[name]}" for name, words in (("python", "Python"), ("pytest", "pytest")) if facts.get(name)]
    return ", ".join(said)


def _command(history: History, point: Point) -> str:
    """As one types it; "" where the pass's scope does not say with which arguments it ran."""
    facts = history.scopes.get(point.scope or 0, {})
    return " ".join(["pytest --collect-only -q", facts["arguments"]]).strip() if "arguments" in facts else ""


def _forecast(made: Forecast | NoForecast) -> str:
    if isinstance(made, NoForecast):
        return f"No forecast: {made.reason}." if made.reason else ""
    basis = f"the net changes of passes #{made.passes[0]} to #{made.passes[-1]}"
    if made.earliest is None or made.latest is None:
        return f"No date: at the pace of {basis}, zero is not reached."
    return (
        f"If the next passes change the count as these did ({basis}), zero falls between {day(made.earliest)} and "
        f"{day(made.latest)} in 80 of 100 simulations. It knows nothing of how hard the remaining errors are."
    )


def _owner(row: Ticket) -> str:
    return row.claimed_by.label if row.claimed_by else ""


def _words(code: str) -> str:
    return code.replace("-", " ")
