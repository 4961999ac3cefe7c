"""What people write becomes harmless HTML, whatever it is, and soon."""

from __future__ import annotations

import re
import time
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.markdown import render

HOSTILE = {
    "script": "<script>alert(1)</script>",
    "event handler": "<img src=x onerror=alert(1)>",
    "html in emphasis": "**<b onclick=alert(1)>x</b>**",
    "comment": "<!-- --><svg/onload=alert(1)>",
    "javascript link": "[x](javascript:alert(1))",
    "javascript link, mixed case": "[x](JaVaScRiPt:alert(1))",
    "javascript link, entity": "[x](javascript&colon;alert(1)) [y](&#106;avascript:alert(1))",
    "javascript link, tab": "[x](java\tscript:alert(1)) [y](<java\nscript:alert(1)>)",
    "javascript link, percent": "[x](%6Aavascript:alert(1))",
    "javascript autolink": "<javascript:alert(1)>",
    "data link": "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "vbscript, file": "[x](vbscript:msgbox(1)) [y](file:///etc/passwd)",
    "reference": "[x][1]\n\n[1]: javascript:alert(1) 'x'",
    "title breaks out": '[x](https://example.org "a\\" onmouseover=alert(1) b")',
    "address breaks out": '[x](https://example.org/"onmouseover="alert(1))',
    "image": "![x](https://example.org/x.png) ![y](data:image/svg+xml;base64,PHN2Zz4=)",
    "code info": '```"><script>alert(1)</script>\nx\n```',
    "style": "<style>*{display:none}</style><p style='position:fixed'>",
    "form": "<form action=/p/atlas/passes/run/><button>go</button></form><iframe src=//x></iframe>",
    "heading": "# big\n\nbig\n===",
    "relative": "[x](/logout/) [y](//example.org/x)",
    "not closed": "<a href='https://example.org",
    "null and controls": "a\x00b\x1b[31m",
}
HUGE = {
    "brackets": "[" * 10_000,
    "links in links": "[a](" * 2_500,
    "emphasis": "*a_" * 3_300,
    "stars": "*" * 10_000,
    "backticks": "`" + "a`" * 5_000,
    "rising backticks": "".join("`" * n + "a" for n in range(1, 140))[:10_000],
    "quotes": ">" * 10_000,
    "lists": "\n".join(" " * n + "- x" for n in range(140))[:10_000],
    "nested lists": "- " * 5_000,
    "angle brackets": "<" * 10_000,
    "half a comment": "<!--" * 2_500,
    "references": "".join(f"[{n}]: https://x\n" for n in range(600))[:10_000],
    "reference in reference": "[a]: <" * 1_600,
    "entities": "&" * 10_000,
    "escapes": "\\" * 10_000,
    "one word": "x" * 10_000,
    "many lines": "\n" * 10_000,
}
SECONDS = 2.0  # ten times what the slowest takes on a loaded machine


class _Read(HTMLParser):
    """The elements of a page as a browser would read them."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def assert_harmless(page: str) -> None:
    for tag, attributes in _Read(page).found:
        assert tag in {"p", "br", "strong", "em", "code", "pre", "blockquote", "ul", "ol", "li", "a", "hr"}, page
        assert set(attributes) <= {"href", "title", "rel", "start"}, page
        if "href" in attributes:
            assert re.match("https?://", attributes["href"] or ""), page
            assert attributes["rel"] == "nofollow noopener", page


@pytest.mark.parametrize("name", HOSTILE)
def test_it_does_nothing(name: str) -> None:
    assert_harmless(render(HOSTILE[name]))


def test_the_check_would_see_it() -> None:
    """The control: the same texts, taken for HTML, are not harmless."""
    for name in ("script", "event handler", "style", "form"):
        with pytest.raises(AssertionError):
            assert_harmless(HOSTILE[name])
    with pytest.raises(AssertionError):
        assert_harmless('<a href="javascript:alert(1)" rel="nofollow noopener">x</a>')


@pytest.mark.parametrize("name", HUGE)
def test_it_comes_soon_however_deep_it_is(name: str) -> None:
    began = time.perf_counter()
    page = render(HUGE[name])
    assert time.perf_counter() - began < SECONDS
    assert_harmless(page)


@settings(max_examples=60, deadline=None)
@given(st.text("<>[]()!*_`~#&;:/\\\"'=- \n\tjavscriptd1x", max_size=120))
def test_no_text_does_anything(text: str) -> None:
    assert_harmless(render(text))


def test_what_is_meant_is_kept() -> None:
    page = render("Half is **done**, see `registry.py`:\n\n1. one\n2. <two>\n\n> so\n\n[#88](https://example.org/88)")
    assert "<strong>done</strong>" in page and "<code>registry.py</code>" in page and "&lt;two&gt;" in page
    assert "<blockquote>" in page and "<ol>" in page
    assert '<a href="https://example.org/88" rel="nofollow noopener">#88</a>' in page
