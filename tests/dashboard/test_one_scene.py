"""The drawing and the figure are one picture: what a browser would show of each, taken apart and compared."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from django.template.loader import render_to_string
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from dashboard import charts
from dashboard.drawing import draw
from dashboard.scene import Scene, compose
from remediation.core.forecast import forecast
from remediation.core.picture import picture
from remediation.core.trend import Trend
from tests.core.histories import LAYERS, START, histories, told

SVG = "{http://www.w3.org/2000/svg}"
LATER = START + timedelta(days=300)


def scene_of(trend: Trend, target: datetime | None = None, *, ahead: bool = False, days: int | None = None) -> Scene:
    due = [trend.points[-1].at + timedelta(days=i + 1) for i in range(60)]
    found = forecast(trend, due, 7, due[0], target) if ahead else None
    start = LATER - timedelta(days=days) if days else None
    drawn = picture(trend, due[0], target, start, found)
    assert drawn is not None
    return compose(drawn)


class Drawn:
    """The rendered template."""

    def __init__(self, scene: Scene) -> None:
        html = render_to_string("dashboard/_trend.html", {"drawing": draw(scene)})
        self.root = ElementTree.fromstring(html.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" '))
        self.main, self.strip = (child for child in self.root if child.tag == SVG + "svg")

    def of(self, kind: str, *, strip: bool = False) -> list[ElementTree.Element]:
        """The elements of a class."""
        return [e for e in (self.strip if strip else self.main).iter() if kind in e.get("class", "").split()]

    def words(self) -> Counter[tuple[Any, ...]]:
        """(size, words, x, y, anchor, turned) of everything on the plot."""
        found: Counter[tuple[Any, ...]] = Counter()
        for group in self.main.iter(SVG + "g"):
            size = group.get("class", "").split()[1]
            for place in group:
                if place.tag == SVG + "text":
                    spot = (place.get("x"), place.get("y"), place.get("text-anchor"))
                    found[size, place.text, _percent(spot[0]), _percent(spot[1]), spot[2], False] += 1
                elif place.tag == SVG + "svg":
                    spot = (place.get("x"), place.get("y"))
                    found[size, place[0].text, _percent(spot[0]), _percent(spot[1]), "middle", True] += 1
        return found


class Plotted:
    """Plotly's JSON."""

    def __init__(self, scene: Scene) -> None:
        self.scene, shown = scene, json.loads(charts.figure(scene))
        self.data, self.layout = shown["data"], shown["layout"]
        self.since, self.until = (_moment(text) for text in self.layout["xaxis"]["range"])

    def x(self, text: str) -> float:
        return 100 * ((_moment(text) - self.since) / (self.until - self.since))

    def y(self, count: float) -> float:
        return 100 - 100 * count / self.layout["yaxis"]["range"][1]

    def meta(self, kind: str) -> list[dict[str, Any]]:
        return [trace for trace in self.data if trace.get("meta") == kind]

    def words(self) -> Counter[tuple[Any, ...]]:
        anchors = {"left": "start", "right": "end", "center": "middle"}
        return Counter(
            (
                n["name"],
                n["text"],
                _near(100 * n["x"]),
                _near(100 - 100 * n["y"]),
                anchors[n["xanchor"]],
                "textangle" in n,
            )
            for n in self.layout["annotations"]
            if n["yref"] == "y domain" and n["name"] != "wide mid"
        )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text + "+00:00")


def _percent(text: str | None) -> float:
    assert text is not None
    return _near(float(text.rstrip("%")))


def _near(number: float) -> float:
    return round(number, 2)


def _held(path: str) -> list[list[tuple[float, float]]]:
    """The corners of a path of M, H, V and Z, run by run, in percent; without the way back along the axis."""
    runs = []
    for piece in path.split("M")[1:]:
        x, y = (float(n) for n in re.match(r"([\d.]+),([\d.]+)", piece).groups())  # type: ignore[union-attr]
        corners = [(x / 10, y / 10)]
        for letter, number in re.findall(r"([HV])([\d.]+)", re.sub(r"V1000H\d+Z$", "", piece)):
            x, y = (float(number), y) if letter == "H" else (x, float(number))
            corners.append((x / 10, y / 10))
        runs.append(corners)
    return runs


def _height_at(corners: Sequence[tuple[float, float]], x: float) -> float:
    """Of a stepped line, just right of x."""
    return next(y for (at, y) in reversed(corners) if at <= x + 0.06)


def same(scene: Scene) -> None:
    """Layer by layer, band by band, word by word."""
    drawn, plotted = Drawn(scene), Plotted(scene)
    # layers and total
    groups: dict[str, list[dict[str, Any]]] = {}
    for trace in plotted.data:
        if "stackgroup" in trace:
            groups.setdefault(trace["stackgroup"], []).append(trace)
    areas = [_held(e.get("d", "")) for e in drawn.of("lay")]
    (line,) = (_held(e.get("d", "")) for e in drawn.of("tot"))
    totals = [trace for trace in plotted.data if trace.get("name") == "Total"]
    assert {len(area) for area in areas} == {len(groups)} == {len(line)} == {len(totals)}
    assert [e.get("class", "").split()[1][1:] for e in drawn.of("lay")] == [
        t["meta"].removeprefix("slot ") for t in reversed(next(iter(groups.values())))
    ]
    for run, group in enumerate(groups.values()):
        running = [0] * len(group[0]["y"])
        for layer, trace in enumerate(group):
            running = [a + b for a, b in zip(running, trace["y"], strict=True)]
            _same_steps(areas[len(group) - 1 - layer][run], trace["x"], running, plotted)
        _same_steps(line[run], totals[run]["x"], totals[run]["y"], plotted)
    # gaps: their places and that there are as many
    gaps = [(_percent(e.get("x")), _percent(e.get("width"))) for e in drawn.of("gap") if e.tag == SVG + "rect"]
    traced = [(plotted.x(t["x"][0]), plotted.x(t["x"][-1])) for t in plotted.meta("gap")]
    assert len(gaps) == len(traced)
    for (x, wide), (left, right) in zip(gaps, traced, strict=True):
        assert x == pytest.approx(left, abs=0.11) and x + wide == pytest.approx(right, abs=0.35)
    # forecast, median, plan, target
    for kind, meta in (("ahead", "forecast"), ("median", "median")):
        paths, traces = drawn.of(kind), plotted.meta(meta)
        assert len(paths) == len(traces)
        for path, trace in zip(paths, traces, strict=True):
            corners = [
                tuple(float(n) / 10 for n in pair.split(",")) for pair in path.get("d", "")[1:].rstrip("Z").split("L")
            ]
            expected = [(plotted.x(x), plotted.y(y)) for x, y in zip(trace["x"], trace["y"], strict=True)]
            assert [v for c in corners for v in c] == pytest.approx([v for c in expected for v in c], abs=0.11)
    plans = [[_percent(e.get(name)) for name in ("x1", "y1", "x2", "y2")] for e in drawn.of("plan")]
    assert len(plans) == len(plotted.meta("plan"))
    for plan, trace in zip(plans, plotted.meta("plan"), strict=True):
        (a, b), (c, d) = ((plotted.x(x), plotted.y(y)) for x, y in zip(trace["x"], trace["y"], strict=True))
        assert plan == pytest.approx([a, b, c, d], abs=0.11)
    assert len(drawn.of("diamond")) == len(plotted.meta("target"))
    # words, in every size
    assert drawn.words() == plotted.words()
    # lines of changes and from words to their step; the parts beside the names
    shapes = plotted.layout.get("shapes", [])
    assert len(drawn.of("change")) == len([s for s in shapes if s["type"] == "line" and "name" not in s])
    assert len(drawn.of("leader")) == len([s for s in shapes if s["type"] == "line" and "name" in s])
    assert len(drawn.of("key")) == len([s for s in shapes if s["type"] == "rect"])
    # names and first counts, ticks and days
    texts = {e.text for e in drawn.root.iter(SVG + "text")}
    notes = {line for n in plotted.layout["annotations"] for line in _plain(n["text"]).split("<br>")}
    axes = {text for axis in ("yaxis", "yaxis2") for text in plotted.layout[axis]["ticktext"]}
    assert texts == notes | axes
    ticks = [_percent(e.get("y")) for e in drawn.of("tick")]
    assert ticks == pytest.approx([plotted.y(v) for v in plotted.layout["yaxis"]["tickvals"]], abs=0.11)
    days = [_percent(e.get("x1")) for e in drawn.of("tk", strip=True)]
    assert days == pytest.approx([plotted.x(v) for v in plotted.layout["xaxis"]["tickvals"]], abs=0.11)
    # bars of the strip
    reach = plotted.layout["yaxis2"]["range"][1]
    bars = Counter(
        (
            e.get("class", "").split()[1],
            _percent(e.get("x")),
            round(_percent(e.get("y"))),
            round(_percent(e.get("height"))),
        )
        for e in drawn.of("moved", strip=True)
    )
    traces = [t for t in plotted.data if t["type"] == "bar"]
    assert sum(bars.values()) == sum(len(t["x"]) for t in traces)
    for trace in traces:
        for x, size, base in zip(trace["x"], trace["y"], trace["base"], strict=True):
            top = 50 - 50 * max(base, base + size) / reach
            assert any(
                kind == trace["name"]
                and abs(at - plotted.x(x)) < 0.2
                and abs(y - top) < 1.1
                and abs(tall - 50 * abs(size) / reach) < 1.1
                for kind, at, y, tall in bars
            )


def _plain(text: str) -> str:
    return text.replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">").replace("&#x27;", "'")


def _same_steps(corners: list[tuple[float, float]], times: list[str], counts: list[int], plotted: Plotted) -> None:
    """The same height wherever a pass is the last one of its column of pixels."""
    places = [plotted.x(time) for time in times]
    assert corners[0][0] == pytest.approx(places[0], abs=0.11)
    assert corners[-1][0] == pytest.approx(places[-1], abs=0.11)
    for i, (x, count) in enumerate(zip(places, counts, strict=True)):
        if i + 1 == len(places) or places[i + 1] - x > 0.25:
            assert _height_at(corners, x + 0.07) == pytest.approx(plotted.y(count), abs=0.11)


@settings(max_examples=25, deadline=None, phases=[Phase.generate])
@given(histories(), st.sampled_from([None, 3, 20, 60]))
def test_any_history_is_drawn_the_same_twice(trend: Trend, target: int | None) -> None:
    if trend.counted:
        same(scene_of(trend, START + timedelta(days=target) if target else None, ahead=True))


def test_a_history_with_everything_is_drawn_the_same_twice() -> None:
    trend = told(40, 38, "blocked", 37, 44, 41, 38, 35, "failed", "failed", 33, 30, 28, 25, 22, 20, layers=LAYERS)
    scene = scene_of(trend, START + timedelta(days=26), ahead=True)
    assert {line.kind for line in scene.lines} == {"plan", "median"}
    assert {band.kind for band in scene.bands} == {"gap", "forecast"}
    assert {"first", "last", "peak", "plan", "forecast", "target", "gap"} <= {word.kind for word in scene.words}
    same(scene)


def test_control_a_drawing_that_lost_something_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = scene_of(told(40, 38, "blocked", 37, 30), START + timedelta(days=9))
    same(scene)
    whole = Drawn.of
    for kind in ("gap", "plan", "lay", "tick"):
        with monkeypatch.context() as patched:
            patched.setattr(Drawn, "of", lambda self, name, kind=kind, **at: whole(self, name, **at)[name == kind :])
            with pytest.raises(AssertionError):
                same(scene)
