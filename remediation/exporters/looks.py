"""What the site lends to a file that shows more than words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Looks:
    """The trend as SVG, "" while nothing was counted.

    ``chart`` takes its colours from ``tokens``, the custom properties of the site's style sheet; ``paper_chart`` has
    its own, for paper.
    """

    chart: str = ""
    paper_chart: str = ""
    tokens: str = ""
