"""Lists of files, which may have thousands of lines."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from django import template
from django.utils.safestring import SafeString

register = template.Library()


@register.filter
def file_lines(files: Iterable[tuple[str, str]]) -> SafeString:
    """A line of a list for each (path, note). A loop of a template takes many times as long for each of them.

    Escaped here as ``django.utils.html.escape`` does, without the promise that it makes of every text.
    """
    return SafeString(
        "".join(
            f'<li>{escape(path)} <span class="m">{escape(note)}</span></li>' if note else f"<li>{escape(path)}</li>"
            for path, note in files
        )
    )
