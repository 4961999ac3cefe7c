"""The report of a week: what it says, that it adds up, and that nothing it says can be refuted from the passes."""

from __future__ import annotations

import csv as csv_reader
import io
import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediation.core import period, report_words
from remediation.core.picture import picture
from remediation.core.report import ErrorFile, Facts, Reason, Remaining, Report, Resolved, build, until
from remediation.core.report_columns import Change, change, columns
from remediation.core.trend import Trend
from remediation.exporters import FORMATS, csv, file_name, markdown
from remediation.exporters import json as as_json
from tests.core.histories import LAYERS, START, histories, told
from tests.core.refutation import faults, flat

WEEKS = period.Weeks(UTC)  # from Monday to Monday
FIRST = WEEKS.of(START)  # the week of 2 March 2026, a Monday


def facts_of(trend: Trend, span: period.Period) -> Facts:
    """One ticket for each category that has errors, and the passes without a count."""
    last = until(trend, span.end).last
    counts = last.counts or () if last else ()
    remaining = tuple(
        Remaining(f"ATL-{i}", f"Cause {layer.key}", "missing name", "open", "", layer.key, layer.name, layer.slot, n)
        for i, (layer, n) in enumerate(zip(trend.layers, counts, strict=False), start=1)
        if n
    )
    reasons = tuple(Reason(p.number, p.at, p.outcome, "it stopped") for p in trend.points if not p.counted)
    files = tuple(ErrorFile(f"tests/test_{i}.py", row.label, "error") for row in remaining for i in range(row.errors))
    return Facts(remaining=remaining, reasons=reasons, files=files, picture=picture(until(trend, span.end), span.end))


def report_of(trend: Trend, span: period.Period = FIRST, **facts: object) -> Report:
    made = replace(facts_of(trend, span), **facts)
    return build("atlas-backend", trend, span, WEEKS, made, span.end)


@pytest.mark.parametrize(
    ("totals", "title"),
    [
        ((), "Nothing was counted this week"),
        (("blocked",), "Nothing was counted this week"),
        ((12,), "12 collection errors at the first counted pass"),
        ((25, 15), "25 collection errors became 15 this week"),
        ((1, 0), "1 collection error became 0 this week"),
        ((15, "blocked", 19), "Collection errors rose from 15 to 19 this week"),
        ((15, 15), "15 collection errors this week, as many as before"),
    ],
)
def test_the_title_is_computed(totals: tuple[int | str, ...], title: str) -> None:
    assert report_words.title(report_of(told(*totals))) == title


def test_a_week_without_a_count_dates_the_last_number_and_never_calls_it_todays() -> None:
    trend = told(15, *["blocked"] * 9)
    text = markdown.export(report_of(trend, WEEKS.named("2026-W11")))
    assert "# Collection errors could not be counted this week" in text
    assert "The last number is from 2 Mar 2026: 15 errors at pass #1." in text and "this is not zero errors" in text
    assert "Not counted this week." in text and "%" not in text
    quiet = report_of(told(15), WEEKS.named("2026-W11"))
    assert report_words.title(quiet) == "Collection errors were not counted this week"


def test_percentages_stand_with_their_fraction_and_are_rounded_down() -> None:
    text = markdown.export(report_of(told(112, 15)))
    assert "#1 to #2: (112 − 15) / 112 = 0.8660 → 86.6%" in text
    assert "= 0.9996 → 99.9%" in markdown.export(report_of(told(3001, 1)))
    assert "(12 − 0) / 12 = 1.0000 → 100%" in markdown.export(report_of(told(12, 0)))


@pytest.mark.parametrize("totals", [(9, 3), (15, 19), (0, 0)])
def test_no_percentage_below_a_base_of_ten_nor_of_a_rise(totals: tuple[int, ...]) -> None:
    assert "%" not in markdown.export(report_of(told(*totals)))


def test_another_scope_is_not_comparable_and_has_no_percentage() -> None:
    trend = told(112, 15)
    trend = Trend(trend.layers, (trend.points[0], replace(trend.points[1], scope=2, scope_changed=True)))
    text = markdown.export(report_of(trend))
    assert "not comparable" in text and "%" not in text


def columns_of(*totals: int | str, week: str = "2026-W10", **facts: object) -> tuple[list[str], Change | None]:
    made = report_of(told(*totals), WEEKS.named(week), **facts)
    return [column.name for column in columns(made)], change(made)


def test_the_columns_are_named_and_the_change_since_the_first_is_said() -> None:
    names, moved = columns_of(112, *[40] * 5, 25, 15, week="2026-W11", tickets={1: 14, 8: 7})
    assert names == ["First pass", "Before", "Now"]
    assert moved == Change(since=1, errors="−97", tests="0", tickets="−7") and moved.head == "Change since #1"
    assert columns_of(112) == (["First pass"], None), "one pass is no change"
    assert columns_of(3, 15)[1] == Change(1, "+12", "0", ""), "tickets that are not known are no 0"
    assert columns_of(25, 15, *["blocked"] * 9, week="2026-W11")[0] == ["First pass", "Last counted"]
    trend = told(25, 15)
    other = Trend(trend.layers, (trend.points[0], replace(trend.points[1], scope=2, scope_changed=True)), baseline=1)
    made = report_of(other)
    assert [column.name for column in columns(made)] == ["Baseline", "Now"]
    assert change(made) == Change(1, "not comparable", "not comparable", "not comparable")
    text = markdown.export(report_of(trend, command="pytest --collect-only -q tests/`x`"))
    assert "| First pass, #1, 2 Mar 2026 | Now, #2, 3 Mar 2026 | Change since #1 |" in text
    assert "| Collection errors | 25 | 15 | −10 |" in text
    assert r"Command of #2: pytest --collect-only -q tests/\`x\`" in text


@pytest.mark.parametrize("more", [1, -1])
def test_tickets_that_do_not_sum_to_the_total_are_no_report(more: int) -> None:
    trend = told(25, 15)
    right = facts_of(trend, FIRST).remaining
    wrong = (replace(right[0], errors=right[0].errors + more),)
    with pytest.raises(ArithmeticError, match="tickets do not sum"):
        report_of(trend, remaining=wrong)


def test_a_ledger_that_leads_elsewhere_is_no_report() -> None:
    made = report_of(told(25, 20, 15))
    with pytest.raises(ArithmeticError, match="does not lead"):
        replace(made, ledger=made.trend.points[1].ledger)


def test_what_comes_after_the_period_is_not_in_it() -> None:
    trend = told(25, 15, *[15] * 5, 3)
    assert report_words.title(report_of(trend)) == "25 collection errors became 15 this week"
    next_ = report_of(trend, WEEKS.named("2026-W11"))
    assert report_words.title(next_) == "15 collection errors became 3 this week"
    assert next_.before is not None and next_.before.number == 7


def test_a_period_runs_from_midnight_to_midnight_whatever_the_clock_does() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    hours = [(span.end - span.start) / timedelta(hours=1) for span in (period.Weeks(berlin).named("2026-W13"), FIRST)]
    assert hours == [167, 168]
    assert period.Weeks(berlin).of(datetime(2026, 3, 29, 22, 30, tzinfo=UTC)).label == "2026-W14"
    assert period.between(date(2026, 10, 25), date(2026, 10, 25), berlin).label == "2026-10-25-to-2026-10-25"


@pytest.mark.parametrize("label", ["", "2026", "2026-W54", "2026-W00", "0000-W01", "9999-W52", "2026-w10", "２026-W10"])
def test_a_week_that_does_not_exist_is_refused(label: str) -> None:
    with pytest.raises(period.BadPeriod):
        period.Weeks(ZoneInfo("Asia/Tokyo")).named(label)


@given(histories(), st.integers(0, 8))
def test_nothing_in_it_is_refuted_by_the_passes(trend: Trend, weeks: int) -> None:
    span = WEEKS.of(START + timedelta(weeks=weeks))
    text = markdown.export(report_of(trend, span))
    assert faults(flat(text), trend, span) == []
    assert ("Nothing was counted" in text) == (not until(trend, span.end).counted)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("→ 86.6%", "→ 86.7%"),
        ("= 0.8660", "= 0.8661"),
        ("(112 −", "(113 −"),
        ("98 cleared", "97 cleared"),
        ("+ 1 new", "+ 2 new"),
        ("new = 15", "new = 16"),
        ("Sum: 15 = 15", "Sum: 15 = 16"),
        ("0 | 1 | 0 | −97 | 15 |", "0 | 2 | 0 | −96 | 15 |"),
        ("3 of 3", "2 of 3"),
        ("became 15", "became 14"),
        ("gone from 112", "gone from 113"),
        ("Collection errors | 112 | 15 |", "Collection errors | 112 | 16 |"),
        ("| 112 | 15 | −97 |", "| 112 | 15 | −96 |"),
        ("| 500 | 500 | 0 |", "| 500 | 500 | +1 |"),
        ("Missing core modules | 112 | 15 |", "Missing core modules | 112 | 14 |"),
        ("which is 86.6% fewer", "which is 96.6% fewer"),
    ],
)
def test_a_number_that_was_tampered_with_is_found(right: str, wrong: str) -> None:
    """The control: the reading that refutes nothing in random histories refutes each of these."""
    trend = told(112, 14, 15)
    text = markdown.export(report_of(trend))
    assert faults(flat(text), trend, FIRST) == [] and right in text
    assert faults(flat(text.replace(right, wrong)), trend, FIRST) != []


@given(histories(), st.integers(0, 4))
def test_no_export_has_a_number_for_a_pass_without_one(trend: Trend, weeks: int) -> None:
    made = report_of(trend, WEEKS.of(START + timedelta(weeks=weeks)))
    rows = list(csv_reader.DictReader(io.StringIO(csv.export(made))))
    document = json.loads(as_json.export(made))
    assert document["format"] == 1
    for point in made.passes:
        mine = [row for row in rows if row["pass"] == str(point.number)]
        if point.counted:
            assert sum(int(row["errors"]) for row in mine) == point.total and len(mine) == len(LAYERS)
        else:
            assert [(row["errors"], row["total"], row["tests collected"]) for row in mine] == [("", "", "")]
    for row in document["passes"]:
        assert (row["total"] is None) == (row["outcome"] != "counted")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1"])
def test_a_spreadsheet_takes_no_cell_for_a_formula(text: str) -> None:
    assert csv.safe(text) == "'" + text
    assert csv.safe("tests/a.py") == "tests/a.py"


def test_hostile_words_stay_words_in_markdown() -> None:
    ticket = Resolved(
        "ATL-1", "a | b\n# c <img src=x>", "m", "k", "c", 0, 2, "f" * 40, 3, 0, 3, "[x](javascript:1)", ""
    )
    text = markdown.export(report_of(told(25, 15), resolved=(ticket,)))
    assert "### ATL-1 a \\| b \\# c \\<img src=x\\>" in text
    assert "\\[x\\](javascript:1) (stated, not measured)" in text


def test_nothing_is_called_better_than_it_is() -> None:
    text = " ".join(
        markdown.export(report_of(told(*totals))) for totals in ((), (25, 15), (25, 0), (15, "blocked", 19))
    )
    assert not re.search(r"\b(minor|working|functional|success|complete|only)\b", text, re.IGNORECASE)


@pytest.mark.parametrize("format", FORMATS)
def test_file_names_are_safe(format: str) -> None:
    made = replace(report_of(told(25, 15)), project='../Ünsafe "name"\r\n')
    assert file_name(made, format) == f"nsafe-name-2026-W10.{format}"
