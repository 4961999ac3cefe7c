"""Stored codes as words."""

from __future__ import annotations

from django import template
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


_SAID = {"baseline": "at the first pass", "not-seen": "not seen any more", "mro-conflict": "MRO conflict"}


_ICONS = {"still-seen": "s-failed", "counted": "s-verified", "queued": "s-awaiting", "running": "s-awaiting"}


@register.filter
def state_icon(state: str) -> str:
    """The id of the shape that stands for a ticket's status, a pass' outcome or its state: ``s-failed``."""
    return _ICONS.get(state, f"s-{state}")


@register.filter
def in_words(code: str) -> str:
    """missing name, for ``missing-name``."""
    return _SAID.get(code, code.replace("-", " "))


@register.filter
def marked(text: str) -> SafeString:
    """What stands between backticks as code; everything is escaped."""
    parts = [
        format_html("<code>{}</code>", part) if place % 2 else conditional_escape(part)
        for place, part in enumerate(text.split("`"))
    ]
    return mark_safe("".join(parts))  # noqa: S308  (every part is escaped above)
