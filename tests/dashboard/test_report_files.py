"""The files of a report: every format says the same, none acts on a stranger's words, and the passes refute nothing."""

from __future__ import annotations

import csv
import io
import json
import re
import time
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pypdf
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from dashboard.report_files import render
from remediation import exporters
from remediation.core import period
from remediation.core.credit import Credit
from remediation.core.report import CameBack, ErrorFile, Hidden, Report, Resolved
from remediation.core.statement_line import StatementLine
from remediation.core.trend import Trend
from remediation.exporters import FORMATS, pdf
from remediation.exporters.json import content_hash
from remediation.exporters.looks import Looks
from tests.core import refutation, schema
from tests.core.histories import START, histories, told
from tests.core.test_report import WEEKS, report_of
from tests.core.workbook import Workbook

HOSTILE = '#eval("1") $x$ \\u{41} @ref *b* _i_ `c` <b>x</b> =1+1 {{ x }} </style><script>// #import "@preview/x"'
SCHEMA = json.loads((Path(exporters.__file__).parent / "report.schema.json").read_text())


def full(text: str = "SessionStore has moved") -> Report:
    """A week in which everything happened, with ``text`` wherever a repository or a person has a word."""
    trend = told(112, 40, "blocked", 15)
    made = report_of(trend)
    left = tuple(replace(row, title=text, owner=text) for row in made.facts.remaining)
    credit, said = Credit("marked", "a" * 40, text, 3, 2), StatementLine(1, text, text, 0, START, "errors:4:15", text)
    done = Resolved("ATL-7", text, text, "missing name", text, 2, 4, "f" * 40, 3, 1, 2, text, text, credit)
    files = tuple(ErrorFile(f"{text}/{i}.py", "ATL-1", "error") for i in range(15))
    facts = replace(
        made.facts, remaining=left, resolved=(done,), came_back=(CameBack("ATL-8", text, 4, "a" * 40, 2, 1, text),),
        hidden=(Hidden("ATL-9", text, "masked", 2),), silenced=((text, 3),), deleted=(text,), impacts={1: text},
        environment={1: text, 4: text}, changes=(text,), statements=(said,),
        files=(*files, ErrorFile(text, "ATL-7", "fixed")),
    )  # fmt: skip
    return replace(made, project=text, facts=facts)


def words_of_pdf(content: bytes) -> str:
    pages = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages]
    return refutation.flat(" ".join(pages).replace("\\", "\\\\"))


def span_of(weeks: int) -> period.Period:
    return WEEKS.of(START + timedelta(weeks=weeks))


@settings(max_examples=40, deadline=None)
@given(histories(24), st.integers(0, 6))
def test_no_file_says_what_the_passes_refute(trend: Trend, weeks: int) -> None:
    span = span_of(weeks)
    made = report_of(trend, span)
    assert refutation.faults(refutation.words_of_html(render(made, "html").decode()), trend, span) == []
    document = json.loads(render(made, "json"))
    assert list(schema.faults(document, SCHEMA, SCHEMA)) == []
    assert document["hash"] == content_hash(made)
    known = {point.number: point for point in trend.points if point.at < span.end}
    for row in document["passes"]:
        point = known[row["number"]]
        assert (row["total"], row["counts"]) == (point.total, list(point.counts) if point.counts else None)
    if made.last:
        assert sum(row["errors"] for row in document["remaining"]) == made.last.total == document["last"]["total"]
        assert sum(row["last"] for row in document["categories"]) == made.last.total
    rows = csv.DictReader(io.StringIO(render(made, "csv").decode()))
    assert all(row["total"] == ("" if known[int(row["pass"])].total is None else str(known[int(row["pass"])].total))
               for row in rows)  # fmt: skip


@settings(max_examples=15, deadline=None)
@given(histories(16), st.integers(0, 4))
def test_the_workbooks_formulas_give_what_it_shows_and_what_the_passes_say(trend: Trend, weeks: int) -> None:
    span = span_of(weeks)
    book = Workbook(render(report_of(trend, span), "xlsx"))
    assert book.faults() == []
    known = [point for point in trend.points if point.at < span.end]
    head, *rows = book.rows("Passes")
    total = head.index("Total")
    assert [row[0] for row in rows] == [point.number for point in known]
    assert [row[total] for row in rows] == [point.total for point in known]  # None where nothing was counted
    if not any(point.total is not None for point in known):
        return
    passes = refutation.Passes(trend, span)
    summary = book.rows("Summary")
    for label, start in (("before", passes.start), ("since", passes.first)):
        at = [i for i, row in enumerate(summary) if str(row[0]).startswith(f"From #{start.number} to ")]
        for i in at:
            block = {str(row[0]).split()[-1].lower(): row[1] for row in summary[i + 1 : i + 8]}
            assert block["before"] == start.total and block["after"] == passes.last.total, label
            assert [block[name] for name in refutation.TERMS] == [passes.terms(start, n) for n in refutation.TERMS]
    assert [row[1] for row in summary if str(row[0]).startswith("Errors, ")] == [passes.last.total] * 2


def test_a_workbook_with_another_number_is_found() -> None:
    """The control: one changed cell leaves its sums and its check wrong."""
    content = render(full(), "xlsx")
    assert Workbook(content).faults() == []
    book = Workbook(content)
    head = [cell.value for cell in book.formulas["Passes"][1]]
    book.formulas["Passes"].cell(5, head.index("Cleared") + 1).value += 1
    wrong = " ".join(book.faults())
    assert "Summary!" in wrong and "Passes!" in wrong
    book = Workbook(content)
    book.formulas["Tickets"]["H2"] = 14
    assert len(book.faults()) == 2  # the sum, and the check against the test files


@settings(max_examples=5, deadline=None, phases=[Phase.generate])  # a smaller example would cost minutes
@given(histories(16), st.integers(0, 3))
def test_no_pdf_says_what_the_passes_refute(trend: Trend, weeks: int) -> None:
    span = span_of(weeks)
    content = pdf.export(report_of(trend, span), Looks())  # without the chart, whose words are no rows
    assert refutation.faults(words_of_pdf(content), trend, span) == []


def test_the_pdf_is_tagged_numbered_dated_and_the_same_each_time() -> None:
    made = full()
    content = render(made, "pdf")
    assert content == render(made, "pdf")
    reader = pypdf.PdfReader(io.BytesIO(content))
    root, text = reader.trailer["/Root"], words_of_pdf(content)
    assert (root["/Lang"], root["/MarkInfo"]["/Marked"]) == ("en", True) and "/StructTreeRoot" in root
    assert "pdfuaid" in root["/Metadata"].get_object().get_data().decode()
    assert reader.metadata and reader.metadata.title == "112 collection errors became 15 this week"
    assert reader.metadata["/CreationDate"] == made.built.strftime("D:%Y%m%d%H%M%SZ")
    assert {round(float(side)) for side in reader.pages[0].mediabox[2:]} == {595, 842}
    count = len(reader.pages)
    for number in range(1, count + 1):
        assert f"Page {number} of {count}" in text
    assert content_hash(made) in text
    assert "112 − 97 cleared = 15" in text and "(112 − 15) / 112 = 0.8660 → 86.6%" in text
    assert "#3 blocked, not counted" in text  # the words of the chart, too
    fonts = {font["/BaseFont"].split("+")[-1] for page in reader.pages for font in _fonts(page)}
    assert all(font.startswith(("LibertinusSerif", "DejaVuSansMono")) for font in fonts), fonts
    assert refutation.faults(text.replace("112 − 97 cleared", "112 − 96 cleared"), made.trend, made.period) != []


def _fonts(page: Any) -> list[Any]:
    return [font.get_object() for font in page["/Resources"]["/Font"].values()]


def test_a_strangers_words_stay_words_in_every_format() -> None:
    made = full(HOSTILE)
    text = words_of_pdf(render(made, "pdf"))
    assert HOSTILE in text and text.count("#eval") > 5
    page = render(made, "html").decode()
    tags = _tags(page)
    assert "script" not in tags and "b" not in tags and page.count("</style>") == 2  # its own, and the chart's
    assert HOSTILE in refutation.words_of_html(page)
    book = Workbook(render(made, "xlsx"))
    assert book.rows("Tickets")[1][2] == HOSTILE
    formulas = [cell.value for sheet in book.formulas for row in sheet for cell in row if cell.data_type == "f"]
    assert formulas and not any("1+1" in formula for formula in formulas)
    assert book.faults() == []


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("https://x.example")', "https://x.example"]
)
def test_a_workbook_takes_no_text_for_a_formula_or_an_address(text: str) -> None:
    book = Workbook(render(full(text), "xlsx"))
    cell = book.formulas["Tickets"]["C2"]
    assert (cell.value, cell.data_type, cell.hyperlink) == (text, "s", None)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.fetched += [f"{name}={value}" for name, value in attrs if name in {"src", "href", "xlink:href", "style"}]


def _tags(page: str) -> list[str]:
    reader = _Reader()
    reader.feed(page)
    assert reader.fetched == []
    return reader.tags


def test_the_html_file_stands_alone() -> None:
    page = render(full(), "html").decode()
    tags = _tags(page)
    assert page.startswith('<!doctype html>\n<html lang="en">') and not {"script", "link", "img", "iframe"} & set(tags)
    assert tags.count("h1") == 1 and tags.count("table") == tags.count("caption") == 4 and "svg" in tags
    assert not re.search(r"url\((?!#)|@import|//[\w.]+/(?!2000/svg)", page)
    assert "prefers-color-scheme: dark" in page and "@media print" in page and content_hash(full()) in page
    chart = page[page.index("<svg") : page.index("</svg>")]
    colours = set(re.findall(r"var\(--([\w-]+)\)", chart))
    assert colours and all(f"--{name}:" in page for name in colours)


def test_a_week_without_a_count_is_honest_in_every_format() -> None:
    made = report_of(told("blocked", "failed"))
    for format in FORMATS:
        content = render(made, format)
        text = words_of_pdf(content) if format == "pdf" else content.decode("utf-8", "ignore")
        if format in {"html", "pdf", "md"}:
            assert "Nothing was counted this week" in text and "not zero errors" in text and "%" not in _body(text)
    _, *rows = Workbook(render(made, "xlsx")).rows("Passes")
    assert [row[3] for row in rows] == ["blocked", "failed"] and not any(any(row[4:-1]) for row in rows)
    assert all(cell is None for row in rows for cell in row[4:-1])


def _body(text: str) -> str:
    return re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL)


def test_scripts_that_no_font_of_ours_has_cost_the_standard_and_not_the_document() -> None:
    reader = pypdf.PdfReader(io.BytesIO(render(full("日本語"), "pdf")))
    root = reader.trailer["/Root"]
    assert "/StructTreeRoot" in root and "pdfuaid" not in root["/Metadata"].get_object().get_data().decode()


def test_a_thousand_tickets_are_set_and_the_rest_is_named() -> None:
    trend = told(2_000, 1_500)
    made = report_of(trend)
    one = made.facts.remaining[0]
    many = tuple(replace(one, label=f"ATL-{n}", title=f"atlas.part_{n} is missing", errors=1) for n in range(1_500))
    made = replace(made, facts=replace(made.facts, remaining=many))
    started = time.monotonic()
    text = words_of_pdf(render(made, "pdf"))
    assert time.monotonic() - started < pdf.SECONDS / 2
    assert "The first 300 of 1,500 tickets of this category" in text and "Sum: 1,500 = 1,500" in text


def test_what_cannot_be_set_is_ended_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(pdf.NotSet, match="exit code 1"):
        pdf._set(b"{}")
    monkeypatch.setattr(pdf, "SECONDS", 0.01)
    with pytest.raises(pdf.NotSet, match="within"):
        render(full(), "pdf")


def test_the_schema_would_refuse_something() -> None:
    document = json.loads(render(full(), "json"))
    assert list(schema.faults(document, SCHEMA, SCHEMA)) == []
    for key, value in {"hash": "x", "counted": 1, "passes": [{"number": 1}], "extra": 0, "format": 2}.items():
        assert list(schema.faults({**document, key: value}, SCHEMA, SCHEMA)), key
    document["last"]["total"] = -1
    assert list(schema.faults(document, SCHEMA, SCHEMA))
