"""Numbers in what people write: those that the passes do not bear out are found, and nothing else is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from remediation.core.quoted_numbers import uncounted
from remediation.core.report import Hidden, Report, Resolved
from remediation.core.report_numbers import Answers
from remediation.core.trend import Trend
from tests.core.histories import told
from tests.core.test_report import report_of

DONE = Resolved("ATL-7", "SessionStore", "atlas.store", "missing name", "Core", 0, 4, "f" * 40, 4, 1, 3)


def campaign(*totals: int | str) -> Report:
    """25 errors at #1, 15 at #4, 500 tests; ATL-7 resolved with 4 errors cleared, 1 deleted and 3 files freed."""
    made = report_of(told(*(totals or (25, 19, "blocked", 15))), resolved=(DONE,))
    return replace(made, facts=replace(made.facts, hidden=(Hidden("ATL-9", "x", "masked", 2),), tickets={1: 21, 4: 12}))


def said(text: str, report: Report | None = None, own: str = "") -> list[str]:
    return [row.text for row in Answers(report or campaign()).to(text, own)]


PART = "computed: 40% ((25 − 15) / 25, #1 to #4)"
TESTS = "computed: 500 tests collected at #1, 500 tests collected at #4"
NOT_RUN = "collected, not run"


@pytest.mark.parametrize(
    ("text", "words", "answer"),
    [
        ("We had 100+ errors.", "100+ errors", "computed: 25 errors at #1, 15 errors at #4"),
        ("Over 100 collection errors before the work.", "Over 100 collection errors", None),
        ("More than 25 errors were there.", "More than 25 errors", None),
        ("Only 12 errors remain.", "12 errors remain", "computed: 15 errors at #4"),
        ("25 errors remain", "25 errors remain", "computed: 15 errors at #4"),
        ("15 remaining errors, fewer than 15 errors", "fewer than 15 errors", None),
        ("No errors remain.", "No errors remain", "computed: 15 errors at #4"),
        ("zero collection errors now", "zero collection errors", None),
        ("3-4 errors", "3-4 errors", None),
        ("about 40 errors", "about 40 errors", None),
        ("Cleared 12 errors this week", "Cleared 12 errors", None),
        ("11 new errors", "11 new errors", None),
        ("7 errors were hidden", "7 errors were hidden", None),
        ("It unmasked 6 errors", "unmasked 6 errors", None),
        ("15 errors, down from 120.", "down from 120", None),
        ("Errors fell by 12", "fell by 12", "computed: 10 fewer from #1 to #4"),
        ("The count of errors rose by 3.", "rose by 3", "computed: 10 fewer from #1 to #4"),
        ("12 fewer errors than before", "12 fewer errors", None),
        ("100 → 15 errors", "100 → 15", "computed: 25 errors at #1, 15 errors at #4"),
        ("The number of errors is 14", "errors is 14", None),
        ("Test collection is now 96% functional", "% functional", NOT_RUN),
        ("The suite passes again", "suite passes", NOT_RUN),
        ("The count fell by 96 %", "96 %", PART),
        ("Collection errors: 14", "errors: 14", None),
        ("From 100+ to 15", "From 100+ to 15", "computed: 25 errors at #1, 15 errors at #4"),
        ("Reduced from 25 to 12.", "from 25 to 12", None),
        ("Errors went down from 120 to 15", "from 120 to 15", None),
        ("from 25 errors to 14 errors", "from 25 errors to 14", None),
        ("12 of 25 errors", "12 of 25 errors", None),
        ("96% error reduction", "96%", PART),
        ("A 96 % reduction in collection errors", "96 %", PART),
        ("errors reduced by 41.2 percent", "41.2 percent", PART),
        ("96% fewer errors", "96%", PART),
        ("A 96% reduction.", "96%", PART),
        ("100% of collection errors fixed", "100%", PART),
        ("over 40% of errors resolved", "over 40%", PART),
        ("3,834 tests collected", "3,834 tests collected", TESTS),
        ("Collected 3,834 tests", "Collected 3,834 tests", None),
        ("Tests collected: 3,834", "Tests collected: 3,834", None),
        ("15 errors, 3,834 tests", "3,834 tests", TESTS),
        ("0 tests collected at the start", "0 tests collected", None),
        ("all 501 tests can be collected", "501 tests can be collected", None),
        ("Resolved 3 tickets", "Resolved 3 tickets", "computed: 1 resolved this week"),
        ("5 root causes remain", "5 root causes remain", "computed: 1 with errors at #4"),
        ("Freed 30 files", "Freed 30 files", "computed: 3 freed this week"),
        ("4 test files were deleted", "4 test files were deleted", "computed: 0 with errors deleted this week"),
        ("9 passes counted", "9 passes counted", None),
        ("500 tests are functional", "tests are functional", NOT_RUN),
        ("All tests now pass.", "tests now pass", NOT_RUN),
        ("The suite is fully operational", "suite is fully operational", NOT_RUN),
        ("500 working tests", "working tests", NOT_RUN),
        ("a pass rate of 98%", "pass rate", NOT_RUN),
        ("tests collected and working", "tests collected and working", NOT_RUN),
        ("26 errors at the peak", "26 errors", None),
        ("#2 had 18 errors", "18 errors", None),
        ("Missing core modules has 14 errors", "14 errors", None),
    ],
)  # fmt: skip
def test_what_the_passes_do_not_bear_out_is_told(text: str, words: str, answer: str | None) -> None:
    found = Answers(campaign()).to(text)
    assert [row.words for row in found] == [words]
    if answer:
        assert found[0].answer == answer


@pytest.mark.parametrize(
    "text",
    [
        "25 errors became 15.",
        "15 errors remain, from 25 at #1",
        "15 errors, down from 25.",
        "Errors fell by 10; 10 fewer errors; Error count: 25 → 15; 25 -> 15 errors.",
        "errors: 25 before, and the pass counted 15 errors in 2026",
        "Over 20 errors before, at most 15 errors now.",
        "20+ errors at the start",
        "about 16 errors are left",
        "errors went from 25 to 15",
        "From 25 to 15",
        "40% error reduction, from 25 to 15 collection errors",
        "a reduction of 40% in errors",
        "500 tests collected; 500 tests can be collected now.",
        "Cleared 10 errors and unmasked none; 2 errors hidden.",
        "Resolved one ticket and freed 3 files.",
        "15 of 25 errors are left.",
        "#2 had 19 errors, #4 has 15 errors",
        "25 errors at the peak",
        "15 errors in Missing core modules",
        "4 passes, 3 passes counted",
        # What counts nothing here.
        "Merged on 2025-09-09 at 14:50, released as 3.12.1 on 9 September 2025.",
        "See ATL-12, issue 345, PR #77, pass 31 and #99, commit 61bb0256f, week 2025-W37.",
        "Python 3.12 errors are gone since pytest 8.4.1 errors on it",
        "It listens on port 8000, localhost:8123, http://example.org/15/errors and tests/test_15.py",
        "`15 errors` and `assert 99 errors`",
        "Added 120 tests; we have moved all 400 tests to integration/, 500 tests in all.",
        "Rewrote 3 tests, changed 12 files and one module.",
        "Raised the timeout from 30 to 60 seconds; moved from 2 to 3 workers.",
        "Retries reduced from 5 to 3.",
        "12 database errors in the log of production",
        "3 errors in auth",
        "Saved $347K and 20% of the cost, in 2 hours, with 5 engineers",
        "CI time fell by 30%",
        "80% coverage of 100% of revenue",
        "Whether the tests pass was not measured.",
        "One pass of tests; working on tests with the team",
        "This passes on to tests of others",
        "Fixed 3 issues of the design",
        "three root-level conftest files",
        "HTTP 500 errors are logged",
        "",
    ],
)
def test_what_is_borne_out_or_counts_nothing_is_left_alone(text: str) -> None:
    assert said(text) == []


def test_a_tickets_own_numbers_bear_out_its_own_text_alone() -> None:
    assert said("Cleared 4 errors, freed 3 files", own="ATL-7") == []
    assert said("ATL-7 cleared 4 errors") == []
    made = campaign(25, 15)
    wrong = said("Cleared 12 errors", made, own="ATL-7")
    assert wrong == ["“Cleared 12 errors” — computed: 4 of ATL-7 cleared, 10 cleared from #1 to #2, 4 cleared of the "
                     "resolved tickets"]  # fmt: skip


@pytest.mark.parametrize(
    ("totals", "reason"),
    [
        ((9, 3), "no percentage, the base is 9 at #1, below 10"),
        ((1, 15), "no percentage, the count rose from 1 to 15, #1 to #2"),
        ((15, 15), "no percentage, the count stayed from 15 to 15, #1 to #2"),
        ((25,), "no percentage, #1 is the only pass that was counted"),
    ],
)
def test_a_percentage_that_cannot_be_said_is_answered_with_the_reason(totals: tuple[int, ...], reason: str) -> None:
    assert said("96% error reduction", report_of(told(*totals))) == [f"“96%” — computed: {reason}"]


def test_of_another_scope_no_percentage_is_said() -> None:
    trend = told(25, 15)
    other = Trend(trend.layers, (trend.points[0], replace(trend.points[1], scope=2, scope_changed=True)))
    assert said("40% fewer errors", report_of(other)) == [
        "“40%” — computed: no percentage, the scope changed from #1 to #2"
    ]


def test_a_hundred_percent_is_said_only_where_nothing_is_left() -> None:
    assert said("100% fewer errors", report_of(told(3001, 1))) == [
        "“100%” — computed: 99.9% ((3,001 − 1) / 3,001, #1 to #2)"
    ]
    assert said("100% fewer errors", report_of(told(12, 0))) == []
    assert said("86.6% or 87% or 86% fewer errors", report_of(told(112, 15))) == []


def test_nothing_is_held_against_passes_that_counted_nothing() -> None:
    assert said("100+ errors, 96% fewer errors", report_of(told("blocked"))) == []


def test_the_sentences_of_the_report_that_this_was_specified_from() -> None:
    """Its figures, against passes that counted 1 error, 25 at the peak and 15 at the end."""
    made = report_of(told(1, 25, 15))
    text = "100+ errors, 0 tests collected. 15 errors, 3,834 tests collected. 96% error reduction. From 100+ to 15."
    found = [row.words for row in Answers(made).to(text)]
    assert found == ["100+ errors", "0 tests collected", "3,834 tests collected", "96%", "From 100+ to 15"]


def test_figures_of_which_nothing_is_counted_are_told_apart() -> None:
    known = Answers(campaign()).known
    assert uncounted("15 errors left on 2025-09-09 in ATL-7, 40% fewer errors", known) == ()
    assert uncounted("Saved $347K, 100% compliance in 3 hours", known) == ("$347K", "100%", "3")
