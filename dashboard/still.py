"""The trend as an SVG of its own, in a fixed size, for files and other people's pages: no script, nothing to fetch."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import escape

from dashboard.drawing import GRID, Drawing, drawing_of
from dashboard.palette import colours
from dashboard.placing import SIZES
from dashboard.scene_words import NAMES_ROOM, Label, Word
from remediation.core.picture import Picture

_SIZE = SIZES[0]  # the words are placed for this one
LEFT, RIGHT, TOP, BOTTOM = NAMES_ROOM + 4, 40.0, _SIZE.above, 26.0
STRIP, BETWEEN = 74.0, 26.0
WIDTH = LEFT + _SIZE.width + RIGHT
HEIGHT = TOP + _SIZE.height + BETWEEN + STRIP + BOTTOM
_STRIP_TOP = TOP + _SIZE.height + BETWEEN
_STEP = re.compile(r"([MLHV])(-?[\d.]+)(?:,(-?[\d.]+))?")

_FONTS = 'ui-sans-serif,system-ui,"Segoe UI",Roboto,"Noto Sans",sans-serif'
# Capitals are names of colours. A renderer that knows no custom properties, such as the PDF's, gets their values.
_RULES = f"text{{font:400 12px {_FONTS};fill:INK2}}"
_RULES += """
.lay{stroke:PAPER;stroke-width:.75}.tot{fill:none;stroke:INK;stroke-width:1.6}.ax{stroke:RULE}.base{stroke:INK3}
.tk{stroke:RULE2}.ahead{fill:RULE}.median{fill:none;stroke:INK2;stroke-width:1.4;stroke-dasharray:4 3}
.plan{stroke:INK3;stroke-width:1.2;stroke-dasharray:2 4}.leader,.change{stroke:INK3}.leader.back{stroke:BAD}
.diamond{fill:INK}.word{paint-order:stroke;stroke:PAPER;stroke-width:3px;stroke-linejoin:round}
.over,.gapped{stroke-width:5px}.w-first,.w-last,.hi{font-weight:600;fill:INK}.w-first{font-size:13px}
.w-last{font-size:15px}.w-back{fill:BAD}.gapped{fill:INK}.gap{fill:url(#still-hatch)}
.moved{fill:INK3}.new{fill:INK}.regressed{fill:BAD}.unmasked{fill:url(#still-ink)}.hidden{fill:url(#still-hatch)}
.hatch{stroke:HATCH;stroke-width:2.4}.thick{stroke:INK;stroke-width:3}.ground{fill:PAPER}
"""
_RULES += "".join(f".k{slot}{{fill:C{slot}}}" for slot in range(9))
_NAME = re.compile(r"\b(INK[23]?|PAPER|RULE2?|BAD|HATCH|C[0-8])\b")


def on_paper() -> str:
    """The style of a printed chart."""
    return _style((colours().light | {"paper": "#ffffff"}).__getitem__)


def in_both_themes() -> str:
    """The style of a chart that stands in somebody's page, which may be light or dark."""
    both = colours()
    dark = _style(both.dark.__getitem__)
    return f"{_style(both.light.__getitem__)}@media(prefers-color-scheme:dark){{{dark}}}"


def by_names() -> str:
    """The style of a chart in a document that defines the site's colours as custom properties."""
    return _style(lambda name: f"var(--{name})")


def _style(colour: Callable[[str], str]) -> str:
    return _NAME.sub(lambda match: colour(re.sub(r"(INK|RULE)(\d)", r"\1-\2", match[1]).lower()), _RULES)


def svg(picture: Picture, style: str, summary: str, heading: str = "") -> str:
    """The picture with its words. ``summary``: for who cannot see it; ``heading``: a line above it."""
    drawing, room = drawing_of(picture), 26 if heading else 0
    box = f"0 {-room} {WIDTH:.0f} {HEIGHT + room:.0f}"
    head = f'<text class="w-last" x="4" y="-8">{escape(heading)}</text>' if heading else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" width="{WIDTH:.0f}" height="{HEIGHT + room:.0f}" '
        f'role="img"><title>{escape(summary)}</title><style>{style}</style>{_DEFINITIONS}'
        f'<rect class="ground" x="0" y="{-room}" width="100%" height="100%"/>{head}'
        f"{''.join(_main(drawing))}{''.join(_strip(drawing))}</svg>"
    )


_DEFINITIONS = (
    '<defs><pattern id="still-hatch" width="6" height="6" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)"><path class="hatch" d="M0 0V6"/></pattern>'
    '<pattern id="still-ink" width="4" height="4" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)"><path class="thick" d="M0 0V4"/></pattern></defs>'
)


def _x(percent: float) -> float:
    return round(LEFT + percent * _SIZE.width / 100, 1)


def _y(percent: float) -> float:
    return round(TOP + percent * _SIZE.height / 100, 1)


def _strip_y(percent: float) -> float:
    return round(_STRIP_TOP + percent * STRIP / 100, 1)


def _fit(path: str) -> str:
    """Path data of the drawing's square, in pixels."""

    def place(step: re.Match[str]) -> str:
        verb, first, second = step[1], float(step[2]) * 100 / GRID, step[3]
        if verb in "ML":
            return f"{verb}{_x(first)},{_y(float(second) * 100 / GRID)}"
        return f"{verb}{_x(first) if verb == 'H' else _y(first)}"

    return _STEP.sub(place, path)


def _mark(name: str, kind: str, words: str = "", **places: float | str) -> str:
    """One element of a class, with its places; words are escaped."""
    said = "".join(f' {place.replace("_", "-")}="{value}"' for place, value in places.items())
    end = f">{escape(words)}</{name}>" if words else "/>"
    return f'<{name} class="{kind}"{said}{end}'


def _line(kind: str, x1: float, y1: float, x2: float, y2: float) -> str:
    return _mark("line", kind, x1=x1, y1=y1, x2=x2, y2=y2)


def _path(kind: str, path: str) -> str:
    return _mark("path", kind, d=_fit(path)) if path else ""


def _main(drawing: Drawing) -> Iterator[str]:
    left, right, top, foot = LEFT, LEFT + _SIZE.width, TOP, TOP + _SIZE.height
    for place, tick in enumerate(drawing.ticks):
        yield _line("ax" if place else "base", left, _y(tick.y), right, _y(tick.y))
        yield _mark("text", "tick", tick.words, x=right + 6, y=_y(tick.y) + 4)
    yield _path("ahead", drawing.forecast)
    for area in drawing.areas:
        yield _path(f"lay k{area.slot}", area.path)
    yield _path("tot", drawing.total)
    yield _path("median", drawing.median)
    for gap in drawing.gaps:
        wide = round(gap.width * _SIZE.width / 100, 1)
        yield _mark("rect", "gap", x=_x(gap.x), y=top, width=wide, height=_SIZE.height)
    for x, _ in drawing.rules:
        yield _line("change", _x(x), top, _x(x), foot)
    if drawing.plan:
        (x1, y1), (x2, y2) = drawing.plan
        yield _line("plan", _x(x1), _y(y1), _x(x2), _y(y2))
    if drawing.target is not None:
        yield _mark("path", "diamond", d=f"M{_x(drawing.target)} {foot - 5}l5 5l-5 5l-5 -5Z")
    for size, words in drawing.words:
        if size == _SIZE.name:
            yield from (_word(word) for word in words)
    yield from (_label(label) for label in drawing.labels)


def _word(word: Word) -> str:
    x, y = _x(word.x), _y(word.y)
    leader = _line(f"leader {word.kind}", x, y, x, _y(word.foot)) if word.foot is not None else ""
    if word.turned:
        turn = f"translate({x} {y}) rotate(-90)"
        return leader + _mark("text", "word gapped", word.words, transform=turn, text_anchor="middle", dy=4)
    beside = {"end": -3, "start": 3}.get(word.anchor, 0)
    kind = f"word w-{word.kind}{' over' if word.over else ''}"
    return leader + _mark("text", kind, word.words, x=round(x + beside, 1), y=y, text_anchor=word.anchor)


def _label(label: Label) -> str:
    y, tall = _y(label.y), round(label.bar_height * _SIZE.height / 100, 1)
    key = _mark("rect", f"k{label.slot}", x=LEFT - 6, y=_y(label.bar_y), width=4, height=tall)
    count = _mark("text", "hi", f"{label.count:,}", x=LEFT - 12, y=y + 4, text_anchor="end")
    offsets = (-3, 11) if len(label.lines) > 1 else (4,)
    return (
        key
        + count
        + "".join(
            _mark("text", "name", line, x=round(LEFT + label.names_x, 1), y=round(y + dy, 1), text_anchor="end")
            for line, dy in zip(label.lines, offsets, strict=False)
        )
    )


def _strip(drawing: Drawing) -> Iterator[str]:
    left, right = LEFT, LEFT + _SIZE.width
    for percent, kind in ((0, "ax"), (100, "ax"), (50, "base")):
        yield _line(kind, left, _strip_y(percent), right, _strip_y(percent))
    reach = f"{drawing.reach:,}"
    for percent, words in ((0, f"+{reach}"), (100, f"\N{MINUS SIGN}{reach}")):
        yield _mark("text", "tick", words, x=right + 6, y=_strip_y(percent) + 4)
    for percent, words in zip((25, 75), drawing.halves, strict=True):
        yield _mark("text", "tick", words, x=left - 12, y=_strip_y(percent) + 4, text_anchor="end")
    for bar in drawing.bars:
        wide, tall = round(bar.width * _SIZE.width / 100, 1), round(bar.height * STRIP / 100, 1)
        yield _mark("rect", f"moved {bar.kind}", x=_x(bar.x), y=_strip_y(bar.y), width=wide, height=tall)
    for day in drawing.days:
        foot = _strip_y(100)
        yield _line("tk", _x(day.x), foot, _x(day.x), foot + 5)
        if _SIZE.name in day.sizes.split():
            yield _mark("text", "day", day.words, x=_x(day.x), y=foot + 18, text_anchor=day.anchor)
