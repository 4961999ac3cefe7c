"""``python -m tests.benchmarks.readme``: the README's two tables of what it costs, from the last build/bench.json."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.benchmarks.pages import LENGTHS, PAGES

KEPT = Path(__file__).parents[2] / "build" / "bench.json"
HEAD = ("page", "1,000 passes", "constant", "ratio", "10,000 passes", "ratio", "growth", "what the rest is made of")
# By time at 1,000 passes: Postgres / our queries (built, read) / templates / everything else.
MADE_OF = {
    "overview": "17 / 35 / 20 / 28 %: a quarter reads chapters and 220 passes; the drawing is kept while it holds",
    "trend": "25 / 39 / 0 / 36 %: the same reading; then Plotly's JSON, kept in the same way",
    "tickets": "ten queries; two fifths are the rows of twenty tickets with two lines each",
    "ticket": "13 / 40 / 23 / 24 %: ten queries of a dozen subjects; one stored result is opened",
    "passes": "fifty rows and 150 bars, most of it in templates; Postgres groups all passes from one index",
    "pass": "eight queries, the errors by ticket",
    "portfolio": "the overview's reading, for every project",
    "my-work": "one query over all projects",
}

WORK_HEAD = ("work", "takes", "its floor", "ratio", "goal", "what it is made of")
# Name, in words, the goal, and what it is made of.
WORK = (
    ("pass-given-same-commit", "a whole pass of a real campaign: 3,808 tests, 16 errors, the same commit again", "0.70",
     "floor: bare `pytest --collect-only`. Pytest but its end; a tenth lays the tree out and reads what it says"),
    ("pass-given-next-commit", "a whole pass of its next commit (three runs)", "0.70",
     "the same. What the commit changed is compiled in it; the floor had a run of its own for that"),
    ("pass-given-next-commit-free", "the same, until its worker is free for the next pass", "",
     "what was laid out is deleted beside the reading and recording, and the rest of it after them"),
    ("pass-generated-same-commit", "a whole pass of 8,778 generated tests, modules as a real application's", "0.70",
     "the same; it imports no packages, so less is left to spare at its end"),
    ("pass-generated-next-commit", "a whole pass of its next commit", "0.70", "the same"),
    ("pass-dataclasses-same-commit", "a whole pass of 7,020 generated tests, each module makes a dataclass", "",
     "a third is the tree's own work at import, and that no pass can spare"),
    ("pass-dataclasses-next-commit", "a whole pass of its next commit", "", "the same"),
    ("record-new", "5,000 new errors of 60 causes, from the stream to the page", "6",
     "floor: a COPY of as many rows. An eighth is the stream, a fifth 30,000 checked references, a tenth the page"),
    ("record-unchanged", "the same errors once more", "3",
     "a third reads the stream, a third groups and packs; next to nothing is written"),
    ("record-exchanged", "5,000 errors, in each file another one than before", "",
     "the same; what ended is closed, tickets change and say so, and nothing is compared with all the rest"),
    ("record-falling", "60 passes from 120 errors to none, each", "", "15 rows of 10 to 15 KiB a pass"),
    ("record-long", "500 passes of 100 errors, two of which change, each", "", "10 rows of 15 to 17 KiB a pass"),
    ("rebuild-1000-2", "1,000 passes computed again, two changes a pass", "",
     "a tenth reads each pass's errors; the rest are the rows that a pass writes"),
    ("rebuild-1000-10", "1,000 passes computed again, ten changes a pass", "", "linear in changes"),
    ("browser-first-paint", "the overview's first paint, 1,000 passes, a fourth of the processor", "",
     "floor: a page that is a constant"),
    ("browser-chart", "until Plotly has drawn", "", "1.5 MB of script, read and run"),
    ("browser-bytes-before-chart", "sent before the chart", "", "page, styles and scripts; nothing moves after it"),
    ("idle-pss", "web, worker and beat at rest", "300 MiB", "one process and its forks"),
    ("at-once-passes", "20 passes on two workers", "", "floor: the same, one after the other"),
    ("at-once-recordings", "60 overlapping recordings, each", "", "no deadlock"),
)  # fmt: skip


def work(figures: Mapping[str, Mapping[str, Any]]) -> str:
    """Everything but pages, in Markdown. Raises KeyError where something was not measured."""
    rows = [WORK_HEAD, ("---",) * len(WORK_HEAD), *(_work(figures[name], *said) for name, *said in WORK)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _work(figure: Mapping[str, Any], words: str, goal: str, made_of: str) -> tuple[str, ...]:
    unit = figure["unit"].partition(" per ")[0]
    floor = "" if figure["floor"] is None else f"{figure['floor']:g} {unit}"
    ratio = "" if figure["ratio"] is None else f"{figure['ratio']:.2f}"
    return words, f"{figure['value']:g} {unit}", floor, ratio, goal, made_of


def table(figures: Mapping[str, Mapping[str, Any]]) -> str:
    """The pages, in Markdown. Raises KeyError where one was not measured."""
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
    found = {figure["name"]: figure for figure in json.loads(KEPT.read_text())}
    print(f"{work(found)}\n\n{table(found)}")
