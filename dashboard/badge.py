"""The count as a small SVG with the pass it comes from: no grade, no traffic light, and unknown is never zero."""

from __future__ import annotations

from html import escape

from dashboard import palette
from dashboard.text_width import width
from remediation.core.lead import errors
from remediation.core.trend import Trend

LABEL = "collection errors"
_HIGH, _PAD, _SIZE = 20, 7, 11


def words(trend: Trend, *, stale: bool = False) -> str:
    """ "15 errors, #31"; "not counted, 15 errors at #30" where a later pass has no number."""
    last = trend.last
    if last is None:
        return "not counted"
    if trend.uncounted_since:
        return f"not counted, {errors(last.value)} at #{last.number}"
    more = ", not confirmed" if last.held else ", stale" if stale else ""
    return f"{errors(last.value)}, #{last.number}{more}"


def svg(said: str) -> str:
    """The badge: what is counted, and ``said``."""
    light = palette.colours().light
    left = width(LABEL, _SIZE) + 2 * _PAD
    right = width(said, _SIZE) + 2 * _PAD
    wide, text = round(left + right, 1), escape(said)
    fonts = 'font-family="Verdana,DejaVu Sans,sans-serif"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{_HIGH}" viewBox="0 0 {wide} {_HIGH}" '
        f'role="img"><title>{LABEL}: {text}</title><rect width="{wide}" height="{_HIGH}" rx="3" fill="{light["ink"]}"/>'
        f'<path d="M{left:.1f} 0H{wide - 3}a3 3 0 0 1 3 3V17a3 3 0 0 1 -3 3H{left:.1f}Z" fill="{light["rule"]}"/>'
        f'<g {fonts} font-size="{_SIZE}"><text x="{_PAD}" y="14" fill="{light["paper"]}">{LABEL}</text>'
        f'<text x="{left + _PAD:.1f}" y="14" fill="{light["ink"]}">{text}</text></g></svg>'
    )
