"""Numbers that people write and passes do not bear out: a hint to who wrote them, and beside them in every report."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime

import openpyxl
import pytest
import time_machine

from dashboard.report_files import render
from remediation.core.report import Resolved
from remediation.tickets import Statement
from tests import factories
from tests.core import refutation
from tests.core.histories import told
from tests.core.test_report import report_of
from tests.dashboard.cast import WORKING, Cast, errors, words
from tests.dashboard.test_report_files import words_of_pdf

STATE = "/p/atlas/t/ATL-1/statement/"
WEEK = "/p/atlas/reports/2026-W10/"
FALSE = "Fixed all 100+ errors, a 96% error reduction; 3,834 tests are functional."
ANSWERS = (
    "“Fixed all 100+ errors” — computed: 2 of ATL-1 cleared, 2 cleared from #1 to #2",
    "“96%” — computed: no percentage, the base is 3 at #1, below 10",
    "“tests are functional” — collected, not run",
)


@pytest.fixture
def cast(db: None) -> Cast:
    made = Cast.make()
    factories.counted_pass(made.project, 2, [errors()[2]], WORKING)
    return made


def state(cast: Cast, solution: str) -> str:
    """What the page says to who states it, in the week of the passes."""
    with time_machine.travel(datetime(2026, 3, 5, 12, tzinfo=UTC), tick=False):
        data = {"solution": solution, "read": Statement().mark}
        answer = cast.client("engineer").post(STATE, data, follow=True)
    assert answer.redirect_chain[-1] == ("/p/atlas/t/ATL-1/", 302), "a hint never refuses"
    return words(answer.content.decode())


def test_the_author_is_told_and_the_text_is_saved_as_it_is(cast: Cast) -> None:
    said = state(cast, FALSE)
    assert cast.ticket().solution == FALSE
    assert [answer in said for answer in ANSWERS] == [True] * 3
    report = words(cast.client("viewer").get(WEEK).content.decode())
    assert FALSE in report and [answer in report for answer in ANSWERS] == [True] * 3
    document = json.loads(cast.client("viewer").get(f"{WEEK[:-1]}.json").content)
    assert [row["words"] for row in document["resolved"][0]["disagreements"]] == [
        "Fixed all 100+ errors", "96%", "tests are functional",
    ]  # fmt: skip


def test_who_writes_what_passes_bear_out_is_told_nothing(cast: Cast) -> None:
    true = "Cleared 2 errors, freed 2 files, 3 errors became 1 on 2026-03-05 in ATL-1."
    assert "computed" not in state(cast, true)
    assert "computed" not in words(cast.client("viewer").get(WEEK).content.decode())


def test_a_leads_word_on_a_category_is_answered_too(cast: Cast) -> None:
    category, other = cast.ticket(2).category, cast.ticket(1).category
    assert category != other
    url, name = f"/p/atlas/rules/categories/{category.pk}/", f"c{category.pk}-"
    data = {
        f"{name}name": category.name,
        f"{name}slot": category.slot,
        f"{name}business_impact": "1 error, of 7 errors",
    }
    with time_machine.travel(datetime(2026, 3, 5, 12, tzinfo=UTC), tick=False):
        said = words(cast.client("lead").post(url, {"do": "save", **data}, follow=True).content.decode())
    answer = "“7 errors” — computed: 1 at #1, 1 at #2, 3 errors at #1, 1 error at #2"
    assert answer in said and answer in words(cast.client("viewer").get(WEEK).content.decode())


def test_every_format_has_the_text_and_the_answer() -> None:
    done = Resolved("ATL-7", "x", "", "missing name", "c", 0, 4, "f" * 40, 3, 1, 2, "100+ errors", "a 96% reduction")
    made = report_of(told(25, 15), resolved=(done,))
    answers = ["“100+ errors” — computed: 25 errors at #1, 15 errors at #2, 3 of ATL-7 cleared, 1 of ATL-7 deleted",
               "“96%” — computed: 40% ((25 − 15) / 25, #1 to #2)"]  # fmt: skip
    written = {
        "html": refutation.words_of_html(render(made, "html").decode()),
        "pdf": words_of_pdf(render(made, "pdf")),
        "md": refutation.flat(render(made, "md").decode()),
        "xlsx": "\n".join(
            str(cell)
            for sheet in openpyxl.load_workbook(io.BytesIO(render(made, "xlsx")))
            for row in sheet.iter_rows(values_only=True)
            for cell in row
        ),
    }
    for format, text in written.items():
        assert [answer in text for answer in answers] == [True, True], format
