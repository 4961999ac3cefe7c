"""What the address of the ticket list asks for, and the addresses that ask for something else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import urlencode

from remediation.core.classify import KINDS
from remediation.core.text import clean_line

TABS = {
    "open": "Open",
    "unclaimed": "Unclaimed",
    "mine": "Mine",
    "decide": "To decide",
    "awaiting": "Awaiting pass",
    "muted": "Muted",
    "verified": "Verified",
    "all": "All",
}
ORDERS = {
    "errors": "Most errors first",
    "tests": "Most tests hidden first",
    "oldest": "Oldest first",
    "newest": "Newest first",
    "gone": "Recently gone first",
}
GROUPS = {"category": "By category", "kind": "By kind", "directory": "By directory"}
VIEWS = ("list", "board")
_SEARCH = 80  # characters


@dataclass(frozen=True, slots=True)
class Filter:
    """What the address asks for. Anything unknown in it is left out, never an error."""

    tab: str = "open"
    category: int | None = None
    kind: str = ""
    q: str = ""
    group: str = ""
    order: str = ""
    view: str = "list"

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Filter:
        """From the query string of a request, or of a saved view."""
        category = query.get("category", "")

        def one_of(name: str, known: Any, otherwise: str = "") -> str:
            return value if (value := query.get(name, "")) in known else otherwise

        tab, order = one_of("tab", TABS, "open"), one_of("order", ORDERS)
        return cls(
            tab=tab,
            category=int(category) if category.isdecimal() and len(category) < 10 else None,
            kind=one_of("kind", KINDS),
            q=clean_line(query.get("q", ""), _SEARCH).strip(),
            group=one_of("group", GROUPS),
            order="" if order == _usual_order(tab) else order,
            view=one_of("view", VIEWS, "list"),
        )

    @property
    def narrowed(self) -> bool:
        """Whether more than the tab is chosen."""
        return bool(self.category or self.kind or self.q)

    @property
    def board(self) -> bool:
        """Whether the tickets stand in columns."""
        return self.view == "board"

    @property
    def sorting(self) -> str:
        """The order in use: what was chosen, or what suits the tab."""
        return self.order or _usual_order(self.tab)

    def query(self, **changes: Any) -> str:
        """The query string of this filter with something changed; defaults are left out."""
        wanted, usual = replace(self, **changes), Filter()
        pairs = {field.name: getattr(wanted, field.name) for field in fields(Filter)}
        return "?" + urlencode({name: value for name, value in pairs.items() if value != getattr(usual, name)})

    def cleared(self) -> str:
        """The query string without what narrows the tab."""
        return self.query(category=None, kind="", q="")

    def hidden_fields(self, *shown: str) -> list[tuple[str, Any]]:
        """What a form that shows the fields ``shown`` must carry along."""
        pairs = [(field.name, getattr(self, field.name), field.default) for field in fields(Filter)]
        return [(name, value) for name, value, usual in pairs if name not in shown and value != usual]


def _usual_order(tab: str) -> str:
    return "gone" if tab == "verified" else "errors"
