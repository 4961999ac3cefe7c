"""The plot of a project as a reader chose to see it: from its trend to the picture that is drawn."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from dashboard import drawing
from dashboard.forecasts import forecast_of, target_of
from dashboard.plot_choice import Choice
from remediation.core import window
from remediation.core.forecast import Forecast, NoForecast
from remediation.core.picture import Picture, picture, right_edge, thin
from remediation.core.summary import summary
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
    said = summary(trend, chosen, None if chosen else forecast)
    return {
        "choice": choice,
        "chosen": chosen,
        "forecast": forecast,
        "drawing": drawing.drawing_of(drawn) if drawn else None,
        "summary": f"{said} The table below holds the numbers." if said else "",
        "numbers": thin(trend).points[::-1][:TABLE_ROWS],
    }
