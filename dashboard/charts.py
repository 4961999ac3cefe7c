"""The trend as a Plotly figure: the only module that imports plotly, and only when a figure is asked for."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from functools import lru_cache
from html import escape
from typing import Any

from django.urls import reverse

from dashboard.drawing import Drawing, Label, Scale, Text, draw, terms
from dashboard.templatetags.figures import when
from remediation.core.picture import Gap, Picture, Run
from remediation.core.trend import Point

# Colours are names of custom properties; the page's script puts in their values, so that both themes work.
_INK, _INK_2, _INK_3, _RULE, _RULE_2 = (f"var(--{name})" for name in ("ink", "ink-2", "ink-3", "rule", "rule-2"))
_PAPER, _SURFACE, _BAD, _HATCH = (f"var(--{name})" for name in ("paper", "surface", "bad", "hatch"))
MARGIN = {"l": 176, "r": 40, "t": 34, "b": 26}  # pixels; plot.css holds the same for the drawing
PLOT, STRIP = (0.27, 1.0), (0.0, 0.2)  # parts of the height: the trend, and the strip of movements below it


def etag(picture: Picture | None) -> str:
    """Changes whenever the figure would."""
    return f'"{hashlib.sha256(repr(picture).encode()).hexdigest()[:32]}"'


@lru_cache(maxsize=32)
def document(picture: Picture | None, slug: str) -> str:
    """JSON: the figure, and what is read at each pass. Both null and empty while nothing was counted."""
    if picture is None:
        return json.dumps({"figure": None, "readings": []})
    scale = Scale(picture)
    readings = [_reading(point, picture, scale, slug) for point in picture.points]
    return f'{{"figure":{figure(picture)},"readings":{json.dumps(readings, ensure_ascii=False)}}}'


def figure(picture: Picture) -> str:
    """The figure as Plotly's JSON."""
    import plotly.graph_objects as go

    drawing = draw(picture)
    traces: list[Any] = []
    for number, stretch in enumerate(picture.stretches):
        traces += _run(go, stretch, number, picture) if isinstance(stretch, Run) else [_gap(go, stretch, picture)]
    traces += _bars(go, picture)
    if picture.target and picture.first:
        traces += _plan(go, picture)
    shown = go.Figure(data=traces, layout=go.Layout(template="none", **_layout(picture, drawing)))
    return str(shown.to_json())


def _run(go: Any, run: Run, number: int, picture: Picture) -> list[Any]:
    """One run of counted passes as a stack of its own. Plotly has no gaps within a stackgroup: a null would be
    drawn as 0 or bridged, and both would be a number that nobody counted."""
    times = [_time(max(point.at, picture.since)) for point in run.points] + [_time(run.until)]
    quiet = {"mode": "lines", "hoverinfo": "skip", "showlegend": False}
    traces = []
    for i in reversed(range(len(picture.layers))):  # Plotly stacks upwards, the first layer is on top
        counts = [(point.counts or ())[i] for point in run.points]
        layer = picture.layers[i]
        traces.append(
            go.Scatter(
                x=times,
                y=[*counts, counts[-1]],
                name=layer.name,
                stackgroup=f"run {number}",
                line={"shape": "hv", "width": 0.75, "color": _PAPER},
                fillcolor=f"var(--c{layer.slot})",
                **quiet,
            )
        )
    totals = [point.value for point in run.points]
    line = {"shape": "hv", "width": 1.6, "color": _INK}
    traces.append(go.Scatter(x=times, y=[*totals, totals[-1]], name="Total", line=line, **quiet))
    return traces


def _gap(go: Any, gap: Gap, picture: Picture) -> Any:
    """A hatched band from bottom to top, on an axis of its own: it has no place on the scale of counts."""
    x0, x1 = _time(max(gap.since, picture.since)), _time(gap.until)
    pattern = {"shape": "/", "size": 7, "solidity": 0.28, "fgcolor": _HATCH, "bgcolor": "rgba(0,0,0,0)"}
    return go.Scatter(
        x=[x0, x0, x1, x1],
        y=[1, 2, 2, 1],
        yaxis="y3",
        name=gap.words,
        meta="gap",
        mode="lines",
        fill="toself",
        line={"width": 0},
        fillpattern=pattern,
        hoverinfo="skip",
        showlegend=False,
    )


def _bars(go: Any, picture: Picture) -> list[Any]:
    """The strip: what each pass added above the line, what it cleared or lost from sight below it."""
    hatched = {"shape": "/", "size": 4, "solidity": 0.5, "fgcolor": _INK, "bgcolor": _SURFACE}
    grey = {"shape": "/", "size": 4, "solidity": 0.5, "fgcolor": _INK_3, "bgcolor": _SURFACE}
    looks: dict[str, tuple[int, str, dict[str, Any] | None]] = {
        "cleared": (-1, _INK_3, None),
        "hidden": (-1, _INK_3, grey),
        "unmasked": (1, _INK, hatched),
        "new": (1, _INK, None),
        "regressed": (1, _BAD, None),
    }
    width = (picture.until - picture.since).total_seconds() * 1000 / 150
    moved = [point for point in picture.points if point.ledger]
    # Plotly leaves out an axis without a trace, and the words of the strip with it.
    quiet = {"yaxis": "y2", "hoverinfo": "skip", "showlegend": False}
    bars = [go.Scatter(x=[_time(picture.since)], y=[None], mode="lines", **quiet)]
    for term, (sign, colour, pattern) in looks.items():
        points = [point for point in moved if getattr(point.ledger, term)]
        if points:
            bars.append(
                go.Bar(
                    x=[_time(max(point.at, picture.since)) for point in points],
                    y=[sign * getattr(point.ledger, term) for point in points],
                    name=term,
                    width=width,
                    offset=0,
                    marker={"color": colour, "line": {"width": 0}, "pattern": pattern or {}},
                    **quiet,
                )
            )
    return bars


def _plan(go: Any, picture: Picture) -> list[Any]:
    first, target = picture.first, picture.target
    assert first is not None and target is not None
    ends, quiet = [_time(first.at), _time(target)], {"hoverinfo": "skip", "showlegend": False}
    line = {"dash": "2px,4px", "width": 1.2, "color": _INK_3}
    diamond = {"symbol": "diamond", "size": 9, "color": _INK}
    return [
        go.Scatter(x=ends, y=[first.value, 0], name="Plan", meta="plan", mode="lines", line=line, **quiet),
        go.Scatter(
            x=ends[1:], y=[0], name="Target", meta="plan", mode="markers", marker=diamond, cliponaxis=False, **quiet
        ),
    ]


def _layout(picture: Picture, drawing: Drawing) -> dict[str, Any]:
    reach = picture.reach
    fixed = {
        "ticks": "outside",
        "ticklen": 4,
        "tickcolor": "rgba(0,0,0,0)",
        "fixedrange": True,
        "zeroline": True,
        "zerolinecolor": _INK_3,
        "zerolinewidth": 1,
        "gridcolor": _RULE,
    }
    return {
        "margin": {**MARGIN, "pad": 0},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"size": 12, "color": _INK_2},
        "barmode": "relative",
        "hovermode": False,
        "dragmode": False,
        "xaxis": {
            "type": "date",
            "range": [_time(picture.since), _time(picture.until)],
            "tickvals": [_time(at) for at, _ in picture.days],
            "ticktext": [words for _, words in picture.days],
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
            "range": [0, picture.top],
            "side": "right",
            "tickvals": list(picture.ticks),
            "ticktext": [f"{tick:,}" for tick in picture.ticks],
            **fixed,
        },
        "yaxis2": {
            "domain": list(STRIP),
            "range": [-reach, reach],
            "side": "right",
            "tickvals": [-reach, reach],
            "ticktext": [f"\N{MINUS SIGN}{reach:,}", f"+{reach:,}"],
            **fixed,
        },
        "yaxis3": {"overlaying": "y", "range": [1, 2], "visible": False, "fixedrange": True},
        "annotations": [*_annotations(picture, drawing), *_names(drawing)],
        "shapes": [
            *({**_BEAM, "x0": x / 100, "x1": x / 100, "line": {"width": 1, "color": _INK_3}} for x in drawing.rules),
            *({**_KEY, **_key(label)} for label in drawing.labels),
            *(_leader(mark) for mark in drawing.marks if mark.kind == "back"),
        ],
    }


_BEAM = {"type": "line", "xref": "paper", "yref": "y domain", "y0": 0, "y1": 1, "name": "both"}
_KEY = {"type": "rect", "xref": "paper", "x0": -0.009, "x1": -0.003, "yref": "y domain", "line": {"width": 0}}


def _key(label: Label) -> dict[str, Any]:
    """The coloured part between a layer's name and the plot."""
    top, foot = 1 - label.bar_y / 100, 1 - (label.bar_y + label.bar_height) / 100
    return {"y0": foot, "y1": top, "fillcolor": f"var(--c{label.slot})", "name": "wide"}


def _leader(mark: Text) -> dict[str, Any]:
    """The line from the words down to the step they speak of."""
    ends = {"x0": mark.x / 100, "x1": mark.x / 100, "y0": 1 - mark.foot / 100, "y1": 1 - mark.y / 100}
    return {**_BEAM, **ends, "line": {"width": 1, "color": _BAD}, "name": "wide"}


def _annotations(picture: Picture, drawing: Drawing) -> list[dict[str, Any]]:
    """The words on the plot. ``name`` tells the page's script which ones a narrow plot leaves out."""
    found = []
    for gap in drawing.gaps:
        x = (gap.x + gap.width / 2) / 100
        base = {"xref": "paper", "yref": "y domain", "x": x, "y": 0.5, "xanchor": "center", "textangle": -90}
        look = {"font": {"size": 12, "color": _INK}, "bgcolor": _PAPER, "borderpad": 1}
        found.append({**base, **look, "showarrow": False, "text": gap.words, "name": "both"})
    for mark in drawing.marks:
        found.append(_mark(mark))
    if picture.target:
        words = f"target<br>{picture.target.day} {picture.target:%b}"
        look = {"xanchor": "center", "yanchor": "bottom", "yshift": 8, "showarrow": False, "name": "wide"}
        found.append({"x": _time(picture.target), "y": 0, "text": words, **look})
    return found


def _mark(mark: Text) -> dict[str, Any]:
    important = mark.kind in {"first", "last"}
    colour = _BAD if mark.kind == "back" else _INK if important else _INK_2
    return {
        "xref": "paper",
        "yref": "y domain",
        "x": mark.x / 100,
        "y": 1 - mark.y / 100,
        "text": mark.words,
        "showarrow": False,
        "xanchor": "right" if mark.anchor == "end" else "left",
        "yanchor": "bottom",
        "yshift": 2,
        # A weight, never <b>: Plotly would write that as a style attribute, which the policy refuses.
        "font": {
            "size": 15 if mark.kind == "last" else 13 if important else 12,
            "color": colour,
            "weight": 600 if important else 400,
        },
        "name": "both" if important or mark.kind == "peak" else "wide",
    }


def _names(drawing: Drawing) -> list[dict[str, Any]]:
    """Names of the layers beside the first count, and of the strip's two halves."""
    shared = {"xref": "paper", "x": 0, "xanchor": "right", "xshift": -12, "showarrow": False, "align": "right"}
    names = []
    for label in drawing.labels:
        place = {"yref": "y domain", "y": 1 - label.y / 100, "yanchor": "middle"}
        count = f"{label.count:,}"
        bold = {"font": {"size": 12, "color": _INK, "weight": 600}}
        names.append({**shared, **place, **bold, "text": count, "name": "wide"})
        beside = {"xshift": -20 - 8 * len(count), "text": "<br>".join(map(escape, label.lines)), "name": "wide"}
        names.append({**shared, **place, **beside})
    for words, y in (("added", 0.78), ("cleared", 0.25)):
        names.append({**shared, "yref": "y2 domain", "y": y, "yanchor": "middle", "text": words, "name": "wide"})
    return names


def _reading(point: Point, picture: Picture, scale: Scale, slug: str) -> dict[str, Any]:
    """What the line above the plot says of one pass. ``total`` is null for a pass that was not counted."""
    moved = [f"{sign}{number:,} {word}" for sign, word, number in terms(point.ledger) if number] if point.ledger else []
    counts = [
        {"name": layer.name, "slot": layer.slot, "errors": count}
        for layer, count in zip(picture.layers, point.counts or (), strict=False)
    ]
    return {
        "number": point.number,
        "x": scale.x(point.at),
        "when": when(point.at),
        "total": point.total,
        "counts": counts if point.counted else None,
        "moved": ", ".join(filter(None, [*moved, point.scope_note])),
        "words": "" if point.counted else f"{point.outcome}, not counted",
        "href": reverse("pass", args=[slug, point.number]),
    }


def _time(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
