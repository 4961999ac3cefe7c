"""What the list of tickets shows: tabs, filters, rows with their running sum, and the sums below."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.db.models import BooleanField, Count, ExpressionWrapper, F, Q, QuerySet, Sum, Window

from dashboard import sparklines
from remediation.core.classify import KINDS
from remediation.models import FileState, Project, Ticket, User
from remediation.querysets import STANDING

PAGE_SIZE = 50
_BLOCKS = ExpressionWrapper(Q(blocking="all"), output_field=BooleanField())
TABS = {"open": "Open", "unclaimed": "Unclaimed", "mine": "Mine", "verified": "Verified", "all": "All"}
ORDERS: dict[str, tuple[str, tuple[Any, ...]]] = {
    # What blocks everything goes before all that could be counted.
    "errors": ("Most errors first", (_BLOCKS.desc(), F("errors").desc(), F("number").asc())),
    "newest": ("Newest first", (F("first_pass__position").desc(nulls_last=True), F("number").desc())),
    "oldest": ("Oldest first", (F("first_pass__position").asc(nulls_last=True), F("number").asc())),
    "gone": ("Last verified first", (F("verified_pass__position").desc(nulls_last=True), F("number").desc())),
}


@dataclass(frozen=True, slots=True)
class Filter:
    """What the address asks for. Anything unknown in it is left out, never an error."""

    tab: str = "open"
    category: int | None = None
    kind: str = ""
    order: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Filter:
        """From the query string of a request."""
        category = query.get("category", "")
        return cls(
            tab=tab if (tab := query.get("tab", "")) in TABS else "open",
            category=int(category) if category.isdecimal() and len(category) < 10 else None,
            kind=kind if (kind := query.get("kind", "")) in KINDS else "",
            order=order if (order := query.get("order", "")) in ORDERS else "",
        )

    @property
    def narrowed(self) -> bool:
        """Whether more than the tab is chosen."""
        return bool(self.category or self.kind)

    @property
    def sorting(self) -> str:
        """The order in use: what was chosen, or what suits the tab."""
        return self.order or ("gone" if self.tab == "verified" else "errors")

    def query(self, **changes: Any) -> str:
        """The query string of this filter with something changed; defaults are left out."""
        wanted = replace(self, **changes)
        pairs = {"tab": wanted.tab, "category": wanted.category, "kind": wanted.kind, "order": wanted.order}
        return "?" + urlencode(
            {name: value for name, value in pairs.items() if value and (name, value) != ("tab", "open")}
        )

    def narrow(self, rows: QuerySet[Ticket]) -> QuerySet[Ticket]:
        """The rows of the chosen category and kind."""
        if self.category:
            rows = rows.filter(category=self.category)
        return rows.filter(kind=self.kind) if self.kind else rows


def tab_counts(project: Project, user: User) -> dict[str, int]:
    """Tickets per tab, in the tabs' order. One query."""
    mine = STANDING & Q(claimed_by=user)
    every = project.tickets.filter(merged_into__isnull=True)
    return every.aggregate(
        open=Count("pk", filter=STANDING),
        unclaimed=Count("pk", filter=STANDING & Q(claimed_by=None)),
        mine=Count("pk", filter=mine),
        verified=Count("pk", filter=Q(status="verified")),
        all=Count("pk"),
    )


def build(project: Project, user: User, chosen: Filter, page_number: Any) -> dict[str, Any]:
    """The context of the list. A fixed number of queries, whatever the number of tickets."""
    in_tab = _in_tab(project, user, chosen.tab)
    rows = chosen.narrow(in_tab)
    sums = rows.aggregate(
        tickets=Count("pk"),
        visible=Sum("errors", default=0),
        in_environment=Sum("errors", filter=Q(environment=True), default=0),
        hidden=Sum("hidden_errors", default=0),
    )
    page = _page(project, rows, chosen.sorting, sums["tickets"], page_number)
    counts = tab_counts(project, user)
    return {
        "chosen": chosen,
        "tabs": [(key, label, counts[key], chosen.query(tab=key)) for key, label in TABS.items()],
        "counts": counts,
        "hidden_by_filter": counts[chosen.tab] - sums["tickets"],
        "tickets": page,
        "sums": {**sums, "in_repository": sums["visible"] - sums["in_environment"]},
        "orders": [
            (key, label) for key, (label, _) in ORDERS.items() if key != "gone" or chosen.tab in {"verified", "all"}
        ],
        **_choices(project, in_tab, chosen),
        **_standing(project),
    }


def _in_tab(project: Project, user: User, tab: str) -> QuerySet[Ticket]:
    rows = project.tickets.listed()
    match tab:
        case "unclaimed":
            return rows.standing().filter(claimed_by=None)
        case "mine":
            return rows.standing().filter(claimed_by=user)
        case "verified":
            return rows.filter(status="verified")
        case "all":
            return rows
    return rows.standing()


def _page(project: Project, rows: QuerySet[Ticket], order: str, total: int, number: Any) -> Page[Ticket]:
    ordering = ORDERS[order][1]
    # Summed over the whole list before it is cut, so that page 2 goes on where page 1 ended.
    ordered = rows.annotate(running=Window(Sum("errors"), order_by=ordering)).order_by(*ordering)
    paginator = Paginator(ordered, PAGE_SIZE)
    paginator.count = total
    page = paginator.get_page(number)
    tickets = list(page.object_list)
    axis = sparklines.Axis.of(project)
    intervals = sparklines.intervals_of([ticket.pk for ticket in tickets])
    largest = max((ticket.errors for ticket in tickets), default=0)
    for ticket in tickets:
        ticket.project = project
        ticket.spark = sparklines.draw(axis, intervals[ticket.pk])
        ticket.bar = round(72 * ticket.errors / largest, 1) if largest else 0
    page.object_list = tickets
    return page


def _choices(project: Project, in_tab: QuerySet[Ticket], chosen: Filter) -> dict[str, Any]:
    """Category chips and kinds with the number of tickets behind each. Two queries."""
    groups = in_tab.order_by().values_list("category", "kind").annotate(tickets=Count("pk"))
    by_category: dict[int, int] = {}
    by_kind: dict[str, int] = {}
    for category, kind, tickets in groups:
        if chosen.kind in {"", kind}:
            by_category[category] = by_category.get(category, 0) + tickets
        if chosen.category in {None, category}:
            by_kind[kind] = by_kind.get(kind, 0) + tickets
    named = [c for c in project.categories.all() if c.pk in by_category or c.pk == chosen.category]
    chips = [
        (
            c,
            by_category.get(c.pk, 0),
            c.pk == chosen.category,
            chosen.query(category=None if c.pk == chosen.category else c.pk),
        )
        for c in named
    ]
    kinds = sorted({*by_kind, *([chosen.kind] if chosen.kind else [])})
    return {"chips": chips, "kinds": [(kind, kind.replace("-", " "), by_kind.get(kind, 0)) for kind in kinds]}


def _standing(project: Project) -> dict[str, Any]:
    """What the list is as of, how much its three largest tickets hold, and how many files are silent. Four queries."""
    errors = list(project.tickets.standing().order_by("-errors").values_list("errors", flat=True))
    fields = ("number", "commit", "effective_at", "held")
    ended = project.passes.counted().in_commit_order().only("project_id", *fields).last()
    running = project.passes.filter(state="running").only("project_id", "number").first()
    return {
        "as_of": ended,
        "silent": FileState.objects.now(project).silent().count(),
        "running": running,
        "top": {"errors": sum(errors[:3]), "of": sum(errors)} if len(errors) > 3 else None,
    }
