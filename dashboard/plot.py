"""The plot of a project as a reader chose to see it: from its trend to the picture that is drawn."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from dashboard import drawing
from dashboard.forecasts import forecast_of, target_of
from dashboard.plot_choice import Choice
from dashboard.scene import compose
from remediation.core import window
from remediation.core.forecast import Forecast, NoForecast
from remediation.core.picture import Picture, picture, right_edge, thin
from remediation.core.trend import Layer, Trend
from remediation.models import Project

TABLE_ROWS = 60  # of the numbers under the chart; every pass stands on the passes page


def layer_of(trend: Trend, choice: Choice) -> Layer | None:
    """The chosen category, where the trend has it; None shows all of them."""
    return next((layer for layer in trend.layers if layer.key == choice.category), None)


def picture_of(
    project: Project,
    trend: Trend,
    now: datetime,
    choice: Choice | None = None,
    forecast: Forecast | NoForecast | None = None,
) -> Picture | None:
    """The trend's picture with plan and forecast; None while nothing was counted.

    One category is drawn alone, without those two: they speak of the total.
    """
    choice = choice or Choice()
    layer = layer_of(trend, choice)
    shown = window.only(trend, layer.key) if layer else window.folded(trend)
    if shown is None:
        return None
    start = None
    if choice.weeks and trend.points:
        start = right_edge(trend, now) - timedelta(weeks=choice.weeks)
    if layer:
        return picture(shown, now, None, start)
    return picture(shown, now, target_of(project), start, forecast or forecast_of(project, trend, now))


def build(project: Project, trend: Trend, now: datetime, choice: Choice) -> dict[str, Any]:
    """What the templates of the plot say and draw. The table of numbers has every category, whatever is chosen."""
    chosen = layer_of(trend, choice)
    forecast = forecast_of(project, trend, now)
    drawn = picture_of(project, trend, now, choice, forecast)
    return {
        "choice": choice,
        "chosen": chosen,
        "forecast": forecast,
        "drawing": drawing.draw(compose(drawn)) if drawn else None,
        "summary": summary(trend, chosen, None if chosen else forecast),
        "numbers": thin(trend).points[::-1][:TABLE_ROWS],
    }


def summary(trend: Trend, chosen: Layer | None = None, forecast: Forecast | NoForecast | None = None) -> str:
    """The chart in words, for who cannot see it."""
    shown = (window.only(trend, chosen.key) or trend) if chosen else trend
    base, last, peak = shown.base, shown.last, shown.peak
    if base is None or last is None or peak is None:
        return ""
    said = [f"{base.value:,} errors at pass #{base.number} on {_day(base.at)}"]
    if peak.value > base.value:
        said.append(f"{peak.value:,} at the peak on {_day(peak.at)}")
    if last is not base:
        said.append(f"{last.value:,} at pass #{last.number} on {_day(last.at)}")
    blank = [f"#{point.number}" for point in shown.points if not point.counted]
    more = " and more" if blank[12:] else ""
    gaps = f" Not counted, without a value: {', '.join(blank[:12])}{more}." if blank else ""
    what = f"Steps of {chosen.name}" if chosen else "Stacked steps by category"
    ahead = ""
    if isinstance(forecast, Forecast) and forecast.earliest and forecast.latest:
        between = f"between {_day(forecast.earliest)} and {_day(forecast.latest)}"
        ahead = f" Forecast: zero {between} in 80 of 100 simulations."
    return f"{what}: {', '.join(said)}.{gaps}{ahead} The table below holds the numbers."


def _day(at: datetime) -> str:
    return f"{at.day} {at:%B %Y}"
