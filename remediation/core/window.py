"""Parts of a trend: the last weeks, one category alone, and many categories folded into "Other"."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from remediation.core.trend import Layer, Point, Trend

MOST_LAYERS = 8  # as many as there are colours
OTHER = "Other"


def folded(trend: Trend, most: int = MOST_LAYERS) -> Trend:
    """At most ``most`` layers, and the ninth and later ones as one grey layer "Other" below them."""
    if len(trend.layers) <= most:
        return trend
    layers = (*trend.layers[:most], Layer(0, OTHER, 0))
    points = tuple(
        point if point.counts is None else replace(point, counts=(*point.counts[:most], sum(point.counts[most:])))
        for point in trend.points
    )
    return Trend(layers, points, trend.baseline)


def only(trend: Trend, key: int) -> Trend | None:
    """One category as a trend of its own; None for a category that the trend does not have.

    What moved, and how much of it is the environment's, is known of whole passes only: both are left out.
    """
    index = next((i for i, layer in enumerate(trend.layers) if layer.key == key), None)
    if index is None:
        return None
    return Trend((trend.layers[index],), tuple(_part(point, index) for point in trend.points), trend.baseline)


def _part(point: Point, index: int) -> Point:
    if point.counts is None:
        return point
    count = point.counts[index]
    return replace(point, total=count, counts=(count,), environment=None, ledger=None)


def since(trend: Trend, start: datetime) -> Trend:
    """The passes from ``start`` on, and what still held then: the pass before it, or the whole gap it lies in.

    There is always a counted pass in it where the trend has one.
    """
    points = trend.points
    first = max((i for i, point in enumerate(points) if point.at <= start), default=0)
    while first > 0 and not points[first].counted and not points[first - 1].counted:
        first -= 1
    if not any(point.counted for point in points[first:]):
        first = max((i for i, point in enumerate(points) if point.counted), default=0)
    return Trend(trend.layers, points[first:], trend.baseline)
