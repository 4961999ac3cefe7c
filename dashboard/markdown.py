"""People's Markdown as HTML that cannot do anything: rendered without HTML and images, then sanitised all the same."""

from __future__ import annotations

from functools import lru_cache

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

_TAGS = {"p", "br", "strong", "em", "code", "pre", "blockquote", "ul", "ol", "li", "a", "hr"}
_SCHEMES = {"http", "https"}
_CACHED = 512  # texts; a note is never changed, so what was rendered once stays right

# No headings either: a note stands inside a page that has its own.
_parser = MarkdownIt("commonmark", {"html": False, "linkify": False, "maxNesting": 20})
_parser.disable(["image", "heading", "lheading", "html_block", "html_inline", "entity"])
_parser.validateLink = lambda url: url.lower().startswith(tuple(f"{scheme}://" for scheme in _SCHEMES))


@lru_cache(_CACHED)
def render(text: str) -> SafeString:
    """Paragraphs, emphasis, code, lists, quotes and links to http and https; everything else stays text."""
    return mark_safe(  # noqa: S308  (nh3 lets through what is listed above, and nothing else)
        nh3.clean(
            _parser.render(text),
            tags=_TAGS,
            attributes={"a": {"href", "title"}, "ol": {"start"}},
            url_schemes=_SCHEMES,
            link_rel="nofollow noopener",
        )
    )
