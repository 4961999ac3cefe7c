"""Nothing that one reads moves: the layout shift of each page while it loads and is used."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Visit

MEASURE = """
window.shifts = [];
new PerformanceObserver(list => list.getEntries().forEach(entry => {
  if (!entry.hadRecentInput) window.shifts.push(entry.value);
})).observe({type: "layout-shift", buffered: true});
"""
PAGES = {
    "overview": "/p/atlas/",
    "tickets": "/p/atlas/tickets/",
    "ticket": "/p/atlas/t/ATL-1/",
    "pass": "/p/atlas/passes/9/",
    "passes": "/p/atlas/passes/",
    "portfolio": "/?all",
}


@pytest.mark.parametrize("width", [1440, 390])
def test_no_page_shifts(visit: Visit, width: int) -> None:
    visitor = visit("admin", width=width)
    visitor.page.add_init_script(MEASURE)
    shifted = {}
    for name, path in PAGES.items():
        page = visitor.overview() if name == "overview" else visitor.go(path)
        if name == "overview" and width > 700:
            page.locator("#plot").hover()
        page.mouse.wheel(0, 600)
        page.wait_for_timeout(400)  # frames that paint, not a deadline
        shifted[name] = round(sum(page.evaluate("window.shifts")), 4)
    assert {name: value for name, value in shifted.items() if value >= 0.02} == {}


def test_a_shift_would_be_seen(visit: Visit) -> None:
    """The control: a box that comes late above the text is measured."""
    visitor = visit("viewer")
    visitor.page.add_init_script(MEASURE)
    page = visitor.go("/p/atlas/tickets/")
    page.evaluate(
        "() => { const box = document.createElement('p'); box.innerHTML = '<br>'.repeat(20);"
        " document.querySelector('main').prepend(box) }"
    )
    page.wait_for_function("() => window.shifts.reduce((a, b) => a + b, 0) > 0.02")
