"""The figure and the drawing: the same picture twice, and never a number that nobody counted."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import given, settings

from dashboard import charts, drawing
from dashboard.scene import compose
from remediation.core.picture import picture
from remediation.core.trend import Layer, Trend
from tests.core.histories import LAYERS, START, histories, told

LATER = START + timedelta(days=300)


def figure(trend: Trend, target: datetime | None = None) -> dict[str, Any]:
    drawn = picture(trend, LATER, target)
    assert drawn is not None
    return json.loads(charts.figure(compose(drawn)))


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text + "+00:00")


def stacks(shown: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for trace in shown["data"]:
        if "stackgroup" in trace:
            found.setdefault(trace["stackgroup"], []).append(trace)
    return found


def test_each_run_of_counted_passes_is_a_stack_of_its_own() -> None:
    shown = figure(told(5, 4, "blocked", 3, layers=LAYERS))
    groups = stacks(shown)
    assert sorted(groups) == ["run 0", "run 2"]
    assert [trace["y"] for trace in groups["run 0"]] == [[0, 0, 0], [0, 0, 0], [5, 4, 4]]
    assert [trace["name"] for trace in groups["run 0"]] == [layer.name for layer in reversed(LAYERS)]
    assert {trace["line"]["shape"] for group in groups.values() for trace in group} == {"hv"}


def test_a_gap_is_a_hatched_band_on_an_axis_of_its_own_with_its_words() -> None:
    shown = figure(told(5, "blocked", "failed", 3))
    (gap,) = [trace for trace in shown["data"] if trace.get("meta") == "gap"]
    assert gap["yaxis"] == "y3"
    assert gap["fillpattern"]["shape"] == "/"
    assert gap["name"] == "#2 to #3 not counted"
    assert gap["name"] in [note["text"] for note in shown["layout"]["annotations"]]


@settings(max_examples=40, deadline=None)
@given(histories())
def test_no_trace_has_a_value_within_a_gap(trend: Trend) -> None:
    drawn = picture(trend, LATER)
    if drawn is None:
        return
    shown = json.loads(charts.figure(compose(drawn)))
    counts = [t for t in shown["data"] if t.get("yaxis", "y") == "y"]
    for trace in counts:
        assert None not in trace["y"], "Plotly draws a null in a stack as zero"
        begins, ends = moment(trace["x"][0]), moment(trace["x"][-1])
        for gap in drawn.gaps:
            since, until = (at.replace(microsecond=0) for at in (gap.since, gap.until))
            assert ends <= since or begins >= until
    for point, reading in zip(drawn.points, json.loads(charts.document(drawn, "atlas"))["readings"], strict=True):
        assert reading["total"] == point.total
        assert (reading["counts"] is None) == (not point.counted)
        assert point.counted or "not counted" in reading["words"]


@settings(max_examples=40, deadline=None)
@given(histories())
def test_the_layers_of_the_figure_sum_to_its_total(trend: Trend) -> None:
    drawn = picture(trend, LATER)
    if drawn is None:
        return
    shown = json.loads(charts.figure(compose(drawn)))
    totals = [trace["y"] for trace in shown["data"] if trace.get("name") == "Total"]
    sums = [[sum(column) for column in zip(*(t["y"] for t in group), strict=True)] for group in stacks(shown).values()]
    assert sums == totals
    assert [y for run in totals for y in run[:-1]] == [point.total for point in drawn.points if point.counted]


@settings(max_examples=60, deadline=None)
@given(histories())
def test_the_drawing_leaves_every_gap_empty(trend: Trend) -> None:
    drawn = picture(trend, LATER)
    if drawn is None:
        return
    made = drawing.draw(compose(drawn))
    assert len(made.gaps) == len(drawn.gaps)
    assert len(re.findall("M", made.total)) == len(drawn.runs)
    for path in [made.total, *(area.path for area in made.areas)]:
        for piece in path.split("M")[1:]:
            first, rest = re.match(r"(\d+),", piece), re.findall(r"H(\d+)", piece)
            assert first is not None
            left, right = int(first[1]), max(int(x) for x in rest)
            for gap in made.gaps:
                assert right <= round(gap.x * 10) + 1 or left >= round((gap.x + gap.width) * 10) - 3


def test_colours_are_names_of_the_pages_properties_so_that_both_themes_work() -> None:
    text = json.dumps(figure(told(12, "blocked", 5)))
    assert "var(--c1)" in text
    assert not re.search(r"#[0-9a-f]{6}", text)
    assert "<b>" not in text, "Plotly writes it as a style attribute, which the policy refuses"


def test_a_name_is_text_and_never_markup() -> None:
    trend = told(12, 5, layers=[Layer(1, "<a href='x'>R & D", 1)])
    written = [note["text"] for note in figure(trend)["layout"]["annotations"]]
    assert "&lt;a href=&#x27;x&#x27;&gt;R &amp; D" in written


def test_a_plan_leads_to_the_target() -> None:
    shown = figure(told(50, 40, 30), START + timedelta(days=4))
    plan = [trace for trace in shown["data"] if trace.get("meta") == "plan"]
    assert plan[0]["y"] == [50, 0]
    assert not [trace for trace in figure(told(50, 40, 30))["data"] if trace.get("meta") == "plan"]


def test_nothing_counted_gives_no_figure() -> None:
    assert json.loads(charts.document(None, "atlas")) == {"figure": None, "readings": []}


def test_the_tag_changes_with_what_is_drawn() -> None:
    one, same, other = (picture(told(*totals), LATER) for totals in ([5, 4], [5, 4], [5, 3]))
    assert charts.etag(one) == charts.etag(same) != charts.etag(other)
    assert charts.etag(None) != charts.etag(one)


def test_a_small_line_has_a_gap_and_ends_at_the_last_count() -> None:
    made = drawing.spark(told(8, 4, "blocked", 2), 0, 8)
    assert made is not None
    assert made.line.count("M") == made.area.count("Z") == 2
    assert [(gap.x, gap.width) for gap in made.gaps] == [(52.0, 26.0)]
    assert made.end == (104.0, 18.8)
    assert drawing.spark(told("blocked"), 0, 8) is None


def test_only_one_module_knows_plotly_and_only_when_a_figure_is_made() -> None:
    root = Path(__file__).parents[2]
    named = [
        path.name
        for folder in ("dashboard", "remediation")
        for path in (root / folder).rglob("*.py")
        if re.search(r"^\s*(import|from) plotly", path.read_text(), re.MULTILINE)
    ]
    assert named == ["charts.py"]
    code = "import sys, dashboard.charts; sys.exit('plotly' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=root).returncode == 0
