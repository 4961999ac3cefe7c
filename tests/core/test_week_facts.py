"""Statements of the team: measured only while a fact bears them out, and none of their numbers disagrees."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remediation.core.period import Weeks
from remediation.core.report import Report
from remediation.core.report_numbers import Answers
from remediation.core.statement_line import StatementLine
from remediation.core.trend import Trend
from remediation.core.week_facts import measure, offered, still
from remediation.exporters import json as as_json
from tests.core import refutation
from tests.core.histories import LAYERS, START, histories, told
from tests.core.test_quoted_numbers import DONE
from tests.core.test_report import report_of

CLEARED = "10 errors cleared from #1 to #3"
WRONG = ("", "errors", "errors:x", "errors:3:15:1", "cleared:1:9:2", "cleared:3:1:2", "nonsense:1", "verified:ATL-7:5")


def said(report: Report, text: str, words: str = "") -> str:
    """What is said of a statement that rests on the fact of these words."""
    code = next((fact.code for fact in offered(report) if fact.words == words), "")
    assert bool(code) == bool(words), [fact.words for fact in offered(report)]
    return measure(report, line(text, code, words), Answers(report)).text


def line(text: str, code: str = "", words: str = "") -> StatementLine:
    return StatementLine(1, text, "Mei Lin", 7, START, code, words)


def week(*totals: int | str) -> Report:
    return report_of(told(*(totals or (25, 19, 15)), layers=LAYERS[:2]), resolved=(DONE,))


def test_what_passes_show_is_offered_with_its_pass() -> None:
    assert [fact.words for fact in offered(week())] == [
        "15 errors at #3",
        "500 tests collected at #3",
        "25 errors at #1",
        "500 tests collected at #1",
        "10 errors cleared from #1 to #3",
        "3 files freed this week",
        "ATL-7 verified by #4",
    ]
    assert "no error in Missing core modules at #2" in [fact.words for fact in offered(week(25, 0))]
    assert offered(report_of(told("blocked"))) == ()


@pytest.mark.parametrize(
    ("text", "words", "verdict"),
    [
        ("15 errors are left", "15 errors at #3", "measured: 15 errors at #3"),
        ("15 errors are left, from 25.", "15 errors at #3", "measured: 15 errors at #3"),
        ("From 25 errors to 15 errors", "15 errors at #3", "measured: 15 errors at #3"),
        ("SessionStore is back", "ATL-7 verified by #4", "measured: ATL-7 verified by #4"),
        ("10 errors cleared, 40% fewer errors", CLEARED, f"measured: {CLEARED}"),
        ("We freed 3 files on 2026-03-04", "3 files freed this week", "measured: 3 files freed this week"),
        ("15 errors are left", "", "not measured: it rests on no fact of a pass"),
        ("96% error reduction", "15 errors at #3", "not measured: passes do not bear out what it says"),
        ("All tests pass", "500 tests collected at #3", "not measured: passes do not bear out what it says"),
        ("100% compliance", "15 errors at #3", "not measured: no pass counts “100%”"),
        ("$347K protected", "15 errors at #3", "not measured: no pass counts “$347K”"),
        ("We had 25 errors", "15 errors at #3", "not measured: it gives another number than “15 errors at #3”"),
    ],
)  # fmt: skip
def test_measured_or_why_not(text: str, words: str, verdict: str) -> None:
    assert said(week(), text, words) == verdict


def test_a_fact_that_passes_no_longer_show_measures_nothing() -> None:
    """A late commit or a new way to count changes what was so when it was chosen."""
    code = next(fact.code for fact in offered(week()) if fact.words == "15 errors at #3")
    later = week(25, 19, 16)
    found = measure(later, line("Fewer are left", code, "15 errors at #3"), Answers(later))
    assert found.text == "not measured: passes no longer show “15 errors at #3”"
    assert still(week(25, 19, 15, 3), code), "what was so at #3 stays so when #4 comes"
    for wrong in WRONG:
        assert still(week(), wrong) is None


@settings(max_examples=40, deadline=None)
@given(histories(20), st.integers(0, 4))
def test_every_fact_that_is_offered_is_so_and_so_by_another_computation(trend: Trend, weeks: int) -> None:
    span = Weeks(UTC).of(START + timedelta(weeks=weeks))
    made = report_of(trend, span)
    facts = offered(made)
    assert all(still(made, fact.code) == fact for fact in facts)
    made = replace(made, facts=replace(made.facts, statements=tuple(line("Done", f.code, f.words) for f in facts)))
    rows = json.loads(as_json.export(made))["statements"]
    assert [(row["measured"], row["basis"]) for row in rows] == [(True, fact.words) for fact in facts]
    if made.last is None:
        return
    passes = refutation.Passes(trend, span)
    points = {point.number: point for point in passes.counted}
    for fact in facts:
        kind, *parts = fact.code.split(":")
        numbers = [int(part) for part in parts if part.isdecimal()]
        if kind in {"errors", "tests"}:
            point = points[numbers[0]]
            assert numbers[1] == (point.total if kind == "errors" else point.tests)
        elif kind == "clear":
            place = [layer.key for layer in trend.layers].index(numbers[0])
            assert (points[numbers[1]].counts or ())[place] == 0
        else:
            assert numbers[2] == passes.terms(points[numbers[0]], kind)
    wrong = [(fact.code.rpartition(":")[0] + ":" + str(fact.value + 1)) for fact in facts if fact.noun]
    assert not any(still(made, code) for code in wrong), "the control"
