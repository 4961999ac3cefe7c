"""Stored codes as words."""

from __future__ import annotations

from django import template

register = template.Library()


@register.filter
def in_words(code: str) -> str:
    """missing name, for ``missing-name``."""
    return code.replace("-", " ")
