"""Stored codes as words."""

from __future__ import annotations

from django import template

register = template.Library()


_SAID = {"baseline": "at the first pass", "not-seen": "not seen any more"}


@register.filter
def in_words(code: str) -> str:
    """missing name, for ``missing-name``."""
    return _SAID.get(code, code.replace("-", " "))
