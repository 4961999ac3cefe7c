"""The small stepped lines: drawn for every row of a list, so by one call and not by a template of their own."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


@register.simple_tag
def spark(line: Any, slot: int | str = "") -> SafeString:
    """A line with gaps in the colour of a category: a ``Sparkline`` or a ``Spark``. What it says stands beside it."""
    gaps = "".join(f'<rect class="gap" x="{g.x}" y="2" width="{g.width}" height="{line.inner}"/>' for g in line.gaps)
    end = f'<circle cx="{line.end[0]}" cy="{line.end[1]}" r="2.2"/>' if line.end else ""
    size = f'width="{line.width}" height="{line.height}" viewBox="0 0 {line.width} {line.height}"'
    paths = f'<path class="ar" d="{line.area}"/>{gaps}<path d="{line.line}"/>{end}'
    return mark_safe(f'<svg class="spark k{slot}" {size} aria-hidden="true">{paths}</svg>')  # noqa: S308  (numbers)
