"""The README's tables of what it costs have the rows that the benchmark measures, as the benchmark writes them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.benchmarks.pages import LENGTHS, PAGES
from tests.benchmarks.readme import HEAD, MADE_OF, WORK, WORK_HEAD, table, work

README = (Path(__file__).parent.parent / "README.md").read_text()


def rows(first: str = "page") -> list[list[str]]:
    """The cells of a table, its head first."""
    text = README[README.index("**What it costs**") :]
    lines = re.search(rf"^\| {first} \|.*\|\n(?:^\|.*\|\n)+", text, re.MULTILINE)
    assert lines
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[0].splitlines()]


def measured(ratio: float) -> dict[str, dict[str, float]]:
    """What a run keeps."""
    figures = {
        f"page-{name}-{length}": {"value": 52.5, "floor": 5.0, "ratio": ratio} for name in PAGES for length in LENGTHS
    }
    return figures | {f"page-{name}-growth": {"value": 1.04} for name in PAGES}


def test_it_has_a_row_for_each_page() -> None:
    head, _, *body = rows()
    assert tuple(head) == HEAD
    assert [row[0] for row in body] == [name.replace("-", " ") for name in PAGES]
    assert [row[-1] for row in body] == [MADE_OF[name] for name in PAGES]


def test_every_ratio_is_that_of_its_times_or_nearly() -> None:
    for row in rows()[2:]:
        page, floor = (float(cell.removesuffix(" ms")) for cell in row[1:3])
        assert float(row[3]) == pytest.approx(page / floor, rel=0.25), row[0]  # the median of the runs' own ratios


def test_what_is_printed_is_a_table_of_them() -> None:
    lines = table(measured(10.46)).splitlines()
    assert len(lines) == 2 + len(PAGES)
    assert lines[2].startswith("| overview | 52.5 ms | 5 ms | 10.5 | 52.5 ms | 10.5 | 1.04 |")
    short = measured(1)
    del short["page-ticket-10000"]
    with pytest.raises(KeyError):
        table(short)


def test_work_has_its_rows_and_its_ratios() -> None:
    head, _, *body = rows("work")
    assert tuple(head) == WORK_HEAD
    assert [(row[0], row[4], row[5]) for row in body] == [(words, goal, made) for _, words, goal, made in WORK]
    for row in body:
        if row[3]:
            value, floor = (float(cell.split()[0]) for cell in row[1:3])
            assert float(row[3]) == pytest.approx(value / floor, rel=0.25), row[0]


def test_work_is_printed_as_a_table() -> None:
    figures = {name: {"value": 1.5, "unit": "s per pass", "floor": None, "ratio": None} for name, *_ in WORK}
    figures["record-new"] |= {"floor": 0.5, "ratio": 3.0}
    lines = work(figures).splitlines()
    assert len(lines) == 2 + len(WORK)
    names = [name for name, *_ in WORK]
    assert "| 1.5 s | 0.5 s | 3.00 | 6 |" in lines[2 + names.index("record-new")]
    assert "| 1.5 s |  |  |  |" in lines[2 + names.index("record-falling")]
    del figures["idle-pss"]
    with pytest.raises(KeyError):
        work(figures)
