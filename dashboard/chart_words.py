"""The words of a scene as annotations of a Plotly figure. ``name`` holds the sizes that show one; "" is every size."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

from dashboard.scene import Scene
from dashboard.scene_words import Word
from dashboard.text_width import DESCENT

_INK, _INK_2, _BAD, _PAPER = (f"var(--{name})" for name in ("ink", "ink-2", "bad", "paper"))
_SIZES = {"last": 15, "first": 13}
_SIDES = {"start": ("left", 3), "end": ("right", -3), "middle": ("center", 0)}
_NAMES = "wide mid"  # the plots with room for names on their left


def annotations(scene: Scene) -> list[dict[str, Any]]:
    """Words on the plot, days below it, names beside it."""
    return [{**note, "showarrow": False} for note in (*map(_word, scene.words), *_days(scene), *_names(scene))]


def _word(word: Word) -> dict[str, Any]:
    side, shift = _SIDES[word.anchor]
    strong = word.kind in {"first", "last"}
    colour = _BAD if word.kind == "back" else _INK if strong or word.turned else _INK_2
    place: dict[str, Any] = {"yanchor": "middle", "textangle": -90} if word.turned else {"yanchor": "bottom"}
    ground = {"bgcolor": _PAPER} if word.over else {}
    return {
        "xref": "paper",
        "yref": "y domain",
        "x": word.x / 100,
        "y": 1 - word.y / 100,
        "text": word.words,
        "xanchor": side,
        "xshift": shift,
        "yshift": 0 if word.turned else -DESCENT,
        "borderpad": 0,
        # A weight, never <b>: Plotly would write that as a style attribute, which the policy refuses.
        "font": {"size": _SIZES.get(word.kind, 12), "color": colour, "weight": 600 if strong else 400},
        "name": word.size,
        **place,
        **ground,
    }


def _days(scene: Scene) -> Iterator[dict[str, Any]]:
    for day in scene.days:
        if day.sizes:
            place = {"xref": "paper", "yref": "paper", "x": scene.x(day.at) / 100, "y": 0, "yanchor": "top"}
            side = _SIDES[day.anchor][0]
            yield {
                **place,
                "xanchor": side,
                "yshift": -6,
                "borderpad": 0,
                "text": day.words,
                "name": " ".join(day.sizes),
            }


def _names(scene: Scene) -> Iterator[dict[str, Any]]:
    """Of the layers beside the first count, and of the strip's two halves."""
    shared = {"xref": "paper", "x": 0, "xanchor": "right", "align": "right", "yanchor": "middle", "borderpad": 0}
    shared |= {"name": _NAMES}
    for label in scene.labels:
        place = {"yref": "y domain", "y": 1 - label.y / 100}
        bold = {"font": {"size": 12, "color": _INK, "weight": 600}}
        yield {**shared, **place, **bold, "xshift": -12, "text": f"{label.count:,}"}
        yield {**shared, **place, "xshift": label.names_x, "text": "<br>".join(map(escape, label.lines))}
    for said, y in zip(scene.halves, (0.75, 0.25), strict=True):
        yield {**shared, "xshift": -12, "yref": "y2 domain", "y": y, "text": said}
