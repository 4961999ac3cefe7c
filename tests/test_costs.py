"""The README's table of pages has the rows that the benchmark measures, as the benchmark writes them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.benchmarks.pages import LENGTHS, PAGES
from tests.benchmarks.readme import HEAD, MADE_OF, table

README = (Path(__file__).parent.parent / "README.md").read_text()


def rows() -> list[list[str]]:
    """The cells of the table, its head first."""
    text = README[README.index("**What it costs.**") :]
    lines = re.search(r"(?:^\|.*\|\n)+", text, re.MULTILINE)
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
