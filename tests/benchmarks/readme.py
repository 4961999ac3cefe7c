"""``python -m tests.benchmarks.readme``: the README's table of pages, from the last build/bench.json."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.benchmarks.pages import LENGTHS, PAGES

KEPT = Path(__file__).parents[2] / "build" / "bench.json"
HEAD = ("page", "1,000 passes", "constant", "ratio", "10,000 passes", "ratio", "growth", "what the rest is made of")
# By processor time at 1,000 passes: Postgres / our queries (built, read) / templates / everything else.
MADE_OF = {
    "overview": "18 / 32 / 14 / 36 %: about two fifths read chapters and 250 passes, a tenth draws the plot",
    "trend": "22 / 33 / 0 / 45 %: the same reading; then Plotly's JSON, kept while nothing changes",
    "tickets": "17 / 25 / 29 / 29 %: fourteen queries, a row of twenty tickets with two lines each",
    "ticket": "22 / 31 / 22 / 25 %: nineteen queries, of a dozen subjects; one stored result is opened",
    "passes": "7 / 27 / 44 / 22 %: fifty rows and 150 bars; Postgres groups all passes",
    "pass": "14 / 38 / 17 / 31 %",
    "portfolio": "as the overview's reading, for every project",
    "my-work": "one query over all projects",
}


def table(figures: Mapping[str, Mapping[str, Any]]) -> str:
    """In Markdown. Raises KeyError where a page was not measured."""
    rows = [HEAD, ("---",) * len(HEAD), *(_row(name, figures) for name in PAGES)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _row(name: str, figures: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    short, long = (figures[f"page-{name}-{length}"] for length in LENGTHS)
    grown = figures[f"page-{name}-growth"]["value"]
    return (
        name.replace("-", " "), f"{short['value']:g} ms", f"{short['floor']:g} ms", f"{short['ratio']:.1f}",
        f"{long['value']:g} ms", f"{long['ratio']:.1f}", f"{grown:.2f}", MADE_OF[name],
    )  # fmt: skip


if __name__ == "__main__":
    print(table({figure["name"]: figure for figure in json.loads(KEPT.read_text())}))
