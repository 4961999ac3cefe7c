"""What a report answers to people's numbers, over random histories: it is true, and given only where it is due."""

from __future__ import annotations

from datetime import UTC, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remediation.core.period import Weeks
from remediation.core.report import Resolved
from remediation.core.report_numbers import Answers
from remediation.core.trend import Trend
from remediation.exporters import markdown
from tests.core import refutation
from tests.core.histories import START, histories, told
from tests.core.said_refutation import bare, faults
from tests.core.test_report import FIRST, report_of


def written(text: str) -> Resolved:
    """A resolved ticket of which somebody wrote this."""
    return Resolved("ATL-7", "SessionStore", "", "missing name", "Core", 0, 4, "f" * 40, 3, 1, 2, text, "")


@settings(max_examples=60, deadline=None)
@given(histories(20), st.integers(0, 4), st.integers(0, 70), st.integers(0, 101))
def test_what_is_answered_is_true_and_due(trend: Trend, weeks: int, figure: int, percent: int) -> None:
    span = Weeks(UTC).of(START + timedelta(weeks=weeks))
    text = f"We had {figure} errors. {percent}% error reduction. It hid {figure} errors and unmasked {figure} errors."
    made = report_of(trend, span, resolved=(written(text),))
    said = refutation.flat(markdown.export(made))
    assert list(faults(said, trend, span) if made.last else ()) == []
    assert refutation.faults(bare(said, [text]), trend, span) == []
    if made.last is None:
        return
    passes = refutation.Passes(trend, span)
    answered = {row.words for row in Answers(made).to(text)}
    ends = {passes.first.total, passes.start.total, passes.last.total}
    assert (f"{figure} errors" in answered) == (figure not in ends)
    starts = [point for point in (passes.first, passes.start) if point.scope == passes.last.scope]
    parts = [(p.total - passes.last.total) * 100 / p.total for p in starts if p.total and p.total >= 10]
    fits = [part for part in parts if part > 0 and -0.5 <= part - percent <= 1 and (percent < 100 or part == 100)]
    assert (f"{percent}%" in answered) == (not fits)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("25 errors at #1", "26 errors at #1"),
        ("500 tests collected at #3", "501 tests collected at #3"),
        ("computed: 40% ((25", "computed: 41% ((25"),
        ("− 15) / 25, #1", "− 14) / 25, #1"),
        ("11 cleared from #1", "12 cleared from #1"),
    ],
)
def test_an_answer_that_was_tampered_with_is_found(right: str, wrong: str) -> None:
    """The control."""
    trend = told(25, 14, 15)
    text = "100+ errors, 96% fewer errors. 3,834 tests collected. Cleared 99 errors."
    said = refutation.flat(markdown.export(report_of(trend, resolved=(written(text),))))
    assert list(faults(said, trend, FIRST)) == [] and right in said
    assert list(faults(said.replace(right, wrong), trend, FIRST)) != []
