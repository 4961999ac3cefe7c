"""What the list of tickets shows: tabs, filters, rows with their running sum, and the sums below."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import QueryDict
from django.utils import timezone

from dashboard import sparklines, ticket_board, ticket_lines
from dashboard.beside import Kind, View, choices
from dashboard.ticket_filter import GROUPS, ORDERS, TABS, Filter
from dashboard.ticket_lines import Line, Lines, in_tab
from remediation.core.impact import Bound, Impact
from remediation.hidden_tests import blocked_files
from remediation.models import CollectionPass, Project, Ticket, User

PAGE_SIZE = 50
LAST_VERIFIED = 5
_BAR = 72  # px, the longest


@dataclass(frozen=True, slots=True)
class Group:
    """Some rows under one heading, "" without grouping. ``tickets`` and ``errors``: of all its pages."""

    name: str
    rows: list[Ticket]
    tickets: int = 0
    errors: int = 0
    bound: Bound | None = None


def tab_counts(project: Project, user: User) -> dict[str, int]:
    """Tickets per tab, in the tabs' order. One query."""
    return ticket_lines.tab_counts(ticket_lines.lines_of(project, timezone.now()), user)


def build(project: Project, user: User, chosen: Filter, page_number: Any) -> dict[str, Any]:
    """The context of the list. A fixed number of queries, whatever the number of tickets."""
    every = Lines(ticket_lines.lines_of(project, timezone.now()), blocked_files(project))
    axis = sparklines.Axis.of(project)
    standing = _standing(project, axis)
    offered = choices(project, user)
    categories = offered.categories
    tab = every.only(lambda line: chosen.board or in_tab(line, chosen.tab, user))
    found = ticket_lines.matching(project, chosen.q) if chosen.q else None
    listed = tab.only(lambda line: _fits(line, chosen, found))
    counts = ticket_lines.tab_counts(every.lines, user)
    context = {
        "chosen": chosen,
        "tabs": [(key, label, counts[key], chosen.query(tab=key, view="list")) for key, label in TABS.items()],
        "counts": counts,
        "hidden_by_filter": len(tab.lines) - len(listed.lines),
        "sums": _sums(listed),
        "top": _top(project, every),
        "orders": [(key, label) for key, label in ORDERS.items() if key != "gone" or chosen.tab in {"verified", "all"}],
        "groupings": GROUPS.items(),
        "saved": _saved(offered.views, chosen),
        "cleared": chosen.cleared(),
        "may_save": chosen.query() != Filter().query(),
        "as_list": chosen.query(view="list"),
        "as_board": chosen.query(view="board"),
        "people": offered.people if not chosen.board else (),
        "silent": offered.silent,
        "carried": chosen.hidden_fields("q", "kind", *([] if chosen.board else ["group", "order"])),
        **_choices(categories, tab, chosen, found),
        **standing,
    }
    if chosen.board:
        return context | ticket_board.build(project, listed, standing["as_of"], chosen)
    return context | _rows(project, axis, listed, every, chosen, categories, page_number)


def _fits(line: Line, chosen: Filter, found: set[int] | None, *, but: str = "") -> bool:
    """Whether a ticket passes the filters, ``but`` one of them."""
    return (
        (found is None or line.pk in found)
        and (but == "category" or chosen.category in {None, line.category})
        and (but == "kind" or chosen.kind in {"", line.kind})
    )


def _sums(listed: Lines) -> dict[str, Any]:
    lines, whole = listed.lines, listed.bound()
    visible = sum(line.errors for line in lines)
    in_environment = sum(line.errors for line in lines if line.environment)
    each = sum(listed.impacts.get(line.pk, Impact()).hidden.tests for line in lines)
    return {
        "tickets": len(lines),
        "visible": visible,
        "in_environment": in_environment,
        "in_repository": visible - in_environment,
        "hidden": sum(line.hidden for line in lines),
        "muted": sum(line.errors for line in lines if line.muted),
        "bound": whole,
        "shared": each != whole.tests,
    }


def _saved(views: Iterable[View], chosen: Filter) -> list[tuple[View, str, bool]]:
    """The reader's own views: each with its address, read through the filter again, and whether it is this one."""
    found = [(view, Filter.of(QueryDict(view.query.removeprefix("?"))).query()) for view in views]
    return [(view, address, address == chosen.query()) for view, address in found]


def _top(project: Project, every: Lines) -> dict[str, Any] | None:
    """What fixing the few best tickets clears together; first of all what blocks everything, alone."""
    blocker = next((line for line in every.lines if line.standing and line.blocking == "all"), None)
    if blocker is not None:
        return {"blocker": f"{project.key}-{blocker.number}"}
    best = every.best()
    if best is None:
        return None
    promise, numbers = best
    labels = [f"{project.key}-{number}" for number in numbers]
    total = sum(line.errors for line in every.lines)
    return {"labels": labels, "of": total, "promise": promise}


def _choices(categories: Sequence[Kind], tab: Lines, chosen: Filter, found: set[int] | None) -> dict[str, Any]:
    """Category chips and kinds, each with the number of tickets behind it under the other filters."""
    by_category: dict[int, int] = {}
    by_kind: dict[str, int] = {}
    for line in tab.lines:
        if _fits(line, chosen, found, but="category"):
            by_category[line.category] = by_category.get(line.category, 0) + 1
        if _fits(line, chosen, found, but="kind"):
            by_kind[line.kind] = by_kind.get(line.kind, 0) + 1
    chips = []
    for category in categories:
        pressed = category.pk == chosen.category
        if pressed or category.pk in by_category:
            address = chosen.query(category=None if pressed else category.pk)
            chips.append((category, by_category.get(category.pk, 0), pressed, address))
    kinds = sorted({*by_kind, *([chosen.kind] if chosen.kind else [])})
    return {
        "chips": chips,
        "no_category": chosen.query(category=None),
        "kinds": [(kind, kind.replace("-", " "), by_kind.get(kind, 0)) for kind in kinds],
        "categories": [category for category in categories if not category.archived],
    }


def _rows(
    project: Project,
    axis: sparklines.Axis,
    listed: Lines,
    every: Lines,
    chosen: Filter,
    categories: Sequence[Kind],
    page_number: Any,
) -> dict[str, Any]:
    """The page's rows in their groups, and the last verified tickets below the open ones."""
    groups = listed.groups(chosen.group, categories)
    ordered = listed.ordered(chosen, groups)
    page: Page[Line] = Paginator(ordered, PAGE_SIZE).get_page(page_number)
    last = _last_verified(every) if chosen.tab == "open" and not chosen.narrowed else []
    tickets = _tickets(project, axis, [line.pk for line in (*page.object_list, *last)], listed.impacts)
    # Summed over the whole list before it is cut, so that page 2 goes on where page 1 ended.
    for line, running in zip(ordered, ticket_lines.running(ordered, listed.files), strict=True):
        if line.pk in tickets:
            tickets[line.pk].running = running
    shown = [tickets[line.pk] for line in page.object_list if line.pk in tickets]
    largest = max((ticket.errors for ticket in shown), default=0)
    for ticket in shown:
        ticket.bar = round(_BAR * ticket.errors / largest, 1) if largest else 0
    return {
        "tickets": page,
        "groups": list(_grouped(shown, groups, listed)),
        "last_verified": [tickets[line.pk] for line in last if line.pk in tickets],
    }


def _last_verified(every: Lines) -> list[Line]:
    verified = every.only(lambda line: not line.standing)
    return verified.ordered(Filter(tab="verified"), {})[:LAST_VERIFIED]


def _tickets(
    project: Project, axis: sparklines.Axis, ids: Sequence[int], impacts: Mapping[Any, Impact]
) -> dict[int, Ticket]:
    """The tickets by id, each with its sparkline and what it hides. Two queries."""
    intervals = sparklines.intervals_of(axis, ids)
    tickets = {ticket.pk: ticket for ticket in project.tickets.listed().filter(pk__in=ids)}
    for pk, ticket in tickets.items():
        ticket.project = project
        ticket.spark = sparklines.draw(axis, intervals[pk])
        ticket.impact = impacts.get(pk, Impact())
    return tickets


def _grouped(shown: Iterable[Ticket], groups: Mapping[int, str], listed: Lines) -> Iterable[Group]:
    for name, rows in groupby(shown, key=lambda ticket: groups.get(ticket.pk, "")):
        if not groups:
            yield Group("", list(rows))
            continue
        own = listed.only(lambda line, name=name: groups[line.pk] == name)
        yield Group(name, list(rows), len(own.lines), sum(line.errors for line in own.lines), own.bound())


def _standing(project: Project, axis: sparklines.Axis) -> dict[str, Any]:
    """Which pass the list is as of, and what came or runs after it. One query.

    One more where none of the last passes was counted.
    """
    ended = list(axis.places)
    as_of = next((pk for pk, counted in zip(ended[::-1], axis.counted[::-1], strict=True) if counted), None)
    if as_of is None and axis.start:
        as_of = project.passes.counted().in_commit_order().values_list("pk", flat=True).last()
    fields = ("project_id", "number", "commit", "effective_at", "held", "state", "outcome")
    passes = project.passes.filter(pk__in=[as_of, *ended[-1:]]) | project.passes.filter(state="running")
    found: dict[int, CollectionPass] = {one.pk: one for one in passes.only(*fields)}
    latest = found.get(ended[-1]) if ended else None
    return {
        "as_of": found.get(as_of) if as_of else None,
        "drawn": axis.only,
        "uncounted": latest if latest and not latest.counted else None,
        "running": next((one for one in found.values() if one.state == "running"), None),
    }
