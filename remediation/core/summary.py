"""The chart of a trend in words, for who cannot see it."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby

from remediation.core import window
from remediation.core.forecast import Forecast, NoForecast
from remediation.core.trend import Layer, Point, Trend


def summary(trend: Trend, chosen: Layer | None = None, forecast: Forecast | NoForecast | None = None) -> str:
    """Its base, peak, end and gaps; "" while nothing was counted. ``chosen``: one category alone."""
    shown = (window.only(trend, chosen.key) or trend) if chosen else trend
    base, last, peak = shown.base, shown.last, shown.peak
    if base is None or last is None or peak is None:
        return ""
    said = [f"{base.value:,} errors at pass #{base.number} on {_day(base.at)}"]
    if peak.value > base.value:
        said.append(f"{peak.value:,} at the peak on {_day(peak.at)}")
    if last is not base:
        said.append(f"{last.value:,} at pass #{last.number} on {_day(last.at)}")
    blank = [_numbers(list(points)) for counted, points in groupby(shown.points, lambda p: p.counted) if not counted]
    more = " and more" if blank[12:] else ""
    gaps = f" Not counted, without a value: {', '.join(blank[:12])}{more}." if blank else ""
    what = f"Steps of {chosen.name}" if chosen else "Stacked steps by category"
    ahead = ""
    if isinstance(forecast, Forecast) and forecast.earliest and forecast.latest:
        between = f"between {_day(forecast.earliest)} and {_day(forecast.latest)}"
        ahead = f" Forecast: zero {between} in 80 of 100 simulations."
    return f"{what}: {', '.join(said)}.{gaps}{ahead}"


def _numbers(gap: list[Point]) -> str:
    """ "#12", "#12 to #14"."""
    return f"#{gap[0].number}" if len(gap) == 1 else f"#{gap[0].number} to #{gap[-1].number}"


def _day(at: datetime) -> str:
    return f"{at.day} {at:%B %Y}"
