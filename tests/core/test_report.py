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
from remediation.core.report import Facts, Reason, Remaining, Report, Resolved, build, until
from remediation.core.trend import Trend
from remediation.exporters import FORMATS, csv, file_name, markdown
from remediation.exporters import json as as_json
from tests.core.histories import LAYERS, START, histories, told

FIRST = period.week_of(START, UTC)  # the week of 2 March 2026, a Monday


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
    return Facts(remaining=remaining, reasons=reasons)


def report_of(trend: Trend, span: period.Period = FIRST, **facts: object) -> Report:
    made = replace(facts_of(trend, span), **facts)
    return build("atlas-backend", trend, span, UTC, made, span.end)


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
    text = markdown.export(report_of(trend, period.week("2026-W11", UTC)))
    assert "# Collection errors could not be counted this week" in text
    assert "The last number is from 2 Mar 2026: 15 errors at pass #1." in text and "this is not zero errors" in text
    assert "Not counted this week." in text and "%" not in text
    quiet = report_of(told(15), period.week("2026-W11", UTC))
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


@pytest.mark.parametrize("change", [1, -1])
def test_tickets_that_do_not_sum_to_the_total_are_no_report(change: int) -> None:
    trend = told(25, 15)
    right = facts_of(trend, FIRST).remaining
    wrong = (replace(right[0], errors=right[0].errors + change),)
    with pytest.raises(ArithmeticError, match="tickets do not sum"):
        report_of(trend, remaining=wrong)


def test_a_ledger_that_leads_elsewhere_is_no_report() -> None:
    made = report_of(told(25, 20, 15))
    with pytest.raises(ArithmeticError, match="does not lead"):
        replace(made, ledger=made.trend.points[1].ledger)


def test_what_comes_after_the_period_is_not_in_it() -> None:
    trend = told(25, 15, *[15] * 5, 3)
    assert report_words.title(report_of(trend)) == "25 collection errors became 15 this week"
    next_ = report_of(trend, period.week("2026-W11", UTC))
    assert report_words.title(next_) == "15 collection errors became 3 this week"
    assert next_.before is not None and next_.before.number == 7


def test_a_period_runs_from_midnight_to_midnight_whatever_the_clock_does() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    hours = [(span.end - span.start) / timedelta(hours=1) for span in (period.week("2026-W13", berlin), FIRST)]
    assert hours == [167, 168]
    assert period.week_of(datetime(2026, 3, 29, 22, 30, tzinfo=UTC), berlin).label == "2026-W14"
    assert period.between(date(2026, 10, 25), date(2026, 10, 25), berlin).label == "2026-10-25-to-2026-10-25"


@pytest.mark.parametrize("label", ["", "2026", "2026-W54", "2026-W00", "0000-W01", "9999-W52", "2026-w10", "２026-W10"])
def test_a_week_that_does_not_exist_is_refused(label: str) -> None:
    with pytest.raises(period.BadPeriod):
        period.week(label, ZoneInfo("Asia/Tokyo"))


def number(text: str) -> int:
    return int(text.replace(",", "").replace("−", "-"))


@given(histories(), st.integers(0, 8))
def test_nothing_in_it_is_refuted_by_the_passes(trend: Trend, weeks: int) -> None:
    """A second computation from the bare passes: totals by time, and the terms summed one by one."""
    span = period.week_of(START + timedelta(weeks=weeks), UTC)
    text = markdown.export(report_of(trend, span))
    seen = [p for p in trend.points if p.at < span.end and p.total is not None]
    if not seen:
        assert "%" not in text and "Nothing was counted" in text
        return
    earlier = [p for p in seen if p.at < span.start] or seen[:1]
    start, last, first = earlier[-1], seen[-1], seen[0]
    by_number = {p.number: p for p in seen}

    for a, b, of, fraction, percent in re.findall(r"\(([\d,]+) − ([\d,]+)\) / ([\d,]+) = ([\d.]+) → ([\d.]+)%", text):
        before, after = number(a), number(b)
        assert before == number(of) >= 10 and after == last.total and before in {first.total, start.total}
        assert 0 <= (before - after) / before - float(fraction) < 0.0001 + 1e-9
        assert 0 <= (before - after) * 100 / before - float(percent) < 0.1 + 1e-9
        assert (percent == "100") == (after == 0)
    said = set(re.findall(r"([\d.]+)%", text))
    assert said <= set(re.findall(r"→ ([\d.]+)%", text))  # none without its fraction

    for line in re.findall(r"^(?:From|Since) #\d+.*?: (.+)$", text, re.MULTILINE):
        terms, result = line.split(" = ")
        signed = re.findall(r"(−|\+)? ?([\d,]+)", terms)
        assert sum(-number(n) if sign == "−" else number(n) for sign, n in signed) == number(result) == last.total
    if match := re.search(r"^From #(\d+) to #(\d+), .*?: (.+)$", text, re.MULTILINE):
        assert (by_number[int(match[1])], by_number[int(match[2])]) == (start, last)
        steps = [p.ledger for p in seen[seen.index(start) + 1 :]]
        for name in ("cleared", "hidden", "unmasked", "new", "regressed"):
            told_ = re.search(rf"([\d,]+) {name}", match[3])
            assert (number(told_[1]) if told_ else 0) == sum(getattr(step, name) for step in steps)

    for sums in re.findall(r"^Sum(?: at #\d+)?: (.+) = ([\d,]+)$", text, re.MULTILINE):
        assert sum(map(number, sums[0].split(" + "))) == number(sums[1]) == last.total
    assert len(re.findall(r"^Sum", text, re.MULTILINE)) == 2

    for row in re.findall(r"^\| (\d{4}-W\d\d) \| (\d+) of (\d+) \|(.*)\|$", text, re.MULTILINE):
        inside = [p for p in trend.points if "{}-W{:02}".format(*p.at.isocalendar()[:2]) == row[0] and p.at < span.end]
        counted = [p for p in inside if p.total is not None]
        assert (int(row[1]), int(row[2])) == (len(counted), len(inside))
        cells = [cell.strip() for cell in row[3].split("|")]
        assert cells[-1] == (f"{counted[-1].total:,}" if counted else "not counted")
        if cells[0]:
            cleared, hidden, unmasked, new, back, net = map(number, cells[:6])
            assert net == unmasked + new + back - cleared - hidden


@given(histories(), st.integers(0, 4))
def test_no_export_has_a_number_for_a_pass_without_one(trend: Trend, weeks: int) -> None:
    made = report_of(trend, period.week_of(START + timedelta(weeks=weeks), UTC))
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
