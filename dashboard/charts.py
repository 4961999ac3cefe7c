"""The scene of a trend as a Plotly figure: the only module that imports plotly, and only when a figure is asked for."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django.urls import reverse

from dashboard.chart_words import annotations
from dashboard.drawing import terms
from dashboard.scene import BAR, Band, Line, Scene, Stack, compose
from dashboard.templatetags.figures import when
from remediation.core.picture import Picture
from remediation.core.trend import Point

# Colours are names of custom properties; the page's script puts in their values, so that both themes work.
_INK, _INK_2, _INK_3, _RULE, _RULE_2 = (f"var(--{name})" for name in ("ink", "ink-2", "ink-3", "rule", "rule-2"))
_PAPER, _SURFACE, _BAD, _HATCH = (f"var(--{name})" for name in ("paper", "surface", "bad", "hatch"))
_NONE = "rgba(0,0,0,0)"
MARGIN = {"l": 176, "r": 40, "t": 34, "b": 26}  # pixels; plot.css holds the same for the drawing
PLOT, STRIP = (0.27, 1.0), (0.0, 0.2)  # parts of the height: the trend, and the strip of movements below it
_SHAPES = {1: "/", 2: ".", 3: "-", 4: "\\", 5: "x", 6: "|", 7: "+"}  # _trend.html draws the same
_QUIET = {"hoverinfo": "skip", "showlegend": False}


def etag(picture: Picture | None) -> str:
    """Changes whenever the figure would."""
    return f'"{hashlib.sha256(repr(picture).encode()).hexdigest()[:32]}"'


@lru_cache(maxsize=32)
def document(picture: Picture | None, slug: str) -> str:
    """JSON: the figure, and what is read at each pass. Both null and empty while nothing was counted."""
    if picture is None:
        return json.dumps({"figure": None, "readings": []})
    scene = compose(picture)
    readings = [_reading(point, picture, scene, slug) for point in picture.points]
    return f'{{"figure":{figure(scene)},"readings":{json.dumps(readings, ensure_ascii=False)}}}'


def figure(scene: Scene) -> str:
    """The figure as Plotly's JSON."""
    import plotly.graph_objects as go

    traces: list[Any] = [_forecast(go, band) for band in scene.of_kind("forecast")]
    for stack in scene.stacks:
        traces += _run(go, stack, scene)
    traces += [_gap(go, band, scene) for band in scene.of_kind("gap")]
    traces += [_line(go, line) for line in scene.lines]
    traces += _bars(go, scene)
    if scene.target:
        traces.append(_diamond(go, scene.target))
    shown = go.Figure(data=traces, layout=go.Layout(template="none", **_layout(scene)))
    return str(shown.to_json())


def _run(go: Any, stack: Stack, scene: Scene) -> list[Any]:
    """One run of counted passes as a stack of its own. Plotly has no gaps within a stackgroup: a null would be
    drawn as 0 or bridged, and both would be a number that nobody counted."""
    times = [_time(at) for at in stack.times]
    traces = []
    for counts, layer in reversed(list(zip(stack.counts, scene.layers, strict=True))):  # Plotly stacks upwards
        traces.append(
            go.Scatter(
                x=times,
                y=list(counts),
                name=layer.name,
                meta=f"slot {layer.slot}",
                stackgroup=stack.name,
                mode="lines",
                line={"shape": "hv", "width": 0.75, "color": _PAPER},
                fillcolor=f"var(--c{layer.slot})",
                fillpattern=_pattern(layer.slot),
                **_QUIET,
            )
        )
    line = {"shape": "hv", "width": 1.6, "color": _INK}
    traces.append(go.Scatter(x=times, y=list(stack.totals), name="Total", mode="lines", line=line, **_QUIET))
    return traces


def _pattern(slot: int) -> dict[str, Any]:
    """The shape of a colour; the page's script takes it away unless the reader wants patterns."""
    shape = _SHAPES.get(slot, "")
    return {"shape": shape, "size": 9, "solidity": 0.2, "fgcolor": _PAPER, "bgcolor": f"var(--c{slot})"}


def _gap(go: Any, band: Band, scene: Scene) -> Any:
    """A hatched band from bottom to top, on an axis of its own: it has no place on the scale of counts."""
    pattern = {"shape": "/", "size": 7, "solidity": 0.28, "fgcolor": _HATCH, "bgcolor": _NONE}
    return go.Scatter(
        x=[_time(at) for at, _ in band.outline],
        y=[1 + height / scene.top for _, height in band.outline],
        yaxis="y3",
        name=band.words,
        meta="gap",
        mode="lines",
        fill="toself",
        line={"width": 0},
        fillpattern=pattern,
        **_QUIET,
    )


def _forecast(go: Any, band: Band) -> Any:
    """Where 80 of 100 simulations stand."""
    x, y = [_time(at) for at, _ in band.outline], [count for _, count in band.outline]
    shape = {"mode": "lines", "fill": "toself", "fillcolor": _RULE, "line": {"width": 0, "color": _RULE}}
    return go.Scatter(x=x, y=y, name="Forecast", meta="forecast", **shape, **_QUIET)


def _line(go: Any, line: Line) -> Any:
    look = {
        "plan": {"dash": "2px,4px", "width": 1.2, "color": _INK_3},
        "median": {"dash": "4px,3px", "width": 1.4, "color": _INK_2},
    }
    x, y = [_time(at) for at, _ in line.points], [count for _, count in line.points]
    return go.Scatter(x=x, y=y, name=line.kind.title(), meta=line.kind, mode="lines", line=look[line.kind], **_QUIET)


def _diamond(go: Any, target: datetime) -> Any:
    diamond = {"symbol": "diamond", "size": 9, "color": _INK}
    place = {"x": [_time(target)], "y": [0], "mode": "markers", "marker": diamond, "cliponaxis": False}
    return go.Scatter(name="Target", meta="target", **place, **_QUIET)


def _bars(go: Any, scene: Scene) -> list[Any]:
    """The strip: what passes added above the line, what they cleared or lost from sight below it."""
    hatched = {"shape": "/", "size": 4, "solidity": 0.5, "fgcolor": _INK, "bgcolor": _SURFACE}
    grey = {"shape": "/", "size": 4, "solidity": 0.5, "fgcolor": _INK_3, "bgcolor": _SURFACE}
    colours = {"regressed": _BAD, "unmasked": _INK, "new": _INK, "more": _INK}
    patterns = {"unmasked": hatched, "hidden": grey}
    # Plotly leaves out an axis without a trace, and the words of the strip with it.
    bars = [go.Scatter(x=[_time(scene.since)], y=[None], mode="lines", yaxis="y2", **_QUIET)]
    for kind in dict.fromkeys(bar.kind for bar in scene.bars):
        ours = [bar for bar in scene.bars if bar.kind == kind]
        look = {"color": colours.get(kind, _INK_3), "line": {"width": 0}, "pattern": patterns.get(kind, {})}
        bars.append(
            go.Bar(
                x=[_time(bar.at) for bar in ours],
                y=[bar.size for bar in ours],
                base=[bar.base for bar in ours],
                name=kind,
                width=(scene.until - scene.since).total_seconds() * 1000 * BAR,
                offset=0,
                marker=look,
                yaxis="y2",
                **_QUIET,
            )
        )
    return bars


def _layout(scene: Scene) -> dict[str, Any]:
    fixed = {"ticks": "outside", "ticklen": 4, "tickcolor": _NONE, "fixedrange": True, "side": "right"}
    fixed |= {"zeroline": True, "zerolinecolor": _INK_3, "zerolinewidth": 1, "gridcolor": _RULE}
    reach = scene.reach
    return {
        "margin": {**MARGIN, "pad": 0},
        "paper_bgcolor": _NONE,
        "plot_bgcolor": _NONE,
        "font": {"size": 12, "color": _INK_2},
        "barmode": "overlay",
        "hovermode": False,
        "dragmode": False,
        "xaxis": {
            "type": "date",
            "range": [_time(scene.since), _time(scene.until)],
            "tickvals": [_time(day.at) for day in scene.days],
            "ticktext": ["" for _ in scene.days],  # their words are annotations: only those have an anchor of their own
            "anchor": "y2",
            "showgrid": False,
            "zeroline": False,
            "fixedrange": True,
            "ticks": "outside",
            "ticklen": 4,
            "tickcolor": _RULE_2,
        },
        "yaxis": {
            "domain": list(PLOT),
            "range": [0, scene.top],
            "tickvals": list(scene.ticks),
            "ticktext": [f"{tick:,}" for tick in scene.ticks],
            **fixed,
        },
        "yaxis2": {
            "domain": list(STRIP),
            "range": [-reach, reach],
            "tickvals": [-reach, reach],
            "ticktext": [f"\N{MINUS SIGN}{reach:,}", f"+{reach:,}"],
            **fixed,
        },
        "yaxis3": {"overlaying": "y", "range": [1, 2], "visible": False, "fixedrange": True},
        "annotations": annotations(scene),
        "shapes": [*_shapes(scene)],
    }


def _shapes(scene: Scene) -> list[dict[str, Any]]:
    """Thin lines of changes, the coloured parts beside the names, and lines from words down to their step."""
    beam = {"type": "line", "xref": "paper", "yref": "y domain"}
    shapes = []
    for rule in scene.rules:
        x = scene.x(rule.at) / 100
        shapes.append({**beam, "x0": x, "x1": x, "y0": 0, "y1": 1, "line": {"width": 1, "color": _INK_3}})
    for label in scene.labels:
        ends = {"y0": 1 - (label.bar_y + label.bar_height) / 100, "y1": 1 - label.bar_y / 100, "name": "wide mid"}
        key = {"type": "rect", "xref": "paper", "xsizemode": "pixel", "x0": -6, "x1": -2, "xanchor": 0}
        shapes.append({**key, "yref": "y domain", **ends, "line": {"width": 0}, "fillcolor": f"var(--c{label.slot})"})
    for word in scene.words:
        if word.foot is not None:
            x, colour = word.x / 100, _BAD if word.kind == "back" else _INK_3
            ends = {"x0": x, "x1": x, "y0": 1 - word.foot / 100, "y1": 1 - (word.y + 1) / 100, "name": word.size}
            shapes.append({**beam, **ends, "line": {"width": 1, "color": colour}})
    return shapes


def _reading(point: Point, picture: Picture, scene: Scene, slug: str) -> dict[str, Any]:
    """What the line above the plot says of one pass. ``total`` is null for a pass that was not counted."""
    moved = [f"{sign}{number:,} {word}" for sign, word, number in terms(point.ledger) if number] if point.ledger else []
    if point.steps > 1:
        moved.append(f"in {point.steps:,} passes")
    counts = [
        {"name": layer.name, "slot": layer.slot, "errors": count}
        for layer, count in zip(picture.layers, point.counts or (), strict=False)
    ]
    changed = [mark.words for mark in picture.marks if mark.kind in {"scope", "rules"} and mark.point is point]
    return {
        "number": point.number,
        "x": scene.x(point.at),
        "when": when(point.at),
        "total": point.total,
        "counts": counts if point.counted else None,
        "moved": ", ".join([*moved, *changed]),
        "words": "" if point.counted else f"{point.outcome}, not counted",
        "href": reverse("pass", args=[slug, point.number]),
    }


def _time(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
