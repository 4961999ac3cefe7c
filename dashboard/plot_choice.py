"""What a reader chose to see of the plot: a range of weeks and a category, out of the address and back into it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

RANGES = {"4w": ("4 weeks", 4), "12w": ("12 weeks", 12), "all": ("All", None)}


@dataclass(frozen=True, slots=True)
class Choice:
    """``range``: a key of RANGES. ``category``: an id, not looked up yet; None means all of them."""

    range: str = "all"
    category: int | None = None

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Choice:
        """Out of ?range= and ?category=; what is not understood falls back to everything."""
        chosen, category = query.get("range", ""), query.get("category", "")
        known = category.isascii() and category.isdigit() and len(category) < 10
        return cls(chosen if chosen in RANGES else "all", int(category) if known else None)

    @property
    def weeks(self) -> int | None:
        """How many weeks are drawn; None for all."""
        return RANGES[self.range][1]

    @property
    def query(self) -> str:
        """ "?range=4w&category=3"; "" for everything. For the end of an address."""
        said = {"range": self.range if self.range != "all" else None, "category": self.category}
        text = urlencode({name: value for name, value in said.items() if value is not None})
        return f"?{text}" if text else ""

    @property
    def all_categories(self) -> Choice:
        """The same range without a category."""
        return replace(self, category=None)

    @property
    def ranges(self) -> list[tuple[str, str, Choice, bool]]:
        """(key, words, the choice it leads to, is it the current one), for the range buttons."""
        return [(key, words, replace(self, range=key), key == self.range) for key, (words, _) in RANGES.items()]

    def with_category(self, key: int) -> Choice:
        """The same range with one category."""
        return replace(self, category=key)
